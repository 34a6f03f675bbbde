"""A test kit for oracles: call `check_oracle` in a test of your own oracle.

>>> class Thermometer:
...     def measure(self, design, *, suggestion=None):
...         return {"signal": 2.0 * design["temperature"]}
>>> check_oracle(Thermometer(), [{"temperature": 300.0}, {"temperature": 400.0}], targets=("signal",))
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

from designer.errors import MeasurementFailed, OracleUnusable
from designer.oracles.base import Oracle


def check_oracle(
    oracle: Oracle,
    designs: Sequence[Mapping[str, Any]],
    targets: Sequence[str],
    *,
    repeatable: bool = True,
) -> None:
    """Check that `oracle` keeps its contract on `designs`.

    Every design gives a finite number for every target, or `MeasurementFailed` with a reason in one line; the design
    that was given is not changed; and, unless `repeatable` is false, asking again for the same design under the same
    suggestion gives the same answer, in whatever order the designs are asked for. A design that was executed in place
    of the one asked for has the same columns.

    Raises
    ------
    AssertionError
        If the oracle breaks the contract; with how in the message.
    """
    if not designs:
        raise AssertionError("give check_oracle at least one design")
    first = {i: _ask(oracle, design, i, targets) for i, design in enumerate(designs)}
    if repeatable:
        for i in reversed(range(len(designs))):
            again = _ask(oracle, designs[i], i, targets)
            _require(again == first[i], f"design {i} gave {first[i]} and then, asked again, {again}")


def _ask(oracle: Oracle, design: Mapping[str, Any], i: int, targets: Sequence[str]) -> dict[str, float] | str:
    given = copy.deepcopy(dict(design))
    try:
        result = oracle.measure(given, suggestion=f"S{i + 1:04d}")
    except MeasurementFailed as failure:
        _require(bool(str(failure).strip()), f"design {i} failed without a reason")
        _require("\n" not in str(failure).strip(), f"design {i} failed with a reason of several lines: {failure}")
        return str(failure)
    except OracleUnusable as error:
        raise AssertionError(f"design {i} stopped the oracle: {error}") from error
    _require(given == dict(design), f"design {i} was changed by measuring it")
    _require(isinstance(result, Mapping), f"design {i} gave {type(result).__name__}, not a mapping")
    _require(set(result) == set(targets), f"design {i} gave {sorted(result)}, not {sorted(targets)}")
    for name, value in result.items():
        fits = isinstance(value, float) and math.isfinite(value)
        _require(fits, f"design {i} gave {value!r} for {name!r}, not a finite number")
    executed = getattr(result, "executed", None)
    if executed is not None:
        _require(set(executed) == set(design), f"design {i} was executed with other columns: {sorted(executed)}")
    return dict(result)


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)
