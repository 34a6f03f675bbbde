"""Random spaces for tests, and small helpers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import hypothesis.strategies as st

from designer.chemistry.symbols import SYMBOLS
from designer.space import DesignSpace


@st.composite
def numerics(draw: st.DrawFn, name: str = "t") -> dict[str, Any]:
    data = draw(numbers(name))
    low, high = data.get("bounds") or (min(data["values"]), max(data["values"]))
    if not low <= 0 <= high and draw(st.booleans()):
        data["zero_or"] = True
    return data


@st.composite
def numbers(draw: st.DrawFn, name: str = "t") -> dict[str, Any]:
    kind = draw(st.sampled_from(["step", "values", "plain", "log"]))
    low = Decimal(draw(st.integers(-500, 500))).scaleb(draw(st.integers(-3, 1)))
    if kind == "step":
        step = Decimal(draw(st.integers(1, 60))).scaleb(draw(st.integers(-4, 0)))
        high = low + step * draw(st.integers(1, 400))
        return {"name": name, "kind": "numeric", "bounds": [float(low), float(high)], "step": float(step)}
    if kind == "values":
        values = draw(st.lists(st.integers(-1000, 1000), min_size=1, max_size=6, unique=True))
        return {"name": name, "kind": "numeric", "values": [v / 8 for v in values]}
    if kind == "log":
        small = 10.0 ** draw(st.integers(-6, 2))
        return {"name": name, "kind": "numeric", "bounds": [small, small * draw(st.integers(2, 10**6))], "scale": "log"}
    return {"name": name, "kind": "numeric", "bounds": [float(low), float(low) + draw(st.integers(1, 1000))]}


@st.composite
def categoricals(draw: st.DrawFn, name: str = "g") -> dict[str, Any]:
    choices = draw(st.lists(st.text("abcXYZ-()1", min_size=1, max_size=5), min_size=1, max_size=5, unique=True))
    return {"name": name, "kind": "categorical", "choices": choices}


@st.composite
def compositions(draw: st.DrawFn, name: str = "c") -> dict[str, Any]:
    elements = draw(st.lists(st.sampled_from(SYMBOLS[:30]), min_size=2, max_size=6, unique=True))
    unit = draw(st.sampled_from(["fraction", "at.%", "wt.%"]))
    parts = draw(st.sampled_from([4, 5, 10, 20, 100, None]))
    total = 1 if unit == "fraction" else 100
    data: dict[str, Any] = {"name": name, "kind": "composition", "elements": elements, "unit": unit}
    if parts is None:
        return data
    data["step"] = float(Decimal(total) / parts)
    if draw(st.booleans()):
        data["max_nonzero"] = draw(st.integers(1, len(elements)))
    if draw(st.booleans()):
        member = draw(st.sampled_from(elements))
        low = draw(st.integers(0, parts // 2))
        high = draw(st.integers(low, parts))
        step = Decimal(total) / parts
        data["bounds"] = {member: [float(low * step), float(high * step)]}
        data["zero_or"] = True
        if high == 0:
            data.pop("bounds")
    return data


@st.composite
def spaces(draw: st.DrawFn) -> DesignSpace:
    """Draw a space without constraints; compositions that cannot be are left out."""
    from hypothesis import assume

    from designer.errors import InvalidSpace

    makers = draw(st.lists(st.sampled_from([numerics, categoricals, compositions]), min_size=1, max_size=4))
    try:
        return DesignSpace(parameters=[draw(make(f"p{i}")) for i, make in enumerate(makers)])
    except InvalidSpace:
        assume(False)
        raise
