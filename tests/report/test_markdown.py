from __future__ import annotations

import re
from pathlib import Path

from designer.report.content import Section
from designer.report.markdown import render_markdown
from tests.report.examples import content


def test_every_referenced_figure_exists(tmp_path: Path) -> None:
    folder = tmp_path / "report-figures"
    text = render_markdown(content(), folder, [Section("Mine", "My words.", "<svg></svg>")])
    named = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)
    assert len(named) >= 4
    assert all((tmp_path / name).is_file() for name in named)
    assert {Path(name).name for name in named} == {path.name for path in folder.iterdir()}
    for words in ("# alloys", "Best so far: 800 MPa.", "## Progress", "My words.", "## One-step-ahead errors"):
        assert words in text


def test_table_has_one_row_for_each_experiment(tmp_path: Path) -> None:
    text = render_markdown(content(), tmp_path / "figures")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 6
    assert len({row.replace("\\|", "").count("|") for row in rows}) == 1
    assert "| 2 | S0002 | measured | model | Ni 60, Fe 40 | 450 | 700 | – | 650 ± 40 |  |" in rows


def test_text_of_users_is_escaped(tmp_path: Path) -> None:
    evil = "<script> | # *x* [a](b)\n## head"
    text = render_markdown(content(name=evil, summary=(evil,), campaign_file="name: ```\n"), tmp_path / "figures")
    assert "<script>" not in text
    assert "\n## head" not in text
    assert "\n````yaml\n" in text
