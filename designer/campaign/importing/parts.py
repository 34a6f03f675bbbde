"""Parts of a nested document of another program, with their place for messages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from designer.documents import read_json
from designer.errors import Fault, InvalidData
from designer.input_files import read_file

MAX_BYTES = 64 * 2**20
"""Size of a file that is read: saved campaigns of other programs are far smaller."""


@dataclass(frozen=True)
class Part:
    """A value inside a document.

    Parameters
    ----------
    value
        The value: a mapping, a list, a text, a number, a truth value or None.
    file
        The file, for messages.
    path
        The place in the document, for messages.
    """

    value: Any
    file: str
    path: tuple[str | int, ...] = ()

    def refuse(self, what: str, remedy: str) -> NoReturn:
        """Raise InvalidData about this part."""
        raise InvalidData(self.fault(what, remedy))

    def fault(self, what: str, remedy: str) -> Fault:
        """Return a fault about this part, with its place in words."""
        place = ".".join(map(str, self.path))
        return Fault(f"{place}: {what}" if place else what, remedy, file=self.file)

    def at(self, key: str) -> Part:
        """Return what a mapping has under a key. Raises InvalidData if it is no mapping or lacks the key."""
        found = self.maybe(key)
        if found is None:
            self.refuse(f"there is no {key!r}", "save the file again with the program that wrote it")
        return found

    def maybe(self, key: str) -> Part | None:
        """Return what a mapping has under a key; None where it has nothing or null. Raises if it is no mapping."""
        value = self.mapping().get(key)
        return None if value is None else Part(value, self.file, (*self.path, key))

    def mapping(self) -> Mapping[str, Any]:
        """Return the mapping. Raises InvalidData if it is none."""
        if not isinstance(self.value, Mapping):
            self.refuse(f"{_shown(self.value)} is no mapping", "give the file as it was written")
        return self.value

    def each(self) -> Iterator[Part]:
        """Go through the items of a list. Raises InvalidData if it is none."""
        if not isinstance(self.value, Sequence) or isinstance(self.value, str):
            self.refuse(f"{_shown(self.value)} is no list", "give the file as it was written")
        return (Part(item, self.file, (*self.path, i)) for i, item in enumerate(self.value))

    def entries(self) -> Iterator[tuple[str, Part]]:
        """Go through the keys and values of a mapping. Raises InvalidData if it is none."""
        return ((str(key), Part(value, self.file, (*self.path, str(key)))) for key, value in self.mapping().items())

    def text(self) -> str:
        """Return the text. Raises InvalidData if it is none or blank."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.refuse(f"{_shown(self.value)} is no text", "give the file as it was written")
        return self.value

    def number(self) -> float:
        """Return the number, a whole one as int. Raises InvalidData if it is none or not finite."""
        value = self.value
        with suppress(OverflowError):  # a whole number beyond what a float holds
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                return tidy(value)
        self.refuse(f"{_shown(value)} is no finite number", "give the file as it was written")

    def pair(self) -> tuple[Part, Part]:
        """Return the two items of a list. Raises InvalidData if it has another number of them."""
        items = list(self.each())
        if len(items) != 2:
            self.refuse(f"{_shown(self.value)} are not two", "give the file as it was written")
        return items[0], items[1]

    def truth(self) -> bool:
        """Return whether the value is true; null counts as false. Raises InvalidData if it is neither."""
        if self.value is not None and not isinstance(self.value, bool):
            self.refuse(f"{_shown(self.value)} is neither true nor false", "give the file as it was written")
        return bool(self.value)

    def scalar(self) -> str | int | float | bool | None:
        """Return a text, a number, a truth value or None. Raises InvalidData if it is a list or a mapping."""
        if not isinstance(self.value, str | int | float | bool | None):
            self.refuse(f"{_shown(self.value)} is no single value", "give the file as it was written")
        return self.value


def tidy(value: float) -> float:
    """Return a number, as int where it is a whole one of moderate size.

    >>> tidy(60.0), tidy(0.5)
    (60, 0.5)
    """
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def read_bytes(path: Path) -> bytes:
    """Return a file's content.

    Raises
    ------
    InvalidData
        If it cannot be read, or is larger than `MAX_BYTES`.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            what = f"the file has {size / 2**20:.0f} MiB, and at most {MAX_BYTES // 2**20} MiB are read"
            raise InvalidData(Fault(what, "give the saved campaign alone", file=str(path)))
        return read_file(path)
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise InvalidData(Fault(what, "give a file that was saved by another program", file=str(path))) from None


def read_json_part(path: Path) -> Part:
    """Return the content of a JSON file.

    Raises
    ------
    InvalidData
        If it is no JSON in UTF-8.
    """
    return json_part(read_bytes(path), str(path))


def json_part(content: bytes | str, file: str, path: tuple[str | int, ...] = ()) -> Part:
    """Return what JSON holds. Raises InvalidData if it is none."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        return Part(read_json(text), file, path)
    except (ValueError, RecursionError) as error:
        place = f"{'.'.join(map(str, path))}: " if path else ""
        fault = Fault(f"{place}is no JSON: {error}", "give the file as it was written", file=file)
        raise InvalidData(fault) from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
