"""Files of curves: two columns of text, JCAMP-DX, and NumPy arrays; each fault with its line.

| ending | content |
|---|---|
| ``.csv``, ``.txt``, ``.dat``, ``.tsv``, ``.xy``, ``.asc`` | two columns, position and value; one line of headers, lines that begin with ``#`` and empty ones are passed over; separated by commas, semicolons, tabs or blanks |
| ``.jdx``, ``.dx``, ``.jcamp`` | JCAMP-DX with ``##XYDATA=(X++(Y..Y))`` in plain numbers (AFFN) or ``##XYPOINTS=(XY..XY)`` or ``##PEAK TABLE`` |
| ``.npy`` | an array of two columns or two rows; Python objects are refused |
"""  # noqa: E501

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath

from designer.counting import count
from designer.errors import Fault, InvalidInput
from designer.observations.curves.curve import Curve, curve_of

MAX_BYTES = 8 * 2**20
"""The size of a file that is read."""
MAX_READ = 400_000
"""Points of a file that are read."""

Pairs = tuple[list[float], list[float], int]
_SPLIT = re.compile(r"[;,\t ]+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def read_curve(name: str, content: bytes) -> Curve:
    """Return the curve in a file's content, by the ending of its name.

    Raises
    ------
    InvalidInput
        If the ending is not known, the file is too large, or a line or number cannot be used.

    Examples
    --------
    >>> read_curve("scan.xy", b"# two_theta counts\\n10.0 5\\n10.1 7\\n").y
    (5.0, 7.0)
    """
    ending = PurePath(name).suffix.lower()
    if ending not in READERS:
        known = ", ".join(sorted(READERS))
        raise InvalidInput(Fault(f"{name!r} has no ending of a curve's file", f"give one of {known}"))
    if len(content) > MAX_BYTES:
        what = f"{name!r} has {len(content) / 2**20:.1f} MiB"
        raise InvalidInput(Fault(what, f"give a file of at most {MAX_BYTES // 2**20} MiB"))
    try:
        x, y, line = READERS[ending](content)
        return curve_of(x, y, file=PurePath(name).name, digest=digest_of(content), line=line)
    except InvalidInput as error:
        raise InvalidInput([Fault(f"{name}: {fault.what}", fault.remedy) for fault in error.faults]) from None


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a file's content, under which a store has it."""
    return hashlib.sha256(content).hexdigest()


def _text(content: bytes) -> str:
    if b"\0" in content:
        raise InvalidInput(Fault("the file is not text", "export the curve as text of two columns, or as .npy"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    odd = sum(not (sign.isprintable() or sign in "\r\n\t") for sign in text)
    if odd > 0.01 * len(text):
        raise InvalidInput(Fault("the file is not text", "export the curve as text of two columns, or as .npy"))
    return text


def _two_columns(content: bytes) -> Pairs:
    x: list[float] = []
    y: list[float] = []
    first = header = 0
    for number, raw in enumerate(_text(content).splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith(("#", "%", "!")):
            if x:
                first = 0  # points no longer stand one a line
            continue
        values = _numbers_of(line)
        if values is None:
            if x or header:
                what = f"line {number}: {line[:40]!r} is not two numbers"
                raise InvalidInput(Fault(what, "give one position and one value a line"))
            header = number
            continue
        if len(values) != 2:
            what = f"line {number}: {count(len(values), 'column')}"
            raise InvalidInput(Fault(what, "give two columns, position and value"))
        first = first if x else number
        x.append(values[0])
        y.append(values[1])
        _check_length(x)
    return x, y, first


def _numbers_of(line: str) -> list[float] | None:
    """Return the numbers of a line; None where it holds something else."""
    parts = [part for part in _SPLIT.split(line) if part]
    if ";" in line or "\t" in line:  # decimal commas
        parts = [part.replace(",", ".") for part in re.split(r"[;\t]", line) if part.strip()]
    try:
        return [float(part) for part in parts]
    except ValueError:
        return None


def _check_length(x: list[float]) -> None:
    if len(x) > MAX_READ:
        raise InvalidInput(Fault(f"more than {MAX_READ} points", "average the curve over neighbouring points"))


def _jcamp(content: bytes) -> Pairs:
    """Return the points of a JCAMP-DX file (R. S. McDonald and P. A. Wilks, Appl. Spectrosc. 42 (1988) 151)."""
    records = list(_records(_text(content)))
    labels = {label: value for label, value, _ in records}
    for label, value, line in records:
        if label in ("XYPOINTS", "PEAKTABLE"):
            return _scaled(labels, *_xy_points(value, line))
        if label == "XYDATA":
            return _scaled(labels, *_xy_data(labels, value, line))
    what = "no ##XYDATA=, ##XYPOINTS= or ##PEAK TABLE= in the file"
    raise InvalidInput(Fault(what, "export the curve as JCAMP-DX of one spectrum, or as text of two columns"))


def _records(text: str) -> Iterator[tuple[str, list[str], int]]:
    """Yield each labelled record: its label, its lines without comments, and the line of its label."""
    label, begin = "", 0
    lines: list[str] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("$$", 1)[0].rstrip()
        if line.lstrip().startswith("##"):
            if label:
                yield label, lines, begin
            name, _, value = line.lstrip()[2:].partition("=")
            label, lines, begin = re.sub(r"[\s_/-]", "", name).upper(), [value.strip()], number
        elif label:
            lines.append(line)
    if label:
        yield label, lines, begin


def _xy_points(lines: list[str], line: int) -> tuple[list[float], list[float]]:
    x: list[float] = []
    y: list[float] = []
    if "XY..XY" not in lines[0].replace(" ", "").upper():
        what = f"line {line}: the form {lines[0][:30]!r} is not read"
        raise InvalidInput(Fault(what, "export the points as (XY..XY)"))
    for number, text in enumerate(lines[1:], start=line + 1):
        values = [part for part in re.split(r"[;,\s]+", text) if part]
        try:
            numbers = [float(part) for part in values]
        except ValueError:
            raise InvalidInput(Fault(f"line {number}: {text[:40]!r} holds no numbers", "give pairs X, Y")) from None
        if len(numbers) % 2:
            raise InvalidInput(Fault(f"line {number}: a position without a value", "give pairs X, Y"))
        x += numbers[::2]
        y += numbers[1::2]
        _check_length(x)
    return x, y


def _xy_data(labels: Mapping[str, list[str]], lines: list[str], line: int) -> tuple[list[float], list[float]]:
    if "X++(Y..Y)" not in lines[0].replace(" ", "").upper():
        what = f"line {line}: the form {lines[0][:30]!r} is not read"
        raise InvalidInput(Fault(what, "export the data as (X++(Y..Y))"))
    y: list[float] = []
    for number, text in enumerate(lines[1:], start=line + 1):
        bare = text.replace(",", " ")
        values = _NUMBER.findall(bare)
        if _NUMBER.sub("", bare).strip():
            what = f"line {number}: {text[:40]!r} is compressed (SQZ, DIF or DUP), which is not read"
            raise InvalidInput(Fault(what, "export the data as plain numbers (AFFN), or as text of two columns"))
        y += [float(value) for value in values[1:]]  # the first one is the position
        _check_length(y)
    first, last = (_label(labels, name) for name in ("FIRSTX", "LASTX"))
    if first is None or last is None:
        raise InvalidInput(Fault("no ##FIRSTX= and ##LASTX= in the file", "export the whole header of the spectrum"))
    expected = _label(labels, "NPOINTS")
    if expected is not None and expected != len(y):
        what = f"##NPOINTS= is {expected:g}, and ##XYDATA= has {count(len(y), 'point')}"
        raise InvalidInput(Fault(what, "export the spectrum again"))
    n = len(y)
    return [first + (last - first) * i / max(n - 1, 1) for i in range(n)], y


def _scaled(labels: Mapping[str, list[str]], x: list[float], y: list[float]) -> Pairs:
    """Return points with the factor of their values; positions of ##XYDATA are in the units of ##FIRSTX already."""
    points = "XYDATA" not in labels
    factors = ((_label(labels, "XFACTOR") or 1.0) if points else 1.0, _label(labels, "YFACTOR") or 1.0)
    return [factors[0] * value for value in x], [factors[1] * value for value in y], 0


def _label(labels: Mapping[str, list[str]], name: str) -> float | None:
    text = labels.get(name, [""])[0].strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise InvalidInput(Fault(f"##{name}= is {text[:30]!r}, not a number", "export the spectrum again")) from None


def _numpy(content: bytes) -> Pairs:
    import numpy as np

    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError, MemoryError, TypeError):
        what = "the file is not a NumPy array of numbers"
        raise InvalidInput(Fault(what, "write it by numpy.save, of an array of numbers")) from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu" or array.ndim != 2 or 2 not in array.shape:
        shape = getattr(array, "shape", None)
        raise InvalidInput(Fault(f"an array of shape {shape} and no two columns of numbers", "give two columns"))
    columns = array if array.shape[1] == 2 else array.T
    if len(columns) > MAX_READ:
        raise InvalidInput(Fault(f"more than {MAX_READ} points", "average the curve over neighbouring points"))
    return columns[:, 0].tolist(), columns[:, 1].tolist(), 0


READERS: Mapping[str, Callable[[bytes], Pairs]] = {
    **dict.fromkeys((".csv", ".txt", ".dat", ".tsv", ".xy", ".asc"), _two_columns),
    **dict.fromkeys((".jdx", ".dx", ".jcamp"), _jcamp),
    ".npy": _numpy,
}
"""The reader of each ending."""
