"""Results that nothing foretells, in words: a person has to say whether they are slips."""

from __future__ import annotations

from dataclasses import dataclass

from designer.campaign.wording import amount

FEWEST_RESULTS = 5
"""Results from which one can be told to be unlike the others (see `designer.surrogates.outliers.MOST`)."""


@dataclass(frozen=True)
class Doubt:
    """A result that is not believed as it stands.

    Parameters
    ----------
    value, expected, counts_as
        What was measured, what the other results let be expected, and what models are given in its place, in the
        target's unit.
    """

    measurement: str
    target: str
    unit: str | None
    value: float
    expected: float
    counts_as: float

    def __str__(self) -> str:
        """Say what is doubted, and what would end the doubt.

        >>> print(Doubt("M0007", "yield", "%", 410.0, 38.2, 92.0))
        doubtful: M0007 with yield 410 %, where the other results let 38.2 % be expected; it counts as 92 % until a second measurement, or enough designs beside it, agree. If it is a slip, amend it
        """  # noqa: E501  # one line of output
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"doubtful: {self.measurement} with {self.target} {amount(self.value)}{unit}, where the other results let "
            f"{amount(self.expected)}{unit} be expected; it counts as {amount(self.counts_as)}{unit} until a second "
            "measurement, or enough designs beside it, agree. If it is a slip, amend it"
        )
