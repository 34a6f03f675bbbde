"""The field's words: names and sentences of the program use none of the private words that it once had."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PLACES = ("designer", "benchmarks", "tests", "docs", "campaigns", "notebooks", "README.md", "CONTRIBUTING.md")
ENDINGS = {".py", ".md", ".yaml", ".toml", ".html", ".js", ".css", ".ipynb"}
SKIPPED = ("docs/images", "benchmarks/results", "tests/golden", "tests/test_words.py")


class Rule(NamedTuple):
    """A private word (a regular expression), what stands instead, and a text that the expression finds."""

    name: str
    pattern: str
    instead: str
    sample: str


RULES = (
    Rule(
        "foretell",
        r"(?:\b|_)(?:un)?fore(?:tell|told|know|sight)",
        "predict, predicted, leave-one-out prediction",
        "it foretold",
    ),
    Rule(
        "lay-aside",
        r"\b(?:lay|laid|left|leav\w+|put|set)[ _]aside\b|laying_aside",
        "left out, excluded, flagged as outlier",
        "was laid aside",
    ),
    Rule("turns", r"\bin[ _]turns\b|\bwithout[- ]turns\b|\bguard\.turns\b", "interleaving", "in_turns(a, b)"),
    Rule("trust", r"\bTrust\b(?!ed)|learn_trust|\bExtra\b\(", "TransferHyperpriors, KernelTerm", "Trust(0.5)"),
    Rule("plain", r"\bplain (?:model|process|method)\b", "baseline model", "the plain model"),
    Rule(
        "knowing",
        r"\bKnowing\b|knowing_nothing|\bKnowledge\b(?! Discovery)",
        "PriorMean, zero_mean, CampaignPosterior",
        "knowing_nothing",
    ),
    Rule("either-way", r"\beither_way\b|\bboth_ways\b", "mix_by_evidence, fit_both_signs", "either_way"),
    Rule(
        "situation",
        r"\bSituation\b|\bJudged\b|\b_Asked\b",
        "AcquisitionContext, OutlierCandidate, _Proposer",
        "a Situation",
    ),
    Rule("most", r"\b_?(?:MOST|LEAST|FEWEST)(?:_|\b)", "MAX_ or MIN_ with the thing or the unit", "_MOST_ROWS = 3"),
    Rule("--most", r"--most\b", "--max-experiments, --max-tasks", "run --most 3"),
    Rule("house", r"\b[Hh]ouses?\b|\b[Rr]ooms?\b(?! temperature)", "package, module, layer, project", "the rooms of"),
    Rule("drawn-in", r"\bdrawn in\b(?! \[)|\bdrawn to the edge", "winsorised, down-weighted", "a value drawn in"),
    Rule("doubt", r"(?:\b|_)(?:un)?doubt", "flagged as outlier, questionable", "is doubtful"),
    Rule("told", r"(?:\b|_)told(?:\b|_)", "conditioned on, reported, stated, informed", "was told"),
    Rule("lean", r"\blean(?:s|ed|ing)?\b", "weight of a source, uses", "leans on"),
    # A belief is an expert's (the key `beliefs`, the word of the literature), never a posterior.
    Rule("believe", r"(?:\b|_)(?:(?:[Dd]is|[Uu]n)[Bb]elie[fv]|[Bb]eliev)", "posterior, prediction", "is believed"),
    Rule("hope", r"\b[Hh]op(?:es?|ed|ing)\b", "expected improvement, probability of improvement", "is hoped for"),
    Rule("teach", r"\b[Tt]each|\btaught\b", "is informative about, source", "two teachers"),
    Rule("crew", r"\b[Cc]rew\b|\b[Ss]helf\b|\b[Ww]ish(?:es)?\b", "workers, cache, requests", "a Crew"),
    Rule("said", r"\bsaid\b", "the name of the thing: answer, report, stated", "said = Report()"),
    Rule(
        "unasked",
        r"\bunasked\b|\bnobody\b|\bwherefore\b|\bof the very\b|\bas it stands\b",
        "plain English",
        "unasked results",
    ),
)
OLD_MODULES = {
    "foretelling", "laying_aside", "widening", "bearing", "turns", "plain", "kept", "standing", "origin", "foresight",
    "choosing", "crew", "shelf", "wishes", "looks", "place",
}  # fmt: skip

# What keeps its name although it matches: titles of papers, and names of files and fields that version 0.1 had.
QUOTED = re.compile(
    r"\"teacher\.|correlated normal beliefs|believer|getpwnam\(\"nobody\"\)"
    r"|[\"`]doubt(?:s|ed)[\"`]|\"--most\"|--most \d\"|and --most are the same"
)


def texts() -> Iterator[tuple[str, int, str]]:
    """Go through all lines that are searched: the file, the line's number and the line."""
    for place in PLACES:
        top = ROOT / place
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in ENDINGS and not name.startswith(SKIPPED) and path.is_file():
                lines = notebook_lines(path) if path.suffix == ".ipynb" else path.read_text("utf-8").splitlines()
                for number, line in enumerate(lines, start=1):
                    yield name, number, QUOTED.sub("", line)


def notebook_lines(path: Path) -> list[str]:
    """Return what a reader of a notebook sees as text: cells and their outputs, without pictures."""
    lines: list[str] = []
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        lines += "".join(cell["source"]).splitlines()
        for output in cell.get("outputs", ()):
            text = output.get("text") or output.get("data", {}).get("text/plain", ())
            lines += "".join(text).splitlines()
    return lines


@pytest.fixture(scope="module")
def lines() -> list[tuple[str, int, str]]:
    return list(texts())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_private_words_are_gone(rule: Rule, lines: list[tuple[str, int, str]]) -> None:
    pattern = re.compile(rule.pattern)
    found = [f"{name}:{number}: {line.strip()[:120]}" for name, number, line in lines if pattern.search(line)]
    assert not found, f"write instead: {rule.instead}\n" + "\n".join(found)


def test_no_module_has_an_old_name() -> None:
    names = [
        path.relative_to(ROOT).as_posix() for path in (ROOT / "designer").rglob("*.py") if path.stem in OLD_MODULES
    ]
    assert names == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_finds_its_word(rule: Rule) -> None:
    assert re.search(rule.pattern, rule.sample)
