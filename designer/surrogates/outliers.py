"""A Gaussian process that bears wrong results: those that the others do not foretell are given a noise of their own.

One result ten times too large widens the whole process: everything learned from the others is lost in its noise. So the
process is fitted, every result is foretold from all the others in closed form (leave-one-out), the one that lies
farthest off is given a noise variance as large as its deviation squared, and the process is fitted again, until none
lies beyond `FAR` standard deviations or a fifth of all have a noise of their own. That is a greedy relevance pursuit
(Ament et al., Robust Gaussian Processes via Relevance Pursuit, NeurIPS 2024) with the leave-one-out error in place of
the likelihood. Wrong results of neighbouring designs that agree bear each other out, and are believed.

What it is worth against BoTorch's robust process and a Student t likelihood is measured by `benchmarks/outliers.py`.
Campaigns do not use it yet: their committed benchmarks were run without, and a result that is too good to be foretold
may be right.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.outputs import drawn_in
from designer.surrogates.structure import GaussianProcessSettings

FAR = 4.0
"""Standard deviations from what the others foretell beyond which a result is given a noise of its own."""
MOST = 0.2
"""The largest share of results that are."""


def fit_bearing_outliers(
    data: TaskData, settings: GaussianProcessSettings | None = None, *, far: float = FAR
) -> GaussianProcess:
    """Fit a Gaussian process to the data of one target, wrong results among them.

    Results of which the noise is known keep it; where none lies `far` off, the process is that of
    `fit_gaussian_process`. A pure function of the data, whatever the order of its rows. Gross results are drawn in
    first (`designer.surrogates.outputs.drawn_in`).
    """
    one = data.target(0)
    y = drawn_in(one.Y[:, 0].numpy())
    one = replace(one, Y=torch.from_numpy(y)[:, None]).target(0)
    noise = torch.full_like(one.Y, torch.nan) if one.Yvar is None else one.Yvar.clone()
    model = fit_gaussian_process(one, settings)
    for _ in range(int(MOST * len(y))):
        rest = model.held_out()
        off = np.abs(one.Y[:, 0].numpy() - rest.means)
        far_off = np.where(torch.isnan(noise[:, 0]).numpy(), off / np.sqrt(rest.variances), 0.0)
        worst = int(far_off.argmax())
        if far_off[worst] <= far:
            break
        noise[worst, 0] = float(off[worst]) ** 2
        model = fit_gaussian_process(replace(one, Yvar=noise), settings)
    return model
