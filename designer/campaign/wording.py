"""Numbers and designs as text in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from designer.space import ShareParameter

if TYPE_CHECKING:
    from designer.campaign.log.events import Cell
    from designer.objective import Target
    from designer.space import DesignSpace, Parameter


def amount(value: float, span: float | None = None) -> str:
    """Return a value to the second digit of `span` (an uncertainty), or to four digits.

    >>> amount(371.8342, 45.0), amount(0.0123456, 0.0007), amount(12.345678), amount(120000.0)
    ('372', '0.01235', '12.35', '120000')
    """
    if span is not None and span > 0 and math.isfinite(span):
        places = 1 - math.floor(math.log10(span))
        if -6 <= places <= 7:
            return f"{round(value, places) + 0.0:.{max(places, 0)}f}"
    text = f"{value:.4g}"
    return f"{value:.0f}" if "e+" in text and abs(value) < 1e7 else text


def signed(value: float) -> str:
    """Return a change with its sign, to two digits.

    >>> signed(-31.26), signed(0.00456), signed(0.0), signed(2345.0)
    ('-31', '+0.0046', '0', '+2345')
    """
    if value == 0 or not math.isfinite(value):
        return "0"
    text = f"{value:+.2g}"
    return f"{value:+.0f}" if "e+" in text and abs(value) < 1e7 else text


def change(effect: float, target: Target) -> str:
    """Return a change of a prediction, on the model's scale, with the target's unit; of logarithms as a factor.

    >>> from designer.objective import Target
    >>> change(-31.26, Target(name="loss", unit="mV")), change(0.0, Target(name="n"))
    ('-31 mV', '0')
    >>> [change(effect, Target(name="resistivity", unit="ohm*cm", scale="log")) for effect in (0.301, -1.0, 0.0)]
    ['×2', '÷10', '×1']
    """
    if target.is_log:
        factor = 10.0 ** abs(effect)
        return f"{'×' if effect >= 0 else '÷'}{f'{factor:.0f}' if 10 <= factor < 1e7 else f'{factor:.2g}'}"
    return f"{signed(effect)}{f' {target.unit}' if target.unit else ''}"


def percent(share: float) -> str:
    """Return a share in percent; 0 % and 100 % are exact.

    >>> percent(0.634), percent(0.0004), percent(0.9996), percent(0.0), percent(1.0)
    ('63 %', 'below 1 %', 'above 99 %', '0 %', '100 %')
    """
    if 0 < share < 0.005:
        return "below 1 %"
    if 0.995 < share < 1:
        return "above 99 %"
    return f"{100 * share:.0f} %"


def setting_text(parameter: Parameter, design: Mapping[str, Cell]) -> str:
    """Return a design's setting of one parameter with its unit; a dash where the parameter does not exist.

    Members of a composition that are zero are left out.
    """
    values = [design[column] for column in parameter.lab_columns]
    if values[0] is None:
        return "–"
    if isinstance(parameter, ShareParameter):
        shown = [f"{m} {float(v):.6g}" for m, v in zip(parameter.members, values, strict=True) if v]
        text = " ".join(shown)
    else:
        text = values[0] if isinstance(values[0], str) else f"{values[0]:.6g}"
    unit = getattr(parameter, "unit", None)
    return f"{text} {unit}" if unit and unit != "fraction" else text


def design_text(space: DesignSpace, design: Mapping[str, Cell]) -> str:
    """Return a design in one line, in lab units; parameters that do not exist are left out.

    >>> from designer.space import DesignSpace
    >>> space = DesignSpace(parameters=[{"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900]}])
    >>> design_text(space, {"T": 450.0})
    'T 450 degC'
    """
    there = [parameter for parameter in space.parameters if design[parameter.lab_columns[0]] is not None]
    return ", ".join(f"{parameter.name} {setting_text(parameter, design)}" for parameter in there)
