from __future__ import annotations

import itertools
from typing import Any

import pytest

from designer.errors import MeasurementFailed, OracleUnusable
from designer.oracles.base import Measured
from designer.oracles.testing import check_oracle

COUNT = itertools.count()


def broken(answer: Any) -> Any:
    class Broken:
        def measure(self, design: Any, *, suggestion: Any = None) -> Any:
            return answer(design)

    return Broken()


def raising(error: Any) -> Any:
    def answer(design: Any) -> None:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda d: 3.0, "not a mapping"),
        (lambda d: {"z": 3.0}, r"gave \['z'\], not \['y'\]"),
        (lambda d: {"y": float("nan")}, "not a finite number"),
        (lambda d: {"y": 3}, "not a finite number"),
        (lambda d: {"y": float(next(COUNT))}, "asked again"),
        (lambda d: {"y": d.pop("x")}, "was changed by measuring it"),
        (lambda d: Measured({"y": 1.0}, executed={"w": 1.0}), "executed with other columns"),
        (raising(MeasurementFailed("")), "failed without a reason"),
        (raising(MeasurementFailed("a\nb")), "several lines"),
        (raising(OracleUnusable("gone")), "stopped the oracle: gone"),
    ],
)
def test_every_broken_oracle_is_found_out(answer: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_oracle(broken(answer), [{"x": 1.0}], ("y",))


def test_a_kept_contract_passes_and_noise_may_be_allowed() -> None:
    check_oracle(broken(raising(MeasurementFailed("melted"))), [{"x": 1.0}], ("y",))
    check_oracle(broken(lambda d: {"y": float(next(COUNT))}), [{"x": 1.0}], ("y",), repeatable=False)
    with pytest.raises(AssertionError, match="at least one design"):
        check_oracle(broken(lambda d: {}), [], ("y",))
