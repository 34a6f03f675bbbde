"""Number formats of spreadsheet cells: what a person sees of a stored number.

A cell that holds 0.55 in the format ``0%`` shows 55%, one that holds 45000 in a date's format shows a date, and one
with the format ``0.0" mV"`` shows its unit. The digits are those stored, to 15 significant ones as Excel shows them at
most; a format that rounds does not round here.

References
----------
ECMA-376, Office Open XML File Formats, part 1, 18.8.30 (numFmt): built-in formats and the grammar of format codes.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

MAX_CODE = 255
"""Characters of a format code that Excel allows; a longer one is taken for General."""
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_PERCENT = {9: "0%", 10: "0.00%"}
_DATES = {14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm",
          21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0"}  # fmt: skip
_DATES |= dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd")  # East Asian dates
BUILT_IN = _PERCENT | _DATES
"""Codes of the built-in formats that change what is seen; all others show the number itself."""
_CURRENCY = re.compile(r"[$€£¥]|\b(?:USD|EUR|GBP|JPY|CHF|CNY)\b")
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?:.)|\*(?:.)|\[(?P<bracket>[^\]]*)\]|(?P<other>.)', re.DOTALL
)
_ELAPSED = re.compile(r"^[hms]+$", re.IGNORECASE)
_MAX_DATE = 2_958_465.99999  # 9999-12-31


@dataclass(frozen=True)
class Section:
    """One section of a format code.

    Parameters
    ----------
    kind
        Whether it shows a number, a date or a time, its own text alone, or nothing.
    percent
        How many percent signs it has; each shows a hundred times the number.
    thousands
        How many thousands it divides by.
    before, after
        The text that it shows around the number, without currency signs.
    currency
        The ISO code of its currency, if it has one.
    condition
        How a number compares with a limit where the section shows it, such as ``[>=1000]``.
    """

    kind: Literal["number", "date", "text", "nothing"] = "number"
    percent: int = 0
    thousands: int = 0
    before: str = ""
    after: str = ""
    currency: str | None = None
    condition: tuple[str, float] | None = None

    def holds(self, number: float) -> bool | None:
        """Whether the section's own condition holds for a number; None where it has none."""
        return None if self.condition is None else _COMPARED[self.condition[0]](number, self.condition[1])


GENERAL = Section()
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?\d{1,15}(?:\.\d{1,15})?)")


@lru_cache(maxsize=1024)
def sections(code: str) -> tuple[Section, ...]:
    """Return the sections of a format code: for all numbers, or for positive, negative and zero.

    >>> sections("0.0%")[0].percent, sections("yyyy-mm-dd")[0].kind, sections('0" mV"')[0].after
    (1, 'date', 'mV')
    """
    if not code or len(code) > MAX_CODE:
        return (GENERAL,)
    parts: list[list[tuple[str, str]]] = [[]]
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or ""
        if kind == "other" and match["other"] == ";":
            parts.append([])
        elif kind:
            parts[-1].append((kind, match[kind]))
    return tuple(replace(_section(part), condition=_condition(part)) for part in parts[:3])


def _condition(tokens: list[tuple[str, str]]) -> tuple[str, float] | None:
    """Return the condition of a section, as ``[>=1000]``."""
    found = (_CONDITION.fullmatch(text) for kind, text in tokens if kind == "bracket")
    return next(((match[1], float(match[2])) for match in found if match), None)


def _section_of(number: float, parts: tuple[Section, ...]) -> Section:
    """Return the section that shows a number: the first whose condition holds, else the last.

    Without conditions they are those of positive, of negative numbers and of zero.
    """
    defaults = (number > 0 or len(parts) == 1 or (number == 0 and len(parts) == 2), number < 0, True)
    if parts[0].condition is not None and len(parts) == 2:
        defaults = (False, True, True)
    for part, default in zip(parts, defaults, strict=False):
        holds = part.holds(number)
        if default if holds is None else holds:
            return part
    return parts[-1]


