"""HEBO (heteroscedastic evolutionary Bayesian optimisation) with its defaults, in an environment of its own.

Its requirements exclude those of this project, so it runs as a program of the interpreter that the variable
``HEBO_PYTHON`` names (``python -m venv hebo; hebo/bin/pip install HEBO``). Numbers are ranges of the pool (``pow``
where logarithmic in the task's space), text is categorical. It knows no pools and no sums: its suggestion is replaced
by the nearest remaining design (`snapping`), and it is given the design that was measured. Where nothing is measured,
the first designs are its Sobol points, one more than there are settings, its default. Its CPU seconds are spent in the
other process and are not in the row's. Source: https://github.com/huawei-noah/HEBO, README, "Continuous optimisation".
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.suite.methods.snapping import Setting, Snapping
from benchmarks.suite.pools import Candidates
from designer.errors import Fault, InvalidInput

INTERPRETER = "HEBO_PYTHON"
_WORKER = Path(__file__).with_name("hebo_worker.py")


class HeboChooser:
    """One optimiser, in a process of its own."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        self._candidates, self._seed = candidates, seed
        self._snapping = Snapping(candidates, seed)
        self._process: subprocess.Popen[str] | None = None
        self._known = 0

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Report new results to HEBO; return the design nearest to its next suggestion."""
        if self._process is None:
            first = len(measured) or 1 + len(self._snapping.settings)
            self._process = _started([_parsed(setting) for setting in self._snapping.settings], first, self._seed)
        costs = -self._candidates.utility(y)
        new = range(self._known, len(measured))
        added = [[self._snapping.design(measured[i]), float(costs[i])] for i in new]
        self._known = len(measured)
        answer = _asked(self._process, {"add": added})
        return self._snapping.nearest(answer["design"], measured)

    def __del__(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


def _started(settings: list[dict[str, Any]], first: int, seed: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [_interpreter(), str(_WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    _asked(process, {"settings": settings, "first": first, "seed": seed})
    return process


def _asked(process: subprocess.Popen[str], content: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(content) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"HEBO ended with code {process.wait()}")
    answer: dict[str, Any] = json.loads(line)
    return answer


def _interpreter() -> str:
    """Return the interpreter that has HEBO.

    Raises
    ------
    InvalidInput
        If none is named.
    """
    found = os.environ.get(INTERPRETER)
    if not found or not Path(found).is_file():
        raise InvalidInput(Fault(f"{INTERPRETER} names no interpreter", "name one that has HEBO, see hebo_process.py"))
    return found


def _parsed(setting: Setting) -> dict[str, Any]:
    if setting.words:
        return {"name": setting.name, "type": "cat", "categories": list(setting.words)}
    kind = {"type": "pow", "base": 10} if setting.log else {"type": "num"}
    return {"name": setting.name, **kind, "lb": setting.low, "ub": setting.high}


def versions() -> dict[str, str]:
    """Return the versions that decide, as the other interpreter states them."""
    process = subprocess.run(
        [_interpreter(), str(_WORKER)],
        input=json.dumps({"settings": [{"name": "x", "type": "num", "lb": 0, "ub": 1}], "first": 2, "seed": 0}) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(process.stdout)["versions"]
    return found


def begin(candidates: Candidates, seed: int) -> HeboChooser:
    """Start a campaign."""
    _interpreter()
    return HeboChooser(candidates, seed)
