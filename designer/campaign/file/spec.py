"""A campaign file, read whole: space, targets and settings, with every fault at once.

`CampaignSpec` is what a file says. Its plain content (`data`) is what the campaign's first event keeps, so that a
campaign can be resumed from its store alone, and so that a changed file is noticed (see `differences`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from designer.acquisition.classical.design import ClassicalDesign
from designer.acquisition.registered import AUTO
from designer.campaign.file import explored_goals, open_parameters
from designer.campaign.file.classical_runs import PlannedRun, planned_runs
from designer.campaign.file.level_combinations import level_faults
from designer.campaign.file.observation_faults import measured_directly, observation_faults, observation_oracles
from designer.campaign.file.past_work_formats import path_faults
from designer.campaign.file.reserved_columns import own_header_faults
from designer.campaign.file.settings import Settings
from designer.campaign.log.events import Design
from designer.campaign.log.store_location import confined, within
from designer.campaign.results.design_tables import Source, load_pool, read_designs
from designer.documents import Document, Value, faults_of, load_document
from designer.errors import Fault, InvalidCampaign, InvalidInput, NoDesignLeft, did_you_mean
from designer.objective import Objective, Target
from designer.objective.cost import StatedCost
from designer.observations.curves.reference_curves import with_references
from designer.space import DesignSpace
from designer.space.beliefs.densities import bound_beliefs
from designer.space.cells import Cells
from designer.space.context_distribution import ContextDistribution
from designer.space.parameters.numeric import NumericParameter
from designer.space.parameters.open_vocabulary import VocabularyParameter

if TYPE_CHECKING:
    from designer.priors.base import FittedPrior

SPACE_KEYS = ("space", "constraints")
OBJECTIVE_KEYS = ("targets", "combine")
SETTING_KEYS = tuple(Settings.model_fields)
KNOWN_KEYS = (*SETTING_KEYS, *SPACE_KEYS, *OBJECTIVE_KEYS)


@dataclass(frozen=True, eq=False)
class CampaignSpec:
    """What a campaign file says.

    Parameters
    ----------
    settings
        All keys but those of the space and the targets.
    space, objective
        What can be made, and what is wanted.
    data
        The file's plain content without its store.
    folder
        Where relative paths start.
    file
        The file's path, None for a campaign made in Python.
    given_prior
        The prior that a campaign made in Python was given, already fitted.
    """

    settings: Settings
    space: DesignSpace
    objective: Objective
    data: Mapping[str, Any]
    folder: Path = field(default_factory=Path)
    file: Path | None = None
    pool_digest: str | None = None
    document: Document | None = field(default=None, repr=False)
    given_prior: FittedPrior | None = field(default=None, repr=False)

    @classmethod
    def from_file(cls, path: Path | str) -> CampaignSpec:
        """Read a campaign file.

        Raises
        ------
        InvalidCampaign
            With every fault of the file, each with its line.
        """
        path = Path(path)
        try:
            document = load_document(path)
        except InvalidInput as error:
            raise InvalidCampaign(error.faults) from None
        return cls.from_document(document, folder=path.parent, file=path)

    @classmethod
    def from_data(
        cls,
        data: Mapping[str, Any],
        *,
        folder: Path | str = ".",
        candidates: Source | None = None,
        check_files: bool = True,
    ) -> CampaignSpec:
        """Build a spec from plain content, as a store keeps it.

        Parameters
        ----------
        candidates
            The table of candidates, if it is not the one that `data` names.
        check_files
            Whether to look for faults in the files that `measure` names.

        Raises
        ------
        InvalidCampaign
            With every fault.
        """
        return _read(Document(dict(data)), Path(folder), None, candidates, check_files)

    @classmethod
    def from_document(cls, document: Document, *, folder: Path, file: Path | None = None) -> CampaignSpec:
        """Build a spec from a YAML document; see `from_file`."""
        return _read(document, folder, file, None, True)

    def with_data(self, data: Mapping[str, Any], *, check_beliefs: bool = False) -> CampaignSpec:
        """Return the spec of other plain content that has the same space and the same candidates.

        Parameters
        ----------
        check_beliefs
            Whether beliefs are checked against the space; those of a store may be older than the space.
        """
        reader = _Reader(Document(dict(data)), self.folder, None, check_files=False)
        reader.check_beliefs = check_beliefs
        spec = reader.finished(reader.read(self.file, (self.space, self.pool_digest)))
        return replace(spec, given_prior=self.given_prior)

    def locate(self, fault: Fault) -> Fault:
        """Return `fault` with the file and the line that its path stands for."""
        return fault if self.document is None else self.document.locate(fault)

    @property
    def name(self) -> str:
        """The campaign's name in its store."""
        return self.settings.name

    @property
    def targets(self) -> tuple[Target, ...]:
        """The measured quantities."""
        return self.objective.targets

    @property
    def learns(self) -> bool:
        """Whether the campaign begins from past work."""
        return self.given_prior is not None or self.settings.prior.learns

    @cached_property
    def stated_cost(self) -> StatedCost | None:
        """What experiments cost; None where the file states no cost."""
        return None if self.settings.cost is None else StatedCost.of(self.settings.cost, self.space)

    @property
    def store(self) -> str:
        """Where the events are kept: the store that the file names, else a file beside it."""
        if self.settings.store is not None:
            return confined(self.settings.store, self.folder)
        if self.file is None:
            raise InvalidCampaign(Fault("this campaign names no store", "give one"))
        return str(self.file.with_suffix(".db"))

    @cached_property
    def cells(self) -> Cells | None:
        """The cells in each of which the best design is wanted; None where the best of all is."""
        return Cells(self.space, self.settings.diversify_by) if self.settings.diversify_by else None

    @cached_property
    def initial_designs(self) -> tuple[Design, ...]:
        """The user's own first designs, in lab units."""
        given = self.settings.initial
        if given is None or isinstance(given, int | ClassicalDesign):
            return ()
        return read_designs(self.space, given, inside=True)

    @cached_property
    def classical_runs(self) -> tuple[PlannedRun, ...]:
        """The runs of the classical design with which the campaign begins; none where it begins otherwise."""
        settings = self.settings
        if not isinstance(settings.initial, ClassicalDesign):
            return ()
        return planned_runs(self.space, settings.initial, settings.batch_size, settings.seed)


