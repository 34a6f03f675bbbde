"""Constraints over the parameters of a space, written as text and checked on arrays of designs."""

from __future__ import annotations

from designer.documents import Value


class Constraint(Value):
    """One condition that every design must satisfy."""

    text: str
