"""What a campaign has measured, as a task or as a table to import: today's result is tomorrow's past work.

A finished campaign is read from its events alone, without a model: it is what models of other campaigns begin from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from designer.campaign.file.opening import Opening, Specs, from_file, from_store
from designer.campaign.levels.level_states import without_levels
from designer.campaign.log.state import CampaignState, fold
from designer.campaign.log.store import open_store
from designer.campaign.results import frames, recording
from designer.errors import Fault, InvalidCampaign, InvalidInput, InvalidPrior, StoreError
from designer.objective import Target
from designer.observations.observation import Observation
from designer.space import DesignSpace
from designer.tasks import Task

if TYPE_CHECKING:
    import pandas as pd

    from designer.tasks.importing.raw import RawTable


@dataclass(frozen=True, eq=False)
class Results:
    """The results of a campaign, in the space that it has by now; those of the top level where it has a fidelity."""

    name: str
    space: DesignSpace
    targets: Sequence[Target]
    state: CampaignState
    observations: tuple[Observation, ...] = ()

    @property
    def frame(self) -> pd.DataFrame:
        """Every measurement in lab units; see `frames.of_measurements`."""
        flags = recording.flags_of(self.space, self.state)
        return frames.of_measurements(self.space, self.targets, self.state, flags)

    def task(self, file: Path | str) -> Task | None:
        """Return the measurements as a task, failures and withdrawn results left out; None where there are none."""
        frame = self.frame[[*self.space.columns, *(target.name for target in self.targets)]].reset_index(drop=True)
        if frame.empty:
            return None
        return Task(space=self.space, targets=self.own_targets, data=frame, name=self.name, file=str(file))

    @property
    def own_targets(self) -> tuple[Target, ...]:
        """The targets by the names that the table of measurements has, whatever columns the lab's own tables have."""
        return tuple(target.model_copy(update={"column": None}) for target in self.targets)


def results_of(begun: Opening) -> Results | None:
    """Return the results of a campaign; None where it has not begun.

    Raises
    ------
    InvalidCampaign
        If its file asks for something else than the campaign began with.
    """
    events = begun.store.read(begun.spec.name)
    if not events:
        return None
    state = fold(events)
    specs = Specs(begun.spec, begun.candidates)
    spec = specs.at(state)
    objective = spec.objective
    if begun.spec.file is not None:
        faults, _ = specs.disagreement(state)
        if faults:
            raise InvalidCampaign(faults)
        objective = begun.spec.objective
    space, state = without_levels(spec.space, state)
    return Results(spec.name, space, objective.targets, state, spec.settings.observations)


def task_of_campaign(file: Path | str) -> Task:
    """Return what the campaign of a file has measured as a task.

    Raises
    ------
    InvalidInput
        If the campaign's file has faults, or nothing was recorded yet.
    """
    found = results_of(from_file(file))
    task = found.task(file) if found is not None else None
    if task is None:
        raise InvalidPrior(Fault("the campaign has no results to learn from", "record some first", file=str(file)))
    return task


def tasks_of_store(file: Path | str) -> tuple[Task, ...]:
    """Return what each campaign in a store has measured as a task.

    Raises
    ------
    InvalidPrior
        If it is no store, or holds no campaign with results.
    """
    try:
        store = open_store(file)
        found = [results_of(from_store(store, name, None, Path(file).parent)) for name in store.names()]
    except StoreError as error:
        raise InvalidPrior(Fault(str(error), "name the store of a finished campaign", file=str(file))) from None
    tasks = [task for each in found if each is not None and (task := each.task(file)) is not None]
    if not tasks:
        what = "the store holds no campaign with results"
        raise InvalidPrior(Fault(what, "name the store of a finished campaign", file=str(file)))
    return tuple(tasks)


def raw_table(path: Path) -> RawTable:
    """Return what a campaign has measured as a table to import, with its space, constraints and targets.

    Raises
    ------
    InvalidInput
        If the campaign has not begun or has no measurement.
    """
    from designer.tasks.importing.raw import RawTable, as_text

    begun = from_file(path)
    found = results_of(begun)
    if found is None:
        what = f"campaign {begun.spec.name!r} has not begun"
        raise InvalidInput(Fault(what, "record its results first", file=str(path)))
    measured = found.frame
    if not len(measured):
        raise InvalidInput(Fault(f"campaign {found.name!r} has no measurement yet", "record one first", file=str(path)))
    targets = [target.model_dump(exclude_unset=True, exclude={"column"}) for target in found.targets]
    card = {**found.space.to_dict(), "targets": targets}
    return RawTable(found.name, str(path), as_text(measured.reset_index()), card)
