"""Numbers as people type them: what has one meaning is rewritten in plain characters, what has none is explained.

A typographic minus, a blank that does not break, `5.0×10⁻³` and `1,234.5` have one meaning each. `1,234` has two, a
limit or a range is no value, and `n.d.` is none: those are not read as numbers, and `unreadable` says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

MAX_TYPED = 200
"""Characters of a text that is looked at; longer ones are remarks."""
MISSING = frozenset(
    ["-", "--", "---", "–", "—", "−", "?", "na", "n/a", "n.a.", "nd", "n.d.", "n.m.", "nm.", "none", "null", "missing",
     "tbd", "not measured", "not determined", "not available", "not applicable"]
)  # fmt: skip
"""Texts (in small letters) that mean that there is no value."""
CURRENCIES = frozenset({"USD", "EUR", "GBP", "JPY", "CHF", "CNY"})

_MINUS = str.maketrans(dict.fromkeys("−‒–﹣－", "-"))
_BLANKS = re.compile("[\u00a0\u2000-\u200b\u202f\u205f\u3000]")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_SIGNED = re.compile(r"^[−‒–﹣－](?=[\d.])")
_POWER = re.compile(
    r"^([-+]?\d+(?:\.\d+)?)\s*[×xX·⋅*]\s*10\s*(?:\^\s*\(?([-+−‒–]?\d{1,3})\)?|([-+−‒–]\d{1,3})|([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))(?!\d)"
)
_EXPONENT = re.compile(r"^([-+]?\d+(?:[.,]\d+)?[eE])[−‒–](?=\d)")
_THOUSANDS = (
    re.compile(r"^[-+]?\d{1,3}(?:,\d{3})+(?=\.\d)"),  # 1,234.5
    re.compile(r"^[-+]?\d{1,3}(?:,\d{3}){2,}(?![\d.,])"),  # 1,234,567
    re.compile(r"^[-+]?\d{1,3}(?:['’]\d{3})+(?!\d)"),  # 1'234.5
)
_EUROPEAN = re.compile(r"^([-+]?\d{1,3}(?:\.\d{3})+),(\d+)(?![\d.,])|^([-+]?\d{1,3}(?:\.\d{3}){2,})(?![\d.,])")

Kind = Literal["missing", "error", "date", "limit", "tolerance", "about", "range", "ambiguous", "comma"]
_NUMBER = r"[-+]?(?:\d+[.,]?\d*|\.\d+)(?:[eE][-+]?\d+)?"


_SIMPLE = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?[A-Za-z%/. ]*$", re.ASCII)
"""What has nothing that must be rewritten or explained: most cells."""


def is_simple(text: str) -> bool:
    """Whether a text is a number in plain characters with at most a unit of letters behind it.

    >>> is_simple("12.5 mV"), is_simple("5e-3"), is_simple("5 to 7"), is_simple("−5")
    (True, True, False, False)
    """
    return len(text) <= MAX_TYPED and _SIMPLE.match(text) is not None


def plain_text(text: str) -> str:
    """Return a quantity with its number in plain characters, unchanged where it is not clear what is meant.

    >>> [plain_text(text) for text in ("−80", "1,234.5 mV", "5.0×10⁻³ mol/L", "5e−3", "1'000")]
    ['-80', '1234.5 mV', '5.0e-3 mol/L', '5e-3', '1000']
    >>> [plain_text(text) for text in ("1,234", "12,5", "5-7", "warm")]
    ['1,234', '12,5', '5-7', 'warm']
    """
    text = _BLANKS.sub(" ", text[: 2 * MAX_TYPED]).strip() if len(text) <= 2 * MAX_TYPED else text.strip()
    if len(text) > MAX_TYPED:
        return text
    text = _SIGNED.sub("-", text)
    text = _EXPONENT.sub(r"\1-", text)
    if power := _POWER.match(text):
        exponent = (power[2] or power[3] or power[4]).translate(_MINUS).translate(_SUPERSCRIPTS)
        text = f"{power[1]}e{exponent}{text[power.end() :]}"
    for pattern in _THOUSANDS:
        if match := pattern.match(text):
            return re.sub("[,'’]", "", match[0]) + text[match.end() :]
    if match := _EUROPEAN.match(text):
        number = f"{match[1].replace('.', '')}.{match[2]}" if match[1] else match[3].replace(".", "")
        return number + text[match.end() :]
    return text


@dataclass(frozen=True)
class Unreadable:
    """Why a text is no number: its kind, the reason as the end of a sentence, and what to write instead."""

    kind: Kind
    why: str
    remedy: str


def unreadable(text: str) -> Unreadable | None:
    """Return why a text that looks like a number is none; None where it is one, or does not look like one.

    >>> [found.kind for text in ("n.d.", "<0.1", "5 ± 0.3", "1,234", "2026-05-03") if (found := unreadable(text))]
    ['missing', 'limit', 'tolerance', 'ambiguous', 'date']
    >>> unreadable("12,5 mV").remedy, unreadable("12.5 mV")
    ('write a decimal point, not a comma, and no separators of thousands: 12.5', None)
    """
    text = plain_text(text)
    if len(text) > MAX_TYPED:
        return None
    if text.casefold() in MISSING:
        return Unreadable("missing", "means that there is no value", "leave the cell empty")
    for kind, pattern, why, remedy in _REASONS:
        if match := pattern.match(text):
            return Unreadable(kind, why.format(*match.groups()), remedy.format(*match.groups()))
    return None


_REASONS: tuple[tuple[Kind, re.Pattern[str], str, str], ...] = (
    (
        "error",
        re.compile(r"^#(?:N/A|NAME\?|[A-Z0-9/]+[!?])$", re.IGNORECASE),
        "is an error of the spreadsheet",
        "correct the formula, or leave the cell empty",
    ),
    (
        "date",
        re.compile(
            r"^(?:\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"
            r"|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,3}:\d\d(?::\d\d)?)$"
        ),
        "is a date or a time",
        "format the cell as a number or as text, and type the number again",
    ),
    (
        "limit",
        re.compile(r"^(?:<|>|≤|≥|&lt;|&gt;)=?\s*[-+]?\.?\d"),
        "is a limit and no value",
        "give the value that was read, or leave the cell empty",
    ),
    (
        "tolerance",
        re.compile(rf"^({_NUMBER})\s*(?:±|\+/-|\+-|\\pm)\s*({_NUMBER})"),
        "is a number with a tolerance",
        "write {0}, and the error {1} into a column of its own (the target's name with _sem)",
    ),
    (
        "tolerance",
        re.compile(r"^([-+]?\d+(?:\.\d+)?)\(\d+\)"),
        "is a number with the error of its last digit",
        "write {0}",
    ),
    (
        "about",
        re.compile(rf"^(?:≈|~|∼|ca\.?|approx\.?|about)\s*({_NUMBER})", re.IGNORECASE),
        "is a number with a word before it",
        "write {0}",
    ),
    (
        "range",
        re.compile(rf"^{_NUMBER}\s*(?:-|–|—|to|bis|\.\.\.?|…)\s*{_NUMBER}(?:\s*\D.*)?$"),
        "is a range of values",
        "give one number",
    ),
    (
        "ambiguous",
        re.compile(r"^([-+]?[1-9]\d{0,2}),(\d{3})(?![\d.,])"),
        "is {0}{1} or {0}.{1}",
        "write {0}{1} or {0}.{1}",
    ),
    (
        "comma",
        re.compile(r"^([-+]?\d+),(\d+(?:[eE][-+]?\d+)?)(?![\d.,])"),
        "is not a number",
        "write a decimal point, not a comma, and no separators of thousands: {0}.{1}",
    ),
)
