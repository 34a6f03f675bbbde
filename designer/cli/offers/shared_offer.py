"""Settings that the runs of a batch share: equal within each batch of a table that names its batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from designer.cli.column_roles import header_words, words_of
from designer.cli.lab_column import Column

_BATCHES = words_of("batch batches plate tray rack firing charge charges furnace run session")
_BESIDE = words_of("id no nr number code name")
_MIN_BATCHES = 3
_MIN_ROWS = 8


@dataclass(frozen=True)
class Shared:
    """The column of the batches, the headers of the settings that are equal within each, and the usual size."""

    batch: str
    headers: frozenset[str]
    size: int


def shared_by_batches(columns: Sequence[Column], settings: Sequence[Column]) -> Shared | None:
    """Return the settings that are equal within each batch, where others are not; None without such.

    Parameters
    ----------
    columns
        All columns of the table.
    settings
        The complete columns of single parameters.
    """
    for column in columns:
        words = set(header_words(column))
        if words & _BATCHES and words <= _BATCHES | _BESIDE and all(column.words):
            found = _within(column, [each for each in settings if each is not column])
            if found is not None:
                return found
    return None


def _within(batches: Column, settings: Sequence[Column]) -> Shared | None:
    sizes = Counter(batches.words)
    full = [name for name, size in sizes.items() if size > 1]
    if (
        len(full) < _MIN_BATCHES
        or len(batches.words) < _MIN_ROWS
        or 2 * sum(sizes[name] for name in full) < len(batches.words)
    ):
        return None
    equal = {
        each.header: len(set(zip(batches.words, each.words, strict=True))) == len(sizes) and len(set(each.words)) > 1
        for each in settings
    }
    if not any(equal.values()) or all(equal.values()):
        return None
    size = Counter(sizes[name] for name in full).most_common(1)[0][0]
    return Shared(batches.header, frozenset(header for header, same in equal.items() if same), size)
