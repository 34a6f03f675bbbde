"""What the fields of parameters have in common: names, numbers and bounds, with messages for the bench."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

GRAMMAR_WORDS = frozenset(
    {"and", "or", "not", "in", "if", "then", "forbid", "log10", "ln", "log", "exp", "sqrt", "abs", "min", "max"}
)

MAX_NUMBER = 1e100
"""The largest number of a campaign: squares and products of such numbers are still floats."""

_TOO_LARGE = f"a number beyond {MAX_NUMBER:g} is too large to calculate with; choose a larger unit"


def _number(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, (numbers.Real, Decimal)):
        raise ValueError(f"{given!r} is not a number; give a plain number, without quotes or unit")
    try:
        value = float(given)
    except OverflowError:
        raise ValueError(_TOO_LARGE) from None
    if not math.isfinite(value):
        raise ValueError(f"{given!r} is not finite; give a plain number")
    if abs(value) > MAX_NUMBER:
        raise ValueError(_TOO_LARGE)
    if 0 < abs(value) < 1 / MAX_NUMBER:
        raise ValueError(f"{given!r} is too near to 0 to calculate with; choose a smaller unit")
    # 15 digits are what a float keeps of any decimal text, so this only drops the noise of computed numbers.
    return float(f"{value:.15g}")


def _pair(given: Any) -> Any:
    if not isinstance(given, Sequence) or isinstance(given, (str, bytes)) or len(given) != 2:
        raise ValueError(f"bounds {given!r} are not two numbers; write [lowest, highest]")
    return tuple(given)


def _name(given: str) -> str:
    if not given.isidentifier():
        remedy = "use letters, digits and underscores, and give the lab's spelling as 'column'"
        raise ValueError(f"name {given!r} cannot be used in a constraint; {remedy}")
    if given in GRAMMAR_WORDS:
        raise ValueError(f"name {given!r} is a word of the grammar; choose another name")
    return given


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError(f"{given!r} is not text; put it in quotes: '{given}'")
    if not given.strip() or given != given.strip():
        raise ValueError(f"{given!r} is blank or has blanks around it; write the bare word")
    return given


Number = Annotated[float, BeforeValidator(_number)]
Bounds = Annotated[tuple[Number, Number], BeforeValidator(_pair)]
Name = Annotated[str, BeforeValidator(_text), AfterValidator(_name)]
Text = Annotated[str, BeforeValidator(_text)]


def twice(words: Sequence[Any]) -> list[int]:
    """Return the positions of words that occurred before."""
    seen: set[Any] = set()
    places = []
    for i, word in enumerate(words):
        if word in seen:
            places.append(i)
        seen.add(word)
    return places


def identifier(text: str, taken: set[str], *, reserved: frozenset[str] = GRAMMAR_WORDS) -> str:
    """Return a name made of letters, digits and underscores that is not taken yet, and take it.

    Words of the constraints' grammar (`reserved`) get an underscore behind them: in a constraint they would be
    ambiguous. Targets are in no constraint: their names may be any word.

    >>> identifier("Anneal temp.", set()), identifier("2theta", set()), identifier("if", set()), identifier("T", {"T"})
    ('Anneal_temp', 'p_2theta', 'if_', 'T_2')
    >>> identifier("yield", set()), identifier("max", set(), reserved=frozenset())
    ('yield', 'max')
    """
    letters = "".join(letter if f"a{letter}".isidentifier() else " " for letter in text)
    name = re.sub(r"[ _]+", "_", letters).strip("_") or "column"
    if not name.isidentifier():
        name = f"p_{name}"
    if name in reserved:
        name += "_"
    base, number = name, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    return name
