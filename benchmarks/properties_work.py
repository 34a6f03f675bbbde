"""What `benchmarks.properties` does: one row for each property, model, number of given values and draw."""

from __future__ import annotations

import csv
import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from scipy.stats import t as student
from sklearn.ensemble import RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from benchmarks.magpie import magpie
from designer.chemistry.formulas import formula_fractions
from designer.prediction.components import Designs
from designer.prediction.model import learn
from designer.prediction.prior import FittedProperties, PropertyPrior
from designer.prediction.process import Inputs
from designer.priors import saving
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
QUERIES, ASIDE, MOST_ROWS = 500, 77, 6000  # 77 of 256: 30 %
LEVEL = 0.9
ROWS = Path(__file__).parent / "results" / "properties" / "rows.csv"
WORK = Path("build") / "properties"


@dataclass(frozen=True)
class Row:
    """One method on one draw: `k` is -1 for all values that are not set aside."""

    task: str
    mode: str
    method: str
    k: int
    seed: int
    error: float
    rank: float
    covered: float
    width: float
    seconds: float


@dataclass(frozen=True)
class Property:
    """One property: all its designs, which of them are set aside, and the group of near copies."""

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
    """Say which compositions are set aside: always the same."""
    rounded = np.round(formula_fractions(list(formulas)), 6) + 0.0
    return np.array([hashlib.sha256(row.tobytes()).digest()[0] < ASIDE for row in rounded])


def read(data: Path) -> tuple[list[Property], list[Task]]:
    """Return the properties, and the tasks without what is set aside."""
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
    """Return the prior, learned once and kept in `work`, and the CPU seconds it took."""
    if not saving.is_saved(work):
        begin = time.process_time()
        PropertyPrior().fit(tasks, seed=0).save(work)
        saving.annotate(work, {"seconds": time.process_time() - begin})
    card, tensors = saving.read(work)
    return FittedProperties.from_saved(card, tensors), float(card["seconds"])


