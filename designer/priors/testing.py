"""A test kit for priors: call `check_prior` in a test of your own prior.

>>> from designer.priors.baseline import BaselinePrior
>>> check_prior(BaselinePrior())

Each check can be called alone too, with a prior fitted to `example_tasks`; each raises ``AssertionError`` with what is
broken.

A prior over properties (`designer.priors.stacking.property_posterior.FittedPropertyPrior`) is checked by
`check_property_prior`. The part of the contract that fits medians and intervals applies to it: `PROPERTY_CHECKS`, the
order of tasks, and global random numbers. The rest needs a joint posterior in a botorch model, from which samples are
drawn and which is conditioned on pending designs, and equivariance to units, which logarithms do not have.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.models.model import Model
from botorch.sampling.normal import SobolQMCNormalSampler
from torch import Tensor

from designer.objective import Target
from designer.priors.base import FittedPrior, Prior
from designer.priors.baseline import baseline_model
from designer.priors.kinds import PROPERTIES, load_prior, load_properties
from designer.priors.stacking.property_posterior import FittedPropertyPrior, PropertyPosterior, PropertyPriorKind
from designer.space import DesignSpace
from designer.surrogates.data import Quantity, TaskData
from designer.tasks import Task

Fitted = FittedPrior | FittedPropertyPrior

QUANTITIES = (Quantity("strength", "MPa"), Quantity("hardness"))
"""What the example tasks measure."""
PRESSURE: dict[str, Any] = {"name": "pressure", "kind": "numeric", "unit": "bar", "bounds": [1, 10]}
"""A parameter that no example task has."""

_PARAMETERS: tuple[dict[str, Any], ...] = (
    {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900]},
    {"name": "time", "kind": "numeric", "unit": "min", "bounds": [1, 100], "scale": "log"},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
)
_ROUNDING = 1e-7


def example_space(*more: dict[str, Any]) -> DesignSpace:
    """Return the space of the example tasks, with further parameters."""
    return DesignSpace(parameters=[*_PARAMETERS, *more])


def example_tasks(count: int = 3, rows: int = 14, *, scale: float = 1.0, shift: float = 0.0) -> tuple[Task, ...]:
    """Return tasks of one space whose two surfaces differ by a phase; ``strength`` in the given scale and shift."""
    return tuple(_example_task(i, rows, scale, shift) for i in range(count))


def _example_task(i: int, rows: int, scale: float, shift: float) -> Task:
    space = example_space()
    coordinates = space.sample(rows, np.random.default_rng([i, 5]))
    data = space.frame(coordinates)
    surfaces = _surfaces(np.asarray(space.encoder.encode(coordinates)), 0.1 * i)
    data["strength"], data["hardness"] = scale * surfaces[:, 0] + shift, surfaces[:, 1]
    targets = [Target(name="strength", unit="MPa", goal="maximize"), Target(name="hardness", goal="minimize")]
    return Task(space=space, targets=targets, data=data, name=f"task {i}", family="example")


def _surfaces(features: np.ndarray, phase: float) -> np.ndarray:
    temperature, time, gas = features[:, 0], features[:, 1], features[:, 2:5]
    strength = 200.0 + 50.0 * (np.sin(4.0 * temperature + phase) + time + gas @ np.array([0.0, 0.4, -0.5]))
    hardness = 5.0 + (temperature - 0.5 - phase) ** 2 - time * gas[:, 0]
    return np.column_stack([strength, hardness])


def example_data(rows: int, *more: dict[str, Any], targets: int = 1) -> TaskData:
    """Return measurements of a new task in the example space, with further parameters that change nothing."""
    space = example_space(*more)
    coordinates = space.sample(max(rows, 1), np.random.default_rng(77))[:rows]
    features = np.asarray(space.encoder.encode(coordinates))
    Y = _surfaces(features, 0.15)[:, :targets]
    return TaskData(torch.tensor(features), torch.tensor(Y), space.encoder.columns, quantities=QUANTITIES[:targets])


def example_designs(count: int, *more: dict[str, Any]) -> Tensor:
    """Return the features (``n x d``) of designs of the example space."""
    space = example_space(*more)
    return torch.tensor(np.asarray(space.encoder.encode(space.sample(count, np.random.default_rng(99)))))


def check_prior(prior: Prior) -> None:
    """Check that a prior keeps the contract of `designer.priors.base`; it is fitted five times, to small tasks.

    Raises
    ------
    AssertionError
        If it breaks the contract; the message says how.
    """
    _require(isinstance(prior, Prior), "it has no method fit")
    before = torch.get_rng_state()
    fitted = prior.fit(example_tasks(), seed=0)
    fitted.condition(example_data(3))
    with torch.random.fork_rng(devices=()):  # samplers of the checks draw
        check_fitted(fitted)
    again = prior.fit(tuple(reversed(example_tasks())), seed=0)
    _same(fitted, again, "the same past tasks in another order, and seed, gave another prior")
    _require(torch.equal(before, torch.get_rng_state()), "it drew from the global random numbers")
    check_units(prior)
    check_few_tasks(prior)


def check_property_prior(prior: PropertyPriorKind) -> None:
    """Check that a prior over properties keeps its part of the contract; it is fitted three times, to small tasks.

    Raises
    ------
    AssertionError
        If it breaks the contract; the message says how.
    """
    _require(isinstance(prior, PropertyPriorKind), "it has no method fit")
    before = torch.get_rng_state()
    fitted = prior.fit(example_tasks(), seed=0)
    _require(isinstance(fitted, FittedPropertyPrior), "what it fits lacks kind, condition or save")
    for check in PROPERTY_CHECKS:
        check(fitted)
    again = prior.fit(tuple(reversed(example_tasks())), seed=0)
    _same(fitted, again, "the same past tasks in another order, and seed, gave another prior")
    _require(torch.equal(before, torch.get_rng_state()), "it drew from the global random numbers")
    (one,) = prior.fit(example_tasks(1), seed=0).condition(example_data(3))
    _require(bool(np.isfinite(one.predict(example_designs(4)).value).all()), "one past task gave no posterior")


def check_predictions(fitted: FittedPropertyPrior) -> None:
    """Check medians and intervals: shapes, order, width by level, and the same for a design alone."""
    data = example_data(6, targets=2)
    found = fitted.condition(data)
    _require([each.quantity for each in found] == list(QUANTITIES), "the posteriors are not those of the quantities")
    X = example_designs(5)
    for posterior in found:
        _require(posterior.measured + len(posterior.outliers) == len(data.X), "measurements are missing")
        wide, narrow = posterior.predict(X), posterior.predict(X, 0.5)
        _require(wide.value.shape == wide.lower.shape == wide.upper.shape == (5,), "n designs gave no n predictions")
        inside = (wide.lower <= wide.value) & (wide.value <= wide.upper)
        _require(bool(inside.all()), "a median lies outside its interval")
        narrower = narrow.upper - narrow.lower <= wide.upper - wide.lower
        _require(bool(narrower.all()), "a smaller probability gave a wider interval")
        alone = np.concatenate([posterior.predict(X[[i]]).value for i in range(len(X))])
        _close(torch.from_numpy(alone), torch.from_numpy(wide.value), "a design alone has another median", 1e-3)


def check_fitted(fitted: FittedPrior) -> None:
    """Check a prior that was fitted to `example_tasks`, without fitting it again."""
    _require(isinstance(fitted, FittedPrior), "what it fits lacks kind, condition or save")
    for check in CHECKS:
        check(fitted)


def check_posterior(fitted: FittedPrior) -> None:
    """Check shapes and that the joint posterior agrees with itself: alone, in batches, and as covariances."""
    model = fitted.condition(example_data(6))
    _require(model.num_outputs == 1, f"one target gave {model.num_outputs} outputs")
    X = example_designs(6)
    joint: Any = model.posterior(X)
    _require(joint.mean.shape == (6, 1) and joint.variance.shape == (6, 1), "moments of n x d are not n x 1")
    covariance = joint.distribution.covariance_matrix
    least = float(torch.linalg.eigvalsh(covariance)[0])
    _require(least > -_ROUNDING * float(covariance.diagonal().max()), f"a covariance has the eigenvalue {least}")
    batch: Any = model.posterior(X.reshape(2, 3, -1))
    _close(batch.mean.reshape(6, 1), joint.mean, "a batch has other means than its designs")
    _close(batch.distribution.covariance_matrix[0], covariance[:3, :3], "a batch has another covariance")
    alone: Any = model.posterior(X[:, None, :])
    _close(alone.mean[:, 0], joint.mean, "a design alone has another mean than among others")
    _close(alone.variance[:, 0], joint.variance, "a design alone has another variance than among others")
    samples = model.posterior(X).rsample(torch.Size([3]))
    _require(samples.shape == (3, 6, 1) and bool(samples.isfinite().all()), "it cannot be drawn from")
    noisy: Any = model.posterior(X, observation_noise=True)
    _require(bool((noisy.variance >= joint.variance).all()), "noise makes a measurement surer")


def check_rows(fitted: Fitted) -> None:
    """Check that the order of measurements changes nothing, nor asking twice, and that the data stay as they are."""
    data = example_data(7)
    kept = data.X.clone(), data.Y.clone()
    first, again = _moments(fitted.condition(data)), _moments(fitted.condition(data))
    _equal(first, again, "the same data gave another posterior")
    _require(torch.equal(kept[0], data.X) and torch.equal(kept[1], data.Y), "it changed the data")
    order = torch.tensor([3, 0, 6, 1, 5, 2, 4])
    _equal(first, _moments(fitted.condition(replace(data, X=data.X[order], Y=data.Y[order]))), "the order counted")


def check_little_data(fitted: Fitted) -> None:
    """Check that no measurement, one, and repeated ones give a posterior."""
    for rows in (0, 1, 2):
        mean, variance = _moments(fitted.condition(example_data(rows)))
        sound = bool(mean.isfinite().all()) and bool((variance > 0).all()) and bool(variance.isfinite().all())
        _require(sound, f"{rows} measurements gave no posterior")
    data = example_data(4)
    equal = replace(data, Y=torch.full_like(data.Y, 3.0))
    _require(bool(_moments(fitted.condition(equal))[0].isfinite().all()), "equal values gave no posterior")
    twice = replace(data, X=torch.cat([data.X, data.X]), Y=torch.cat([data.Y, data.Y + 1.0]))
    _require(bool(_moments(fitted.condition(twice))[0].isfinite().all()), "replicates gave no posterior")
    far, _ = _moments(fitted.condition(data), 3.0 * example_designs(5) - 1.0)
    _require(bool(far.isfinite().all()), "designs out of bounds have no posterior")


def check_targets(fitted: Fitted) -> None:
    """Check that each of several targets is what it is alone, measured everywhere or not."""
    data = example_data(8, targets=2)
    Y = data.Y.clone()
    Y[:4, 1] = torch.nan
    mean, variance = _moments(fitted.condition(replace(data, Y=Y)))
    for i, rows in enumerate((slice(None), slice(4, None))):
        one = TaskData(data.X[rows], data.Y[rows, i : i + 1], data.columns, quantities=QUANTITIES[i : i + 1])
        _equal((mean[:, [i]], variance[:, [i]]), _moments(fitted.condition(one)), f"target {i} differs among others")


def check_noise(fitted: FittedPrior) -> None:
    """Check that known variances of measurements count."""
    data = example_data(6)
    sure, unsure = (replace(data, Yvar=torch.full_like(data.Y, value)) for value in (1e-4, 400.0))
    at = data.X[:, None, :]
    few: Any = fitted.condition(sure).posterior(at)
    many: Any = fitted.condition(unsure).posterior(at)
    _require(float(few.variance.mean()) < float(many.variance.mean()), "known variances of measurements do not count")


def check_unknown(fitted: FittedPrior) -> None:
    """Check that a further parameter is allowed, and that a task with nothing in common gets the baseline model."""
    model = fitted.condition(example_data(5, PRESSURE))
    further: Any = model.posterior(example_designs(4, PRESSURE))
    mean = further.mean
    _require(mean.shape == (4, 1) and bool(mean.isfinite().all()), "a further parameter gave no posterior")
    anonymous = replace(example_data(5), quantities=())
    _require(bool(_moments(fitted.condition(anonymous))[0].isfinite().all()), "without quantities it gave no posterior")
    foreign = DesignSpace(parameters=[PRESSURE])
    X = torch.tensor([[0.0], [0.4], [1.0]], dtype=torch.float64)
    data = TaskData(X, X.square(), foreign.encoder.columns, quantities=QUANTITIES[:1])
    new = torch.linspace(0, 1, 7, dtype=torch.float64)[:, None, None]
    baseline: Any = baseline_model(data).posterior(new)
    found: Any = fitted.condition(data).posterior(new)
    same = torch.equal(baseline.mean, found.mean) and torch.equal(baseline.variance, found.variance)
    _require(same, "a task with nothing in common did not get exactly the baseline model")


def check_acquisition(fitted: FittedPrior) -> None:
    """Check that botorch's acquisition functions work on the posterior, gradients included."""
    data = example_data(6)
    model = fitted.condition(data)
    functions = (
        LogExpectedImprovement(model, best_f=data.Y.max()),
        qLogNoisyExpectedImprovement(
            model, X_baseline=data.X, sampler=SobolQMCNormalSampler(torch.Size([16]), seed=0), cache_root=False
        ),
    )
    for function in functions:
        X = example_designs(4)[:, None, :].requires_grad_()
        value = function(X)
        value.sum().backward()
        sound = bool(value.isfinite().all()) and X.grad is not None and bool(X.grad.isfinite().all())
        _require(sound, f"{type(function).__name__} is not finite, or has no gradient")


