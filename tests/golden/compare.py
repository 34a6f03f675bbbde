"""Comparing what is said now with what was said: how alike it has to be depends on where it was said.

The same processor and the same libraries do the same sums in the same order: numbers then agree to 12 significant
digits. Another processor has other kernels of BLAS and of vectorised functions, which sum in another order: rounding
errors differ, are amplified by ill-conditioned covariances, and numbers agree to a relative 1e-5 only; where networks
are trained, in single precision and hundreds of steps, to 5e-2. Designs, ids and everything else that is not a measured
or computed number are equal everywhere.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

SAME, ELSEWHERE, TRAINED_ELSEWHERE = 1e-12, 1e-5, 5e-2
EXACT = ("design",)
"""Keys below which numbers are equal everywhere."""

_LIBRARIES = ("numpy", "scipy", "torch", "botorch", "gpytorch", "scikit-learn")


def environment() -> dict[str, Any]:
    """Return what decides about the last digits: processor, kernels and versions of libraries."""
    import numpy as np  # noqa: F401  its BLAS is loaded with it
    import torch
    from threadpoolctl import threadpool_info

    blas = sorted(each.get("architecture") or "" for each in threadpool_info() if each["user_api"] == "blas")
    return {
        "processor": _processor(),
        "BLAS": [name for name in dict.fromkeys(blas) if name],
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "versions": {name: version(name) for name in _LIBRARIES},
    }


def _processor() -> str:
    """Return the processor's name; kernels of MKL depend on its maker."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def tolerance_of(there: dict[str, Any], *, trained: bool = False) -> float:
    """Return how far numbers that were recorded in an environment may differ from those of this one."""
    if there == environment():
        return SAME
    return TRAINED_ELSEWHERE if trained else ELSEWHERE


def text_of(content: Any) -> str:
    """Return plain data as JSON: keys sorted, floats with all digits that tell them from others (`repr`)."""
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def differences(now: Any, then: Any, tolerance: float, path: str = "", largest: float = 0.0) -> Iterator[str]:
    """Say where two plain values differ by more than a relative tolerance; 0 asks for the same bits.

    Parameters
    ----------
    largest
        The largest number beside them: parts that sum to it are as precise as it is, in a foreign environment.
    """
    if isinstance(now, dict) and isinstance(then, dict):
        for key in sorted(set(now) | set(then)):
            if key not in now or key not in then:
                yield f"{path}/{key}: only {'recorded' if key in then else 'said now'}"
                continue
            inside = 0.0 if key in EXACT else tolerance
            yield from differences(now[key], then[key], inside, f"{path}/{key}", _largest(then))
    elif isinstance(now, list) and isinstance(then, list):
        if len(now) != len(then):
            yield f"{path}: {len(now)} entries, recorded {len(then)}"
        for i, (a, b) in enumerate(zip(now, then, strict=False)):
            yield from differences(a, b, tolerance, f"{path}/{i}", _largest(then))
    elif not _alike(now, then, tolerance, largest):
        yield f"{path}: {now!r}, recorded {then!r}"


def _largest(content: dict[str, Any] | list[Any]) -> float:
    values = content.values() if isinstance(content, dict) else content
    return max((abs(each) for each in values if isinstance(each, float)), default=0.0)


def _alike(now: Any, then: Any, tolerance: float, largest: float) -> bool:
    if not (isinstance(now, float) and isinstance(then, float)) or tolerance == 0.0:
        return type(now) is type(then) and bool(now == then)
    beside = tolerance * largest if tolerance > SAME else 0.0
    return math.isclose(now, then, rel_tol=tolerance, abs_tol=beside)
