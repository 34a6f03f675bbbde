"""What a name in a constraint stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

Properties = Callable[[str], tuple[Fraction | None, ...]]
"""Returns the property of that name of each word of a vocabulary; raises `InvalidInput` where there is none."""


@dataclass(frozen=True)
class Reference:
    """One coordinate of a design, as constraints may use it.

    Parameters
    ----------
    index
        The coordinate.
    choices
        The words that its whole numbers stand for; None for a number.
    continuous
        Whether any value between its bounds is a setting, so that ``==`` would never hold.
    settings
        Of a parameter that is a single number and is chosen: how many settings it has, 0 where they are not counted;
        None of others.
    unusable
        Why constraints cannot calculate with it, in words behind its name; None where they can.
    properties
        Of a vocabulary of formulas or molecules: their properties by name, with which constraints can calculate
        (``product.price``).
    examples
        Names of such properties, for messages.
    """

    index: int
    choices: tuple[str, ...] | None = None
    continuous: bool = False
    unusable: str | None = None
    settings: int | None = None
    properties: Properties | None = field(default=None, compare=False, repr=False)
    examples: tuple[str, ...] = ()

    def at(self, index: int) -> Reference:
        """Return the same reference to another coordinate."""
        return replace(self, index=index)