def _section(tokens: list[tuple[str, str]]) -> Section:
    if not tokens:
        return Section("nothing")
    bare = "".join(text for kind, text in tokens if kind == "other")
    brackets = [text for kind, text in tokens if kind == "bracket"]
    if any(_ELAPSED.match(text) for text in brackets) or re.search("[ymdhs]", bare, re.IGNORECASE):
        return Section("date")
    first, last = _digits(tokens, bare)
    if last < first:
        text = _text(tokens).strip()
        return Section("text" if text else "nothing", before=text)
    before, after = tokens[:first], tokens[last + 1 :]
    thousands = 0
    while after and after[0] == ("other", ","):
        after, thousands = after[1:], thousands + 1
    percent = sum(token == ("other", "%") for token in tokens)
    currency = _currency(brackets, _text(before) + " " + _text(after))
    signed = re.sub(r"[%()+\-]", "", _text(before))
    return Section("number", percent, thousands, _without_currency(signed), _without_currency(_text(after)), currency)


def _digits(tokens: list[tuple[str, str]], bare: str) -> tuple[int, int]:
    """Return the first and the last token that shows the digits; the last before the first where none does."""
    digits = "0#?123456789" if re.search(r"[0#?]/\d", bare) else "0#?"
    if start := re.search("General|@", bare):
        others = [i for i, (kind, _) in enumerate(tokens) if kind == "other"]
        return others[start.start()], others[start.end() - 1]
    places = [i for i, (kind, text) in enumerate(tokens) if kind == "other" and text in digits]
    return (places[0], places[-1]) if places else (0, -1)


def _text(tokens: list[tuple[str, str]]) -> str:
    return "".join(text for kind, text in tokens if kind in ("quoted", "escaped", "other"))


def _without_currency(text: str) -> str:
    return _CURRENCY.sub("", text).strip().removesuffix(")").strip()


def _currency(brackets: list[str], text: str) -> str | None:
    for bracket in brackets:
        if bracket.startswith("$"):  # [$€-407] is a sign and a locale, [$-409] a locale alone
            sign = bracket[1:].partition("-")[0].strip()
            if sign:
                return _CURRENCIES.get(sign, sign)
    match = _CURRENCY.search(text)
    return _CURRENCIES.get(match[0], match[0]) if match else None


def shown(number: float, code: str, *, from_1904: bool = False) -> int | float | str | None:
    """Return what a person sees of a stored number: a number, or text with what its format adds; None for nothing.

    Parameters
    ----------
    from_1904
        Whether the days of dates are counted from 1904-01-01.

    Examples
    --------
    >>> shown(0.55, "0%"), shown(0.30000000000000004, "General"), shown(45000.0, "dd/mm/yyyy"), shown(5.0, '0.0" mV"')
    ('55 %', 0.3, '2023-03-15', '5 mV')
    >>> shown(5200.0, '#,##0.0,'), shown(12.5, "#,##0.00 [$€-407]"), shown(-2.0, "0.0;(0.0)"), shown(3.0, ";;;")
    (5.2, '12.5 EUR', -2, None)
    """
    one = _section_of(number, sections(code))
    if one.kind == "nothing":
        return None
    if one.kind == "text":
        return one.before
    if one.kind == "date":
        return _date(number, from_1904=from_1904)
    scaled = Decimal(repr(number)).scaleb(2 * one.percent - 3 * one.thousands)
    value = float(f"{scaled:.15g}")
    value = value if math.isfinite(value) else number
    plain: int | float = int(value) if value.is_integer() and abs(value) < 1e15 else value
    after = "%" if one.percent else one.after
    if not (one.before or after or one.currency):
        return plain
    text = f"{one.before}{plain!r}"
    return f"{text} {after or one.currency}" if after or one.currency else text


def _date(number: float, *, from_1904: bool) -> str:
    if not 0 <= number <= _MAX_DATE:
        return f"{number:g} (shown as a date)"
    seconds = round((number % 1) * 86_400)
    time = f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if number < 1:
        return time
    # Excel counts 1900-02-29, which there was not: before it, its days are one ahead.
    origin = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 31 if number < 60 else 30)
    try:
        day = (origin + timedelta(days=int(number), seconds=seconds)).isoformat(sep=" ")
    except OverflowError:
        return f"{number:g} (shown as a date)"
    return day.removesuffix(" 00:00:00")
