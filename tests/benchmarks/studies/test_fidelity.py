"""The study of fidelities: BoTorch's knowledge gradient over listed designs, resumed rows, and the report."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from botorch.acquisition.cost_aware import InverseCostWeightedUtility
from botorch.acquisition.knowledge_gradient import qMultiFidelityKnowledgeGradient
from botorch.models.cost import AffineFidelityCostModel

from benchmarks.studies import fidelity
from benchmarks.studies.fidelity import ALONE, FIRST_ALL, PAST, Row, in_order, read_rows, report
from benchmarks.studies.fidelity_botorch import GRADIENT, at_top, fitted, knowledge_gradient
from benchmarks.studies.fidelity_tasks import Pair


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fidelity, "_SAMPLES", 20)


def pair() -> Pair:
    x = np.linspace(0, 1, 12).round(3)
    frame = pd.DataFrame({"x": x, "top": -((x - 0.6) ** 2), "low": -((x - 0.7) ** 2)})
    return Pair("parabola", [{"name": "x", "kind": "numeric", "bounds": [0, 1]}], frame)


def test_knowledge_gradient_is_that_of_the_class_with_the_best_fantasy_designs() -> None:
    x = torch.linspace(0, 1, 6, dtype=torch.float64)[:, None]
    low, top = (torch.cat([x, torch.full_like(x, level)], 1) for level in (0.0, 1.0))
    X, y = torch.cat([low, top]), torch.cat([torch.sin(3 * x), torch.sin(3 * x + 0.2)])[:, 0]
    model = fitted(X[[0, 2, 4, 7, 10]], y[[0, 2, 4, 7, 10]])
    utility = InverseCostWeightedUtility(AffineFidelityCostModel({1: 0.9}, fixed_cost=0.1))
    with torch.no_grad():
        current = model.posterior(top).mean.max()
    expected = qMultiFidelityKnowledgeGradient(
        model, num_fantasies=4, current_value=current, cost_aware_utility=utility, project=at_top
    )
    sampler = expected.sampler
    assert sampler is not None
    with torch.no_grad():
        fantasies = model.fantasize(X[3:4], sampler=sampler)
        best = top[fantasies.posterior(top).mean[:, :, 0].argmax(1)]
        (value,) = expected(torch.cat([X[3:4], best])[None])
    z = sampler.base_samples
    assert isinstance(z, torch.Tensor)
    found = knowledge_gradient(model, X, top, utility, z.flatten())[3]
    assert found == pytest.approx(float(value), rel=1e-3)
    assert found > 0


def test_campaigns_that_are_in_the_file_are_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[tuple[str, int, float, str]] = []

    def campaign(*key: object) -> Row:
        task, seed, ratio, method = key
        ran.append((str(task), int(str(seed)), float(str(ratio)), str(method)))
        return Row(*ran[-1], cost=4.0, lower=2, seconds=0.1, rank=0.9)

    monkeypatch.setattr(fidelity, "campaign", campaign)
    rows = tmp_path / "rows.jsonl"
    known = Row("Branin", 0, 1.0, ALONE, 8.0, 0, 0.1, 0.9)
    rows.write_text(json.dumps(asdict(known)) + "\n", encoding="utf-8")
    arguments = ["--rows", str(rows), "--tasks", "Branin", "--seeds", "1"]
    assert fidelity.main(arguments) == 0
    assert known.key not in ran
    assert ran[-1][3] == GRADIENT
    number = len(ran)
    fidelity.main(arguments)
    assert len(ran) == number == len(read_rows(rows)) - 1
    assert "| 0.1 | `kind: fidelity` |  |  | 0.50 (0.50 to 0.50) | 0.50 | 1 |" in capsys.readouterr().out


def test_report_adds_the_cost_of_the_table_to_a_past_task() -> None:
    rows = [Row("Branin", 0, 1.0, ALONE, 10.0, 0, 0.1, 0.9), Row("Branin", 0, 1.0, PAST, 5.0, 200, 0.1, 0.9)]
    lines = [line for line in report(rows) if line.startswith("| Branin")]
    assert [line.split(" | ")[4] for line in lines] == ["10.0", "9.0", "25.0", "105.0"]


def test_report_has_the_means_over_all_ratios_of_costs() -> None:
    alone = [Row(task, 0, 1.0, ALONE, cost, 0, 0.1, 0.9) for task, cost in (("Branin", 10.0), ("band gap", 30.0))]
    rows = [
        Row(task, 0, ratio, FIRST_ALL, cost, 9, 0.0, 0.9)
        for task, ratio, cost in (("Branin", 0.02, 5.0), ("Branin", 0.1, 20.0), ("band gap", 0.1, 60.0))
    ]
    (line,) = (line for line in report([*alone, *rows]) if line.startswith("| 0.02, 0.1 |"))
    cells = [cell.strip() for cell in line.split("|")[3:-1]]
    assert (cells[0], cells[1], cells[3], cells[4]) == ("2.00 (2.00 to 2.00)", "2.00", "1.70", "3")


def test_cheap_campaign_finds_the_best_design() -> None:
    assert in_order(pair(), 0.1)[0] == pytest.approx(0.1 * 12 + 2)
    assert fidelity._run(pair(), 0, 0.1, FIRST_ALL)[0] == pytest.approx(3.2)
    assert fidelity._run(pair(), 0, 0.1, GRADIENT)[0] < 12
