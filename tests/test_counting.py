"""Numbers and nouns agree in messages: a count that may be 1 is written by `designer.counting`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import designer
from designer.counting import agree, count
from tests.structure import syntax_tree

PACKAGE = Path(designer.__file__).parent
CONSTANT = re.compile(r"^_?[A-Z][A-Z_]+$")
AT_LEAST_TWO = {
    "len(different)",
    "len(settings)",
    "len(found)",
    "len(here)",
    "listed",
    "self.replicates",
    "fewest",
    "len(tasks)",
    "columns",
}
"""Numbers that are at least 2 where a message has them."""
FOR_PROGRAMMERS = ("surrogates", "testing.py")
"""Messages about the shapes of arrays."""


def trees() -> dict[Path, ast.Module]:
    """Return the syntax tree of each file of the package."""
    return {path: syntax_tree(path) for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def plurals() -> set[str]:
    """Return the plural of every noun that is counted somewhere."""
    found = set()
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "count":
                words = [word.value for word in node.args[1:] if isinstance(word, ast.Constant)]
                found |= {str(words[-1]) if len(words) == 2 else f"{words[0]!s}s"} if words else set()
    return found


def written_by_hand() -> Iterator[str]:
    nouns = re.compile(rf"^ ({'|'.join(sorted(plurals(), key=len, reverse=True))})\b")
    for path, tree in trees().items():
        if {path.name, path.parent.name} & {*FOR_PROGRAMMERS}:
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.JoinedStr):
                continue
            for value, text in zip(node.values, node.values[1:], strict=False):
                if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant):
                    number = ast.unparse(value.value)
                    if nouns.match(str(text.value)) and not CONSTANT.match(number) and number not in AT_LEAST_TWO:
                        yield f"{path.relative_to(PACKAGE)}:{node.lineno} {{{number}}}{text.value!s}"


def test_numbers_and_nouns_agree() -> None:
    assert count(1, "event") == "1 event"
    assert count(2, "event") == "2 events"
    assert agree(1, "has", "have") == "has"


def test_no_message_writes_a_plural_behind_a_number_that_may_be_one() -> None:
    assert {"experiments", "rows", "faults", "past tasks"} <= plurals()
    assert list(written_by_hand()) == []
