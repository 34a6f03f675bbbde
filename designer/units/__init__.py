"""Units of measurement: quantities converted into a parameter's or target's own unit.

`grammar` reads what a person types, `vocabulary` says what each symbol means, `conversion` asks pint for factors, and
`quantities` reads cells and headers. A text that is no unit (``a.u.``, ``HRC``) is a label: it equals itself and
converts to nothing else. `docs/units-and-formulas.md` tells what is understood and what is refused.
"""

from designer.units.conversion import (
    convert,
    convert_difference,
    convert_many,
    convertible,
    dimensionality,
    label_reason,
    other_meaning,
    same_unit,
)
from designer.units.quantities import (
    MAX_QUANTITY,
    number_and_unit,
    parse_quantity,
    shortened,
    split_header,
    split_quantity,
    with_unit,
)

__all__ = [
    "MAX_QUANTITY", "convert", "convert_difference", "convert_many", "convertible", "dimensionality", "label_reason",
    "number_and_unit", "other_meaning", "parse_quantity", "same_unit", "shortened", "split_header", "split_quantity",
    "with_unit",
]  # fmt: skip