def check_pending(fitted: FittedPrior) -> None:
    """Check that conditioning on pending designs makes them surer and moves no mean there."""
    model = fitted.condition(example_data(5))
    X = example_designs(2)
    pending: Any = model.condition_on_observations(X, None)  # type: ignore[arg-type]  # without values: pending
    before: Any = model.posterior(X)
    after: Any = pending.posterior(X)
    variances = (after.variance / before.variance).max()
    _require(float(variances) < 1.0, "pending designs are as unsure as before")
    _close(after.mean, before.mean, "pending designs moved the mean")


def check_saving(fitted: Fitted) -> None:
    """Check that a saved prior, read again, gives the same posterior."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "prior"
        fitted.save(place)
        read: Fitted = load_properties(place) if fitted.kind == PROPERTIES else load_prior(place)
    _require(read.kind == fitted.kind, f"a saved {fitted.kind!r} was read as {read.kind!r}")
    _same(fitted, read, "a saved prior that was read gave another posterior")


def check_units(prior: Prior) -> None:
    """Check that values in another unit, or with the other sign, give the same posterior in that unit.

    Past values and new ones are changed alike; the design with the highest expected improvement stays the same.
    """
    data = example_data(6)
    base = prior.fit(example_tasks(), seed=0).condition(data)
    mean, variance = _moments(base)
    for scale, shift in ((-4.0, 0.0), (1.8, 32.0)):
        fitted = prior.fit(example_tasks(scale=scale, shift=shift), seed=0)
        model = fitted.condition(replace(data, Y=scale * data.Y + shift))
        other_mean, other_variance = _moments(model)
        spread = float(data.Y.std())
        moved = ((other_mean - shift) / scale - mean).abs().max() / spread
        _require(float(moved) < 1e-2, f"values times {scale} plus {shift} moved means by {float(moved):.2g} deviations")
        _close(other_variance / scale**2, variance, f"values times {scale} changed variances", 5e-2)
        best = LogExpectedImprovement(base, best_f=data.Y.max())
        other = LogExpectedImprovement(model, best_f=scale * data.Y.max() + shift, maximize=scale > 0)
        X = example_designs(30)[:, None, :]
        with torch.no_grad():
            _require(int(best(X).argmax()) == int(other(X).argmax()), f"values times {scale} changed the best design")


def check_few_tasks(prior: Prior) -> None:
    """Check that one past task is enough."""
    model = prior.fit(example_tasks(1), seed=0).condition(example_data(3))
    _require(bool(_moments(model)[0].isfinite().all()), "one past task gave no posterior")


def _moments(model: Model | Sequence[PropertyPosterior], X: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return means and variances, or medians and widths of intervals (each ``n x m``), at designs (``n x d``)."""
    X = example_designs(12) if X is None else X
    with torch.no_grad():
        if isinstance(model, Model):
            posterior: Any = model.posterior(X[:, None, :])
            return posterior.mean[:, 0].clone(), posterior.variance[:, 0].clone()
        found = [each.predict(X) for each in model]
    values = np.column_stack([each.value for each in found])
    return torch.from_numpy(values), torch.from_numpy(np.column_stack([each.upper - each.lower for each in found]))


