"""What `benchmarks.studies.properties` does: one row for each property, model, number of given values and draw."""

from __future__ import annotations

import csv
import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from scipy.stats import t as student
from sklearn.ensemble import RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

import designer
from benchmarks.studies.magpie import magpie
from designer.chemistry.formulas import formula_fractions
from designer.priors import saving
from designer.priors.stacking.components import Designs
from designer.priors.stacking.property_prior import FittedProperties, PropertyPrior
from designer.priors.stacking.quantity_fitting import fit_quantity
from designer.priors.stacking.source_kernel import Inputs
from designer.space import DesignSpace
from designer.surrogates.data import Quantity, TaskData
from designer.tasks import Task, load_family

FAMILY = "composition_property_dft"
GROUPS = {
    "bulk modulus": ("aflow_ael_bulk_modulus_vrh", "mp_bulk_modulus", "matbench_elasticity_log10_k_vrh"),
    "shear modulus": ("aflow_ael_shear_modulus_vrh", "mp_shear_modulus", "matbench_elasticity_log10_g_vrh"),
    "band gap": ("aflow_egap", "matbench_expt_gap"),
}
SHOTS = (1, 3, 5, 10, 20, 50, 100)
METHODS = ("ours", "ours without past tasks", "magpie + forest", "magpie + GP", "mean")
POOLED = ("magpie + forest (pooled)", "magpie + GP (pooled)", "mean (pooled)")
POOLED_SHOTS = (0, 20)
SLIPPED, SLIPPED_SHOTS, SLIP = "slipped", (20,), 10.0
QUERIES, ASIDE, MAX_ROWS, MAX_EXACT = 500, 77, 6000, 1000  # 77 of 256: 30 %
LEVEL = 0.9
ROWS = Path(__file__).parents[1] / "results" / "properties" / "rows.csv"
WORK = Path("build") / "properties"
PACKAGE = Path(designer.__file__).parent


@dataclass(frozen=True)
class Row:
    """One method on one draw: `k` is -1 for all values that are not held out.

    `error`, `width` and `score` are in units of the mean absolute deviation of what is predicted.
    """

    task: str
    mode: str
    method: str
    k: int
    seed: int
    error: float
    rank: float
    covered: float
    width: float
    score: float
    seconds: float


@dataclass(frozen=True)
class Property:
    """One property: all its designs, which of them are held out, and the group of near copies."""

    name: str
    quantity: Quantity
    formulas: list[str]
    y: np.ndarray
    aside: np.ndarray
    group: str | None

    @property
    def subject(self) -> str:
        """The quantity, as the unit of replication."""
        return self.group or self.name


def aside(formulas: Sequence[str]) -> np.ndarray:
    """Return which compositions are held out: always the same."""
    rounded = np.round(formula_fractions(list(formulas)), 6) + 0.0
    return np.array([hashlib.sha256(row.tobytes()).digest()[0] < ASIDE for row in rounded])


def read(data: Path) -> tuple[list[Property], list[Task]]:
    """Return the properties, and the tasks without what is held out."""
    family = load_family(data / FAMILY, leave_out=GROUPS)
    properties, tasks = [], []
    for task in family.tasks:
        (target,) = task.targets
        distinct = task.distinct()
        formulas = distinct.designs["formula"].tolist()
        away = aside(formulas)
        quantity = Quantity(target.name, target.unit)
        properties.append(Property(task.name, quantity, formulas, distinct.mean, away, task.group))
        seen = distinct.designs[~away].assign(**{target.name: distinct.mean[~away]}).reset_index(drop=True)
        space = DesignSpace(parameters=[{"name": "formula", "kind": "formula"}])
        tasks.append(replace(task, space=space, data=seen))
    return properties, tasks


