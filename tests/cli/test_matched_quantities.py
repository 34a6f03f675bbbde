"""Which results of past tasks each target is matched to is stated, by name and unit, wherever a prior is used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from designer.campaign.campaign import Campaign
from tests.cli.conftest import Designer

UNITS = ("%", "percent", "fraction", "g")
FACTORS = (1.0, 1.0, 0.01, 3.0)
CAMPAIGN = """\
designer: 1
name: c
space:
  - {name: T, kind: numeric, unit: degC, bounds: [300, 900]}
targets:
  - {name: NAME, unit: "UNIT", goal: maximize}
prior: {tasks: [PLACES]}
"""
ALL_FOUR = "PAST0, PAST1, PAST2, PAST3".lower()


@pytest.fixture
def past(designer: Designer, folder: Path) -> Path:
    """Return a folder with four families, of which three measured a yield in units that convert."""
    for i, (unit, factor) in enumerate(zip(UNITS, FACTORS, strict=True)):
        rows = [(T, factor * (80 - ((T - 600 - 10 * i) / 60) ** 2), T / 10) for T in range(300 + i, 901, 40)]
        lines = [f"T [degC],yield [{unit}],cost [EUR]", *(f"{T},{y:.6g},{cost:g}" for T, y, cost in rows)]
        (folder / f"t{i}.csv").write_text("\n".join(lines) + "\n")
        words = ("tasks", "import", f"t{i}.csv", "-o", f"past{i}", "--maximize", "yield", "--minimize", "cost", "--yes")
        assert designer(*words).code == 0
    return folder


def written(folder: Path, name: str, unit: str, places: str = ALL_FOUR) -> None:
    text = CAMPAIGN.replace("NAME", name).replace("UNIT", unit).replace("PLACES", places)
    (folder / "c.yaml").write_text(text)


@pytest.mark.parametrize(
    ("name", "unit", "begin", "complete"),
    [
        (
            "yield", "%",
            "past tasks: 'yield' [%] was measured in 3 of 4 (in fraction); not used: 'yield' [g], whose unit does not "
            "convert", False,
        ),
        ("cost", "EUR", "past tasks: 'cost' [EUR] was measured in 4 of 4", True),
        (
            "yield", "mV",
            "past tasks: none measured 'yield' [mV] (the unit of 'yield' [%], 'yield' [percent], 'yield' [fraction], "
            "'yield' [g] does not convert): they are not used; they measured 'yield' [%], 'cost' [EUR]", False,
        ),
        (
            "price", "EUR",
            "past tasks: none measured 'price' [EUR], and the units do not all convert: they are not used", False,
        ),
        (
            "hardness", "HV",
            "past tasks: none measured 'hardness' [HV], and the units do not all convert: they are not used; they "
            "measured 'yield' [%], 'cost' [EUR]", False,
        ),
    ],
)  # fmt: skip
def test_every_command_states_the_match(
    name: str, unit: str, begin: str, complete: bool, designer: Designer, past: Path
) -> None:
    written(past, name, unit)
    assert begin in designer("validate", "c.yaml").out
    assert begin in designer("suggest", "c.yaml").out
    assert (begin in designer("suggest", "c.yaml").out) is not complete  # a match is stated once, a mismatch always
    assert begin in designer("status", "c.yaml").out
    (line,) = json.loads(designer("status", "c.yaml", "--json").out)["quantities"]
    assert line.startswith(begin)


def test_saved_prior_states_the_match(designer: Designer, past: Path) -> None:
    done = designer("prior", "fit", *ALL_FOUR.split(", "), "-o", "saved", "--held-out", "0")
    assert "measured: 'yield' [%] in 3, 'yield' [g] in 1, 'cost' [EUR] in 4" in done.out
    assert "'yield' has units that do not convert: % and g are different quantities" in done.out
    written(past, "hardness", "HV", "saved")
    for verb in ("validate", "suggest", "status"):
        assert "past tasks: none measured 'hardness' [HV], and the units" in designer(verb, "c.yaml").out


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        (
            "{hardness: yield}",
            "'hardness' [HV] is learned from 'yield' [%], 'yield' [percent], 'yield' [fraction] in 3 of 4, as the file",
        ),
        ("{hardness: cost}", "'hardness' [HV] is learned from 'cost' [EUR] in 4 of 4, as the file states"),
        (
            "{hardness: density}",
            "none measured 'density', from which the file states that 'hardness' [HV] is learned: ",
        ),
    ],
)
def test_file_states_what_a_target_is_learned_from(stated: str, words: str, designer: Designer, past: Path) -> None:
    written(past, "hardness", "HV")
    text = (past / "c.yaml").read_text().replace("PAST3".lower() + "]}", f"past3], quantities: {stated}}}")
    (past / "c.yaml").write_text(text)
    for verb in ("validate", "status"):
        assert words in designer(verb, "c.yaml").out
    informed = "density" not in stated
    assert (Campaign.open(past / "c.yaml").posterior() is not None) is informed


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("{hard: yield}", "there is no target 'hard'; did you mean 'hardness'?"),
        ("{hardness: [yield]}", "hardness"),
        ("{hardness: ''}", "hardness"),
        ("[yield]", "quantities"),
    ],
)
def test_wrong_statement_is_a_fault(stated: str, message: str, designer: Designer, folder: Path) -> None:
    written(folder, "hardness", "HV", f"past], quantities: {stated}, leave_out: [")
    done = designer("validate", "c.yaml")
    assert (done.code, message in done.err) == (2, True), done.err


def test_convertible_unit_is_converted(designer: Designer, past: Path) -> None:
    """Suggestions and predictions are the same whichever unit the past results have."""
    predictions = []
    for places in ("past0", "past2"):
        written(past, "yield", "%", places)
        done = designer("predict", "c.yaml", "T=610", "--json", "--store", f"{places}.db")
        assert done.code == 0, done.err
        predictions.append(json.loads(done.out)["predictions"][0]["predicted"]["yield"]["mean"])
    assert 50 < predictions[0] < 90
    assert predictions[1] == pytest.approx(predictions[0], rel=0.05)


def test_other_quantity_of_the_same_unit_is_used_and_stated(designer: Designer, past: Path) -> None:
    """Where all past quantities convert to the target's unit, they are tried."""
    rows = "\n".join(f"{T},{T / 10 + 3}" for T in range(300, 901, 40))
    (past / "one.csv").write_text(f"T [degC],cost [EUR]\n{rows}\n")
    assert designer("tasks", "import", "one.csv", "-o", "one", "--minimize", "cost", "--yes").code == 0
    written(past, "hardness", "EUR", "one")
    begin = "past tasks: none measured 'hardness' [EUR]; they are used for what they measured: 'cost' [EUR]"
    assert begin in designer("validate", "c.yaml").out
