"""A suite: which tasks, how many seeds, which budget. One YAML file in `benchmarks/suites/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from designer.documents import Value, load_document, parse
from designer.tasks.card import NonEmpty


class SuiteFamily(Value):
    """The tasks of one family that belong to a suite."""

    family: str
    split: Literal["develop", "report"]
    tasks: Annotated[tuple[str, ...], NonEmpty]
    target: str | None = None
    rows: int | None = Field(default=None, gt=0)


class Suite(Value):
    """A suite of campaigns.

    Parameters
    ----------
    budget
        Experiments a campaign, the initial ones included.
    initial
        Random first experiments, the same for every method.
    seeds, peer_seeds
        Campaigns a task of our own methods, and of methods that are slow.
    families
        The tasks. `split` says whether models may be chosen on them; `rows` draws that many designs of larger pools,
        always the same ones.
    """

    suite: str
    budget: int = Field(gt=0)
    initial: int = Field(gt=0)
    seeds: int = Field(gt=0)
    peer_seeds: int = Field(gt=0)
    families: Annotated[tuple[SuiteFamily, ...], NonEmpty]

    def split(self, family: str) -> str:
        """Return whether models may be chosen on the tasks of `family`."""
        return next(entry.split for entry in self.families if entry.family == family)


def load_suite(name: str) -> Suite:
    """Read a suite by its name or by the path of its file.

    Raises
    ------
    InvalidInput
        With every fault of the file.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else Path(__file__).parent / "suites" / f"{name}.yaml"
    return parse(Suite, load_document(path))
