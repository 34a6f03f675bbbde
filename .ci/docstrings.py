"""Griffe extension: reads this project's docstrings, which are close to numpydoc, as numpydoc.

Three habits differ: "Returns" holds sentences without a type (the signature has it), sentences may follow the sections,
and examples stand at the end without a header.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_ITEMS = {"Parameters", "Other Parameters", "Attributes", "Raises", "Warns", "Returns", "Yields"}
_DASHES = re.compile(r"-{3,}")
_ROLE = re.compile(r":(?:class|func|meth|mod|attr|exc|data):(?=`)")


def numpydoc(text: str) -> str:
    """Return a docstring in the form that griffe's parser of numpydoc reads.

    >>> print(numpydoc("Return the sum.\\n\\nReturns\\n-------\\nA number.\\n\\nIt is exact.\\n\\n>>> 1 + 1\\n2"))
    Return the sum.
    <BLANKLINE>
    Returns
    -------
    :
        A number.
    <BLANKLINE>
    Notes
    -----
    It is exact.
    <BLANKLINE>
    Examples
    --------
    >>> 1 + 1
    2
    """
    section, found = "", []
    for paragraph in re.split(r"\n\s*\n", _ROLE.sub("", text).strip("\n")):
        lines = paragraph.split("\n")
        if len(lines) > 1 and _DASHES.fullmatch(lines[1].strip()):
            section = lines[0].strip()
            if section in ("Returns", "Yields") and not _is_item(lines[2:]):
                lines = [*lines[:2], ":", *("    " + line for line in lines[2:])]
        elif lines[0].startswith(">>>"):
            if section != "Examples":
                lines = ["Examples", "--------", *lines]
            section = "Examples"
        elif section in _ITEMS and lines[0] and not lines[0].startswith(" ") and not _is_item(lines):
            lines = ["Notes", "-----", *lines]
            section = "Notes"
        found.append("\n".join(lines))
    return "\n\n".join(found)


def _is_item(lines: list[str]) -> bool:
    return len(lines) > 1 and lines[1].startswith("    ")


class Numpydoc(griffe.Extension):
    """Rewrite every docstring before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = numpydoc(obj.docstring.value)
