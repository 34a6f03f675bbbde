"""Results that may be wrong, in words: a person has to say whether they are slips."""

from __future__ import annotations

from dataclasses import dataclass

from designer.campaign.wording import amount

MIN_RESULTS_TO_FLAG = 5
"""Results from which one can be told to be unlike the others: what `designer.surrogates.robust.outlier_search.MOST` and
`designer.surrogates.robust.decimal_slips.FEWEST` come to, said here without loading them."""

_TIMES = {
    10.0: "ten times as much", 100.0: "a hundred times as much", 1000.0: "a thousand times as much",
    0.1: "a tenth of it", 0.01: "a hundredth of it", 0.001: "a thousandth of it",
}  # fmt: skip


@dataclass(frozen=True)
class FlaggedResult:
    """A result that nothing foretells.

    Parameters
    ----------
    value, expected, counts_as
        What was measured, what the other results let be expected, and what models are given in its place, in the
        target's unit.
    fits
        How many times the value would fit, where it is believed as it stands but may be a slip of the decimal point.
    """

    measurement: str
    target: str
    unit: str | None
    value: float
    expected: float
    counts_as: float
    fits: float | None = None

    def __str__(self) -> str:
        """Say what is doubted, and what would end the doubt.

        >>> print(FlaggedResult("M0007", "yield", "%", 410.0, 38.2, 92.0))
        doubtful: M0007 with yield 410 %, where the other results let 38.2 % be expected; it counts as 92 % until a second measurement, or enough designs beside it, agree. If it is a slip, amend it
        >>> print(FlaggedResult("M0007", "yield", "%", 4.1, 38.2, 4.1, fits=10.0))
        perhaps a slip: M0007 with yield 4.1 %, where the other results let 38.2 % be expected: ten times as much would fit. It counts as it stands; if it is a slip, amend it
        """  # noqa: E501  # one line of output
        unit = f" {self.unit}" if self.unit else ""
        made = (
            f"{self.measurement} with {self.target} {amount(self.value)}{unit}, where the other results let "
            f"{amount(self.expected)}{unit} be expected"
        )
        if self.fits is not None:
            times = _TIMES[self.fits]
            return f"perhaps a slip: {made}: {times} would fit. It counts as it stands; if it is a slip, amend it"
        return (
            f"doubtful: {made}; it counts as {amount(self.counts_as)}{unit} until a second measurement, or enough "
            "designs beside it, agree. If it is a slip, amend it"
        )