class Bench:
    """One property as the new one: what all methods are given."""

    def __init__(self, new: Property, prior: FittedProperties) -> None:
        rows = np.flatnonzero(new.aside)
        order = np.random.default_rng([len(rows), 1]).permutation(rows)
        queries = min(QUERIES, len(rows) - max(SHOTS) - 5)
        self.new, self.queries, self.pool = new, order[:queries], order[queries:]
        self.space = DesignSpace(parameters=[{"name": "formula", "kind": "formula", "formulas": new.formulas}])
        self.columns = self.space.encoder.columns
        coordinates = np.arange(len(new.formulas), dtype=np.float64)[:, None]
        self.X = torch.tensor(self.space.encoder.encode(coordinates))
        self.magpie = magpie(new.formulas)
        spread = self.magpie.std(axis=0)
        self.scaled = (self.magpie - self.magpie.mean(axis=0))[:, spread > 0] / spread[spread > 0]
        name = f"{FAMILY}/{new.name}"
        kin = [t.name for t in prior.teachers if t.name == name or (new.group and t.group == new.group)]
        self.priors = {"honest": prior.without(kin), "easy": prior.without([name])}

    def drawn(self, k: int, seed: int) -> np.ndarray:
        """Return which k values are given."""
        return np.random.default_rng([7, seed]).permutation(self.pool)[:k]

    def ours(self, mode: str, given: np.ndarray, asked: np.ndarray, *, blind: bool = False) -> tuple[np.ndarray, ...]:
        """Return median and interval of our prediction; `blind` without past tasks."""
        prior = self.priors[mode]
        y = torch.tensor(self.new.y[given])[:, None]
        data = TaskData(self.X[given], y, self.columns, quantities=(self.new.quantity,))
        if blind:
            one, bridge = data.target(0), prior.common.bridge(self.columns)
            sight = Blind(prior)
            seen = sight.of_common(bridge(one.X))
            model = learn(one.quantities[0], seen, one.Y[:, 0].numpy(), sight, theta=prior.theta, logs=prior.logs)
            found = model.expect(sight.of_common(bridge(self.X[asked])), LEVEL)
        else:
            (model,) = prior.condition(data)
            found = model.predict(self.X[asked], LEVEL)
        return found.value, found.lower, found.upper

    def forest(self, given: np.ndarray, asked: np.ndarray, seed: int) -> tuple[np.ndarray, ...]:
        """Return the prediction of a random forest on magpie features; its trees' spread as an interval."""
        trees = RandomForestRegressor(100, random_state=seed, n_jobs=1).fit(self.magpie[given], self.new.y[given])
        each = np.stack([tree.predict(self.magpie[asked]) for tree in trees.estimators_])
        return around(each.mean(axis=0), each.std(axis=0))

    def process(self, given: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the prediction of a Gaussian process on magpie features."""
        kernel = ConstantKernel(1.0, (1e-2, 1e2)) * Matern(12.0, (1.0, 300.0), nu=2.5) + WhiteKernel(0.2, (1e-3, 3.0))
        model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
        return around(*model.fit(self.scaled[given], self.new.y[given]).predict(self.scaled[asked], return_std=True))

    def mean(self, given: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the mean of what is given, with the interval of normal values."""
        y, k = self.new.y[given], len(given)
        half = student.ppf(0.5 + LEVEL / 2, k - 1) * y.std(ddof=1) * np.sqrt(1 + 1 / k) if k > 1 else np.inf
        value = np.full(len(asked), y.mean())
        return value, value - half, value + half

    def row(self, mode: str, method: str, k: int, seed: int) -> Row:
        """Return how one method does."""
        given, asked = self.drawn(k, seed), self.queries
        if k < 0:
            rows = np.random.default_rng(11).permutation(np.flatnonzero(~self.new.aside))
            given, asked = rows[:MOST_ROWS], np.flatnonzero(self.new.aside)
        begin = time.process_time()
        match method:
            case "ours":
                value, lower, upper = self.ours(mode, given, asked)
            case "ours without past tasks":
                value, lower, upper = self.ours(mode, given, asked, blind=True)
            case "magpie + forest":
                value, lower, upper = self.forest(given, asked, seed)
            case "magpie + GP":
                value, lower, upper = self.process(given, asked)
            case _:
                value, lower, upper = self.mean(given, asked)
        seconds = time.process_time() - begin
        y = self.new.y[asked]
        size = float(np.mean(np.abs(y - y.mean())))
        rank = float(spearmanr(value, y)[0]) if np.ptp(value) > 0 else 0.0
        error = float(np.mean(np.abs(value - y))) / size
        covered, width = float(np.mean((y >= lower) & (y <= upper))), float(np.median(upper - lower)) / size
        return Row(self.new.name, mode, method, k, seed, error, rank, covered, width, seconds)


@dataclass(frozen=True)
class Blind:
    """The sight of models that know no past tasks."""

    prior: FittedProperties

    def __call__(self, X: torch.Tensor) -> Designs:
        """See common features."""
        return self.of_common(X)

    def of_common(self, common: torch.Tensor) -> Designs:
        """See common features."""
        return self.of_expected(common.new_zeros(len(common), 0), self.prior.own(common), common)

    def of_expected(self, M: torch.Tensor, own: torch.Tensor, X: torch.Tensor) -> Designs:
        """See what is given."""
        return Designs(X, Inputs(M, own))


def around(mean: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return a mean with its normal interval."""
    half = student.ppf(0.5 + LEVEL / 2, np.inf) * deviation
    return mean, mean - half, mean + half


def plan(new: Property, prior: FittedProperties, seeds: int, full: bool) -> Iterator[tuple[str, str, int, int]]:
    """Yield mode, method, k and seed of all that is to be done for a property."""
    for seed in range(seeds):
        for k in SHOTS:
            for method in ("ours", "ours without past tasks", "magpie + forest", "magpie + GP", "mean"):
                yield "honest", method, k, seed
            yield "easy", "ours", k, seed
    name = f"{FAMILY}/{new.name}"
    if any(t.quantity == new.quantity and t.name != name and t.skill > 0.1 for t in prior.teachers):
        yield "easy", "ours", 0, 0
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
        bench = Bench(new, prior)
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
