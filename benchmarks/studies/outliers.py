"""The effect of outliers on models, and remedies: `python -m benchmarks.studies.outliers` writes the page.

`designer tasks check` finds most wrong values, but not all. Models are trained on 40 or 12 random designs of a measured
task, with none, 5 % or 15 % of the results replaced by outliers (ten times too large, ten times too small, or the
result of another row; equally often), and predict the sound results of up to 200 other designs. Every model gets the
same rows.

- `uncorrected`: the Gaussian process of a campaign without past tasks, on the results as given;
- `winsorised`: the same, with results that the others do not predict replaced by the nearest plausible value
  (`designer.surrogates.robust.outliers`), as in a campaign;
- `left out`: the same, with these results left out;
- `relevance pursuit`: BoTorch's `RobustRelevancePursuitSingleTaskGP` (Ament et al., NeurIPS 2024), up to 30 % outliers,
  100 steps per fit (with its defaults one fit took from 15 s to minutes here);
- `Student t`: GPyTorch's variational process with a Student t likelihood, every design an inducing point, 200 steps.

The last two take seconds per fit, so they are fitted for the first seed only, and their standard deviations are those
of the maximum a posteriori hyperparameters; the first three inflate the variance as a campaign does
(`designer.surrogates.variance_inflation`).

NLPD is the mean negative log density of a sound result, in units of the task's standard deviation; RMSE likewise;
coverage is that of 90 % intervals. The next table shows short campaigns by expected improvement in which each result is
an outlier with the stated probability: the regret of the best *sound* result that they chose, in units of the gap
between the median and the best of the pool. The last table shows the cost of robustness: a narrow peak in a flat
response of three parameters, sixty times as high as its surroundings, which 8 random designs usually miss. It gives the
number of experiments to a design of the best 1 % of 400 (51 where 50 do not reach it).

The table before shows how often a campaign asks whether a result is a decimal slip
(`designer.surrogates.robust.decimal_slips`), from few random results of the same tasks: with all sound, and with one
ten times too large or too small; found is the wrong one. A wrong result within the spread of the others cannot be
detected.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import gpytorch
import numpy as np
import torch
from botorch.fit import fit_gpytorch_mll
from botorch.models.model import Model
from botorch.models.robust_relevance_pursuit_model import RobustRelevancePursuitSingleTaskGP
from botorch.models.transforms import Standardize
from gpytorch.mlls import ExactMarginalLogLikelihood
from scipy.stats import norm

from benchmarks.suite.provenance import provenance
from designer.priors.evaluation import data_of
from designer.space import DesignSpace
from designer.surrogates import outputs
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process
from designer.surrogates.robust.decimal_slips import decimal_slip
from designer.surrogates.robust.outliers import outliers, winsorise_outliers, without
from designer.tasks import load_family

TASKS = {"concrete_by_age": 3, "electrolyte_fixed_T": 5, "suzuki_flow": 0, "direct_arylation": 2}
"""The place of the task in each family."""
SHARES = (0.0, 0.05, 0.15)
TRAIN, TEST = (40, 12), 200
FIRST, BUDGET = 6, 24
PEAKS, PEAK_BUDGET, POOL = 24, 50, 400
FEW, QUESTIONS = (6, 8, 10, 14, 20), 30
PAGE = Path(__file__).parents[1] / "results" / "outliers.md"

Predicted = tuple[np.ndarray, np.ndarray]
"""Means and variances of new measurements (n each)."""


def plant(y: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return results of which a share is wrong."""
    wrong = y.copy()
    for i, row in enumerate(rng.choice(len(y), round(share * len(y)), replace=False)):
        other = int(rng.integers(len(y)))
        wrong[row] = (y[row] * 10, y[row] / 10, y[other])[i % 3]
    return wrong


def uncorrected(data: TaskData, X: torch.Tensor) -> Predicted:
    """Predict with the GP of a campaign, on the results as given."""
    return _of(fit_gaussian_process(data, wide=True), X)


def winsorised(data: TaskData, X: torch.Tensor) -> Predicted:
    """Predict as a campaign does, with outliers winsorised."""
    return uncorrected(winsorise_outliers(data, outliers(data, 0)), X)


def left_out(data: TaskData, X: torch.Tensor) -> Predicted:
    """Predict with the same GP, with outliers left out."""
    return uncorrected(without(data, outliers(data, 0)), X)


