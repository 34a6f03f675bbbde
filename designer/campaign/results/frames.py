"""The content of a campaign as tables in lab units."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from designer.arrays import FloatArray
from designer.campaign.log.events import Event, Seen, to_json
from designer.campaign.log.state import CampaignState, Suggestion
from designer.campaign.results.further_cells import COST
from designer.campaign.results.results_table import NOISE
from designer.objective import Target
from designer.observations.curves.curve import Curve
from designer.observations.observation import FAILED
from designer.space import DesignSpace
from designer.units.limits import SIDES, Side

if TYPE_CHECKING:
    import pandas as pd


ABOVE, SIDE = "_above", "_side"
"""Endings of the columns of predictions of a boundary: the probability to lie above it, and the side in a word."""

Z95 = 1.96
"""Standard deviations either way of the central 95 % interval of a normal distribution."""


def reading_cell(value: float | None, side: Side | None) -> float | str | None:
    """Return a value as a cell of a table: a limit as the text that is read as one.

    >>> reading_cell(0.5, None), reading_cell(0.01, "<"), reading_cell(1e6, ">")
    (0.5, '<0.01', '>1000000.0')
    """
    return value if side is None or value is None else f"{side}{float(value)!r}"


def result_cells(
    targets: Sequence[Target], values: Iterable[float | None], sides: Iterable[Side | None]
) -> dict[str, Any]:
    """Return the cells of results by target: ``made`` where they are compared and have no number."""
    return {
        target.name: result_cell(target, value, side)
        for target, value, side in zip(targets, values, sides, strict=True)
    }


def result_cell(target: Target, value: float | None, side: Side | None) -> float | str | None:
    """Return a result as a cell of a table.

    >>> look = Target(name="look", goal="prefer")
    >>> result_cell(look, 1.0, None), result_cell(look, None, None), result_cell(Target(name="y"), 0.5, "<")
    ('made', None, '<0.5')
    """
    if target.is_preference:
        return "made" if value is not None and value == value else None
    return reading_cell(value, side)


def observed_cell(seen: Seen) -> float | str:
    """Return an observation as a cell of a table.

    >>> observed_cell(None), observed_cell(310.0), observed_cell(Curve(x=(1, 2), y=(3, 4)))
    ('failed', 310.0, '1:3; 2:4')
    """
    if isinstance(seen, Curve):
        return seen.cell
    return FAILED if seen is None else seen


def read_cell(cell: Any) -> tuple[float, Side | None]:
    """Return what `reading_cell` was made of.

    >>> read_cell("<0.01"), read_cell(0.5)
    ((0.01, '<'), (0.5, None))
    """
    return (float(cell[1:]), SIDES[cell[0]]) if isinstance(cell, str) else (float(cell), None)


def of_suggestions(space: DesignSpace, suggestions: Iterable[Suggestion]) -> pd.DataFrame:
    """Return the designs of suggestions, one a row, indexed by suggestion id."""
    import pandas as pd

    rows = list(suggestions)
    index = pd.Index([each.id for each in rows], name="suggestion", dtype=object)
    return pd.DataFrame([dict(each.design) for each in rows], index=index, columns=list(space.columns))


def of_measurements(
    space: DesignSpace, targets: Sequence[Target], state: CampaignState, flags: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return every measurement, one a row, indexed by measurement id: what was made, its values, what is remarkable.

    The column of a target with censored results also holds texts, ``<0.01``; all others hold numbers.
    """
    import pandas as pd

    priced = [COST] if any(each.cost is not None for each in state.measurements.values()) else []
    noisy = [t.name + NOISE for t in targets if any(t.name in each.noise for each in state.measurements.values())]
    rows = []
    for each in state.measurements.values():
        row: dict[str, Any] = {"suggestion": each.suggestion, **each.design}
        for target in targets:
            row[target.name] = result_cell(target, each.values.get(target.name), each.censored.get(target.name))
        for name in noisy:
            row[name] = each.noise.get(name.removesuffix(NOISE))
        row |= dict.fromkeys(priced, each.cost)
        row |= {name: observed_cell(cell) for name, cell in each.observed.items()}
        row["at"] = each.at
        row["flags"] = "; ".join(flags.get(each.id, ()))
        rows.append(row)
    observed = sorted({name for each in state.measurements.values() for name in each.observed})
    beside = [*noisy, *priced, *observed]
    columns = ["suggestion", *space.columns, *(target.name for target in targets), *beside, "at", "flags"]
    index = pd.Index(list(state.measurements), name="measurement", dtype=object)
    frame = pd.DataFrame(rows, index=index, columns=columns)
    limited = {name for each in state.measurements.values() for name in each.censored}
    limited |= {target.name for target in targets if target.is_preference}
    limited |= {
        name
        for each in state.measurements.values()
        for name, cell in each.observed.items()
        if not isinstance(cell, float)
    }
    numbers = [name for name in (*(target.name for target in targets), *beside) if name not in limited]
    return frame.astype(dict.fromkeys(numbers, float))


