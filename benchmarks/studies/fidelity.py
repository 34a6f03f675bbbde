"""Levels of a fidelity: ``python -m benchmarks.studies.fidelity [--seeds 2]``.

Each campaign has a table of designs with a value at the top level, which is wanted, and one at a lower level. It makes
experiments one after another until one of the best 1 % of the designs is measured at the top level, for a cost of at
most 30 experiments there; one at the lower level costs 0.02, 0.1 or 0.5 of these. The figure is the cost spent.

Compared are the top level alone; `kind: fidelity`; the same with shuffled lower values; all designs at the lower level
first and then the best of them, in order; the whole lower table as a past task; and, on the analytic pairs, BoTorch's
multi-fidelity maximum-value entropy search (Takeno et al., ICML 2020). Ratios to the top level alone are geometric
means with a 95 % interval by a hierarchical bootstrap over tasks and seeds. ``DESIGNER_DATA`` names the tables' folder.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from benchmarks.studies.lab_tables import data_folder
from designer import Campaign, fit_prior
from designer.arrays import FloatArray
from designer.chemistry.formulas import parse_formula
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task

BUDGET, BEST, DESIGNS, SEEDS = 30.0, 0.01, 200, 2
RATIOS = (0.02, 0.1, 0.5)
ALONE, LEVELS, SHUFFLED = "top level alone", "`kind: fidelity`", "`kind: fidelity`, lower values shuffled"
FIRST_ALL, PAST, BOTORCH = "all at the lower level first", "lower table as a past task", "BoTorch qMFMES"
_SAMPLES = 2000


@dataclass(frozen=True, eq=False)
class Pair:
    """A table of designs with values at two levels.

    Parameters
    ----------
    space
        The parameters, as a campaign file has them.
    frame
        Their columns, and ``top`` and ``low``.
    is_report
        Whether no setting of the method was chosen on it.
    """

    name: str
    space: list[dict[str, Any]]
    frame: pd.DataFrame
    is_report: bool = True

    @property
    def columns(self) -> list[str]:
        """The columns of the designs."""
        return [column for column in self.frame.columns if column not in ("top", "low")]

    def part(self, seed: int) -> Pair:
        """Return the pair with a random part of its designs."""
        rows = np.random.default_rng(seed).permutation(len(self.frame))[:DESIGNS]
        return Pair(self.name, self.space, self.frame.iloc[np.sort(rows)].reset_index(drop=True), self.is_report)

    @property
    def good(self) -> frozenset[int]:
        """The rows of the best designs."""
        number = max(1, round(BEST * len(self.frame)))
        return frozenset(np.argsort(-self.frame["top"].to_numpy(), kind="stable")[:number].tolist())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.fidelity", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--tasks", nargs="*", help="Names of the pairs; all unless given.")
    parser.add_argument("--rows", type=Path, help="A file to which the figures are added, one JSON object a line.")
    parser.add_argument("--report", action="store_true", help="Only print the ratios of all rows of that file.")
    given = parser.parse_args(arguments)
    if given.report:
        _print_ratios([json.loads(line) for line in given.rows.read_text(encoding="utf-8").splitlines()])
        return 0
    print("| task | rank correlation | cost ratio | method | cost to the best 1 % | ratio | lower results | CPU s |")
    print("|---|---:|---:|---|---:|---:|---:|---:|")
    found: list[dict[str, Any]] = []
    for pair in pairs():
        if given.tasks and pair.name not in given.tasks:
            continue
        made = [
            {"task": pair.name, "ratio": ratio, "method": method, "costs": [[row[0], row[3]] for row in rows]}
            for (ratio, method), rows in _of_pair(pair, given.seeds).items()
        ]
        if given.rows is not None:
            with given.rows.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in made)
        found += made
    _print_ratios(found)
    return 0


def _print_ratios(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the mean ratio of costs to that at the top level alone, over all tasks and over the reported ones."""
    logs: dict[tuple[float, str], dict[str, list[float]]] = {}
    for row in rows:
        by_task = logs.setdefault((row["ratio"], row["method"]), {})
        by_task[row["task"]] = [math.log(cost / alone) for cost, alone in row["costs"]]
    for (ratio, method), by_task in logs.items():
        report = {name: values for name, values in by_task.items() if name not in DEVELOPMENT}
        for label, part in (("all", by_task), ("reported", report)):
            if part:
                print(f"| {label} | | {ratio:g} | {method} | | {bootstrap(list(part.values()))} | | |", flush=True)


