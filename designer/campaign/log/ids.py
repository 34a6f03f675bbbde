"""The ids of suggestions, measurements and comparisons: ``S0001``, ``M0001``, ``C0001``."""

from __future__ import annotations

from typing import Any

_SUGGESTION, _MEASUREMENT, _COMPARISON = "S", "M", "C"


def suggestion_id(number: int) -> str:
    """Return the id of the `number`-th suggestion.

    >>> suggestion_id(7), suggestion_id(12345)
    ('S0007', 'S12345')
    """
    return f"{_SUGGESTION}{number:04d}"


def measurement_id(number: int) -> str:
    """Return the id of the `number`-th measurement."""
    return f"{_MEASUREMENT}{number:04d}"


def comparison_id(number: int) -> str:
    """Return the id of the `number`-th comparison."""
    return f"{_COMPARISON}{number:04d}"


def names_comparison(subject: Any) -> bool:
    """Whether an id is that of a comparison.

    >>> names_comparison("C0003"), names_comparison("S0003")
    (True, False)
    """
    text = str(subject)
    return text[:1] == _COMPARISON and text[1:].isdigit()


def names_measurement(subject: Any) -> bool:
    """Whether an id is that of a measurement, and not that of a suggestion.

    >>> names_measurement("M0003"), names_measurement("S0003")
    (True, False)
    """
    return str(subject).startswith(_MEASUREMENT)


def is_suggestion_id(name: Any) -> bool:
    """Whether a name has the form of a suggestion's id.

    >>> is_suggestion_id("S0003"), is_suggestion_id("Sn")
    (True, False)
    """
    text = str(name)
    return text[:1] == _SUGGESTION and text[1:].isdigit()
