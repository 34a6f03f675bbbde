from __future__ import annotations

import re
from html.parser import HTMLParser

from designer.objective import Target
from designer.report.content import Section
from designer.report.html import render
from tests.report.examples import content, experiment


class Page(HTMLParser):
    """What matters of a page: its tags in balance, its table's rows, the addresses it would fetch."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href"}]
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data


def test_page_has_one_complete_row_for_each_experiment() -> None:
    page = Page(render(content()))
    head, *rows = page.rows
    assert len(rows) == 6
    assert {len(row) for row in rows} == {len(head)}
    assert head == [
        "#", "id", "result", "chosen as", "composition [at.%]", "temperature [degC]", "strength [MPa]",
        "leaching [percent]", "predicted", "notes",
    ]  # fmt: skip
    assert rows[1] == ["2", "S0002", "measured", "model", "Ni 60, Fe 40", "450", "700", "–", "650 ± 40", ""]
    assert [row[2] for row in rows] == ["measured", "measured", "failed", "outside a limit", "best", "open"]
    assert rows[2][-1] == "it cracked"


def test_page_is_self_contained() -> None:
    text = render(content(), [Section("More", "Words.", "<svg></svg>")])
    page = Page(text)
    assert all(address.startswith("#") for address in page.addresses)
    assert not {"script", "link", "iframe", "object", "img"} & page.tags
    assert not re.search(r"@import|url\((?!#)", text)


def test_text_of_users_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    odd = Target(name=evil, goal="maximize")
    row = experiment(1, values={evil: 1.0}, cells=(evil, evil), notes=(evil,), id="S0001")
    page = render(
        content(
            name=evil, summary=(evil,), facts=((evil, evil, evil),), parameters=(evil, evil), targets=(odd,),
            experiments=(row,), remarks=(evil,), campaign_file=evil, versions=((evil, evil),),
        ),
        [Section(evil, evil)],
    )  # fmt: skip
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 15


def test_page_before_the_first_result() -> None:
    page = render(content(experiments=(), posterior_best=()))
    assert "Nothing has been measured yet." in page
    assert "Nothing has been suggested or measured yet." in page
    assert "Predicted against measured" not in page


def test_captions_state_the_goal_and_the_coverage() -> None:
    page = render(content())
    assert "strength: maximize; reach 900 MPa." in page
    assert "strength: 1 of 2 measurements (50 %) lies inside its 90 % interval; 1 to 2 are expected of " in page


def test_sections_of_the_caller_are_on_the_page() -> None:
    page = render(content(), [Section("Against random search", "Ours is in blue.", '<svg id="mine"></svg>')])
    assert '<svg id="mine"></svg>' in page
    assert "Against random search" in page
