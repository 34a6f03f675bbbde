"""`designer generate`: formulas on no list, as a person and as a program sees them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from designer.chemistry.formulas import parse_formula
from designer.generation import learned_generator
from tests.cli.conftest import Designer


@pytest.fixture
def table(folder: Path) -> str:
    pd.DataFrame({"formula": ["BaTiO3", "SrTiO3", "CaZrO3", "KNbO3"]}).to_csv(folder / "known.csv", index=False)
    return "known.csv"


def test_formulas_are_shown_with_their_origin_and_a_warning(designer: Designer, table: str) -> None:
    done = designer("generate", table, "-n", "30", "--seed", "1")
    assert done.code == 0
    assert "generated from" in done.out
    assert "nearest known:" in done.out
    assert "... and 10 formulas more" in done.out
    assert "not a synthesis" in done.out
    assert designer("generate", table, "-n", "30", "--seed", "1").out == done.out


def test_formulas_are_written_to_a_file_and_as_json(designer: Designer, table: str, folder: Path) -> None:
    words = ("generate", table, "-n", "25", "--elements", "Ba,Sr,Ti,Zr,Nb,O,S", "--exclude", "S", "--max-atoms", "12")
    done = designer(*words, "--csv", "new.csv", "--json")
    assert done.code == 0
    frame = pd.read_csv(folder / "new.csv")
    assert list(frame.columns) == ["formula", "parent", "move", "balanced", "nearest_known", "distance"]
    assert list(frame["formula"]) == [each["formula"] for each in done.data["proposals"]]
    assert len(frame) == 25
    for formula in frame["formula"]:
        assert set(parse_formula(formula)) <= {"Ba", "Sr", "Ti", "Zr", "Nb", "O"}
        assert sum(parse_formula(formula).values()) <= 12
    assert designer(*words, "--seed", "9", "--csv", "new.csv").code == 1  # the file has other formulas


def test_formulas_of_another_table_are_not_proposed(designer: Designer, table: str, folder: Path) -> None:
    words = ("generate", table, "-n", "40", "--json")
    first = [each["formula"] for each in designer(*words).data["proposals"]]
    pd.DataFrame({"composition": first}).to_csv(folder / "made.csv", index=False)
    again = designer(*words, "--novel-to", "made.csv").data["proposals"]
    assert len(again) == 40
    assert not {each["formula"] for each in again} & set(first)


def test_half_of_the_formulas_are_drawn_for_large_or_small_values(
    designer: Designer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned_generator.train, "__kwdefaults__", {"seed": 0, "steps": 5, "folder": None})
    metals, others = ("Li", "Na", "K", "Rb", "Cs", "Ag", "Cu", "Tl"), ("F", "Cl", "Br", "I", "H", "OH", "CN")
    rows = [(f"{a}{b}", len(a + b) / 2) for a in metals for b in others]
    pd.DataFrame(rows, columns=["formula", "gap"]).to_csv(folder / "gaps.csv", index=False)
    words = ("generate", "gaps.csv", "-n", "10", "--not-charge-neutral", "--learn", "gap", "--json")
    found = designer(*words).data["proposals"]
    assert len(found) == 10
    assert sum(each["move"] == "drawn by a trained network" for each in found) == 5
    assert designer(*words).data["proposals"] == found
    assert designer(*words, "--minimize").data["proposals"] != found
    (folder / "bad.csv").write_text("formula,gap\nNaCl,1\nKCl,wide\n")
    for given, expected in (
        (("bad.csv", "--learn", "gap"), "'wide' is no number"),
        (("bad.csv", "--learn", "gip"), "no column 'gip'"),
        (("gaps.csv", "--minimize"), "--minimize is about the column of --learn"),
        (("--learn", "gap"), "--learn needs tables with values"),
        (("gaps.csv", "--learn", "gap", "--generator", "random"), "is used beside the baseline, not 'random'"),
    ):
        done = designer("generate", *given)
        assert done.code == 2
        assert expected in done.err


def test_a_table_need_not_be_given(designer: Designer) -> None:
    done = designer("generate", "-n", "5", "--elements", "Li,P,S,Cl", "--json")
    assert len(done.data["proposals"]) == 5


OPEN = """\
designer: 1
name: oxides
space:
  - {name: oxide, kind: formula, elements: [Ca, Sr, Ti, Zr, O], max_atoms: 10, like: [known.csv]}
targets:
  - {name: gap, goal: maximize}
"""


def test_the_rules_of_a_campaign_file_are_used(designer: Designer, table: str, folder: Path) -> None:
    (folder / "open.yaml").write_text(OPEN)
    found = designer("generate", "open.yaml", "-n", "10", "--json").data["proposals"]
    assert len(found) == 10
    for each in found:
        assert set(parse_formula(each["formula"])) <= {"Ca", "Sr", "Ti", "Zr", "O"}
        assert sum(parse_formula(each["formula"]).values()) <= 10
    (folder / "sum.yaml").write_text(OPEN + "constraints: [oxide.fraction.Sr >= 0.1, oxide.n_elements <= 3]\n")
    for each in designer("generate", "sum.yaml", "-n", "10", "--json").data["proposals"]:
        assert "Sr" in parse_formula(each["formula"])
        assert len(parse_formula(each["formula"])) <= 3
    for words, expected in (
        (("open.yaml", "--elements", "Ca,O"), "--elements cannot be used with a campaign file"),
        (("glass.yaml",), "has no formula with 'elements'"),
        (("open.yaml", table), "another file cannot be used"),
    ):
        done = designer("generate", *words)
        assert done.code == 2
        assert expected in done.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-n", "0"), "0 is no number of formulas"),
        (("-n", "1000000"), "is no number of formulas"),
        (("--seed", "-1"), "is negative"),
        (("--elements", "Ba,Tt"), "'Tt' is no element"),
        (("--exclude", "poison"), "neither an element nor a group"),
        (("--elements", "Ba,Ti"), "no new formula of Ti, Ba keeps the rules"),
        (("--generator", "basline"), "did you mean 'baseline'?"),
        (("--max-atoms", "9999"), "max_atoms"),
        (("nothing.csv",), "no such file"),
        (("known.csv", "--column", "phase"), "no column 'phase'"),
    ],
)
def test_wrong_requests_are_refused(designer: Designer, table: str, words: tuple[str, ...], expected: str) -> None:
    done = designer("generate", *words)
    assert done.code == 2
    assert expected in done.err
    assert "Traceback" not in done.err
