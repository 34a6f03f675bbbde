"""What a name in a constraint stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace


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
    """

    index: int
    choices: tuple[str, ...] | None = None
    continuous: bool = False
    unusable: str | None = None
    settings: int | None = None

    def at(self, index: int) -> Reference:
        """Return the same reference to another coordinate."""
        return replace(self, index=index)
