"""Tables inside the JSON of BayBE, read without executing anything.

BayBE stores a data frame as text: the base-64 form of a pickle. Loading a pickle executes what its author wrote: here
it is never loaded. `pickletools`, the disassembler of the standard library, lists its instructions; `_Machine` follows
the few of them that build values, and keeps each call as a record of its name and arguments instead of making it. From
these records the table is read: numbers, texts and headers, in the layout that pandas 1.5 to 3 write.
"""

from __future__ import annotations

import base64
import binascii
import io
import pickletools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from designer.errors import MissingExtra

MAX_INSTRUCTIONS = 5_000_000
_NUMBERS = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})


class UnreadableFrame(ValueError):
    """A table that cannot be read; the text says why."""


@dataclass
class _Call:
    """A call that was not made: what would be called, with what, and the state that it would be given."""

    name: str
    arguments: tuple[Any, ...]
    state: Any = None


@dataclass(frozen=True)
class _Global:
    """A name of a module."""

    name: str


class _Mark:
    """The mark on the stack where the items of a tuple, a list or a dictionary begin."""


def read_frame_text(text: str) -> pd.DataFrame:
    """Return the table in a text that BayBE wrote: the base-64 form of a pickled data frame, or of a Parquet file.

    Raises
    ------
    UnreadableFrame
        If it is neither, or in a layout that is not known.
    MissingExtra
        For Parquet, if pyarrow is not installed.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableFrame("it is no base-64 text") from None
    if content[:4] == b"PAR1":
        return _parquet(content)
    try:
        return _frame(_Machine().result(content))
    except UnreadableFrame:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, MemoryError) as error:
        raise UnreadableFrame(f"its layout is not known ({type(error).__name__})") from None


def _parquet(content: bytes) -> pd.DataFrame:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise MissingExtra("pyarrow", "parquet") from None
    try:
        table = parquet.read_table(io.BytesIO(content))
    except (pyarrow.ArrowException, OSError):
        raise UnreadableFrame("it is a damaged Parquet file") from None
    return pd.DataFrame({name: pd.Series(table.column(name).to_pylist(), dtype=object) for name in table.column_names})


class _Machine:
    """Follows the instructions of a pickle and builds plain values and `_Call` records; nothing is imported or run."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def result(self, content: bytes) -> Any:
        """Return the value that the instructions build."""
        for number, (code, argument, _) in enumerate(pickletools.genops(content)):
            if number > MAX_INSTRUCTIONS:
                raise UnreadableFrame("it is too large")
            if code.name == "STOP":
                return self.stack.pop()
            if code.name in _LITERALS:
                self.stack.append(argument)
            elif code.name in _GETS:
                self.stack.append(self.memo[argument if isinstance(argument, int) else -1])
            elif code.name in _PUTS:
                self.memo[argument if isinstance(argument, int) else len(self.memo)] = self.stack[-1]
            elif code.name in _ACTIONS:
                _ACTIONS[code.name](self)
            elif code.name not in _IGNORED:
                raise UnreadableFrame(f"it has the instruction {code.name}, which no table needs")
        raise UnreadableFrame("it ends before its end")

    def _pop(self, number: int) -> list[Any]:
        items = [self.stack.pop() for _ in range(number)]
        return items[::-1]

    def _to_mark(self) -> list[Any]:
        items = []
        while not isinstance(item := self.stack.pop(), _Mark):
            items.append(item)
        return items[::-1]

    def _global(self) -> None:
        module, name = self._pop(2)
        if not isinstance(module, str) or not isinstance(name, str):
            raise UnreadableFrame("a name in it is no text")
        self.stack.append(_Global(f"{module}.{name}"))

    def _call(self) -> None:
        called, arguments = self._pop(2)
        if not isinstance(called, _Global) or not isinstance(arguments, tuple):
            raise UnreadableFrame("a call in it is none of a table")
        self.stack.append(_Call(called.name, arguments))

    def _build(self) -> None:
        state, built = self.stack.pop(), self.stack[-1]
        if not isinstance(built, _Call):
            raise UnreadableFrame("a state in it belongs to nothing")
        built.state = state

    def _append(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise UnreadableFrame("items in it belong to no list")
        self.stack[-1].extend(items)

    def _set(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], dict) or not all(isinstance(key, str) for key in items[::2]):
            raise UnreadableFrame("entries in it belong to no dictionary")
        self.stack[-1].update(zip(items[::2], items[1::2], strict=True))


