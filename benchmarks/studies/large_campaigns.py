"""Time where users wait: a fresh process, 1,000 and 10,000 results: ``python -m benchmarks.studies.large_campaigns``.

Each row is the least CPU seconds of fresh interpreters with one thread, libraries included. The table of 10,000 results
is the Hartmann function of six settings (a formula) with noise of 5 % of its range; models are conditioned on a subset
beyond the number that `suggest_seconds` allows, and the second table states what that costs beside the exact process of
all results: the error of predictions at 2,000 random designs and at 1,000 near the best tenth of the results, against
the function itself, how often its 95 % intervals for the function contain it, with the calibration by the results that
are left out and without it, and the function at the suggested design. The limit is one of elapsed time: on a loaded
machine it may end the search, and the suggestion then only fills the space; the last column says so.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.suite.provenance import provenance
from benchmarks.suite.running import ONE_THREAD

LIMITS = (3.0, 9.0, 60.0)
"""Values of `suggest_seconds`; the last is the default."""
CAMPAIGNS = ((2000, 3.0), (2000, 60.0), *((10_000, limit) for limit in LIMITS), (10_000, 1001.0))
"""Numbers of results and limits of the second table: the last limit of each number allows the exact process."""
SEED = 2
"""Of the results of the second table; the calibration was written with those of seeds 0 and 1."""
NOISE = 0.05 * 3.32
_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
_P = 1e-4 * np.array([
    [1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991], [2348, 1451, 3522, 2883, 3047, 6650],
    [4047, 8828, 8732, 5743, 1091, 381],
])  # fmt: skip


def hartmann(X: np.ndarray) -> np.ndarray:
    """Return the Hartmann function (``n``) of designs (``n x 6``) in the unit cube; its maximum is 3.322."""
    inner = (_A * (X[:, None, :] - _P) ** 2).sum(-1)
    return np.asarray((_WEIGHTS * np.exp(-inner)).sum(-1))


def table(results: int, seed: int = 0) -> pd.DataFrame:
    """Return measured designs: half at random, half near better ones, as campaigns leave them."""
    rng = np.random.default_rng(seed)
    X = rng.random((results // 2, 6))
    good = X[np.argsort(-hartmann(X))[: max(results // 20, 1)]]
    near = good[rng.integers(0, len(good), results - len(X))] + 0.1 * rng.standard_normal((results - len(X), 6))
    X = np.round(np.clip(np.concatenate([X, near]), 0, 1), 4)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(6)])
    return frame.assign(y=hartmann(X) + NOISE * rng.standard_normal(results))


def write_campaign(folder: Path, results: int) -> Path:
    """Write a campaign file and a store with results, and return the file."""
    from designer import Campaign

    space = [{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(6)]
    path = folder / f"hartmann-{results}.yaml"
    content = {"designer": 1, "name": "hartmann", "space": space, "targets": [{"name": "y", "goal": "maximize"}]}
    path.write_text(json.dumps(content), encoding="utf-8")
    Campaign.open(path).attach(table(results))
    return path


def cpu_of(*command: str) -> tuple[float, str]:
    """Return the CPU seconds of a command in a fresh process, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | ONE_THREAD, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def designs(results: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return designs at which predictions are judged: at random, and near the best tenth by the function itself."""
    rng = np.random.default_rng(1)
    X = results.iloc[:, :6].to_numpy()
    good = X[np.argsort(-hartmann(X))[: len(X) // 10]]
    near = good[rng.integers(0, len(good), 1000)] + 0.05 * rng.standard_normal((1000, 6))
    return {"random": rng.random((2000, 6)).round(4), "good": np.clip(near, 0, 1).round(4)}


def accuracy(limit: float, results: int, seed: int) -> None:
    """Print the errors of predictions of a campaign with this time limit, and the seconds of one suggestion."""
    from designer import Campaign
    from designer.campaign.suggesting.left_out.left_out_results import LeftOut
    from designer.campaign.suggesting.left_out.modelled_results import max_modelled

    space = [{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(6)]
    campaign = Campaign.create(space=space, targets=[{"name": "y", "goal": "maximize"}], suggest_seconds=limit)
    measured = table(results, seed)
    campaign.attach(measured)
    found: dict[str, Any] = {"results": results, "modelled": min(max_modelled(limit, 1), results)}
    if limit <= LIMITS[-1]:
        begun = time.process_time()
        suggested = campaign.suggest(1).to_numpy(dtype=float)
        (note,) = [each.note for each in campaign.state.suggestions.values()]
        found |= {"seconds": time.process_time() - begun, "suggested": float(hartmann(suggested)[0])}
        found["ended"] = "time limit" in (note or "")
    known = campaign.posterior()
    assert known is not None
    for name, X in designs(measured).items():
        truth = hartmann(X)
        for prefix, posterior in (("", known), ("stationary_", replace(known, left_out=LeftOut()))):
            mean, deviation = (each[:, 0] for each in posterior.predict(X))
            found[prefix + name] = float((abs(mean - truth) <= 1.96 * deviation).mean())
            found[f"rmse_{name}"] = float(np.sqrt(np.mean((mean - truth) ** 2)))
    print(json.dumps(found | {"memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def rows(folder: Path, repeats: int) -> list[tuple[str, str, float]]:
    """Return (work, what is wanted, CPU seconds) of commands in fresh processes."""
    small, thousand, ten = (write_campaign(folder, number) for number in (30, 1000, 10_000))
    program = (sys.executable, "-m", "designer")
    work: list[tuple[str, str, tuple[str, ...]]] = [
        ("`designer --help`", "", (*program, "--help")),
        ("`designer suggest`, 30 results", "", (*program, "suggest", str(small))),
        ("`designer suggest`, 1,000 results", "", (*program, "suggest", str(thousand))),
        ("`designer report`, 1,000 results", "20 s", (*program, "report", str(thousand), "-o", str(folder / "r.html"))),
        ("`designer suggest`, 10,000 results", "20 s", (*program, "suggest", str(ten))),
    ]
    return [
        (name, wanted, min(cpu_of(*command)[0] for _ in range(1 if "10,000" in name or "report" in name else repeats)))
        for name, wanted, command in work
    ]


def page(work: list[tuple[str, str, float]], found: list[dict[str, Any]], about: dict[str, str]) -> str:
    """Return the Markdown page."""
    lines = ["# Large campaigns and fresh processes", " ".join((__doc__ or "").split("\n\n", 1)[1].split()), ""]
    lines += ["| work | CPU s | wanted |", "|---|---:|---|"]
    lines += [f"| {name} | {seconds:.2f} | {wanted} |" for name, wanted, seconds in work]
    lines += ["", *_table(found)]
    lines += [
        "",
        f"The noise has a standard deviation of {NOISE:.3f}, the function a maximum of 3.322.",
        "",
        "| | |",
        "|---|---|",
    ]
    return "\n".join([*lines, *(f"| {key} | {value} |" for key, value in about.items())]) + "\n"


def _table(found: list[dict[str, Any]]) -> list[str]:
    """Return the Markdown table of accuracies."""
    lines = ["| results | modelled | CPU s | peak MB | RMSE random / good | 95 % intervals contain, random | good "]
    lines[0] += "| without calibration, random | good | suggested | search |"
    lines += ["|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|"]
    for each in found:
        suggested = ["", "", "not searched"]
        if "seconds" in each:
            ended = "ended by the limit" if each["ended"] else "whole"
            suggested = [f"{each['seconds']:.1f}", f"{each['suggested']:.3f}", ended]
        errors = f"{each['rmse_random']:.3f} / {each['rmse_good']:.3f}"
        shares = [f"{each[key]:.1%}" for key in ("random", "good", "stationary_random", "stationary_good")]
        cells = [f"{each['results']:,}", f"{each['modelled']:,}", suggested[0], f"{each['memory_mb']:.0f}", errors]
        lines.append("| " + " | ".join([*cells, *shares, *suggested[1:]]) + " |")
    return lines


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the page, and write it where it is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.large_campaigns", description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="also write the page to this file")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        work = rows(Path(folder), options.repeats)
    code = "from benchmarks.studies.large_campaigns import accuracy; accuracy({}, {}, {})"
    found = [
        json.loads(cpu_of(sys.executable, "-c", code.format(limit, results, SEED))[1]) for results, limit in CAMPAIGNS
    ]
    about = provenance("python", "-m", "benchmarks.studies.large_campaigns", *sys.argv[1:])
    text = page(work, found, about | {"load": f"{os.getloadavg()[2]:.1f} on average over the last 15 minutes"})
    print(text)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
