"""What observations say of other designs: ``python -m benchmarks.studies.observation_calibration [--seeds 2]``.

Of each function and table of `benchmarks.studies.observation_rules` some random designs have observations, fewer have a
result too, and the target of all others is predicted: without observations; by the process of the results revised at
the observed designs, elsewhere by Jeffrey's rule; and by the posterior of a campaign, with a process of the
observations. Printed are the correlation with the targets, the root mean square of the errors over the stated standard
deviations, and the mean logarithm of the normal density, of targets of unit variance.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from botorch.models.model import Model

from benchmarks.studies.characterisation import Lab
from benchmarks.studies.observation_rules import names, table_of
from designer import Campaign
from designer.acquisition.moments import moments, single_output
from designer.arrays import FloatArray
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

COUNTS = ((6, 20), (12, 40))
"""Results and observed designs, these among them."""

MODELS = ("without observations", "revised at observed designs", "process of the observations")
_LARGEST = 10.0  # error over its deviation that counts in the density


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.observation_calibration", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--problems", nargs="*", default=names(), help="Names; all unless given.")
    given = parser.parse_args(arguments)
    print("\n".join(report(given.problems, given.seeds)))
    return 0


def report(problems: Sequence[str], seeds: int) -> Iterator[str]:
    """Yield the lines of a Markdown table: means over the problems."""
    yield "| results | observed | prediction | correlation | error over deviation | log density |"
    yield "|---:|---:|---|---:|---:|---:|"
    for results, observed in COUNTS:
        found = [scores(name, seed, results, observed) for name in problems for seed in range(seeds)]
        for model in MODELS:
            correlation, error, density = np.mean([each[model] for each in found], axis=0)
            yield f"| {results} | {observed} | {model} | {correlation:.2f} | {error:.2f} | {density:.2f} |"


def scores(name: str, seed: int, results: int, observed: int) -> dict[str, tuple[float, float, float]]:
    """Return by model the correlation, the error over its deviation, and the log density of other designs."""
    table = table_of(name).part(seed)
    frame, lab, order = table.frame, Lab(table), np.random.default_rng(seed).permutation(len(table.frame))
    campaign = Campaign.create(
        space=list(table.space),
        targets=[{"name": table.target, "goal": "maximize"}],
        candidates=frame[lab.columns],
        seed=seed,
        observations=table.declared,
    )
    measured = frame.iloc[order[:observed]].copy()
    measured[table.target] = measured[table.target].where(np.arange(observed) < results)
    campaign.attach(measured)
    known, others = campaign.posterior(), frame.iloc[order[observed:]]
    assert known is not None
    X = torch.as_tensor(known.space.encoder.encode(known.space.coordinates(others[lab.columns])))
    return {
        model: _score(posterior, X, others[table.target].to_numpy())
        for model, posterior in zip(MODELS, _models(known), strict=True)
    }


def _models(known: CampaignPosterior) -> tuple[Model, Model, Model]:
    """Return the models of the target, in the order of `MODELS`."""
    assert known.revised_targets is not None
    without, revision = single_output(known.unrevised, 0), known.revised_targets.revisions[0]
    return without, without if revision is None else revision.of(without), single_output(known.model, 0)


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