V = TypeVar("V", bound=Value)


def _read(
    document: Document, folder: Path, file: Path | None, candidates: Source | None, check_files: bool
) -> CampaignSpec:
    if not isinstance(document.data, Mapping):
        remedy = "write 'designer: 1', 'name: ...', 'space: ...' and 'targets: ...'"
        raise InvalidCampaign(document.locate(Fault("a campaign file is a mapping of keys to values", remedy)))
    reader = _Reader(document, folder, candidates, check_files)
    return reader.finished(reader.read(file))


class _Reader:
    """Reads the sections of one document and gathers the faults of all of them."""

    def __init__(self, document: Document, folder: Path, candidates: Source | None, check_files: bool) -> None:
        self.document = document
        self.data: dict[Any, Any] = dict(document.data)
        self.folder = folder
        self.candidates = candidates
        self.check_files = self.check_beliefs = check_files
        self.faults: list[Fault] = []

    def finished(self, spec: CampaignSpec | None) -> CampaignSpec:
        """Return the spec, or raise with all faults in the order of their lines."""
        if spec is None or self.faults:
            own = [self.document.locate(fault) for fault in dict.fromkeys(self.faults) if fault.file is None]
            others = [fault for fault in dict.fromkeys(self.faults) if fault.file is not None]
            raise InvalidCampaign([*sorted(own, key=lambda fault: fault.line or 0), *others])
        return spec

    def read(self, file: Path | None, space: tuple[DesignSpace, str | None] | None = None) -> CampaignSpec | None:
        """Read all sections; `space` is given where it is known already."""
        self._unknown_keys()
        self.data, faults = with_references(self.data, self.folder)
        self.faults += faults
        settings = self._section(Settings, SETTING_KEYS)
        objective = self._section(Objective, OBJECTIVE_KEYS)
        made, digest = self._space() if space is None else space
        if made is not None and objective is not None:
            self._clashing_columns(made, objective)
            self.faults += own_header_faults(made, objective)
        if settings is None or made is None or objective is None:
            return None
        plain = {key: value for key, value in self.data.items() if key != "store"}
        spec = CampaignSpec(settings, made, objective, plain, self.folder, file, digest, self.document)
        self._check(spec)
        return spec

    def _space(self) -> tuple[DesignSpace | None, str | None]:
        space = self._section(DesignSpace, SPACE_KEYS)
        named = self.data.get("candidates")
        source = self.candidates if self.candidates is not None else named
        if space is None or source is None:
            self._words_without_pool(space)
            self._open_parameters(space)
            if self.data.get("id_column") is not None and source is None:
                what, remedy = "an 'id_column' names rows of a table of candidates", "add 'candidates: file.csv'"
                self.faults.append(Fault(what, remedy, path=("id_column",)))
            return space, None
        if isinstance(source, str):  # as the file names it
            try:
                within(source, self.folder, "candidates", "give the table in Python")
            except ValueError as error:
                self._say(error, "candidates")
                return space, None
            source = self.folder / source
        if not isinstance(source, Path) and not hasattr(source, "columns"):
            if self.candidates is not None:
                what = f"candidates cannot be of type {type(source).__name__}"
                self.faults.append(Fault(what, "give a DataFrame or a path", path=("candidates",)))
            return space, None  # for what the file names, the settings say what is wrong with it
        for i, parameter in enumerate(space.parameters):
            if parameter.is_open:
                key = parameter.open_by
                what = f"{parameter.kind} {parameter.name!r} has {key!r}, and the campaign a table of candidates"
                self.faults.append(Fault(what, "leave one of them out", path=("space", i, key)))
                return space, None
        try:
            id_column = self.data.get("id_column")
            return load_pool(space, source, id_column if isinstance(id_column, str) else None)
        except InvalidInput as error:
            self.faults += [_placed(fault, ("candidates",)) for fault in error.faults]
        return space, None

    def _words_without_pool(self, space: DesignSpace | None) -> None:
        for i, parameter in enumerate(space.parameters if space is not None and space.pool is None else ()):
            if isinstance(parameter, VocabularyParameter) and not parameter.is_open:
                what = f"{parameter.kind} {parameter.name!r} has nothing to choose from"
                self.faults.append(Fault(what, "give a table of designs: 'candidates: file.csv'", path=("space", i)))

    def _open_parameters(self, space: DesignSpace | None) -> None:
        """Check what open formulas and molecules name: tables, and a generator."""
        for i, parameter in enumerate(space.parameters if space is not None else ()):
            if isinstance(parameter, VocabularyParameter) and parameter.is_open:
                found = open_parameters.faults(parameter, self.folder, self.check_files)
                self.faults += [_placed(fault, ("space", i)) for fault in found]
                if not found and self.check_files and space is not None:
                    unmet = open_parameters.unmet(space, parameter, self.folder)
                    self.faults += [unmet.at(path=unmet.path or ("space", i, "like"))] if unmet is not None else []

    def _unknown_keys(self) -> None:
        for key in self.data:
            if key not in KNOWN_KEYS:
                close = get_close_matches(str(key), KNOWN_KEYS, n=1)
                remedy = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(KNOWN_KEYS)}"
                self.faults.append(Fault(f"unknown key {str(key)!r}", remedy, path=(key,)))

    def _section(self, kind: type[V], keys: Iterable[str]) -> V | None:
        data = {key: self.data[key] for key in keys if key in self.data}
        try:
            return kind.model_validate(data)
        except ValidationError as error:
            self.faults += faults_of(error, kind, data)
            return None

    def _say(self, error: ValueError, key: str) -> None:
        what, _, remedy = str(error).partition("; ")
        self.faults.append(Fault(what, remedy, path=(key,)))

    def _clashing_columns(self, space: DesignSpace, objective: Objective) -> None:
        for i, target in enumerate(objective.targets):
            for key, name in (("column", target.column), ("name", target.name)):
                if name is not None and name in space.columns:
                    what = f"target {target.name!r} and the space have the same column {name!r}"
                    self.faults.append(Fault(what, "rename one of them", path=("targets", i, key)))
                    break

    def _check(self, spec: CampaignSpec) -> None:
        """Check what concerns several sections at once, or files."""
        if spec.settings.store is not None:
            try:
                confined(spec.settings.store, self.folder)
            except ValueError as error:
                self._say(error, "store")
        try:
            _ = spec.initial_designs
        except InvalidInput as error:
            self.faults += [_placed(fault, ("initial",)) for fault in error.faults]
        names = [target.name for target in spec.targets]
        for name in spec.settings.prior.quantities:
            if name not in names:
                remedy = did_you_mean(name, names)
                self.faults.append(Fault(f"there is no target {name!r}", remedy, path=("prior", "quantities", name)))
        self._check_classical(spec)
        self._check_cost(spec)
        self.faults += explored_goals.faults(spec.settings, spec.space, spec.objective)
        self.faults += level_faults(spec.settings, spec.space, spec.objective)
        self._check_contexts(spec)
        self._check_shared(spec)
        self._check_preference(spec)
        if spec.objective.mode == "tiers" and spec.settings.stop.margin:
            what = "a margin has no unit where goals are tiers"
            self.faults.append(Fault(what, "leave 'margin' out", path=("stop", "margin")))
        self._check_beliefs(spec)
        self.faults += setting_error_faults(spec.space, spec.objective)
        self.faults += observation_faults(spec.settings, spec.space, spec.objective)
        if self.check_files:
            self.faults += path_faults(spec.settings.prior.tasks, self.folder)
        if spec.settings.measure is not None and self.check_files:
            direct = measured_directly(spec.objective)
            found = [] if direct is None else spec.settings.measure.faults(spec.space, direct, folder=self.folder)
            self.faults += [_placed(fault, ("measure",)) for fault in found]
            for each in observation_oracles(spec.settings, spec.objective):
                found = each.measure.faults(spec.space, each.quantity, folder=self.folder)
                self.faults += [_placed(fault, each.path) for fault in found]

    def _check_classical(self, spec: CampaignSpec) -> None:
        """Check that the classical design of the first designs can be made."""
        if isinstance(spec.settings.initial, ClassicalDesign):
            from designer.acquisition.classical.design_faults import design_faults

            found = design_faults(spec.space, spec.settings.initial, spec.settings.batch_size)
            self.faults += [_placed(fault, ("initial",)) for fault in found]

    def _check_cost(self, spec: CampaignSpec) -> None:
        """Check the names that the cost uses, and that it is a positive number."""
        try:
            if spec.stated_cost is not None:
                spec.stated_cost.check()
        except (InvalidInput, NoDesignLeft) as error:
            faults = error.faults if isinstance(error, InvalidInput) else (Fault(str(error), "loosen a constraint"),)
            self.faults += [Fault(fault.what, fault.remedy, path=("cost", "experiment")) for fault in faults]

    def _check_shared(self, spec: CampaignSpec) -> None:
        """Check what settings that a batch shares cannot be combined with."""
        shared = [(i, p) for i, p in enumerate(spec.space.parameters) if p.is_shared]
        for i, parameter in shared:
            if parameter.is_open:
                kind, remedy = parameter.kind, f"leave 'vary' or {parameter.open_by!r} out"
                what = f"{kind} {parameter.name!r} is one for a batch, and its {kind}s are proposed for each request"
                self.faults.append(Fault(what, remedy, path=("space", i, "vary")))
            if parameter.change_cost and spec.settings.acquisition != AUTO:
                what = f"'change_cost' of {parameter.name!r} is weighed against the expected improvement"
                remedy = "use 'acquisition: auto', or leave it out"
                self.faults.append(Fault(what, remedy, path=("space", i, "change_cost")))

    def _check_beliefs(self, spec: CampaignSpec) -> None:
        """Check beliefs against the space, and what they cannot be combined with.

        Those that a store holds are not checked: the space may have been amended since.
        """
        if not spec.settings.beliefs or not self.check_beliefs:
            return
        try:
            bound_beliefs(spec.space, spec.settings.beliefs)
        except InvalidInput as error:
            self.faults += [_placed(fault, ("beliefs",)) for fault in error.faults]
        if spec.settings.acquisition != AUTO:
            what = f"beliefs are factors of the expected improvement, not of {spec.settings.acquisition!r}"
            self.faults.append(Fault(what, "use 'acquisition: auto', or leave them out", path=("beliefs",)))

    def _check_preference(self, spec: CampaignSpec) -> None:
        """Check what cannot be combined with results that are compared."""
        column, settings = spec.objective.preference, spec.settings
        if column is None:
            return
        name = spec.targets[column].name
        if settings.prior.learns or settings.prior.digest is not None:
            what = f"past tasks hold numbers, and results of {name!r} are compared"
            self.faults.append(Fault(what, "leave 'prior' out", path=("prior",)))
        if settings.measure is not None:
            what = f"an oracle gives numbers, and results of {name!r} are compared"
            remedy = "leave 'measure' out: a person or a program compares them (designer compare)"
            self.faults.append(Fault(what, remedy, path=("measure",)))
        if settings.acquisition != AUTO:
            what = (
                f"'acquisition: {settings.acquisition}' is for measured numbers, and results of {name!r} are compared"
            )
            self.faults.append(Fault(what, "use 'acquisition: auto'", path=("acquisition",)))
        if settings.stop.margin:
            what = f"a margin has no unit where results of {name!r} are compared"
            self.faults.append(Fault(what, "leave 'margin' out", path=("stop", "margin")))
        for i, parameter in enumerate(spec.space.parameters):
            if parameter.is_open:
                words = f"{parameter.kind}s of {parameter.name!r}"
                what = f"{words} are proposed from numbers, and results of {name!r} are compared"
                self.faults.append(Fault(what, "give a table of candidates", path=("space", i, parameter.open_by)))

    def _check_contexts(self, spec: CampaignSpec) -> None:
        """Check the stated distribution of contexts, and what cannot be combined with contexts."""
        if spec.settings.context is not None:
            try:
                ContextDistribution.of(spec.space, spec.settings.context)
            except InvalidInput as error:
                self.faults += [_placed(fault, ("context",)) for fault in error.faults]
        contexts = ", ".join(parameter.name for parameter in spec.space.context_parameters)
        if not contexts:
            return
        if spec.settings.stop.probability_of_better_than is not None:
            what = f"the probability of a better design depends on the context ({contexts})"
            remedy = "leave it out; 'budget' and a target's 'reach' can be used with contexts"
            self.faults.append(Fault(what, remedy, path=("stop", "probability_of_better_than")))
        if spec.initial_designs:
            what = (
                f"first designs cannot be listed where the context ({contexts}) is known only when they are requested"
            )
            self.faults.append(Fault(what, "give their number: 'initial: 6'", path=("initial",)))
        for i, parameter in enumerate(spec.space.parameters):
            if parameter.is_context and parameter.is_open:
                what = f"{parameter.kind} {parameter.name!r} is a context, and its {parameter.kind}s are proposed"
                remedy = f"leave 'role' or {parameter.open_by!r} out"
                self.faults.append(Fault(what, remedy, path=("space", i, "role")))


