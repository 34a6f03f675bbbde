"""How a campaign begins or is taken up again: from a file, from Python, from a store; and what its spec is by now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.acquisition.registered import acquisition_name
from designer.campaign.file import differences
from designer.campaign.file.beginnings import Beginning
from designer.campaign.file.file_content import plain_campaign
from designer.campaign.file.prior_argument import plain_prior
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Created
from designer.campaign.log.state import CampaignState
from designer.campaign.log.store import EventStore, MemoryStore, SqlStore, open_store
from designer.campaign.results.design_tables import Source, same_candidates
from designer.campaign.results.stored_designs import space_of_designs
from designer.errors import Fault, InvalidCampaign, InvalidInput, StoreError
from designer.objective import Objective, Target
from designer.space import DesignSpace

if TYPE_CHECKING:
    import pandas as pd

    from designer.priors.base import FittedPrior

Place = EventStore | Path | str
Extended = Callable[[CampaignSpec, DesignSpace, CampaignState], DesignSpace]


@dataclass(frozen=True, eq=False)
class Opening:
    """What a campaign needs to begin: where its events are, what was asked for, and the table of candidates.

    `beginning` is the database that the campaign's file names; None where the store is given otherwise. `proposes` is
    whether formulas are proposed for its open parameters: not where the campaign is only read.
    """

    store: EventStore
    spec: CampaignSpec
    candidates: Source | None = None
    beginning: Beginning | None = None
    proposes: bool = True


def from_file(path: Path | str, store: Place | None = None) -> Opening:
    """Read a campaign file and open its store, or `store`."""
    spec = CampaignSpec.from_file(path)
    opened = _as_store(spec.store if store is None else store)
    if store is None and spec.settings.store is None:
        _refuse_renamed(spec, opened)
    named = spec.settings.candidates
    beginning = None
    if isinstance(opened, SqlStore) and (store is None or (isinstance(store, str) and opened.file is None)):
        beginning = Beginning(Path(path), opened.file, spec.name, opened.location if opened.file is None else "")
    return Opening(opened, spec, None if named is None else spec.folder / named, beginning)


def from_python(
    name: str,
    space: DesignSpace | Sequence[Any],
    constraints: Sequence[Any],
    targets: Objective | Sequence[Target | Mapping[str, Any]],
    combine: str | None,
    candidates: pd.DataFrame | Path | str | None,
    store: Place | None,
    settings: Mapping[str, Any],
) -> Opening:
    """Return a new campaign from what was given in Python."""
    source: Source | None = Path(candidates) if isinstance(candidates, str) else candidates
    if source is None and isinstance(space, DesignSpace) and space.pool is not None:
        source = space.frame(space.pool.coordinates)
    prior, given = plain_prior(settings.get("prior"))
    acquisition = acquisition_name(settings.get("acquisition"))
    data = plain_campaign(
        name, space, constraints, targets, combine, {**settings, "prior": prior, "acquisition": acquisition}
    )
    spec = replace(CampaignSpec.from_data(data, candidates=source), given_prior=given)
    opened: EventStore = MemoryStore() if store is None else _as_store(store)
    if name in opened.names():
        what = f"the store holds a campaign {name!r} already"
        raise InvalidCampaign(Fault(what, "use Campaign.resume, or another name"))
    return Opening(opened, spec, source)


def from_store(
    store: Place,
    name: str,
    candidates: pd.DataFrame | Path | str | None,
    folder: Path | str,
    prior: FittedPrior | None = None,
) -> Opening:
    """Return a campaign as its store holds it."""
    opened = _as_store(store)
    first = next(iter(opened.read(name)), None)
    if not isinstance(first, Created):
        known = ", ".join(map(repr, opened.names())) or "none"
        raise InvalidCampaign(Fault(f"the store holds no campaign {name!r}", f"campaigns there: {known}"))
    source: Source | None = Path(candidates) if isinstance(candidates, str) else candidates
    if source is None and first.spec.get("candidates"):
        source = Path(folder) / first.spec["candidates"]
    if source is None and first.pool_digest is not None:
        raise InvalidCampaign(Fault("the campaign began with a table of candidates", "give 'candidates'"))
    spec = CampaignSpec.from_data(first.spec, folder=folder, candidates=source, check_files=False)
    if not same_candidates(spec.pool_digest, first.pool_digest):
        what = "the candidates are not those that the campaign began with"
        raise InvalidCampaign(Fault(what, "give the same table"))
    return Opening(opened, replace(spec, given_prior=_same_prior(spec, prior)), source)


def _same_prior(spec: CampaignSpec, prior: FittedPrior | None) -> FittedPrior | None:
    """Return the prior, if it is the one that the campaign was given in Python."""
    wanted = spec.settings.prior.digest
    _, given = plain_prior(prior)
    if wanted is not None and given is None:
        raise InvalidCampaign(Fault("the campaign began with a prior that was given in Python", "give 'prior'"))
    if given is not None and (plain_prior(given)[0] or {}).get("digest") != wanted:
        raise InvalidCampaign(Fault("the prior is not the one that the campaign began with", "give the same one"))
    return given


def _as_store(place: Place) -> EventStore:
    return open_store(place) if isinstance(place, str | Path) else place


def _refuse_renamed(spec: CampaignSpec, store: EventStore) -> None:
    """Refuse a file whose own store holds a campaign of another name: renaming would silently begin anew."""
    names = store.names()
    if names and spec.name not in names:
        place = store.location if isinstance(store, SqlStore) else "the store"
        what = f"the name was {names[0]!r} in {place} and is {spec.name!r}"
        fault = Fault(what, "put the name back, or name another store to begin a new campaign", path=("name",))
        raise InvalidCampaign(spec.locate(fault))


class Specs:
    """What a campaign's spec is after its events: what was given, with the changes of settings and space.

    Parameters
    ----------
    given
        What the file, Python or the store says.
    candidates
        The table of candidates, which is read again when the space changes.
    extended
        Returns the space with what may be suggested at a state beside the designs that are known there, such as
        proposed formulas; only those unless given.
    """

    def __init__(self, given: CampaignSpec, candidates: Source | None, extended: Extended | None = None) -> None:
        self.given = given
        self.candidates = candidates
        self.extended = extended
        self._latest: tuple[Mapping[str, Any], CampaignSpec] = (given.data, given)
        self._held: tuple[CampaignState, CampaignSpec] | None = None

    def at(self, state: CampaignState) -> CampaignSpec:
        """Return the spec that counts after `state`; its space can hold every design that is known there."""
        if self._held is None or self._held[0] is not state:
            spec = self.known(state)
            space = space_of_designs(spec.space, state)
            space = space if self.extended is None else self.extended(spec, space, state)
            self._held = (state, replace(spec, space=space))
        return self._held[1]

    def known(self, state: CampaignState) -> CampaignSpec:
        """Return the spec that the events of `state` hold, whatever else is known there."""
        try:
            return replace(self.of(state.spec), pool_digest=state.pool_digest)
        except InvalidInput as error:
            faults = [fault for fault in error.faults if fault.file is None and fault.path[:1] != ("candidates",)]
            if not faults:
                raise
            what = f"campaign {state.name!r} cannot be read from its store: {faults[0]}"
            raise StoreError(f"{what}: the store is damaged") from None

    def disagreement(self, state: CampaignState) -> tuple[list[Fault], str]:
        """Compare what was given with the campaign at `state`; see `disagreement`."""
        known = self.known(state)
        earlier = [self.of({**known.data, **each}).space for each in state.earlier_spaces]
        unmodelled = differences.values_without_logarithm(self.given.targets, state)
        unmodelled += differences.images_without_features(self.given.settings.observations, state)
        if unmodelled:
            return [self.given.locate(fault) for fault in unmodelled], ""
        return disagreement(self.given, known, earlier)

    def of(self, data: Mapping[str, Any]) -> CampaignSpec:
        """Return the spec of plain content as a campaign's state holds it."""
        known, spec = self._latest
        if data is known:
            return spec
        self._latest = (data, self._read(data))
        return self._latest[1]

    def _read(self, data: Mapping[str, Any]) -> CampaignSpec:
        if data == self.given.data:
            return self.given
        for known, spec in (self._latest, (self.given.data, self.given)):
            if differences.same_plain_space(data, known):
                return spec.with_data(data)
        spec = CampaignSpec.from_data(data, folder=self.given.folder, candidates=self.candidates, check_files=False)
        return replace(spec, given_prior=self.given.given_prior)


def disagreement(given: CampaignSpec, known: CampaignSpec, earlier: Iterable[DesignSpace]) -> tuple[list[Fault], str]:
    """Compare a campaign file with the campaign; return faults, and what to tell where the file is only behind.

    Changed settings are no fault. A changed space is one, unless the campaign has had it before.
    """
    faults = differences.same_question(known, given)
    if faults or differences.same_space(known.space, given.space):
        return [given.locate(fault) for fault in faults], ""
    if any(differences.same_space(space, given.space) for space in earlier):
        behind = "; ".join(differences.space_changes(given.space, known.space))
        notice = "the file has an earlier space of this campaign, which goes on in the amended one"
        return [], f"{notice}: write the same into the file ({behind})"
    changes = "; ".join(differences.space_changes(known.space, given.space))
    remedy = f"record the change with 'designer amend {given.file} --space', or put it back"
    return [given.locate(Fault(f"the space is not the campaign's: {changes}", remedy, path=("space",)))], ""
