"""A curve or image as a cell of a table or a value in Python: points as text, numbers, or the path of a file."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from designer.errors import Fault, InvalidInput
from designer.input_files import path_fault, read_file
from designer.observations.curves.curve import Curve, curve_of
from designer.observations.curves.curve_files import MAX_BYTES, READERS, digest_of, read_curve
from designer.observations.images.image_files import IMAGE_ENDINGS, png_of, read_image

if TYPE_CHECKING:
    from designer.observations.observation import Observation

ENDINGS = frozenset({*READERS, *IMAGE_ENDINGS})
"""Of the files of curves and images."""
_POINT = re.compile(r"^\s*([^:;\s]+)\s*:\s*([^:;\s]+)\s*$")


@dataclass(frozen=True)
class CellFiles:
    """The contents of the files of curves that were read for one table, by their digests.

    A text in a cell is never opened as a file: tables also come from other computers. A `Path` is.
    """

    contents: dict[str, bytes] = field(default_factory=dict)

    def read(self, name: str, content: bytes, observation: Observation) -> Curve:
        """Return the curve or image in a file's content, which is to be stored with it."""
        if observation.is_image:
            correlation, image = read_image(name, content, observation.own_features)
            curve = Curve(
                x=tuple(float(i) for i in range(len(correlation))),
                y=tuple(correlation.tolist()),
                image=image,
                file=PurePath(name).name,
                digest=digest_of(content),
            )
        else:
            curve = read_curve(name, content)
        if curve.digest is not None:
            self.contents[curve.digest] = content
        return curve

    def at(self, path: Path, observation: Observation) -> Curve:
        """Return the curve or image in a file.

        Raises
        ------
        InvalidInput
            If it cannot be read, or holds no curve.
        """
        try:
            if path.stat().st_size > MAX_BYTES:
                what = f"{path.name!r} has {path.stat().st_size / 2**20:.1f} MiB"
                raise InvalidInput(Fault(what, f"give a file of at most {MAX_BYTES // 2**20} MiB"))
            content = read_file(path)
        except OSError as error:
            what = f"file {str(path)[:200]!r} cannot be read: {error.strerror or error}"
            raise InvalidInput(Fault(what, f"give the path of a file of the {observation.noun}")) from None
        return self.read(path.name, content, observation)


def path_of(text: str, folder: Path) -> Path:
    """Return the path of a file that a cell of a table in `folder` names.

    Raises
    ------
    InvalidInput
        If it can be no path, or leads out of the folder.
    """
    if reason := path_fault(text):
        raise InvalidInput(Fault(f"{text[:80]!r} {reason}", "give points as text, such as '10:1.5; 20:1.7'"))
    path = folder / text
    if PurePath(text).is_absolute() or not path.resolve().is_relative_to(folder.resolve()):
        what = f"file {text[:80]!r} is not in the folder of the table"
        raise InvalidInput(Fault(what, "copy it there, and give its path from there"))
    return path


def is_curve_mapping(cell: Mapping[Any, Any]) -> bool:
    """Whether a mapping is a curve, and not the amounts of a composition.

    >>> is_curve_mapping({"x": [1, 2], "y": [3, 4]}), is_curve_mapping({"x": 30, "y": 70})
    (True, False)
    """
    if set(cell) == {"file", "content"}:
        return all(isinstance(each, str) for each in cell.values())
    return set(cell) >= {"x", "y"} and not any(isinstance(cell[key], int | float | str) for key in ("x", "y"))


def names_file(cell: Any) -> bool:
    """Whether a cell is the name of a file of a curve or an image, by its ending.

    >>> names_file("scans/a.xy"), names_file("10:1.5; 20:1.7")
    (True, False)
    """
    return isinstance(cell, str) and ";" not in cell and PurePath(cell.strip()).suffix.lower() in ENDINGS