def _of_pair(pair: Pair, seeds: int) -> dict[tuple[float, str], list[tuple[float, ...]]]:
    """Return cost, lower results, CPU s a suggestion and the cost at the top level alone, for each seed; print them."""
    parts = [pair.part(seed) for seed in range(seeds)]
    rank = float(np.mean([part.frame["top"].corr(part.frame["low"], method="spearman") for part in parts]))
    alone = [run(part, seed, None) for seed, part in enumerate(parts)]
    past = [run(part, seed, None, prior=_past(part)) for seed, part in enumerate(parts)]
    found: dict[tuple[float, str], list[tuple[float, ...]]] = {(1.0, ALONE): [*alone]}
    for ratio in RATIOS:
        found[ratio, LEVELS] = [run(part, seed, ratio) for seed, part in enumerate(parts)]
        if ratio < RATIOS[-1]:  # there no lower level is suggested
            found[ratio, SHUFFLED] = [run(part, seed, ratio, shuffled=True) for seed, part in enumerate(parts)]
        found[ratio, FIRST_ALL] = [in_order(part, ratio) for part in parts]
        found[ratio, PAST] = [(row[0] + ratio * DESIGNS, DESIGNS, row[2]) for row in past]
        if not pair.is_report and ratio == RATIOS[1]:
            found[ratio, BOTORCH] = [entropy_search(part, seed, ratio) for seed, part in enumerate(parts)]
    complete = {key: [(*row, alone[i][0]) for i, row in enumerate(rows)] for key, rows in found.items()}
    for (ratio, method), rows in complete.items():
        cost, lower, seconds = (float(np.mean([row[k] for row in rows])) for k in range(3))
        ratios = math.exp(float(np.mean([math.log(row[0] / row[3]) for row in rows])))
        cells = f"{cost:.1f} | {ratios:.2f} | {lower:.0f} | {seconds:.2f}"
        print(f"| {pair.name} | {rank:.2f} | {ratio:g} | {method} | {cells} |", flush=True)
    return complete


def run(
    pair: Pair, seed: int, ratio: float | None, *, shuffled: bool = False, prior: Any = None
) -> tuple[float, float, float]:
    """Return the cost to one of the best designs, the results at the lower level, and CPU s a suggestion."""
    low = pair.frame["low"].to_numpy()
    low = np.random.default_rng(seed).permutation(low) if shuffled else low
    top, good = pair.frame["top"].to_numpy(), pair.good
    options: dict[str, Any] = {} if prior is None else {"prior": prior}
    space = list(pair.space)
    if ratio is not None:
        space.append({"name": "level", "kind": "fidelity", "levels": ["low", "top"]})
        options["cost"] = f"1 if level == top, {ratio}"
    campaign = Campaign.create(
        space=space, targets=[{"name": "y", "goal": "maximize"}], candidates=pair.frame[pair.columns], seed=seed,
        stop={"reach": False}, suggest_seconds=3600.0, **options,
    )  # fmt: skip
    rows = {tuple(row): i for i, row in enumerate(pair.frame[pair.columns].itertuples(index=False, name=None))}
    spent, lower, made, begin = 0.0, 0, 0, time.process_time()
    while spent < BUDGET:
        batch = campaign.suggest(1)
        made += 1
        row = rows[tuple(batch[pair.columns].iloc[0])]
        is_low = ratio is not None and batch.iloc[0]["level"] == "low"
        spent += ratio if is_low and ratio is not None else 1.0
        lower += is_low
        if not is_low and row in good:
            break
        campaign.record(batch.assign(y=[float(low[row] if is_low else top[row])]))
    else:
        spent = BUDGET + 1.0
    return spent, float(lower), (time.process_time() - begin) / made


def in_order(pair: Pair, ratio: float) -> tuple[float, float, float]:
    """Return the cost where every design is measured at the lower level, and the best of them at the top one."""
    order = np.argsort(-pair.frame["low"].to_numpy(), kind="stable").tolist()
    needed = min(order.index(row) for row in pair.good) + 1
    return ratio * len(order) + min(needed, BUDGET + 1.0), float(len(order)), 0.0


