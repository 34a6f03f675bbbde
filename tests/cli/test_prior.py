"""`designer prior`: fit, show, evaluate, compare, as a person and as a program sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import Designer

CARD = """\
family: furnace
license: CC BY 4.0
source: a lab
space:
  - {name: temperature, kind: numeric, unit: degC, bounds: [300, 900]}
  - {name: gas, kind: categorical, choices: [N2, Ar]}
tasks:
"""


@pytest.fixture
def family(folder: Path) -> Path:
    """Three tasks of one surface, each shifted."""
    place = folder / "furnace"
    place.mkdir()
    card = CARD
    for i in range(3):
        rng = np.random.default_rng(i)
        temperature = rng.uniform(300, 900, 12).round()
        argon = rng.random(12) < 0.5
        strength = (50 * np.sin(temperature / 120) + 20 * argon + 10 * i).round(3)
        rows = [f"{t},{'Ar' if a else 'N2'},{s}" for t, a, s in zip(temperature, argon, strength, strict=True)]
        (place / f"t{i}.csv").write_text("\n".join(["temperature,gas,strength", *rows]) + "\n")
        card += f"  - {{name: t{i}, file: t{i}.csv, targets: [{{name: strength, unit: MPa}}]}}\n"
    (place / "family.yaml").write_text(card)
    return place


KILN = """\
designer: 1
name: kiln
space:
  - {name: temperature, kind: numeric, unit: degC, bounds: [300, 900]}
targets:
  - {name: strength, unit: MPa, goal: maximize}
