"""Prepare a suite: read all tables, clean all sources, and report all faults before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.suite import controls, methods, sources
from benchmarks.suite.campaigns import Job
from benchmarks.suite.families import NAMED, open_family
from benchmarks.suite.pools import Pool, pool_of
from benchmarks.suite.suite import Suite, SuiteFamily, Track, Unrelated, read_suite
from designer.documents import Document
from designer.errors import DesignerError, Fault, InvalidInput
from designer.tasks import Family, Task

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """A suite and its pools, each with the cleaned sources of its task (in the order of the suite)."""

    suite: Suite
    pools: tuple[Pool, ...]
    unrelated: tuple[tuple[str, Task], ...] = ()

    def jobs(
        self, method: str, *, seeds: Sequence[int] | None = None, tracks: Sequence[Track] = (), control: str = "none"
    ) -> list[Job]:
        """Return the campaigns of one method, small pools first, and all tasks of a seed before the next seed.

        A method that reads no sources is given none. For one that does, and for a control that needs some, tasks
        without sources are left out.
        """
        entry = self.suite.method(method)
        planned = range(entry.seeds or self.suite.seeds) if seeds is None else seeds
        pools = sorted(self._pools(method, entry.every, control), key=len)
        return [
            Job(pool, method, self.suite.suite, seed, self.suite.budget, self._initial(track), track, control)
            for track in tracks or self.suite.tracks
            for seed in planned
            for pool in pools
        ]

    def _initial(self, track: Track) -> int:
        return self.suite.initial if track == "shared" else 0

    def _pools(self, method: str, every: int, control: str) -> Iterator[Pool]:
        for pool in self.pools[::every]:
            if not methods.reads_sources(method):
                yield with_sources(pool, ())
            elif pool.candidates.sources or self._needless(method, control):
                yield self.controlled(pool, control)

    def _needless(self, method: str, control: str) -> bool:
        """Return whether a campaign makes sense where a task has no sources."""
        if control == "none":
            return method not in methods.TRANSFERS  # a module of your own may do without
        return control in ("no-sources", "target-as-source")

    def controlled(self, pool: Pool, control: str) -> Pool:
        """Return the pool with the sources of a control in place of its own."""
        if control == "none":
            return pool
        other = next((task for family, task in self.unrelated if family != pool.family), None)
        made = controls.controlled(control, pool, pool.candidates.sources, other)
        return with_sources(pool, made)


def with_sources(pool: Pool, given: Sequence[Task]) -> Pool:
    """Return the pool with these sources."""
    return replace(pool, candidates=replace(pool.candidates, sources=tuple(given)))


def prepare(name: str, data: Path, *, wanted: Sequence[str] = (), control: str = "none") -> Plan:
    """Read a suite and everything it names.

    Parameters
    ----------
    data
        The folder of the measured families.
    wanted
        Methods that will run; each must be known and installed.
    control
        The control that will run.

    Raises
    ------
    InvalidInput
        With every fault of the suite, its families, their tables and the methods.
    """
    faults = list(_request_faults(wanted, control))
    try:
        suite, document = read_suite(name)
    except InvalidInput as error:
        raise InvalidInput([*error.faults, *faults]) from None
    pools: list[Pool] = []
    for i, entry in enumerate(suite.families):
        try:
            family = _open(entry, data, document, ("families", i))
            pools += _pools(entry, family, suite, document, ("families", i))
        except InvalidInput as error:
            faults += error.faults
    others, found = _unrelated(suite, data, document, control)
    faults += found
    faults += _method_faults(suite, document)
    if faults:
        raise InvalidInput(condensed(faults))
    return Plan(suite, tuple(pools), others)


def _request_faults(wanted: Sequence[str], control: str) -> Iterator[Fault]:
    for method in wanted:
        try:
            methods.require(method)
        except (DesignerError, ValueError) as error:
            yield Fault(str(error))
            continue
        if control != "none" and not methods.reads_sources(method):
            yield Fault(f"{method!r} reads no sources, so a control does not change it", "leave it out")
    if control not in controls.CONTROLS:
        yield Fault(f"there is no control {control!r}", f"one of: {', '.join(controls.CONTROLS)}")


def _method_faults(suite: Suite, document: Document) -> Iterator[Fault]:
    for key in ("ours", "baseline"):
        name = getattr(suite, key)
        if not methods.is_known(name):
            yield document.locate(methods.unknown(name).at(path=(key,)))
    for i, entry in enumerate(suite.methods):
        if not methods.is_known(entry.name):
            fault = methods.unknown(entry.name)
            yield document.locate(fault.at(path=("methods", i, "name")))


def _open(entry: SuiteFamily | Unrelated, data: Path, document: Document, path: Path_) -> Family:
    """Return a family; faults in its own files stand there, all others in the suite."""
    folder = data / entry.family
    if entry.family not in NAMED and not (folder / "family.yaml").is_file():
        what = f"there is no family {entry.family!r}: no {folder / 'family.yaml'}"
        known = sorted([*NAMED, *(card.parent.name for card in data.glob("*/family.yaml"))])
        remedy = f"one of: {', '.join(known)}" if known else "name the folder of families by --data or DESIGNER_DATA"
        raise _located(document, path, Fault(what, remedy, path=("family",)))
    try:
        family = open_family(entry.family, data, getattr(entry, "leave_out", None))
    except InvalidInput as error:
        raise _located(document, path, *error.faults) from None
    except DesignerError as error:
        raise _located(document, path, Fault(str(error), path=("family",))) from None
    if entry.family not in NAMED and family.name != entry.family:
        what = f"the family in {folder} calls itself {family.name!r}"
        raise _located(document, path, Fault(what, "name its folder as the card does", path=("family",)))
    return family


def _located(document: Document, path: Path_, *faults: Fault) -> InvalidInput:
    return InvalidInput([f if f.file else document.locate(f.at(path=(*path, *f.path))) for f in faults])


def _pools(entry: SuiteFamily, family: Family, suite: Suite, document: Document, path: Path_) -> list[Pool]:
    faults: list[Fault] = []
    pools: list[Pool] = []
    for i, name in enumerate(entry.tasks):
        try:
            task = family.task(name)
        except InvalidInput as error:
            faults += [fault.at(path=("tasks", i)) for fault in error.faults]
            continue
        found = list(_task_faults(entry, task, suite.initial))
        if found:
            faults += [fault if fault.file else fault.at(path=("tasks", i)) for fault in found]
            continue
        pool = replace(pool_of(task, entry.target, rows=entry.rows), family=entry.family)
        given = sources.sources_of(
            family, pool, across_targets=entry.across_targets, shared_designs=entry.shared_designs
        )
        pools.append(with_sources(pool, given))
    if faults:
        raise _located(document, path, *faults)
    return pools


def _task_faults(entry: SuiteFamily, task: Task, initial: int) -> Iterator[Fault]:
    try:
        target = task.target(entry.target)
    except InvalidInput as error:
        yield from error.faults
        return
    if target.goal is None:
        yield Fault(f"target {target.name!r} of {task.name!r} has no goal to pursue", "give one in the card")
        return
    single = task.only(target.name)
    first: dict[bytes, int] = {}
    for position, key in enumerate(single.space.keys(single.coordinates) if entry.exact else ()):
        if first.setdefault(key, position) != position:
            what = f"measurement {position + 1} has the design of measurement {first[key] + 1}"
            yield Fault(what, "each design once, or leave out 'exact' to average", file=task.file or task.name)
    count = len(single.distinct().mean)
    if count <= initial:
        what = f"task {task.name!r} has {count} designs"
        yield Fault(what, f"more than the {initial} initial experiments are needed")


def _unrelated(
    suite: Suite, data: Path, document: Document, control: str
) -> tuple[tuple[tuple[str, Task], ...], list[Fault]]:
    """Return the unrelated tasks and their families, read only where their control runs."""
    if control != "unrelated":
        return (), []
    found: list[tuple[str, Task]] = []
    faults: list[Fault] = []
    for i, entry in enumerate(suite.unrelated):
        path = ("unrelated", i)
        try:
            family = _open(entry, data, document, path)
            try:
                found.append((entry.family, family.task(entry.task).only(entry.target)))
            except InvalidInput as error:
                raise _located(document, path, *error.faults) from None
        except InvalidInput as error:
            faults += error.faults
    lonely = [f.family for f in suite.families if all(other.family == f.family for other in suite.unrelated)]
    if lonely:
        what = f"no unrelated task is named for {', '.join(lonely)}"
        faults.append(document.locate(Fault(what, "list tasks of two families under 'unrelated'", path=("unrelated",))))
    return tuple(found), faults


def condensed(faults: Sequence[Fault]) -> list[Fault]:
    """Return one fault for each column or file: a fault of a whole text column is reported once, not once per row."""
    groups: dict[object, list[Fault]] = {}
    for i, fault in enumerate(faults):
        place: object = i if fault.row is None else (fault.file, fault.column)
        groups.setdefault(place, []).append(fault)
    return [
        group[0].at(remedy=f"{group[0].remedy} (and so in {len(group) - 1} more rows)") if len(group) > 1 else group[0]
        for group in groups.values()
    ]