_TEXTS = {"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
_BYTES = {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
_LITERALS = frozenset({*_TEXTS, *_BYTES, "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"})
_GETS = frozenset({"BINGET", "LONG_BINGET"})
_PUTS = frozenset({"MEMOIZE", "BINPUT", "LONG_BINPUT"})
_IGNORED = frozenset({"PROTO", "FRAME"})
_ACTIONS: dict[str, Callable[[_Machine], None]] = {
    "NONE": lambda m: m.stack.append(None),
    "NEWTRUE": lambda m: m.stack.append(True),
    "NEWFALSE": lambda m: m.stack.append(False),
    "EMPTY_TUPLE": lambda m: m.stack.append(()),
    "EMPTY_LIST": lambda m: m.stack.append([]),
    "EMPTY_DICT": lambda m: m.stack.append({}),
    "MARK": lambda m: m.stack.append(_Mark()),
    "TUPLE": lambda m: m.stack.append(tuple(m._to_mark())),
    "TUPLE1": lambda m: m.stack.append(tuple(m._pop(1))),
    "TUPLE2": lambda m: m.stack.append(tuple(m._pop(2))),
    "TUPLE3": lambda m: m.stack.append(tuple(m._pop(3))),
    "APPEND": lambda m: m._append(m._pop(1)),
    "APPENDS": lambda m: m._append(m._to_mark()),
    "SETITEM": lambda m: m._set(m._pop(2)),
    "SETITEMS": lambda m: m._set(m._to_mark()),
    "STACK_GLOBAL": lambda m: m._global(),
    "NEWOBJ": lambda m: m._call(),
    "REDUCE": lambda m: m._call(),
    "BUILD": lambda m: m._build(),
}


def _frame(value: Any) -> pd.DataFrame:
    """Return the table of the records of a pickled data frame."""
    if not isinstance(value, _Call) or not value.name.endswith(".DataFrame") or not isinstance(value.state, Mapping):
        raise UnreadableFrame("it is no data frame")
    manager = value.state["_mgr"]
    if not isinstance(manager, _Call) or not manager.name.endswith(".BlockManager"):
        raise UnreadableFrame("it is no data frame of pandas 1.5 or later")
    blocks, axes = manager.arguments
    headers, index = _labels(axes[0]), _labels(axes[1])
    columns: list[Sequence[Any] | None] = [None] * len(headers)
    for block in blocks:
        values, placement, _ = block.arguments
        rows = _rows(values)
        for position, row in zip(_positions(placement, len(headers)), rows, strict=True):
            if len(row) != len(index):
                raise UnreadableFrame("its columns have different lengths")
            columns[position] = row
    if any(column is None for column in columns) or len(set(map(str, headers))) != len(headers):
        raise UnreadableFrame("a column of it is missing or there twice")
    content = {str(header): list(column or ()) for header, column in zip(headers, columns, strict=True)}
    return pd.DataFrame({header: pd.Series(column, dtype=object) for header, column in content.items()}).set_axis(
        pd.Index(index, dtype=object), axis=0
    )


def _labels(value: Any) -> list[Any]:
    """Return the labels of an axis."""
    if not isinstance(value, _Call) or not value.name.endswith("._new_Index"):
        raise UnreadableFrame("an axis of it is no index")
    kind, content = value.arguments
    if kind.name.endswith(".RangeIndex"):
        numbers = range(content["start"], content["stop"], content["step"])
        if len(numbers) > MAX_INSTRUCTIONS:
            raise UnreadableFrame("it is too large")
        return list(numbers)
    return list(_rows(content["data"])[0])


def _positions(value: Any, columns: int) -> list[int]:
    """Return the positions of a block's columns."""
    if isinstance(value, _Call) and value.name == "builtins.slice":
        return list(range(columns))[slice(*value.arguments)]
    return [int(position) for position in _rows(value)[0]]


def _rows(value: Any) -> list[list[Any]]:
    """Return the rows of an array; one row for an array of one dimension."""
    if isinstance(value, _Call) and value.name == "pandas.arrays.ArrowStringArray":
        return [_texts(value.state["_pa_array"])]
    if isinstance(value, _Call) and value.name == "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked":
        if not value.arguments[0].name.endswith(".StringArray"):
            raise UnreadableFrame(f"a column of it is a {value.arguments[0].name}")
        arrays = [part for part in value.state if isinstance(part, _Call) and part.name.startswith("numpy")]
        return _rows(next(part for part in arrays if not part.name.endswith(".dtype")))
    if not isinstance(value, _Call) or not value.name.startswith("numpy."):
        raise UnreadableFrame(f"a column of it is a {getattr(value, 'name', type(value).__name__)}")
    if value.name.endswith("._frombuffer"):
        content, kind, shape, order = value.arguments
        fortran = order == "F"
    else:
        _, shape, kind, fortran, content = value.state
    array = _array(content, kind, tuple(shape), bool(fortran))
    if array.ndim not in (1, 2):
        raise UnreadableFrame("a column of it has more than two dimensions")
    rows: list[list[Any]] = np.atleast_2d(array).tolist()
    return rows


def _texts(value: Any) -> list[str | None]:
    """Return the texts of an array of Arrow: cells are cut out of one buffer by their offsets."""
    if value.name == "pyarrow.lib.chunked_array":
        return [text for chunk in value.arguments[0] for text in _texts(chunk)]
    if value.name != "pyarrow.lib._restore_array":
        raise UnreadableFrame(f"a column of it is a {value.name}")
    kind, length, _, start, buffers, _, _ = value.arguments[0]
    wide = {"large_string": "<i8", "string": "<i4"}.get(kind.arguments[0])
    if wide is None or length > MAX_INSTRUCTIONS:
        raise UnreadableFrame(f"a column of it is of the kind {kind.arguments[0]}")
    valid, offsets, content = (None if buffer is None else _buffer(buffer) for buffer in buffers)
    ends = np.frombuffer(offsets or b"", dtype=wide)[start : start + length + 1].tolist()
    if length and (len(ends) != length + 1 or ends[-1] > len(content or b"")):
        raise UnreadableFrame("a column of it ends before its end")
    bits = None if valid is None else np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[start:].tolist()
    return [
        (content or b"")[a:b].decode() if bits is None or bits[i] else None for i, (a, b) in enumerate(pairwise(ends))
    ]


def _buffer(value: Any) -> bytes:
    """Return the content of a buffer of Arrow."""
    while isinstance(value, _Call) and value.name in ("pyarrow.lib.py_buffer", "builtins.bytearray"):
        (value,) = value.arguments or (b"",)
    if not isinstance(value, bytes | bytearray):
        raise UnreadableFrame("a buffer of it is no bytes")
    return bytes(value)


def _array(content: Any, kind: Any, shape: tuple[int, ...], fortran: bool) -> np.ndarray[Any, Any]:
    code = kind.arguments[0]
    order: Literal["C", "F"] = "F" if fortran else "C"
    if isinstance(content, list) and code in ("O8", "O"):
        if not all(isinstance(item, str | int | float | bool | None) for item in content):
            raise UnreadableFrame("a cell of it is no single value")
        flat: np.ndarray[Any, Any] = np.empty(len(content), dtype=object)
        flat[:] = content
        return np.reshape(flat, shape, order=order)
    if code not in _NUMBERS or not isinstance(content, bytes | bytearray):
        raise UnreadableFrame(f"a column of it has values of the kind {code}")
    byte_order = ">" if kind.state is not None and kind.state[1] == ">" else "<"
    return np.reshape(np.frombuffer(bytes(content), dtype=np.dtype(f"{byte_order}{code}")), shape, order=order)
