"""The priors that keep the contract: one of every kind, with settings so small that a test takes a second."""

from __future__ import annotations

from collections.abc import Callable

from designer.priors.base import Prior
from designer.priors.deep.deep_kernel import DeepKernelPrior
from designer.priors.deep.deep_training import Training
from designer.priors.kinds import prior_of
from designer.priors.metric.metric import MetricPrior
from designer.priors.metric.metric_training import MetricTraining
from designer.priors.networks.bayesian_head import HeadSettings
from designer.priors.networks.learned_init import LearnedInitPrior
from designer.priors.networks.neural_process import NeuralProcessPrior
from designer.priors.networks.transformer import TransformerSettings

SMALL: dict[str, Callable[[], Prior]] = {
    "deep-kernel": lambda: DeepKernelPrior(Training(steps=15, check=5, rows=10, tasks=2)),
    "neural-process": lambda: NeuralProcessPrior(
        transformer=TransformerSettings(
            width=16, layers=1, heads=2, forward=16, steps=300, batch=8, context=8, asked=6, rate=1e-2
        )
    ),
    "learned-init": lambda: LearnedInitPrior(
        head=HeadSettings(widths=(32,), features=8, steps=150, batch=4, rows=12, rate=2e-2), members=2
    ),
    "metric": lambda: MetricPrior(
        MetricTraining(steps=15, check=5, rows=10, tasks=2, others=2, support=4, query=4, signature_steps=10)
    ),
}
"""Kinds whose own settings would take long to fit; all others are as `prior_of` makes them."""


def small(kind: str) -> Prior:
    """Return a prior of a kind that is quick to fit."""
    return SMALL[kind]() if kind in SMALL else prior_of(kind)