def read_curve_cell(cell: Any, observation: Observation, files: CellFiles) -> Curve:
    """Return the curve or image that a cell holds or names.

    A cell is a text of points, ``10:1.5; 20:1.7``; the `Path` of a file; two sequences of positions and values, or
    pairs of them; values alone, at equal distances from the axis's ``low`` to its ``high``; or a mapping with ``x`` and
    ``y``, or with ``file``, the name of an uploaded file, and ``content``, its content in base64. An image is the
    `Path` of a file, such a mapping, or an array of grey values.

    Raises
    ------
    InvalidInput
        If it is none of these, or a point cannot be used.
    """
    if isinstance(cell, Curve):
        return cell
    if isinstance(cell, Path):
        return files.at(cell, observation)
    if isinstance(cell, Mapping) and (set(cell) == {"file", "content"} or not observation.is_image):
        return _of_mapping(cell, files, observation)
    if observation.is_image:
        return _image(cell, files, observation)
    if isinstance(cell, str):
        return curve_of_text(cell.strip())
    if hasattr(cell, "tolist"):
        cell = cell.tolist()
    if isinstance(cell, Sequence) and not isinstance(cell, bytes):
        return _of_numbers(cell, observation)
    what = f"{str(cell)[:40]!r} is no curve"
    raise InvalidInput(Fault(what, "give the path of its file, or its points: '10:1.5; 20:1.7'"))


def _image(cell: Any, files: CellFiles, observation: Observation) -> Curve:
    if isinstance(cell, str) or not (hasattr(cell, "dtype") or isinstance(cell, list | tuple)):
        remedy = "upload the file, or give a pathlib.Path or an array in Python"
        what = f"the file {cell[:80]!r} cannot be named here" if names_file(cell) else f"{str(cell)[:40]!r} is no image"
        raise InvalidInput(Fault(what, remedy))
    return files.read("array.png", png_of(cell), observation)


def curve_of_text(text: str) -> Curve:
    """Return the curve of a text of points, ``10:1.5; 20:1.7``; InvalidInput where it is none."""
    if names_file(text):
        remedy = "upload the file, give a pathlib.Path in Python, or points as text, such as '10:1.5; 20:1.7'"
        raise InvalidInput(Fault(f"the file {text[:80]!r} cannot be named here", remedy))
    x, y = [], []
    for part in text.rstrip("; ").split(";"):
        found = _POINT.match(part)
        try:
            if found is None:
                raise ValueError
            x.append(float(found[1]))
            y.append(float(found[2]))
        except ValueError:
            remedy = f"give points as '10:1.5; 20:1.7', or a file that ends with one of {', '.join(sorted(READERS))}"
            raise InvalidInput(Fault(f"{part.strip()[:40]!r} is no point of a curve", remedy)) from None
    return curve_of(x, y)


def _of_mapping(cell: Mapping[Any, Any], files: CellFiles, observation: Observation) -> Curve:
    if set(cell) >= {"x", "y"} and set(cell) <= {"x", "y", "file", "digest"} and not observation.is_image:
        return curve_of(_numbers(cell["x"]), _numbers(cell["y"]))
    if set(cell) == {"file", "content"} and all(isinstance(each, str) for each in cell.values()):
        try:
            content = base64.b64decode(cell["content"], validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput(Fault("'content' is not base64", "encode the file's bytes in base64")) from None
        return files.read(PurePath(cell["file"].replace("\\", "/")).name[:255], content, observation)
    what = f"a curve has the keys {', '.join(str(key)[:20] for key in list(cell)[:5])}"
    raise InvalidInput(Fault(what, "give 'x' and 'y', or 'file' and 'content'"))


def _numbers(given: Any) -> list[float]:
    values = given.tolist() if hasattr(given, "tolist") else given
    if not isinstance(values, list | tuple):
        raise InvalidInput(Fault(f"{str(given)[:40]!r} is no list of numbers", "give a list of numbers"))
    for i, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int | float):
            what = f"point {i + 1}: {str(value)[:40]!r} is not a number"
            raise InvalidInput(Fault(what, "give numbers"))
    return [float(value) if abs(value) < 1e308 else float("inf") for value in values]


def _of_numbers(cell: Sequence[Any], observation: Observation) -> Curve:
    rows = [each.tolist() if hasattr(each, "tolist") else each for each in cell]
    if rows and all(isinstance(each, list | tuple) for each in rows):
        if len(rows) == 2 and len(rows[0]) != 2:
            return curve_of(_numbers(rows[0]), _numbers(rows[1]))
        pairs = [_numbers(each) for each in rows]
        if any(len(pair) != 2 for pair in pairs):
            raise InvalidInput(Fault("the points are no pairs of position and value", "give [[x, y], ...]"))
        return curve_of([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    y = _numbers(rows)
    axis = observation.axis
    if axis is None or axis.low is None or axis.high is None:
        what = "the values have no positions"
        raise InvalidInput(Fault(what, "give [[x, y], ...], or 'low' and 'high' in the file's 'axis'"))
    step = (axis.high - axis.low) / max(len(y) - 1, 1)
    return curve_of([axis.low + step * i for i in range(len(y))], y)
