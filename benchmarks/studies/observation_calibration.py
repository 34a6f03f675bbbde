"""What observations say of other designs: ``python -m benchmarks.studies.observation_calibration [--seeds 2]``.

Of each function and table of `benchmarks.studies.observation_rules` some random designs have observations, fewer have a
result too, and the target of all others is predicted: without observations; by the process of the results revised at
the observed designs, elsewhere by Jeffrey's rule; and by the posterior of a campaign, with a process of the
observations. Printed are the correlation with the targets, the root mean square of the errors over the stated standard
deviations, and the mean logarithm of the normal density, of targets of unit variance.

With ``--past`` the designs are at most 60, and `PAST` of the others are a past task: its model alone, the campaign's
observations alone, and both, in the same two ways, are compared.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy as np
import torch
from botorch.models.model import Model

from benchmarks.studies.characterisation import Lab, StagedTable
from benchmarks.studies.observation_rules import names, table_of
from designer import Campaign, fit_prior
from designer.acquisition.moments import moments, single_output
from designer.arrays import FloatArray
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.objective import Target
from designer.priors.intermediate.revised_model import RevisedModel
from designer.space import DesignSpace
from designer.surrogates.model_mixture import Mixture
from designer.tasks import Task

COUNTS = ((6, 20), (12, 40))
"""Results and observed designs, these among them."""

MODELS = ("without observations", "revised at observed designs", "process of the observations")
PAST_MODELS = ("past task", "observations", "past task, revised at observed designs", "past task and observations")
DESIGNS, PAST = 60, 60
"""Designs beside a past task, and results of that."""

_LARGEST = 10.0  # error over its deviation that counts in the density


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.observation_calibration", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--problems", nargs="*", default=names(), help="Names; all unless given.")
    parser.add_argument("--past", action="store_true", help="With a past task.")
    given = parser.parse_args(arguments)
    print("\n".join(report(given.problems, given.seeds, past_scores if given.past else scores)))
    return 0


Scores = dict[str, tuple[float, float, float]]
"""By model the correlation, the error over its deviation, and the log density of other designs."""


def report(problems: Sequence[str], seeds: int, of: Callable[[str, int, int, int], Scores]) -> Iterator[str]:
    """Yield the lines of a Markdown table: means over the problems."""
    yield "| results | observed | prediction | correlation | error over deviation | log density |"
    yield "|---:|---:|---|---:|---:|---:|"
    for results, observed in COUNTS:
        found = [of(name, seed, results, observed) for name in problems for seed in range(seeds)]
        for model in found[0]:
            correlation, error, density = np.mean([each[model] for each in found], axis=0)
            yield f"| {results} | {observed} | {model} | {correlation:.2f} | {error:.2f} | {density:.2f} |"


def scores(name: str, seed: int, results: int, observed: int) -> Scores:
    """Return the scores of `MODELS`."""
    known, X, y = _known(table_of(name).part(seed), seed, results, observed)
    return {model: _score(posterior, X, y) for model, posterior in zip(MODELS, _models(known), strict=True)}


def past_scores(name: str, seed: int, results: int, observed: int) -> Scores:
    """Return the scores of `PAST_MODELS`."""
    table, rest = table_of(name).split(seed, DESIGNS)
    known, X, y = _known(table, seed, results, observed)
    data = rest.frame[[*Lab(rest).columns, rest.target]].iloc[:PAST]
    target = Target(name=rest.target, goal="maximize")
    task = Task(DesignSpace(parameters=list(rest.space)), [target], data, name="past")
    informed, _, _ = _known(table, seed, results, observed, prior=fit_prior([task], "transfer-gp"))
    found = _models(informed)
    models = found[0], single_output(known.model, 0), *found[1:]
    return {model: _score(posterior, X, y) for model, posterior in zip(PAST_MODELS, models, strict=True)}


def _known(
    table: StagedTable, seed: int, results: int, observed: int, **settings: Any
) -> tuple[CampaignPosterior, torch.Tensor, FloatArray]:
    """Return the posterior of a campaign, and the features and the targets of the designs that are not observed."""
    frame, lab, order = table.frame, Lab(table), np.random.default_rng(seed).permutation(len(table.frame))
    campaign = Campaign.create(
        space=list(table.space),
        targets=[{"name": table.target, "goal": "maximize"}],
        candidates=frame[lab.columns],
        seed=seed,
        observations=table.declared,
        **settings,
    )
    measured = frame.iloc[order[:observed]].copy()
    measured[table.target] = measured[table.target].where(np.arange(observed) < results)
    campaign.attach(measured)
    known, others = campaign.posterior(), frame.iloc[order[observed:]]
    assert known is not None
    X = torch.as_tensor(known.space.encoder.encode(known.space.coordinates(others[lab.columns])))
    return known, X, others[table.target].to_numpy()


def _models(known: CampaignPosterior) -> tuple[Model, Model, Model]:
    """Return the models of the target, in the order of `MODELS`."""
    without = single_output(known.unrevised, 0)
    return without, _revised_there(known, without), single_output(known.model, 0)


def _revised_there(known: CampaignPosterior, model: Any) -> Model:
    """Return a model revised at the observed designs, elsewhere by Jeffrey's rule; of a mixture each component."""
    if isinstance(model, Mixture):
        return Mixture([_revised_there(known, part) for _, part in model.components], model.weights.numpy())
    revised = known.revised_targets
    assert revised is not None
    regression, observed = revised.regression(0, revised.designs.columns), revised.observed[0]
    if regression is None:
        return cast(Model, model)
    X, Z = observed.X_new, torch.as_tensor(observed.Z_new)
    means, variances = regression.revision(X, Z, revised.baseline(0)).if_informative(*model.marginals(X))
    (one,) = regression.parts
    return Mixture([model, RevisedModel(model, X, means[0], variances[0])], [1.0 - one.weight, one.weight])


def _score(model: Model, X: torch.Tensor, y: FloatArray) -> tuple[float, float, float]:
    with torch.no_grad():
        at = moments(model, X, X[:0])
    mean, deviation = at.mean.numpy(), at.variance.sqrt().numpy()
    errors = (y - mean) / deviation
    correlation = float(np.corrcoef(mean, y)[0, 1]) if mean.std() > 0.0 else 0.0
    limited = np.clip(errors, -_LARGEST, _LARGEST)
    density = -0.5 * np.square(limited) - np.log(math.sqrt(2.0 * math.pi) * deviation / y.std())
    return correlation, float(np.sqrt(np.square(errors).mean())), float(density.mean())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
