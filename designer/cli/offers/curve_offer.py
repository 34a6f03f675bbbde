"""Remarks on columns that may be curves or images: names of files, and runs of columns that are points of one curve."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from designer.cli.lab_column import Column
from designer.units import split_header

_UNITS = ("h", "hr", "min", "s", "d", "nm", "um", "cm", "deg", "K", "C", "V", "mV", "Hz")
_BEFORE = re.compile(rf"^(?P<stem>{'|'.join(_UNITS)})_?(?P<number>\d+(?:\.\d+)?)$")
"""``h6``: a unit and the position. Numbered settings (x1, x2) have no unit."""
_AFTER = re.compile(rf"^(?P<stem>.*[A-Za-z])[_ ](?P<number>\d+(?:\.\d+)?)_?(?P<unit>{'|'.join(_UNITS)})$")
"""``absorbance_400nm``: a quantity, the position and its unit."""
_BARE = re.compile(r"^[A-Za-z][\w .-]*$")
MIN_BEFORE, MIN_AFTER = 3, 5
"""Columns of a run; fewer are not taken for a curve."""


def curve_remarks(columns: Sequence[Column], targets: Sequence[str]) -> list[str]:
    """Return what could be recorded as observations, in words; `targets` are headers of columns that are not."""
    rest = [column for column in columns if column.header not in targets]
    return [*_files(rest), *_points(rest)]


def _files(columns: Sequence[Column]) -> Iterator[str]:
    from designer.observations.curves.curve_cells import names_file
    from designer.observations.images.image_files import IMAGE_ENDINGS

    for column in columns:
        words = [word for word in column.words if word]
        if len(words) >= 2 and all(names_file(word) for word in words):
            image = all(word.casefold().endswith(IMAGE_ENDINGS) for word in words)
            title = split_header(column.header)[0]
            name = title if _BARE.match(title) else json.dumps(title, ensure_ascii=False)
            entry = f"{{name: {name}, kind: {'image' if image else 'curve'}}}"
            yield f"Column {column.header!r} names files. They are recorded with 'observations: [{entry}]'."


def _points(columns: Sequence[Column]) -> Iterator[str]:
    runs: dict[tuple[str, str], list[tuple[Column, str]]] = {}
    for column in columns:
        for form in (_BEFORE, _AFTER) if column.is_numeric else ():
            found = form.match(column.header.strip())
            if found is not None:
                key = (found["stem"], found.groupdict().get("unit", ""))
                runs.setdefault(key, []).append((column, found["number"]))
                break
    for (stem, unit), run in runs.items():
        positions = [float(number) for _, number in run]
        if len(run) < (MIN_AFTER if unit else MIN_BEFORE) or sorted(set(positions)) != positions:
            continue
        name = stem.replace(" ", "_") if unit else "curve"
        shown = ", ".join(f"{column.header}: {number}" for column, number in run)
        first, last = run[0][0].header, run[-1][0].header
        entry = f"{{name: {name}, kind: curve, columns: {{{shown}}}}}"
        yield (
            f"Columns {first!r} to {last!r} may be the points of one curve. They are recorded as such, and are no "
            f"parameters, with 'observations: [{entry}]'."
        )