def learned(tasks: Sequence[Task], work: Path) -> tuple[FittedProperties, float]:
    """Return the prior, learned once by the present code and saved in `work`, and the CPU seconds it took."""
    code = learning_code()
    if not saving.is_saved(work) or saving.read_card(work).get("learning_code") != code:
        begin = time.process_time()
        PropertyPrior().fit(tasks, seed=0).save(work)
        saving.annotate(work, {"seconds": time.process_time() - begin, "learning_code": code})
    card, tensors = saving.read(work)
    return FittedProperties.from_saved(card, tensors), float(card["seconds"])


def learning_code() -> str:
    """Return a digest of the code that a prior is learned by."""
    files = sorted((PACKAGE / "priors").rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


@dataclass(frozen=True)
class Given:
    """Which designs are given (rows), and their values."""

    rows: np.ndarray
    y: np.ndarray


class Bench:
    """One property as the new one: what all methods are given."""

    def __init__(self, new: Property, prior: FittedProperties, same: Sequence[Property] = ()) -> None:
        rows = np.flatnonzero(new.aside)
        order = np.random.default_rng([len(rows), 1]).permutation(rows)
        queries = min(QUERIES, len(rows) - max(SHOTS) - 5)
        self.new, self.queries, self.pool = new, order[:queries], order[queries:]
        self.space = DesignSpace(parameters=[{"name": "formula", "kind": "formula", "formulas": new.formulas}])
        self.columns = self.space.encoder.columns
        coordinates = np.arange(len(new.formulas), dtype=np.float64)[:, None]
        self.X = torch.tensor(self.space.encoder.encode(coordinates))
        self.magpie = magpie(new.formulas)
        name = f"{FAMILY}/{new.name}"
        left_out = [t.name for t in prior.sources if t.name == name or (new.group and t.group == new.group)]
        self.priors = {"honest": prior.without(left_out), "easy": prior.without([name])}
        self.same = same
        self.centre, self.spread = self.magpie.mean(axis=0), self.magpie.std(axis=0)

    @cached_property
    def pool_of_same(self) -> tuple[np.ndarray, np.ndarray]:
        """Return magpie features and values of what other tasks measured of the same quantity, none held out."""
        formulas = [each.formulas[i] for each in self.same for i in np.flatnonzero(~each.aside)]
        return magpie(formulas), np.concatenate([each.y[~each.aside] for each in self.same])

    def drawn(self, k: int, seed: int) -> Given:
        """Return which k values are given."""
        rows = np.random.default_rng([7, seed]).permutation(self.pool)[:k]
        return Given(rows, self.new.y[rows])

    def ours(self, mode: str, given: Given, asked: np.ndarray, *, without_past: bool = False) -> tuple[np.ndarray, ...]:
        """Return median and interval of our prediction, optionally without past tasks."""
        prior = self.priors[mode]
        y = torch.tensor(given.y)[:, None]
        data = TaskData(self.X[given.rows], y, self.columns, quantities=(self.new.quantity,))
        if without_past:
            one, feature_map = data.target(0), prior.common.feature_map(self.columns)
            encode = WithoutPastTasks(prior)
            seen = encode.of_common(feature_map(one.X))
            model = fit_quantity(
                one.quantities[0], seen, one.Y[:, 0].numpy(), encode, theta=prior.theta, logs=prior.logs
            )
            found = model.predict_designs(encode.of_common(feature_map(self.X[asked])), LEVEL)
        else:
            (model,) = prior.condition(data)
            found = model.predict(self.X[asked], LEVEL)
        return found.value, found.lower, found.upper

    def scaled(self, features: np.ndarray) -> np.ndarray:
        """Return magpie features standardised over the property's formulas, without those that never change."""
        varied = self.spread > 0
        return np.asarray((features - self.centre)[:, varied] / self.spread[varied])

    def known(self, given: Given, pooled: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return magpie features and values that a model of others may learn from."""
        features = self.magpie[given.rows]
        if not pooled:
            return features, given.y
        more, values = self.pool_of_same
        return np.concatenate([features, more]), np.concatenate([given.y, values])

    def forest(self, given: Given, asked: np.ndarray, seed: int, pooled: bool) -> tuple[np.ndarray, ...]:
        """Return the prediction of a random forest on magpie features; its trees' spread as an interval."""
        trees = RandomForestRegressor(100, random_state=seed, n_jobs=1).fit(*self.known(given, pooled))
        each = np.stack([tree.predict(self.magpie[asked]) for tree in trees.estimators_])
        return around(each.mean(axis=0), each.std(axis=0))

    def process(self, given: Given, asked: np.ndarray, pooled: bool) -> tuple[np.ndarray, ...]:
        """Return the prediction of a Gaussian process on magpie features; of many values it uses a random subset."""
        kernel = ConstantKernel(1.0, (1e-2, 1e2)) * Matern(12.0, (1.0, 300.0), nu=2.5) + WhiteKernel(0.2, (1e-3, 3.0))
        model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
        features, y = self.known(given, pooled)
        rows = np.arange(len(y)) if len(y) <= MAX_EXACT else np.random.default_rng(5).permutation(len(y))[:MAX_EXACT]
        known, new = self.scaled(features[rows]), self.scaled(self.magpie[asked])
        return around(*model.fit(known, y[rows]).predict(new, return_std=True))

    def mean(self, given: Given, asked: np.ndarray, pooled: bool) -> tuple[np.ndarray, ...]:
        """Return the mean of what is given, with the interval of normal values."""
        _, y = self.known(given, pooled)
        k = len(y)
        half = student.ppf(0.5 + LEVEL / 2, k - 1) * y.std(ddof=1) * np.sqrt(1 + 1 / k) if k > 1 else np.inf
        value = np.full(len(asked), y.mean())
        return value, value - half, value + half

    def row(self, mode: str, method: str, k: int, seed: int) -> Row:
        """Return the scores of one method."""
        given, asked = self.drawn(k, seed), self.queries
        if k < 0:
            rows = np.random.default_rng(11).permutation(np.flatnonzero(~self.new.aside))
            given, asked = Given(rows[:MAX_ROWS], self.new.y[rows[:MAX_ROWS]]), np.flatnonzero(self.new.aside)
        if mode == SLIPPED:
            given = replace(given, y=np.concatenate([SLIP * given.y[:1], given.y[1:]]))
        begin = time.process_time()
        pooled = method in POOLED
        match method.removesuffix(" (pooled)"):
            case "ours":
                value, lower, upper = self.ours("easy" if mode == "easy" else "honest", given, asked)
            case "ours without past tasks":
                value, lower, upper = self.ours("honest", given, asked, without_past=True)
            case "magpie + forest":
                value, lower, upper = self.forest(given, asked, seed, pooled)
            case "magpie + GP":
                value, lower, upper = self.process(given, asked, pooled)
            case "mean":
                value, lower, upper = self.mean(given, asked, pooled)
            case _:
                raise ValueError(f"there is no method {method!r}")
        seconds = time.process_time() - begin
        y = self.new.y[asked]
        size = float(np.mean(np.abs(y - y.mean())))
        rank = float(spearmanr(value, y)[0]) if np.ptp(value) > 0 else 0.0
        error = float(np.mean(np.abs(value - y))) / size
        covered, width = float(np.mean((y >= lower) & (y <= upper))), float(np.median(upper - lower)) / size
        score = interval_score(y, value, lower, upper) / size
        return Row(self.new.name, mode, method, k, seed, error, rank, covered, width, score, seconds)


@dataclass(frozen=True)
class WithoutPastTasks:
    """The encoding of designs for models without past tasks."""

    prior: FittedProperties

    def __call__(self, X: torch.Tensor) -> Designs:
        """Encode common features."""
        return self.of_common(X)

    def of_common(self, common: torch.Tensor) -> Designs:
        """Encode common features."""
        return self.of_expected(common.new_zeros(len(common), 0), self.prior.own(common), common)

    def of_expected(self, M: torch.Tensor, own: torch.Tensor, X: torch.Tensor) -> Designs:
        """Encode the given features."""
        return Designs(X, Inputs(M, own))


def interval_score(y: np.ndarray, value: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """Return the mean weighted interval score of medians and one interval: proper, in the unit of the values.

    Of a point forecast (an interval of no width) it is the absolute error, as the CRPS is. Equation 1 of J. Bracher et
    al., Evaluating epidemic forecasts in an interval format, PLoS Comput. Biol. 17 (2021), for one interval; T.
    Gneiting, A. E. Raftery, J. Am. Stat. Assoc. 102 (2007), for the interval's part.

    >>> y = np.array([1.0, 4.0])
    >>> interval_score(y, np.zeros(2), np.zeros(2), np.zeros(2))
    2.5
    >>> round(interval_score(y, np.zeros(2), np.full(2, -2.0), np.full(2, 3.0)), 3)
    1.333
    """
    alpha = 1.0 - LEVEL
    outside = np.maximum(lower - y, 0.0) + np.maximum(y - upper, 0.0)
    interval = (upper - lower) + 2.0 / alpha * outside
    return float(np.mean((0.5 * np.abs(y - value) + 0.5 * alpha * interval) / 1.5))


def around(mean: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return a mean with its normal interval."""
    half = student.ppf(0.5 + LEVEL / 2, np.inf) * deviation
    return mean, mean - half, mean + half


def plan(new: Property, prior: FittedProperties, seeds: int, full: bool) -> Iterator[tuple[str, str, int, int]]:
    """Yield mode, method, k and seed of all that is to be done for a property."""
    for seed in range(seeds):
        yield from (("honest", method, k, seed) for k in SHOTS for method in METHODS)
        yield from (("easy", "ours", k, seed) for k in SHOTS)
        yield from ((SLIPPED, method, k, seed) for k in SLIPPED_SHOTS for method in METHODS)
    name = f"{FAMILY}/{new.name}"
    if any(t.quantity == new.quantity and t.name != name and t.skill > 0.1 for t in prior.sources):
        yield "easy", "ours", 0, 0
        draws = [(k, seed) for k in POOLED_SHOTS for seed in range(seeds if k else 1)]
        yield from (("easy", method, k, seed) for k, seed in draws for method in POOLED)
    if full:
        for method in ("ours", "magpie + forest"):
            yield "honest", method, -1, 0


def done(file: Path) -> list[Row]:
    """Return the rows that are there; a line that was cut off is left out."""
    if not file.exists():
        return []
    kinds = {field.name: {"str": str, "int": int, "float": float}[str(field.type)] for field in fields(Row)}
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            Row(**{name: kind(row[name]) for name, kind in kinds.items()})
            for row in csv.DictReader(lines)
            if all(row.get(name) for name in kinds)
        ]


def run(data: Path, file: Path, work: Path, names: Sequence[str], seeds: int, full: bool) -> float:
    """Do what is not done yet, and return the CPU seconds of learning the prior."""
    properties, tasks = read(data)
    prior, seconds = learned(tasks, work)
    have = {(row.task, row.mode, row.method, row.k, row.seed) for row in done(file)}
    file.parent.mkdir(parents=True, exist_ok=True)
    for new in properties:
        wanted = [each for each in plan(new, prior, seeds, full) if (new.name, *each) not in have]
        if not wanted or (names and new.name not in names):
            continue
        same = [each for each in properties if each.quantity == new.quantity and each.name != new.name]
        bench = Bench(new, prior, same)
        begin = time.process_time()
        for each in wanted:
            add(file, bench.row(*each))
        print(f"{new.name}: {len(wanted)} rows, {time.process_time() - begin:.0f} s", file=sys.stderr)
    return seconds


def add(file: Path, row: Row) -> None:
    """Append a row."""
    fresh = not file.exists() or not file.stat().st_size
    with file.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, [field.name for field in fields(Row)], lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in asdict(row).items()})
