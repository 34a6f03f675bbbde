"""A suite: which tasks, which methods, how many seeds, which budget. One YAML file in `benchmarks/suites/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from designer.documents import Document, Value, load_document, parse
from designer.errors import Fault, InvalidInput
from designer.tasks.card import Groups, NonEmpty

Track = Literal["shared", "own"]
SUITES = Path(__file__).parents[1] / "suites"
TRACKS: tuple[Track, ...] = ("shared", "own")


class SuiteFamily(Value):
    """The tasks of one family that belong to a suite.

    Parameters
    ----------
    family
        The name of a family (`benchmarks.suite.families.NAMED`), or of a folder of measured tables.
    split
        Whether models may be chosen on its tasks.
    tasks, target
        The target tasks, and the quantity (the first of each task, unless given).
    rows
        Maximum number of designs of a pool; of a larger one the same random designs are used by all methods.
    leave_out
        Groups of tasks that are near copies, in place of the family's own: none of a target's group is a source.
    across_targets
        Whether tasks that measured another quantity are sources too.
    shared_designs
        Whether sources keep the rows that repeat a design of the target's pool, as where one factorial of conditions
        was measured on several substrates.
    exact
        Whether the tables must hold each design once. Otherwise replicates are averaged.
    """

    family: str
    split: Literal["develop", "report"]
    tasks: Annotated[tuple[str, ...], NonEmpty]
    target: str | None = None
    rows: int | None = Field(default=None, gt=0)
    leave_out: Groups | None = None
    across_targets: bool = False
    shared_designs: bool = False
    exact: bool = False


class SuiteMethod(Value):
    """How much of a suite a method runs.

    Parameters
    ----------
    name
        A method of `benchmarks.suite.methods`, or the name of an importable module.
    seeds
        Campaigns per task; as in the suite by default.
    every
        Run every n-th task, in the order of the suite.
    limit
        Wall-clock limit of a campaign in seconds.
    """

    name: str
    seeds: int | None = Field(default=None, gt=0)
    every: int = Field(default=1, gt=0)
    limit: float = Field(default=3600.0, gt=0)


class Unrelated(Value):
    """A task whose values serve as an unrelated response surface."""

    family: str
    task: str
    target: str | None = None


class Suite(Value):
    """A suite of campaigns.

    Parameters
    ----------
    budget
        Experiments a campaign, the initial ones included.
    initial
        Random first experiments of the track ``shared``, the same for every method.
    seeds
        Campaigns per task and method.
    tracks
        ``shared``: all methods begin with the same experiments; ``own``: each begins with its own.
    margin
        By how many experiments to the top 1 % a method may be worse on average and still count as not inferior.
    harm, harm_bound
        Which share of experiments more than without sources a control may cost, and what its one-sided 95 % bound must
        lie below, to count as no harm.
    ours, baseline
        The method under test, and the method without past tasks that acceleration and controls are relative to.
    methods
        What each method runs; one that is not listed runs everything.
    families
        The tasks.
    unrelated
        Tasks for the control of this name; each target takes the first that is not of its own family.
    """

    suite: str
    budget: int = Field(gt=0)
    initial: int = Field(gt=0)
    seeds: int = Field(gt=0)
    tracks: Annotated[tuple[Track, ...], NonEmpty] = ("shared",)
    margin: float = Field(default=1.0, gt=0)
    harm: float = Field(default=0.05, ge=0)
    harm_bound: float = Field(default=0.10, gt=0)
    ours: str = "designer"
    baseline: str = "botorch"
    methods: tuple[SuiteMethod, ...] = ()
    families: Annotated[tuple[SuiteFamily, ...], NonEmpty]
    unrelated: tuple[Unrelated, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Suite:
        faults = []
        for key, names in (
            ("families", [entry.family for entry in self.families]),
            ("methods", [entry.name for entry in self.methods]),
        ):
            for i, name in enumerate(names):
                if name in names[:i]:
                    faults.append(Fault(f"{name!r} is given twice", "give it once", path=(key, i)))
        if self.initial >= self.budget:
            faults.append(Fault(f"initial is {self.initial}", "give less than the budget", path=("initial",)))
        if faults:
            raise InvalidInput(faults)
        return self

    def families_of(self, split: str) -> frozenset[str]:
        """Return the names of the families of a split."""
        return frozenset(entry.family for entry in self.families if entry.split == split)

    def split(self, family: str) -> str:
        """Return whether models may be chosen on the tasks of `family`."""
        return next(entry.split for entry in self.families if entry.family == family)

    def method(self, name: str) -> SuiteMethod:
        """Return what a method runs."""
        return next((entry for entry in self.methods if entry.name == name), SuiteMethod(name=name))


def suite_path(name: str) -> Path:
    """Return the file of a suite: the one of this name in `benchmarks/suites`, or the path itself."""
    return Path(name) if name.endswith((".yaml", ".yml")) else SUITES / f"{name}.yaml"


def load_suite(name: str) -> Suite:
    """Read a suite by its name or by the path of its file.

    Raises
    ------
    InvalidInput
        With every fault of the file.
    """
    return read_suite(name)[0]


def read_suite(name: str) -> tuple[Suite, Document]:
    """Read a suite, and the document with the line numbers of its keys."""
    path = suite_path(name)
    if path.parent == SUITES and not path.is_file():
        known = ", ".join(sorted(file.stem for file in SUITES.glob("*.yaml")))
        raise InvalidInput(Fault(f"there is no suite {name!r}", f"one of: {known}, or the path of a YAML file"))
    document = load_document(path)
    return parse(Suite, document), document
