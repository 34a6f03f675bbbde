"""`designer predict --prior`: from past tasks and a few measurements, as a person and as a program sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer.tasks import Family
from designer.tasks.family_folder import save_family
from tests.cli.conftest import Designer
from tests.priors.stacking.compounds import fitted, formulas, past_tasks, softness, stiffness

TEXTS = formulas(6, 8)


@pytest.fixture
def past(folder: Path) -> Path:
    """A folder with past tasks, a saved prior that learned from them, a table of measurements and one of designs."""
    save_family(Family("f", tuple(past_tasks())), folder / "past")
    fitted().save(folder / "learned")
    stiff = [f"{value:.4g}" for value in stiffness(TEXTS)]
    pd.DataFrame({"formula": TEXTS, "stiffness [GPa]": stiff}).to_csv(folder / "mine.csv", index=False)
    new = formulas(30, 9)
    pd.DataFrame({"formula": new, "stiffness": ""}).to_csv(folder / "new.csv", index=False)
    return folder


def test_designs_of_a_table_are_predicted(designer: Designer, past: Any) -> None:
    done = designer("predict", "--prior", "learned", "--measured", "mine.csv", "new.csv")
    assert done.code == 0
    assert "stiffness [GPa]" in done.out
    assert "90% of measurements" in done.out
    assert "row 2" in done.out
    assert "... and 10 more" in done.out
    assert "stiffness: from 6 measurements and 3 past quantities." in done.out
    plain = designer("predict", "--prior", "learned", "-m", "mine.csv", "new.csv", "--json").data
    assert len(plain["predictions"]) == 30
    assert plain["quantities"]["stiffness"]["measured"] == 6
    each = plain["predictions"][3]["predicted"]["stiffness"]
    assert each["low"] < each["value"] < each["high"]
    assert sum(plain["quantities"]["stiffness"]["models"].values()) == pytest.approx(1.0)


def test_one_design_in_words_with_its_reasons(designer: Designer, past: Any) -> None:
    done = designer("predict", "--prior", "learned", "--target", "softness", "formula=Fe2CoO4", "--why")
    assert done.code == 0
    for words in (
        "softness [mm]",
        "f/soft-a: softness",
        "property of the elements",
        "contribution [mm]",
        "the same quantity",
    ):
        assert words in done.out
    plain = designer("predict", "--prior", "learned", "--target", "softness", "formula=Fe2CoO4", "--why", "--json").data
    (reason,) = plain["why"]["softness"]
    for what in ("tasks", "properties"):
        assert sum(reason[what].values()) == pytest.approx(reason["value"] - reason["base"], abs=1e-3)
    assert plain["predictions"][0]["predicted"]["softness"]["value"] == pytest.approx(softness(["Fe2CoO4"])[0], rel=0.4)


def test_reasons_of_several_designs_are_shares(designer: Designer, past: Any) -> None:
    done = designer("predict", "--prior", "learned", "-m", "mine.csv", "new.csv", "--why")
    assert done.code == 0
    assert "share" in done.out
    assert "stiffness, 8 designs" in done.out


def test_all_goes_into_a_file_that_is_never_overwritten(designer: Designer, past: Any) -> None:
    words = ("predict", "--prior", "learned", "-m", "mine.csv", "new.csv", "--csv", "out.csv", "--level", "0.5")
    assert designer(*words).code == 0
    written = pd.read_csv(past / "out.csv")
    assert list(written.columns) == ["formula", "stiffness [GPa]", "stiffness_low [GPa]", "stiffness_high [GPa]"]
    assert len(written) == 30
    again = designer(*words)
    assert (again.code, "not overwritten" in again.err) == (2, True)


def test_past_tasks_are_learned_from_where_no_prior_is_saved(designer: Designer, past: Any) -> None:
    done = designer("predict", "--prior", "past", "--leave-out", "bright", "-m", "mine.csv", "formula=NaCl")
    assert done.code == 0
    assert "fitting 2 past tasks, 400 rows" in done.err


def test_a_prior_is_fitted_and_shown(designer: Designer, past: Any) -> None:
    done = designer("prior", "fit", "past", "--kind", "properties", "-o", "kept")
    assert done.code == 0
    card = json.loads((past / "kept" / "prior.json").read_text())
    assert card["kind"] == "properties"
    assert {"version", "code", "data"} <= set(card)
    shown = designer("prior", "show", "kept")
    assert shown.code == 0
    assert "leave-one-out R²" in shown.out
    assert designer("predict", "--prior", "kept", "-m", "mine.csv", "formula=NaCl").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("new.csv", "--measured", "mine.csv"), "--measured goes with --prior"),
        (("new.csv", "--why"), "designer explain"),
        (("new.csv", "--prior", "learned", "-c", "glass.yaml"), "cannot be used together"),
        (("new.csv", "--prior", "nowhere"), "no past work"),
        (("new.csv", "--prior", "learned", "--prior", "past"), "is a saved prior"),
        (("new.csv", "--prior", "learned", "--target", "gloss"), "past tasks measured: brightness, softness"),
        (("new.csv", "--prior", "learned", "-m", "mine.csv", "--level", "90"), "between 0 and 1"),
        (("new.csv", "--prior", "learned", "-m", "gone.csv"), "no such file"),
        (("formula=Fe(", "--prior", "learned"), "is not a formula"),
        (("--prior", "learned", "colour=red"), "formula"),
        (("wrong.csv", "--prior", "learned", "-m", "mine.csv"), "wrong.csv, row 3"),
        (("new.csv", "--prior", "other"), "for campaigns"),
    ],
)
def test_faults_are_reported_in_one_line_each(designer: Designer, past: Any, words: Any, message: str) -> None:
    (past / "wrong.csv").write_text("formula\nNaCl\nNaXx\n")
    from designer.priors.baseline import BaselinePrior

    BaselinePrior().save(past / "other")
    done = designer("predict", *words)
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err
    assert not done.out


def test_outlier_is_named_and_left_out(designer: Designer, past: Any) -> None:
    texts = formulas(16, 60)
    sound = stiffness(texts)
    for name, factor in (("sound.csv", 1.0), ("wrong.csv", 10.0)):
        y = np.where(np.arange(16) == 4, factor * sound, sound)
        pd.DataFrame({"formula": texts, "stiffness [GPa]": y}).to_csv(past / name, index=False)
    done = designer("predict", "--prior", "learned", "-m", "wrong.csv", "formula=NaCl")
    assert done.code == 0
    words = " ".join(done.out.split())
    assert "stiffness: from 15 measurements" in words
    assert f"Flagged as outlier: formula={texts[4]} with stiffness" in words
    quantities = [
        designer("predict", "--prior", "learned", "-m", name, "formula=NaCl", "--json").data["quantities"]["stiffness"]
        for name in ("wrong.csv", "sound.csv")
    ]
    assert [[each["design"] for each in quantity["doubted"]] for quantity in quantities] == [
        [{"formula": texts[4]}],
        [],
    ]
    assert [quantity["measured"] for quantity in quantities] == [15, 16]


def test_of_many_outliers_the_worst_are_named(designer: Designer, past: Any) -> None:
    texts = formulas(60, 60)
    factors = np.where(np.arange(60) % 8 == 4, 30.0, 1.0)
    factors[4] = 1000.0
    pd.DataFrame({"formula": texts, "stiffness [GPa]": factors * stiffness(texts)}).to_csv(
        past / "wrong.csv", index=False
    )
    text = " ".join(designer("predict", "--prior", "learned", "-m", "wrong.csv", "formula=NaCl").out.split())
    assert text.count("Flagged as outlier: ") == 5
    assert text.partition("Flagged as outlier: ")[2].startswith(f"formula={texts[4]} with")
    assert "... and 2 more flagged as outliers" in text