def _past(pair: Pair) -> Any:
    """Return the prior that the whole lower table gives as a past task."""
    data = pair.frame[[*pair.columns, "low"]].rename(columns={"low": "y"})
    task = Task(DesignSpace(parameters=pair.space), [Target(name="y", goal="maximize")], data, name="low")
    return fit_prior([task], "auto")


def entropy_search(pair: Pair, seed: int, ratio: float) -> tuple[float, float, float]:
    """Return `run` by BoTorch's multi-fidelity maximum-value entropy search per cost, over the listed designs."""
    from botorch.acquisition.cost_aware import InverseCostWeightedUtility
    from botorch.acquisition.max_value_entropy_search import qMultiFidelityMaxValueEntropy
    from botorch.fit import fit_gpytorch_mll
    from botorch.models.cost import AffineFidelityCostModel
    from botorch.models.gp_regression_fidelity import SingleTaskMultiFidelityGP
    from botorch.models.transforms.outcome import Standardize
    from gpytorch.mlls import ExactMarginalLogLikelihood

    torch.manual_seed(seed)
    X = torch.as_tensor(pair.frame[pair.columns].to_numpy(), dtype=torch.float64)
    everything = torch.cat([torch.cat([X, torch.full((len(X), 1), level)], 1) for level in (0.0, 1.0)])
    values = torch.as_tensor(np.concatenate([pair.frame["low"], pair.frame["top"]]))
    fixed = {X.shape[1]: 1.0}
    cost = AffineFidelityCostModel(fidelity_weights={X.shape[1]: 1.0 - ratio}, fixed_cost=ratio)
    utility = InverseCostWeightedUtility(cost_model=cost)
    rng = np.random.default_rng(seed)
    first = rng.permutation(len(X))[: 2 * (X.shape[1] + 1)]
    made = [*first.tolist(), *(len(X) + first[: X.shape[1] + 1]).tolist()]
    spent = sum(ratio if row < len(X) else 1.0 for row in made)
    begin, steps = time.process_time(), 0
    while spent < BUDGET and not {row - len(X) for row in made} & pair.good:
        known = torch.tensor(made)
        model = SingleTaskMultiFidelityGP(
            everything[known], values[known][:, None], data_fidelities=[X.shape[1]], outcome_transform=Standardize(m=1)
        )
        likelihood = ExactMarginalLogLikelihood(model.likelihood, model)
        fit_gpytorch_mll(likelihood, optimizer_kwargs={"options": {"maxiter": 75}})
        acquisition = qMultiFidelityMaxValueEntropy(
            model, candidate_set=everything[len(X) :], num_mv_samples=10, num_fantasies=8, cost_aware_utility=utility,
            project=partial(_projected, fixed=fixed),
        )  # fmt: skip
        with torch.no_grad():
            scores = torch.cat([acquisition(part[:, None]) for part in torch.split(everything, 100)])
        scores[known] = -torch.inf
        made.append(int(scores.argmax()))
        spent += ratio if made[-1] < len(X) else 1.0
        steps += 1
    reached = bool({row - len(X) for row in made} & pair.good)
    lower = float(sum(row < len(X) for row in made))
    return spent if reached else BUDGET + 1.0, lower, (time.process_time() - begin) / max(steps, 1)


def _projected(X: torch.Tensor, fixed: Mapping[int, float]) -> torch.Tensor:
    result = X.clone()
    for column, value in fixed.items():
        result[..., column] = value
    return result


def bootstrap(by_task: Sequence[Sequence[float]]) -> str:
    """Return the geometric mean of ratios with a 95 % interval, from their logarithms by task."""
    rng = np.random.default_rng(0)
    means = []
    for _ in range(_SAMPLES):
        chosen = rng.integers(0, len(by_task), len(by_task))
        means.append(np.mean([np.mean(rng.choice(by_task[i], len(by_task[i]))) for i in chosen]))
    mid = math.exp(float(np.mean([np.mean(values) for values in by_task])))
    low, high = np.exp(np.quantile(means, [0.025, 0.975]))
    return f"{mid:.2f} ({low:.2f} to {high:.2f})"


# Tasks

DEVELOPMENT = ("Branin", "Hartmann 6")
"""Pairs on which the method was chosen."""


