"""Output of the commands: text and tables, or one JSON object, and errors.

Results go to stdout, progress and errors to stderr. With ``--json``, stdout is exactly one JSON object, also when the
command fails: ``{"error": "...", "faults": [...]}``; the exit code tells the two apart.
"""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import sys
import textwrap
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from designer.counting import count
from designer.errors import DesignerError, Fault, InvalidInput, summarized
from designer.rounding import significant
from designer.whole_files import is_full

OK, OTHER, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

DEBUG_VARIABLE = "DESIGNER_DEBUG"
_WIDEST = 10_000


@dataclass
class Report:
    """The output of one command: lines and tables, and the same as plain data for JSON."""

    data: dict[str, Any]
    parts: list[str | Table] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Add a line (or several) of text."""
        self.parts.append(text)

    def show(self, table: Table) -> None:
        """Add a table."""
        self.parts.append(table)


@dataclass(frozen=True)
class Table:
    """A table: numbers right-aligned, words left-aligned, units in the headers."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str | None = None


class OutputError(DesignerError):
    """The result of a command cannot be written to stdout; what the command recorded is kept."""

    def __init__(self, reason: OSError) -> None:
        self.reason = reason
        super().__init__(str(reason))


def emit(report: Report, as_json: bool) -> None:
    """Print `report` to stdout, as text or as one JSON object.

    Raises
    ------
    OutputError
        If stdout cannot be written.
    """
    try:
        if as_json:
            write_json(report.data)
        else:
            _print(report)
        sys.stdout.flush()
    except OSError as error:
        raise OutputError(error) from None


def _print(report: Report) -> None:
    console = _console()
    for part in report.parts:
        if isinstance(part, Table):
            _print_table(console, part)
        else:
            console.print(part, markup=False, highlight=False, soft_wrap=True)


def write_json(data: Mapping[str, Any]) -> None:
    """Write one JSON object to stdout. What is not a number is null: JSON has no NaN."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(json.dumps(jsonable(data), ensure_ascii=plain, indent=2, allow_nan=False) + "\n")


def jsonable(value: Any) -> Any:
    """Return `value` as plain data that JSON can hold.

    >>> jsonable({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        return jsonable(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, int, float)):
        return value
    return str(value)


def number(value: float | None, digits: int = 10) -> str:
    """Return a number as text; a dash for None and NaN.

    >>> number(455.0), number(0.1), number(None), number(float("nan")), number(1e-05), number(663.8, 2)
    ('455', '0.1', '-', '-', '1e-05', '660')
    """
    if value is None or not math.isfinite(value):
        return "-"
    return significant(value, digits)


def with_error(mean: float, deviation: float) -> str:
    """Return a value and its standard deviation, both rounded to the deviation's second digit.

    >>> with_error(371.8342, 12.345), with_error(0.12345, 0.00067), with_error(5.0, 0.0)
    ('372 ± 12', '0.12345 ± 0.00067', '5 ± 0')
    """
    if not (math.isfinite(mean) and math.isfinite(deviation)) or deviation <= 0:
        return f"{number(mean)} ± {number(deviation)}"
    places = 1 - math.floor(math.log10(deviation))
    if places <= 0:
        return f"{round(mean, places):.0f} ± {round(deviation, places):.0f}"
    return f"{mean:.{places}f} ± {deviation:.{places}f}" if places < 8 else f"{mean:.6g} ± {deviation:.2g}"


def hanging(text: str) -> str:
    """Return a paragraph as lines that fit the terminal, all but the first indented."""
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 110))
    return textwrap.fill(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def fail(error: BaseException, as_json: bool) -> int:
    """Report `error`, one line for each fault, and return the exit code; a traceback only with the debug variable."""
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, InvalidInput):
        faults, message = summarized(error.faults), _count(error.faults)
        code = BAD_INPUT
    else:
        faults, message, code = (), _one_line(error), OTHER
    if as_json:
        write_json({"error": message, "faults": [fault.as_dict() for fault in faults]})
    elif faults:
        sys.stderr.writelines(f"{_flat(str(fault))}\n" for fault in faults)
    else:
        sys.stderr.write(f"designer: {message}\n")
    return code


def usage(message: str, hint: str, as_json: bool) -> int:
    """Report a wrong command line and return the exit code."""
    if as_json:
        fault = Fault(_flat(message), hint)
        write_json({"error": _flat(message), "faults": [fault.as_dict()]})
    else:
        sys.stderr.write(f"designer: {_flat(message)}; {hint}\n")
    return BAD_INPUT


def warn(text: str) -> None:
    """Write one line to stderr: progress or a remark."""
    sys.stderr.write(f"{text}\n")


def _one_line(error: BaseException) -> str:
    text = _flat(str(error))
    if isinstance(error, DesignerError):
        return text or type(error).__name__
    if isinstance(error, OSError) and error.errno is not None:
        return disk_words(error)
    return f"{type(error).__name__}: {text} (set {DEBUG_VARIABLE}=1 to see where)"


def output_failed(error: OSError) -> DesignerError:
    """Return the error to report where stdout cannot be written."""
    reason = "the disk is full" if is_full(error) else (error.strerror or str(error)).lower()
    return DesignerError(f"the output cannot be written: {reason}; what was recorded is kept, see 'designer status'")


def disk_words(error: OSError) -> str:
    """Say what is wrong with the disk, or with a file or folder on it, and what to do.

    >>> disk_words(OSError(28, "No space left on device", "report.html"))
    'report.html: the disk is full, nothing was written; free some space and run the command again'
    """
    place = f"{error.filename}: " if isinstance(error.filename, str) else ""
    if is_full(error):
        return f"{place}the disk is full, nothing was written; free some space and run the command again"
    if error.errno == errno.EROFS:
        return f"{place}the disk is read-only, nothing was written; give a place that can be written"
    return f"{place}{(error.strerror or str(error)).lower()}"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _count(faults: Sequence[Fault]) -> str:
    return count(len(faults), "fault")


def _console() -> Any:
    from rich.console import Console

    return Console(file=sys.stdout)


def _print_table(console: Any, table: Table) -> None:
    """Print a table at its natural width: a narrow terminal wraps lines, but no number is cut."""
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=box.SIMPLE_HEAD, title=table.title, title_justify="left", pad_edge=False, show_edge=False)
    for i, header in enumerate(table.headers):
        numeric = _is_numeric(row[i] for row in table.rows)
        drawn.add_column(Text(header), justify="right" if numeric else "left", no_wrap=True)
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    width = Measurement.get(console, console.options.update(max_width=_WIDEST), drawn).maximum
    console.width = max(console.width, width)
    with console.capture() as capture:
        console.print(drawn)
    sys.stdout.writelines(line.rstrip() + "\n" for line in capture.get().splitlines())


def _is_numeric(cells: Iterable[str]) -> bool:
    shown = [cell for cell in cells if cell not in ("", "-")]
    return bool(shown) and all(cell[0].isdigit() or cell[0] in "+-." for cell in shown)