def relevance_pursuit(data: TaskData, X: torch.Tensor) -> Predicted:
    """Predict with BoTorch's robust relevance pursuit GP."""
    model = RobustRelevancePursuitSingleTaskGP(data.X, data.Y, outcome_transform=Standardize(m=1))
    bound = ExactMarginalLogLikelihood(model.likelihood, model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the outliers' noise is not for new designs, and that a fit was cut short
        options = {"options": {"maxiter": 100}}
        fit_gpytorch_mll(bound, fractions_of_outliers=[0.0, 0.05, 0.1, 0.2, 0.3], optimizer_kwargs=options)
        return _of(model, X)


class _Variational(gpytorch.models.ApproximateGP):  # type: ignore[misc]  # gpytorch is untyped
    def __init__(self, X: torch.Tensor) -> None:
        within = gpytorch.variational.CholeskyVariationalDistribution(len(X))
        strategy = gpytorch.variational.VariationalStrategy(self, X, within, learn_inducing_locations=False)
        super().__init__(strategy)
        self.mean_module = gpytorch.means.ConstantMean()
        self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.MaternKernel(2.5, ard_num_dims=X.shape[1]))

    def forward(self, X: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
        return gpytorch.distributions.MultivariateNormal(self.mean_module(X), self.covar_module(X))


def student(data: TaskData, X: torch.Tensor) -> Predicted:
    """Predict by a process with a Student t likelihood, fitted by 200 steps of Adam."""
    torch.manual_seed(0)
    scale = outputs.OutputScale.of(data.Y[:, 0].numpy(), "robust")
    z = torch.from_numpy(scale.standardise(data.Y[:, 0].numpy()))
    model, likelihood = _Variational(data.X).double(), gpytorch.likelihoods.StudentTLikelihood().double()
    bound = gpytorch.mlls.VariationalELBO(likelihood, model, len(z))
    adam = torch.optim.Adam([*model.parameters(), *likelihood.parameters()], lr=0.05)
    for _ in range(200):
        adam.zero_grad()
        loss = -bound(model(data.X), z)
        loss.backward()
        adam.step()
    model.eval()
    with torch.no_grad():
        found = model(X)
        freedom = float(likelihood.deg_free.mean())
        noise = float(likelihood.noise.mean()) * (freedom / (freedom - 2) if freedom > 2 else 1.0)
        mean, variance = found.mean.numpy(), found.variance.numpy() + noise
    return scale.centre + scale.scale * mean, scale.scale**2 * variance


def _of(model: Model, X: torch.Tensor) -> Predicted:
    with torch.no_grad():
        found: Any = model.posterior(X[:, None, :], observation_noise=True)
    return found.mean[:, 0, 0].numpy(), found.variance[:, 0, 0].numpy()


MODELS: dict[str, Callable[[TaskData, torch.Tensor], Predicted]] = {
    "uncorrected": uncorrected, "winsorised": winsorised, "left out": left_out, "relevance pursuit": relevance_pursuit,
    "Student t": student,
}  # fmt: skip
SLOW = ("relevance pursuit", "Student t")
IN_LOOPS = {"uncorrected": uncorrected, "winsorised": winsorised, "left out": left_out}


QUESTION_CASES = {
    "asked, all sound": 1.0,
    "found, one ten times too large": 10.0,
    "found, one ten times too small": 0.1,
}
PEAK_CASES = {
    "narrow (0.1), all sound": (0.1, 0.0),
    "wider (0.15), all sound": (0.15, 0.0),
    "wide (0.2), 10 % ten times too large": (0.2, 0.1),
}


@dataclass(frozen=True)
class Score:
    """The scores of a model in one case, and its CPU seconds."""

    nlpd: float
    rmse: float
    covered: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Measured:
    """A measured task: its family, its place there, its sound results, and 1 or -1 as more or less is wanted."""

    family: str
    place: int
    whole: TaskData
    sign: float


def measured(data: Path) -> list[Measured]:
    """Return the tasks that results are taken from."""
    found = []
    for family, place in TASKS.items():
        task = load_family(data / family).tasks[place]
        target = task.targets[-1]
        found.append(Measured(family, place, data_of(task, target.name), -1.0 if target.goal == "minimize" else 1.0))
    return found


def cases(
    tasks: Sequence[Measured], seeds: int, train: int
) -> Iterator[tuple[str, float, int, TaskData, np.ndarray, np.ndarray]]:
    """Go through tasks, shares and seeds: family, share, seed, sound data, order of rows, and wrong results."""
    for task in tasks:
        for share in SHARES:
            for seed in range(seeds):
                rng = np.random.default_rng([seed, task.place])
                order = rng.permutation(len(task.whole.Y))[: train + TEST]
                wrong = plant(task.whole.Y[order[:train], 0].numpy(), share, rng)
                yield task.family, share, seed, task.whole, order, wrong


def scored(whole: TaskData, order: np.ndarray, wrong: np.ndarray, predict: Any) -> Score:
    """Fit to the wrong results of the first rows, and score the predictions of the sound results of other rows."""
    learn, rest = order[: len(wrong)], order[len(wrong) :]
    few = replace(whole, X=whole.X[learn], Y=torch.from_numpy(wrong)[:, None])
    begin = time.process_time()
    mean, variance = predict(few, whole.X[rest])
    seconds = time.process_time() - begin
    y, scale = whole.Y[rest, 0].numpy(), float(whole.Y[:, 0].std())
    z = (y - mean) / np.sqrt(variance)
    nlpd = float(np.mean(0.5 * z**2 + 0.5 * np.log(2 * np.pi * variance / scale**2)))
    covered = float((np.abs(z) <= norm.ppf(0.95)).mean())
    return Score(nlpd, float(np.sqrt(np.mean((y - mean) ** 2)) / scale), covered, seconds)


def loop(whole: TaskData, sign: float, share: float, seed: int, predict: Any) -> float:
    """Run a short campaign in which results are wrong with the chance `share`; return its regret in sound results."""
    y = sign * whole.Y[:, 0].numpy()
    rng = np.random.default_rng([seed, 77])
    order, wrong = rng.permutation(len(y)), rng.random(len(y)) < share
    factors, others = rng.choice([10.0, 0.1, 0.0], len(y)), rng.integers(len(y), size=len(y))
    seen = np.where(wrong, np.where(factors > 0, y * factors, y[others]), y)
    chosen = list(order[:FIRST])
    while len(chosen) < BUDGET:
        few = replace(whole, X=whole.X[chosen], Y=torch.from_numpy(seen[chosen])[:, None])
        chosen.append(_next(predict(few, whole.X), chosen))
    return float((y.max() - y[chosen].max()) / (y.max() - np.median(y)))


def _next(predicted: Predicted, chosen: Sequence[int]) -> int:
    """Return the design of the largest expected improvement over the best by the model: ignoring outliers."""
    mean, deviation = predicted[0], np.sqrt(predicted[1])
    z = (mean - float(mean[list(chosen)].max())) / deviation
    gain = deviation * (z * norm.cdf(z) + norm.pdf(z))
    gain[list(chosen)] = -np.inf
    return int(gain.argmax())


def peak(width: float, share: float, seed: int, predict: Any) -> int:
    """Return how many experiments a campaign takes to a peak of a width, where results are ten times too large
    with the chance `share`."""
    rng = np.random.default_rng([seed, 78])
    X, centre = rng.random((POOL, 3)), 0.2 + 0.6 * rng.random(3)
    y = 1 + 0.5 * np.sin(3 * X[:, 0]) + 60 * np.exp(-((X - centre) ** 2).sum(1) / (2 * width**2))
    y += 0.2 * rng.normal(size=POOL)
    seen = np.where(rng.random(POOL) < share, 10 * y, y)
    space = DesignSpace(parameters=[{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in "abc"])
    chosen, top = list(rng.permutation(POOL)[:8]), np.quantile(y, 0.99)
    while len(chosen) < PEAK_BUDGET and y[chosen].max() < top:
        few = TaskData(torch.from_numpy(X[chosen]), torch.from_numpy(seen[chosen])[:, None], space.encoder.columns)
        chosen.append(_next(predict(few, torch.from_numpy(X)), chosen))
    return len(chosen) if y[chosen].max() >= top else PEAK_BUDGET + 1


def loops(tasks: Sequence[Measured], seeds: int) -> Iterator[tuple[str, float, float]]:
    """Go through models, shares and regrets of campaigns."""
    for task in tasks:
        for share in (0.0, 0.15):
            for seed in range(seeds):
                for name, predict in IN_LOOPS.items():
                    yield name, share, loop(task.whole, task.sign, share, seed, predict)


def questions(tasks: Sequence[Measured]) -> dict[tuple[str, int], list[float]]:
    """Return how often a question concerns a sound result, and one planted ten times too large or too small."""
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for task, n, seed in product(tasks, FEW, range(QUESTIONS)):
        order = np.random.default_rng([seed, n, task.place]).permutation(len(task.whole.Y))
        few = task.whole.rows(order[:n].tolist())
        for case, times in QUESTION_CASES.items():
            Y = few.Y.clone()
            Y[0] *= times
            asked = decimal_slip(replace(few, Y=Y), 0)
            found[case, n].append(float(asked is not None and (times == 1 or asked.row == 0)))
    return found


def page(
    scores: dict[tuple[str, int, float], list[Score]],
    regrets: dict[tuple[str, float], list[float]],
    peaks: dict[tuple[str, str], list[int]],
    asked: dict[tuple[str, int], list[float]],
    about: dict[str, str],
) -> str:
    """Return the page."""
    lines = ["# Outliers in results, and robust models", "", (__doc__ or "").partition("\n\n")[2].strip()]
    lines += ["", *[f"- {key}: {value}" for key, value in about.items()]]
    head = [f"{share:.0%} wrong" for share in SHARES]
    for train in TRAIN:
        lines += ["", f"## Prediction from {train} results", ""]
        lines += ["| model | measure | " + " | ".join(head) + " |", "|---|---|" + "---:|" * len(head)]
        for name in MODELS:
            for measure in ("nlpd", "rmse", "covered", "seconds"):
                cells = [_cell([getattr(s, measure) for s in scores[name, train, share]]) for share in SHARES]
                lines.append(f"| {name} | {measure} | " + " | ".join(cells) + " |")
    lines += ["", "Mean and its standard error over tasks and seeds; seconds are CPU seconds a fit.", ""]
    lines += ["## Short campaigns", "", "| model | 0% wrong | 15% wrong |", "|---|---:|---:|"]
    for name in IN_LOOPS:
        lines.append(f"| {name} | " + " | ".join(_cell(regrets[name, share]) for share in (0.0, 0.15)) + " |")
    runs = len(next(iter(regrets.values()), []))
    lines += ["", f"Regret after {BUDGET} experiments, mean and standard error of {runs} campaigns.", ""]
    lines += ["## Questions about decimal slips", "", "| | " + " | ".join(f"{n} results" for n in FEW) + " |"]
    lines += ["|---|" + "---:|" * len(FEW)]
    for case in QUESTION_CASES:
        lines.append(f"| {case} | " + " | ".join(f"{np.mean(asked[case, n]):.0%}" for n in FEW) + " |")
    lines += ["", f"Of {len(TASKS) * QUESTIONS} random sets of results each.", ""]
    lines += ["## A narrow peak", "", "| model | " + " | ".join(PEAK_CASES) + " |"]
    lines += ["|---|" + "---:|" * len(PEAK_CASES)]
    for name in IN_LOOPS:
        lines.append(f"| {name} | " + " | ".join(_cell(peaks[name, case]) for case in PEAK_CASES) + " |")
    lines += ["", f"Experiments, mean and standard error of {PEAKS} campaigns.", ""]
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    error = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
    return f"{np.mean(values):.2f} ± {error:.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, score and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.studies.outliers", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    begin = time.process_time()
    tasks = measured(Path(os.environ.get("DESIGNER_DATA", "../shared/data")))
    scores: dict[tuple[str, int, float], list[Score]] = defaultdict(list)
    for train in TRAIN:
        for family, share, seed, whole, order, wrong in cases(tasks, given.seeds, train):
            for name, predict in MODELS.items():
                if seed and name in SLOW:
                    continue
                scores[name, train, share].append(scored(whole, order, wrong, predict))
            print(f"{family}, {train}, {share:.0%}, {seed}: {time.process_time() - begin:.0f} s", file=sys.stderr)
    regrets: dict[tuple[str, float], list[float]] = defaultdict(list)
    for name, share, regret in loops(tasks, given.seeds):
        regrets[name, share].append(regret)
    peaks = {
        (name, case): [peak(*how, seed, predict) for seed in range(PEAKS)]
        for name, predict in IN_LOOPS.items()
        for case, how in PEAK_CASES.items()
    }
    about = provenance(
        "python", "-m", "benchmarks.studies.outliers", *(sys.argv[1:] if arguments is None else arguments)
    )
    about |= {"CPU time": f"{time.process_time() - begin:.0f} s"}
    given.out.write_text(page(scores, regrets, peaks, questions(tasks), about), encoding="utf-8")


if __name__ == "__main__":
    main()