def of_events(events: Iterable[Event]) -> pd.DataFrame:
    """Return the events, one a row, indexed by position, with the content of each as one text."""
    import pandas as pd

    rows = []
    for event in events:
        content = json.loads(to_json(event))
        filled = {key: value for key, value in content.items() if key not in ("v", "at", "kind") and value}
        rows.append({"at": event.at, "kind": event.kind, "what": json.dumps(filled, ensure_ascii=False)})
    index = pd.Index([event.position for event in events], name="position", dtype=int)
    return pd.DataFrame(rows, index=index, columns=["at", "kind", "what"])


def of_predictions(index: pd.Index[Any], targets: Sequence[Target], mean: FloatArray, sd: FloatArray) -> pd.DataFrame:
    """Return, a row a design, mean and standard deviation of each target without the noise of measuring.

    Columns ``<target>`` and ``<target>_sd``, and ``<target>_low`` and ``<target>_high`` of the central 95 % interval
    (1.96 standard deviations either way), in the targets' units. Of a target on a log scale ``<target>`` is the median,
    and ``<target>_sd`` half the width of the central 68 % interval.

    Parameters
    ----------
    mean, sd
        ``n x m``, on the scales of the models.
    """
    import pandas as pd

    columns: dict[str, FloatArray] = {}
    for i, target in enumerate(targets):
        m, s, scale = mean[:, i], sd[:, i], target.scaling
        columns |= {target.name: scale.unit(m), f"{target.name}_sd": scale.half_width(m, s)}
        columns[f"{target.name}_low"], columns[f"{target.name}_high"] = scale.interval(m, s, Z95)
    return pd.DataFrame(columns, index=index)


def best_data(frame: pd.DataFrame, space: DesignSpace, targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return a table of best designs (`designer.campaign.best.best_frame`) as plain data for programs."""
    names, parts = [target.name for target in targets], ("mean", "sd", "low", "high")
    numbers = [target.name for target in targets if not target.is_preference]
    return [
        {
            "id": str(label),
            "best_by": str(row["best_by"]),
            **({"why": str(row["why"])} if "why" in frame.columns else {}),
            "design": {column: row[column] for column in space.columns},
            "measured": {name: read_cell(row[name])[0] for name in numbers},
            **_censored({name: read_cell(row[name])[1] for name in numbers}),
            "expected": {
                name: {part: float(row[f"{name}_{part}"]) for part in parts if f"{name}_{part}" in frame.columns}
                for name in names
                if f"{name}_mean" in frame.columns
            },
            "measurements": str(row["measurements"]).split(", "),
        }
        for label, row in frame.iterrows()
    ]


def _censored(sides: Mapping[str, Side | None]) -> dict[str, Any]:
    """Return the sides of the values that are limits under ``censored``, nothing where none is."""
    found = {name: side for name, side in sides.items() if side is not None}
    return {"censored": found} if found else {}


def forbidden_data(frame: pd.DataFrame, space: DesignSpace, targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return a table of `designer.campaign.best.forbidden_best` as plain data, with the reason as ``forbidden``."""
    rows = zip(best_data(frame, space, targets), frame["forbidden"], strict=True)
    return [{**row, "forbidden": str(reason)} for row, reason in rows]


def prediction_data(frame: pd.DataFrame, targets: Sequence[Target]) -> list[dict[str, dict[str, float]]]:
    """Return a table of predictions (`of_predictions`) as plain data: mean, sd, low and high by design and target.

    Of a boundary also ``above``, the probability to lie above its level.
    """
    parts = (("mean", ""), ("sd", "_sd"), ("low", "_low"), ("high", "_high"))
    endings = {target.name: (*parts, *((("above", ABOVE),) if target.goal == "boundary" else ())) for target in targets}
    return [
        {name: {key: float(row[name + ending]) for key, ending in found} for name, found in endings.items()}
        for _, row in frame.iterrows()
    ]
