"""The grammar of `measure:` in a campaign file, and the kinds of oracle; without `measure:` a person measures.

```yaml
measure: {kind: table, file: plate.csv, match: nearest, replicates: draw}
measure: {kind: python, function: simulator:hardness}
measure: {kind: command, argv: [python, measure.py, --fast], timeout: 600}
measure: {kind: simulator, name: hot-filament-cvd, task: array-8mm}
measure: {kind: by_level, levels: {dft: {kind: table, file: dft.csv}, bulk: {kind: command, argv: [python, press.py]}}}
```

A kind of oracle is one class, registered under the word behind ``kind:``: it reads the other keys, checks them and
opens the oracle. Another package adds one by an entry point of the group ``designer.oracles``, or a program by
`register_oracle`.
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from designer.documents import ByKind, Value
from designer.errors import Fault
from designer.oracles.base import Oracle
from designer.registry import Registry

if TYPE_CHECKING:
    from designer.objective import Objective
    from designer.space import DesignSpace


class MeasureBase(Value):
    """The value of ``measure:``; a kind defines the field ``kind: Literal["word"] = "word"`` and its own keys."""

    if TYPE_CHECKING:

        @property
        def kind(self) -> str:
            """The word behind ``kind:``."""

    @abstractmethod
    def open(self, space: DesignSpace, objective: Objective, *, folder: Path, seed: int = 0) -> Oracle:
        """Return the oracle, ready to measure designs of `space`.

        Parameters
        ----------
        space, objective
            What is measured, and which targets it must give.
        folder
            The campaign file's folder: files, modules and programs are looked for there.
        seed
            The campaign's seed, for what is random.

        Raises
        ------
        InvalidInput
            If it cannot be used with this space and these targets, with every fault.
        OracleUnusable
            If a function cannot be imported or cannot take the space's parameters.
        MissingExtra
            If a package that it needs is not installed.
        """

    def faults(self, space: DesignSpace, objective: Objective, *, folder: Path) -> list[Fault]:
        """Return what can be seen to be wrong without running any program or code of the user's.

        Paths of the faults are relative to ``measure:``; faults of a table carry its file, rows and columns.
        """
        return []


def _is_kind(item: Any) -> bool:
    is_class = isinstance(item, type) and issubclass(item, MeasureBase) and not inspect.isabstract(item)
    return is_class and "kind" in item.model_fields


ORACLES: Registry[type[MeasureBase]] = Registry(
    "designer.oracles",
    "oracle kind",
    {
        "table": "designer.oracles.table:TableMeasure",
        "python": "designer.oracles.python_function:PythonMeasure",
        "command": "designer.oracles.command:CommandMeasure",
        "by_level": "designer.oracles.by_level:ByLevelMeasure",
        "simulator": "designer.oracles.simulators.simulator_oracle:SimulatorMeasure",
    },
    accepts=_is_kind,
    expected="a subclass of MeasureBase with `open` and `kind`",
)
"""Every kind of oracle by its word."""

MeasureSpec: TypeAlias = Annotated[MeasureBase, ByKind(ORACLES)]
"""The value of ``measure:``; from plain data, the class is chosen by ``kind``."""


def register_oracle(kind: type[MeasureBase]) -> type[MeasureBase]:
    """Register a class as a kind of oracle for this process, under the default of its ``kind``; return the class.

    Raises
    ------
    InvalidInput
        If the kind is registered already, or the class is not one of an oracle.
    """
    field = getattr(kind, "model_fields", {}).get("kind")
    return ORACLES.register(field.default if field is not None else "", kind)
