"""The study of what observations say of other designs: one function, and what a score is."""

from __future__ import annotations

import math

import pytest
import torch

from benchmarks.studies import observation_calibration
from benchmarks.studies.observation_calibration import COUNTS, MODELS, PAST_MODELS, main, past_scores, scores


@pytest.mark.parametrize(("option", "models"), [([], MODELS), (["--past"], PAST_MODELS)])
def test_every_prediction_has_a_row(
    option: list[str], models: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observation_calibration, "COUNTS", COUNTS[:1])
    assert main(["--seeds", "1", "--problems", "Borehole", *option]) == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split(" | ")[2] for row in rows] == list(models)


def test_observations_of_a_rough_function_predict_it_better() -> None:
    found = scores("Borehole, rough", 0, 12, 40)
    without, _, process = (found[name] for name in MODELS)
    assert process[0] > without[0] + 0.05
    assert process[2] > without[2]


def test_a_past_task_with_observations_is_less_too_sure_than_alone() -> None:
    found = past_scores("Hartmann 3, rough", 0, 12, 40)
    task, _, _, both = (found[name] for name in PAST_MODELS)
    assert 1.0 < both[1] < task[1]
    assert both[2] > task[2]


def test_a_score_is_that_of_a_normal_distribution() -> None:
    class Standard(torch.nn.Module):
        num_outputs = 1

        def marginals(self, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return X[:, 0], torch.ones(len(X), dtype=torch.float64)

    X = torch.tensor([[0.0], [2.0]], dtype=torch.float64)
    y = torch.tensor([1.0, 3.0]).double().numpy()
    correlation, error, density = observation_calibration._score(Standard(), X, y)  # type: ignore[arg-type]
    assert [correlation, error] == pytest.approx([1.0, 1.0])
    assert density == pytest.approx(-0.5 - 0.5 * math.log(2.0 * math.pi))
