"""The grammar of `measure:` in a campaign file; leave `measure:` out where a person measures.

```yaml
measure: {kind: table, file: plate.csv, match: nearest, replicates: draw}
measure: {kind: python, function: simulator:hardness}
measure: {kind: command, argv: [python, measure.py, --fast], timeout: 600}
measure: {kind: simulator, name: hot-filament-cvd, task: array-8mm}
```
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from designer.documents import Value

_FUNCTION = re.compile(r"^[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*$")


def _no_truth_value(given: Any) -> Any:
    if isinstance(given, bool):
        raise ValueError(f"{given} is no quantity; give a number, or a text with a unit such as 20 torr")
    return given


Quantity = Annotated[float | str, BeforeValidator(_no_truth_value)]


class TableMeasure(Value):
    """Look the design up in a table of measurements.

    Parameters
    ----------
    file
        CSV or XLSX file in the campaign file's folder or below it, with the space's columns and the targets'.
    match
        ``exact``: a design that is not in the table is a failed measurement. ``nearest``: the nearest row by encoded
        features answers; the result says which design was measured and how far it is.
    replicates
        Where several rows have the same design: ``mean`` of them, or ``draw`` one of them. The draw depends on the
        campaign's seed and the suggestion's id alone, so a resumed run draws the same row.
    columns
        The table's column of a target, where it is not called like the target.
    """

    kind: Literal["table"] = "table"
    file: str = Field(min_length=1)
    match: Literal["exact", "nearest"] = "exact"
    replicates: Literal["mean", "draw"] = "mean"
    columns: dict[str, str] = Field(default_factory=dict)


class PythonMeasure(Value):
    """Call a Python function: ``module:function``, beside the campaign file or installed.

    The function gets one keyword argument a parameter, in lab units (a composition as a mapping from element to
    amount), and returns a mapping from target to number, or one number where there is one target. An exception, None,
    NaN or infinity is a failed measurement.
    """

    kind: Literal["python"] = "python"
    function: str

    @field_validator("function")
    @classmethod
    def _is_reference(cls, text: str) -> str:
        if not _FUNCTION.match(text):
            raise ValueError(f"{text!r} names no function; write module:function")
        return text


class CommandMeasure(Value):
    """Run a program, without a shell, in the campaign file's folder.

    It reads one JSON object on stdin, ``{"id": "S0001", "design": {...}}``, and writes one on stdout,
    ``{"targets": {...}}`` or ``{"failed": "reason"}``. An exit code other than 0 is a failed measurement, and so is a
    run longer than `timeout` seconds: the program and all it started are then killed. The word ``python`` as the
    program means the Python that runs designer.
    """

    kind: Literal["command"] = "command"
    argv: tuple[str, ...] = Field(min_length=1)
    timeout: float = Field(default=3600.0, gt=0, le=7 * 24 * 3600)

    @field_validator("argv", mode="before")
    @classmethod
    def _is_list(cls, argv: object) -> object:
        if isinstance(argv, str):
            raise ValueError(f"argv {argv!r} is one text; write a list, [program, argument, ...]: no shell reads it")
        if not isinstance(argv, (list, tuple)):
            return argv
        return [str(part) if type(part) in (int, float) else part for part in argv]

    @field_validator("argv")
    @classmethod
    def _is_clean(cls, argv: tuple[str, ...]) -> tuple[str, ...]:
        if not argv[0].strip() or any("\0" in part for part in argv):
            raise ValueError("argv names no program; write a list, [program, argument, ...]")
        return argv


class SimulatorMeasure(Value):
    """Simulate: a task of one of the simulators in `designer.oracles.simulators` (extra ``simulators``).

    The parameters of the space are called as the task calls them, in any unit that converts, within its bounds, and so
    are the targets.

    Parameters
    ----------
    name
        The simulator.
    task
        The task of its family.
    fixed
        The task's parameters that are not in the space, each a number in the task's unit or a text with its own.
    """

    kind: Literal["simulator"] = "simulator"
    name: str = Field(min_length=1)
    task: str = Field(min_length=1)
    fixed: dict[str, Quantity] = Field(default_factory=dict)


MeasureSpec = Annotated[TableMeasure | PythonMeasure | CommandMeasure | SimulatorMeasure, Field(discriminator="kind")]
