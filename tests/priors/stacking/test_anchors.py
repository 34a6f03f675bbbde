"""Anchors: errors of past tasks of the same quantity are learned, and noise is no common offset."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from designer.objective import Target
from designer.priors.stacking.anchors import Trial, learn_anchor
from designer.priors.stacking.components import ProcessComponent
from designer.priors.stacking.source_kernel import Inputs
from designer.properties.predictor import PropertyPredictor
from tests.priors.stacking.compounds import fitted, formulas, past_tasks, softness, task


def trial(errors: np.ndarray, own: np.ndarray) -> Trial:
    """Return a trial of values around 10 in which past tasks were wrong by `errors`."""
    known = 10.0 + np.linspace(-3.0, 3.0, len(errors))
    inputs = Inputs(torch.zeros(len(errors), 1, dtype=torch.float64), torch.from_numpy(own[:, None]))
    return Trial(known, known - errors, inputs)


def test_errors_that_only_scatter_are_learned_as_noise_and_alike_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    own = rng.standard_normal(60)
    noise, alike = rng.standard_normal(60), np.sin(2.0 * own)
    shares = []
    for errors in (noise, alike):
        anchor = learn_anchor(["f/a"], True, [trial(errors, own)])
        (scale,) = [each for each in anchor.scales if each.warp.form == "identity"]
        own_share, noise_share = np.exp(scale.theta.means[[4, 5]])
        shares.append(noise_share / (own_share + noise_share))
    assert shares[0] > 0.6
    assert shares[1] < 0.1


def test_the_size_of_errors_is_that_of_the_worst_task() -> None:
    rng = np.random.default_rng(1)
    own = rng.standard_normal(40)
    errors = rng.standard_normal(40)
    anchor = learn_anchor(["f/a", "f/b"], True, [trial(0.1 * errors, own), trial(2.0 * errors, own)])
    assert [scale.warp.form for scale in anchor.scales] == ["asinh", "identity"]
    assert anchor.scales[1].error.s0 == pytest.approx(2.0 * float(np.sqrt(np.mean(errors**2))))
    assert anchor.names == ("f/a", "f/b")


def test_equal_values_have_no_scale_but_their_own() -> None:
    own = np.arange(12.0)
    even = Trial(np.full(12, 4.0), np.full(12, 4.0), trial(own, own).inputs)
    anchor = learn_anchor(["f/a"], True, [even])
    assert [scale.warp.form for scale in anchor.scales] == ["identity"]
    assert anchor.scales[0].error.s0 > 0


@pytest.mark.parametrize("k", [1, 3, 8])
def test_a_noisy_measurement_of_a_known_quantity_hardly_moves_what_is_known(k: int) -> None:
    new, given = formulas(150, 71), formulas(k, 72)
    truth = softness(new)
    noise = np.random.default_rng(k).standard_normal(k)
    measured = pd.DataFrame({"formula": given, "softness [mm]": softness(given) * np.exp(0.3 * noise)})
    designs = pd.DataFrame({"formula": new})
    (before,) = PropertyPredictor(fitted(), targets=["softness"]).predict(designs)
    (after,) = PropertyPredictor(fitted(), measured).predict(designs)
    usual = np.mean(np.abs(truth - np.median(truth)))
    assert np.mean(np.abs(after.value - truth)) < np.mean(np.abs(before.value - truth)) + 0.15 * usual


def test_many_measurements_mend_a_shift_of_all() -> None:
    shifted = task("new", Target(name="softness", unit="mm"), lambda texts: 1.8 * softness(texts), 30, 9)
    new = formulas(150, 71)
    measured = shifted.data.rename(columns={"softness": "softness [mm]"})
    (found,) = PropertyPredictor(fitted(), measured).predict(pd.DataFrame({"formula": new}))
    truth = 1.8 * softness(new)
    assert np.mean(np.abs(found.value - truth)) < 0.2 * np.mean(np.abs(truth - np.median(truth)))


def test_processes_around_the_quantity_come_first() -> None:
    model = PropertyPredictor(fitted(), targets=["softness"]).models[0]
    assert model.measured == 0
    assert all(isinstance(part, ProcessComponent) and part.anchored for part in model.components)
    assert model.anchors == tuple(sorted(f"f/{each.name}" for each in past_tasks() if "soft" in each.name))
