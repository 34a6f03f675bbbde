"""Results flagged as outliers or as possible slips: a person decides whether they are wrong."""

from __future__ import annotations

from dataclasses import dataclass

from designer.campaign.wording import amount

MIN_RESULTS_TO_FLAG = 5
"""The smallest number of results among which one can be flagged: it follows from the limits in
`designer.surrogates.robust.outlier_search` and `designer.surrogates.robust.decimal_slips`, which load torch."""

_TIMES = {
    10.0: "ten times the value", 100.0: "a hundred times the value", 1000.0: "a thousand times the value",
    0.1: "a tenth of the value", 0.01: "a hundredth of the value", 0.001: "a thousandth of the value",
}  # fmt: skip


@dataclass(frozen=True)
class FlaggedResult:
    """A result flagged as an outlier, or as a possible slip of the decimal point.

    Parameters
    ----------
    value, expected, counts_as
        The measured value, the prediction from the other results, and the value that models use instead, in the
        target's unit.
    fits
        The power of ten by which the value would agree with the prediction, if it may be a slip of the decimal point;
        models then use the value unchanged. None for an outlier.
    discovery
        Whether the outlier is better than all other results: it keeps its value.
    contradicts
        Another measurement of the same design, with the value `expected`, that lies further away than noise explains.
    forbidden
        Whether the space forbids the design now, so that it cannot be measured again.
    """

    measurement: str
    target: str
    unit: str | None
    value: float
    expected: float
    counts_as: float
    fits: float | None = None
    discovery: bool = False
    contradicts: str | None = None
    forbidden: bool = False

    def __str__(self) -> str:
        """Return what is unusual about the result, and what to do.

        >>> print(FlaggedResult("M0007", "yield", "%", 410.0, 38.2, 92.0))
        M0007 (yield 410 %) is far above what the other results predict (38.2 %). Until a second measurement, or results of similar designs, confirm it, models use 92 % instead. Measure it again, or amend it if it is a slip.
        >>> print(FlaggedResult("M0007", "yield", "%", 4.1, 38.2, 4.1, fits=10.0))
        M0007 (yield 4.1 %) may be a slip of the decimal point: the other results predict 38.2 %, and ten times the value would agree. Models use it unchanged. Amend it if it is a slip.
        >>> print(FlaggedResult("M0012", "yield", "%", 157.0, 7.6, 157.0, discovery=True))
        M0012 (yield 157 %) is better than all other results and far from what they predict (7.6 %). If it is real, it is a discovery: measure it again. Until then suggestions consider both that it is real and that it is a slip. Amend it if it is a slip.
        >>> print(FlaggedResult("M0003", "yield", "%", 127.0, 1.63, 127.0, contradicts="M0009"))
        M0003 and M0009 are measurements of one design and contradict each other: yield 127 % and 1.63 %. Measure it again, or amend the one that is wrong.
        >>> print(FlaggedResult("M0002", "yield", "%", 410.0, 38.2, 92.0, forbidden=True))
        M0002 (yield 410 %) is far above what the other results predict (38.2 %). Its design is forbidden now: models use 92 % instead. Amend it if it is a slip.
        """  # noqa: E501  # one line of output
        unit = f" {self.unit}" if self.unit else ""
        if self.contradicts is not None:
            return (
                f"{self.measurement} and {self.contradicts} are measurements of one design and contradict each other: "
                f"{self.target} {amount(self.value)}{unit} and {amount(self.expected)}{unit}. "
                f"{'Amend' if self.forbidden else 'Measure it again, or amend'} the one that is wrong."
            )
        result = f"{self.measurement} ({self.target} {amount(self.value)}{unit})"
        if self.fits is not None:
            return (
                f"{result} may be a slip of the decimal point: the other results predict "
                f"{amount(self.expected)}{unit}, and {_TIMES[self.fits]} would agree. Models use it unchanged. "
                "Amend it if it is a slip."
            )
        if self.discovery:
            return (
                f"{result} is better than all other results and far from what they predict ({amount(self.expected)}"
                f"{unit}). If it is real, it is a discovery: measure it again. Until then suggestions consider both "
                "that it is real and that it is a slip. Amend it if it is a slip."
            )
        side = "above" if self.value > self.expected else "below"
        if self.forbidden:
            return (
                f"{result} is far {side} what the other results predict ({amount(self.expected)}{unit}). Its design is "
                f"forbidden now: models use {amount(self.counts_as)}{unit} instead. Amend it if it is a slip."
            )
        return (
            f"{result} is far {side} what the other results predict ({amount(self.expected)}{unit}). Until a second "
            f"measurement, or results of similar designs, confirm it, models use {amount(self.counts_as)}{unit} "
            "instead. Measure it again, or amend it if it is a slip."
        )