def _same(first: Fitted, second: Fitted, message: str) -> None:
    for rows in (0, 5):
        data = example_data(rows)
        _equal(_moments(first.condition(data)), _moments(second.condition(data)), message)


def _equal(first: Sequence[Tensor], second: Sequence[Tensor], message: str) -> None:
    _require(all(torch.equal(a, b) for a, b in zip(first, second, strict=True)), message)


def _close(found: Tensor, wanted: Tensor, message: str, tolerance: float = 1e-6) -> None:
    size = float(wanted.abs().max())
    apart = float((found - wanted).abs().max()) / (size or 1.0)
    _require(apart <= tolerance, f"{message}: they are {apart:.2g} of the largest apart")


def _require(kept: bool, message: str) -> None:
    if not kept:
        raise AssertionError(message)


CHECKS: tuple[Callable[[FittedPrior], None], ...] = (
    check_posterior,
    check_rows,
    check_little_data,
    check_targets,
    check_noise,
    check_unknown,
    check_acquisition,
    check_pending,
    check_saving,
)
"""The checks of a fitted prior."""

PROPERTY_CHECKS: tuple[Callable[[FittedPropertyPrior], None], ...] = (
    check_predictions,
    check_rows,
    check_little_data,
    check_targets,
    check_saving,
)
"""The checks of a fitted prior over properties."""