def setting_error_faults(space: DesignSpace, objective: Objective) -> Iterator[Fault]:
    """Yield what errors of settings cannot be combined with, and robust targets without such errors."""
    joined = {column for system in space.systems for column in system.columns}
    made = [each for each in space.parameters if isinstance(each, NumericParameter) and each.setting_error is not None]
    for i, (parameter, part) in enumerate(space.parts()):
        if parameter in made and part.start in joined:
            what = f"{parameter.name!r} is joined to others by an equality, which settings with an error do not keep"
            yield Fault(what, "leave 'setting_error' out, or the equality", path=("space", i, "setting_error"))
    for i, target in enumerate(objective.targets):
        if made and target.goal in ("map", "boundary", "prefer"):
            what = f"{made[0].name!r} is made with an error, and goal {target.goal} has no robust value"
            yield Fault(what, "leave 'setting_error' out, or use another goal", path=("targets", i, "goal"))
        if target.robust is not None and not made:
            what = f"target {target.name!r} is robust, and no setting is made with an error"
            yield Fault(what, "add 'setting_error' to a numeric parameter", path=("targets", i, "robust"))


def _placed(fault: Fault, path: tuple[str | int, ...]) -> Fault:
    """Return `fault` inside `path`; what is wrong in a row of another file keeps its own place."""
    if fault.file is None:
        return fault.at(path=path + fault.path)
    if fault.row is None:
        return Fault(f"{fault.file}: {fault.at(file=None)}", path=path)
    return fault