prior: {tasks: [learned]}
"""


@pytest.fixture
def goal_family(folder: Path) -> Path:
    """Three tasks with a goal, of one surface, each shifted."""
    place = folder / "kilns"
    place.mkdir()
    card = "family: kilns\nlicense: CC0\nspace:\n"
    card += "  - {name: temperature, kind: numeric, unit: degC, bounds: [300, 900]}\ntasks:\n"
    for i in range(3):
        temperature = np.linspace(300, 900, 24 + i).round()
        rows = [
            f"{t},{v}" for t, v in zip(temperature, (50 * np.sin(temperature / 160 + 0.1 * i)).round(3), strict=True)
        ]
        (place / f"t{i}.csv").write_text("\n".join(["temperature,strength", *rows]) + "\n")
        card += f"  - {{name: t{i}, file: t{i}.csv, targets: [{{name: strength, unit: MPa, goal: maximize}}]}}\n"
    (place / "family.yaml").write_text(card)
    return place


def test_a_prior_is_fitted_and_shown(designer: Designer, folder: Path, family: Any) -> None:
    done = designer("prior", "fit", "furnace", "--kind", "transfer-gp", "--out", "learned", "--held-out", "2")
    assert (done.code, "Wrote learned" in done.out) == (0, True)
    assert "fitting transfer-gp without furnace/t0" in done.err
    card = json.loads((folder / "learned" / "prior.json").read_text())
    assert card["kind"] == "transfer-gp"
    assert [task["rows"] for task in card["tasks"]] == [12, 12, 12]
    assert card["data"] == [{"place": "furnace", "license": "CC BY 4.0", "source": "a lab", "citation": None}]
    assert {line["count"] for line in card["held_out"]} == {3, 5}
    assert {"version", "code", "seed"} <= set(card)
    shown = designer("prior", "show", "learned")
    assert shown.code == 0
    for word in ("transfer-gp", "furnace/t2", "strength (MPa)", "CC BY 4.0", "gain"):
        assert word in shown.out
    assert designer("prior", "show", "learned", "--json").data["card"] == card


def test_card_and_report_hold_simulated_campaigns_on_past_tasks(
    designer: Designer, folder: Path, goal_family: Path
) -> None:
    done = designer("prior", "fit", "kilns", "--kind", "transfer-gp", "--out", "learned", "--held-out", "0")
    assert done.code == 0, done.err
    assert "simulating campaigns on kilns/t1" in done.err
    card = json.loads((folder / "learned" / "prior.json").read_text())
    assert [each["task"] for each in card["replays"]] == ["kilns/t0", "kilns/t1", "kilns/t2"]
    assert all(1 <= each["with_prior"] <= each["budget"] + 1 for each in card["replays"])
    sentence = "Experiments until simulated campaigns on 3 past tasks found one of the best 5 %:"
    assert sentence in " ".join(done.out.split())
    assert sentence in " ".join(designer("prior", "show", "learned").out.split())
    (folder / "kiln.yaml").write_text(KILN)
    assert designer("suggest", "kiln.yaml", "-n", "2").code == 0
    assert sentence in " ".join(designer("explain", "kiln.yaml", "S0001").out.split())
    assert designer("record", "kiln.yaml", "S0001", "strength=40").code == 0
    assert designer("report", "kiln.yaml", "-o", "report.html").code == 0
    assert sentence in (folder / "report.html").read_text()


def test_existing_prior_is_not_replaced_by_default(designer: Designer, folder: Path, family: Any) -> None:
    words = ("prior", "fit", "furnace", "--kind", "none", "--out", "learned", "--held-out", "0")
    assert designer(*words).code == 0
    again = designer(*words)
    assert (again.code, again.out) == (0, "learned holds this prior already: nothing was fitted.\n")
    refused = designer(*words, "--seed", "1")
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert designer(*words, "--force").code == 0
    other = designer("prior", "fit", "furnace", "--kind", "none", "--out", "furnace")
    assert (other.code, "other files" in other.err) == (2, True)


@pytest.mark.parametrize("damage", ["card", "weights", "gone"])
def test_a_damaged_prior_is_refused_in_one_line(designer: Designer, folder: Path, family: Any, damage: str) -> None:
    assert designer("prior", "fit", "furnace", "--kind", "transfer-gp", "--out", "learned", "--held-out", "0").code == 0
    place = folder / "learned"
    if damage == "card":
        (place / "prior.json").write_text("{")
    elif damage == "weights":
        (place / "weights.safetensors").write_bytes(b"\x80\x04pickle")
    else:
        (place / "prior.json").unlink()
    done = designer("prior", "show", "learned")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "Traceback" not in done.err


def test_priors_are_evaluated_and_compared(designer: Designer, folder: Path, family: Any) -> None:
    done = designer("prior", "evaluate", "furnace", "--kind", "transfer-gp", "--draws", "1", "--json")
    assert done.code == 0
    lines = [line for line in done.data["lines"] if line["kind"] == "transfer-gp"]
    assert [(line["count"], line["tasks"]) for line in lines] == [(3, 3), (5, 3)]
    assert lines[0]["nlpd"] < lines[0]["plain_nlpd"]
    both = designer(
        "prior", "compare", "furnace", "--kind", "none", "--kind", "transfer-gp", "--draws", "1", "--max-tasks", "2"
    )
    assert both.code == 0
    assert "95 % interval" in both.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fit", "nowhere", "--out", "p"), "no such file or folder"),
        (("fit", "furnace", "--kind", "magic", "--out", "p"), "'magic' is not known"),
        (("evaluate", "furnace/t0.csv"), "these are not past tasks"),
        (("compare", "furnace", "--kind", "magic"), "'magic' is not known"),
        (("show", "furnace"), "no saved prior here"),
        (("evaluate", "glass.yaml"), "no results"),
    ],
)
def test_wrong_words_are_refused_in_one_line_and_nothing_is_written(
    designer: Designer, folder: Path, family: Any, words: Any, message: str
) -> None:
    before = sorted(folder.rglob("*"))
    done = designer("prior", *words)
    assert done.code == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert sorted(folder.rglob("*")) == before


def test_past_campaigns_and_their_stores_are_tasks(designer: Designer, folder: Path, family: Any) -> None:
    assert designer("suggest", "-n", "4").code == 0
    for name, values in (("S0001", "100"), ("S0002", "120"), ("S0003", "90"), ("S0004", "130")):
        assert designer("record", name, f"strength={values}", "haze=1").code == 0
    for place in ("glass.yaml", "glass.db"):
        done = designer("prior", "fit", place, "--kind", "transfer-gp", "--out", f"from-{place}")
        assert done.code == 0, done.err
        card = json.loads((folder / f"from-{place}" / "prior.json").read_text())
        assert card["refused"] == ["glass"]  # four results cannot predict themselves
        assert card["held_out"] == []
        assert card["data"][0]["license"] is None


def test_a_store_that_is_none(designer: Designer, folder: Path) -> None:
    (folder / "empty.db").write_bytes(b"")
    (folder / "text.db").write_text("this is no database, but a text that is long enough to look like one" * 20)
    for name in ("empty.db", "text.db"):
        done = designer("prior", "fit", name, "--out", "p")
        assert (done.code, len(done.err.splitlines())) == (2, 1), done.err
