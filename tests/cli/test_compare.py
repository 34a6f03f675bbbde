"""designer compare: comparisons of results from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Designer

FILM = """\
designer: 1
name: film
space:
  - {name: T, kind: numeric, bounds: [0, 100], step: 1}
targets:
  - {name: look, goal: prefer}
initial: 3
"""


@pytest.fixture
def film(folder: Path, designer: Designer) -> Path:
    (folder / "glass.yaml").unlink()
    (folder / "film.yaml").write_text(FILM)
    assert designer("suggest", "-n", "3").code == 0
    for name in ("S0001", "S0002", "S0003"):
        assert designer("record", name, "look=made").code == 0
    return folder


def test_from_the_first_comparison_to_the_best(film: Path, designer: Designer) -> None:
    shown = designer("compare")
    assert shown.code == 0
    assert "compare next: M0001 with M0002" in shown.out
    assert "No two results were compared yet" in designer("best").out
    done = designer("compare", "S0001", "S0002", "--better", "S0002")
    assert done.code == 0, done.err
    assert "recorded: C0001" in done.out
    assert "compare next: " in done.out
    data = designer("compare", "film.yaml", "S0003", "S0001", "--tie", "--json").data
    assert data["recorded"] == ["C0002"]
    assert set(data["next"]) == {"first", "second"}
    assert "was recorded before, as C0001" in designer("compare", "S0001", "S0002", "--better", "S0002").out
    assert designer("compare", "S0001", "S0002", "--better", "S0002", "--again", "--json").data["recorded"] == ["C0003"]
    best = designer("best")
    assert "S0002" in best.out
    assert "Ranked by the utility of look" in best.out
    assert "made" in best.out
    assert designer("best", "--json").data["best"][0]["measured"] == {}
    assert "withdrawn" in designer("withdraw", "C0001", "the wrong films").out
    status = designer("status")
    assert "2 comparisons of 3 results" in status.out
    assert designer("export", "film.comparisons.csv").code == 0
    assert (film / "film.comparisons.csv").read_text().count("\n") == 4


def test_tables(film: Path, designer: Designer) -> None:
    (film / "c.csv").write_text("better,worse,tie\nS0001,S0002,\nS0003,S0001,yes\n")
    assert designer("compare", "c.csv", "--json").data["recorded"] == ["C0001", "C0002"]
    (film / "d.csv").write_text("better,worse\nS0001,S0002\nS0001,S0009\n")
    done = designer("compare", "d.csv")
    assert done.code == 2
    assert "d.csv, row 3, column 'worse': there is no result 'S0009'" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("S0001", "1 result to compare instead of two"),
        ("S0001 S0002", "nothing says which of S0001 and S0002 is better"),
        ("S0001 S0002 --better S0001 --tie", "--better and --tie are both given"),
        ("S0001 S0002 --better S0003", "S0003 is none of S0001 and S0002"),
        ("--better S0001", "are about two results"),
        ("c.csv --tie", "are about two results"),
        ("S0001 S0002 S0003 --tie", "3 results to compare instead of two"),
        ("S0001 S0007 --tie", "there is no result 'S0007'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_recorded(
    film: Path, designer: Designer, words: str, message: str
) -> None:
    done = designer("compare", *words.split())
    assert done.code == 2
    assert message in done.err
    assert not designer("status", "--json").data["stop"]
    assert "0 comparisons" in designer("status").out


def test_other_campaigns_compare_nothing(designer: Designer) -> None:
    done = designer("compare", "S0001", "S0002", "--tie")
    assert done.code == 2
    assert "no target of the campaign has results that are compared" in done.err