def pairs() -> Iterator[Pair]:
    """Yield the tasks of the study."""
    yield analytic("Branin", 2, _branin, lambda X: _branin(X + np.array([0.047, -0.047])), 0.3)
    yield analytic("Hartmann 6", 6, _hartmann, _hartmann, 0.7)
    folder = data_folder() / "composition_property_dft"
    yield formulas(folder, "band gap", ("matbench_expt_gap", "band_gap_expt_eV"), ("aflow_egap", "band_gap_eV"))
    for quantity in ("bulk", "shear"):
        column = f"{quantity}_modulus_GPa"
        lower = f"aflow_ael_{quantity}_modulus_vrh"
        yield formulas(folder, f"{quantity} modulus", (f"mp_{quantity}_modulus", column), (lower, column))
    yield photoswitches("e_pi_pi")


def analytic(
    name: str, size: int, top: Callable[[FloatArray], FloatArray], low: Callable[[FloatArray], FloatArray], rough: float
) -> Pair:
    """Return a pair of functions on the unit cube; the lower one has a random smooth deviation besides."""
    rng = np.random.default_rng(0)
    X = rng.random((1000, size)).round(4)
    waves, phases = rng.normal(size=(40, size)) * 4.0, rng.uniform(0, 2 * math.pi, 40)
    deviation = np.cos(X @ waves.T + phases).sum(axis=1)
    lower = low(X)
    lower = (lower - lower.mean()) / lower.std() + rough * deviation / deviation.std()
    columns = [f"x{i}" for i in range(size)]
    frame = pd.DataFrame(X, columns=columns).assign(top=top(X), low=lower)
    return Pair(name, [{"name": c, "kind": "numeric", "bounds": [0, 1]} for c in columns], frame, is_report=False)


def formulas(folder: Any, name: str, top: tuple[str, str], low: tuple[str, str]) -> Pair:
    """Return the compositions that two tables share, as the first one writes them; of several values the mean."""
    tables = []
    for label, (table, column) in (("top", top), ("low", low)):
        read = pd.read_csv(folder / f"{table}.csv", keep_default_na=False)
        groups = read.assign(composition=[_composition(each) for each in read["formula"]]).groupby("composition")
        tables.append(groups.agg(**{label: (column, "mean"), f"formula_{label}": ("formula", "first")}))
    shared = pd.concat(tables, axis=1, join="inner").sort_index()
    frame = shared[["formula_top", "top", "low"]].rename(columns={"formula_top": "formula"}).reset_index(drop=True)
    return Pair(name, [{"name": "formula", "kind": "formula"}], frame)


def _composition(formula: str) -> str:
    """Return a formula as atomic fractions, so that ``Tl1Y1`` and ``TlY`` are the same."""
    amounts = dict(parse_formula(formula))
    total = sum(amounts.values())
    return " ".join(f"{element}{amount / total:.4f}" for element, amount in sorted(amounts.items()))


def photoswitches(task: str) -> Pair:
    """Return the molecules with a measured and a computed wavelength."""
    read = pd.read_csv(data_folder() / "photoswitches" / f"{task}.csv")
    read = read.rename(columns={"wavelength_nm": "top", "wavelength_PBE0_nm": "low", "molecule_smiles": "molecule"})
    frame = read.dropna(subset=["top", "low"]).groupby("molecule", sort=True)[["top", "low"]].mean().reset_index()
    space = [{"name": "molecule", "kind": "categorical", "choices": frame["molecule"].tolist()}]
    return Pair("photoswitches", space, frame)


def _branin(X: FloatArray) -> FloatArray:
    a, b = 15.0 * X[:, 0] - 5.0, 15.0 * X[:, 1]
    valley = b - 5.1 / (4 * math.pi**2) * a**2 + 5 / math.pi * a - 6.0
    value = valley**2 + 10 * (1 - 1 / (8 * math.pi)) * np.cos(a) + 10
    return np.asarray(-np.log(value + 0.1))


def _hartmann(X: FloatArray) -> FloatArray:
    A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
    P = [
        [1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381],
    ]  # fmt: skip
    away = np.einsum("ij,nij->ni", np.array(A), (X[:, None, :] - 1e-4 * np.array(P)) ** 2)
    return np.asarray(np.exp(-away) @ np.array([1.0, 1.2, 3.0, 3.2]))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
