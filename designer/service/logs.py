"""Log lines of the service: one line a message, whatever it holds, and no repeated tracebacks."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import TextIO

from designer.counting import agree, count

ACCESS = "designer.service.access"
MAX_REPEATS = 5  # equal messages within a window; more are counted, not written
WINDOW_SECONDS = 60.0
MAX_LINE = 2000  # characters of a message
MAX_TRACEBACK_LINES = 60
MAX_KEYS = 1000


def configure_logging(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send the log of this process to `stream` (stderr by default), with escaped lines and without repetitions."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(SafeFormatter("%(asctime)s %(name)s %(message)s"))
    handler.addFilter(RepeatFilter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def escaped(text: str) -> str:
    """Return a text on one line, with what is not printable as escapes.

    >>> escaped("/a\\n2026-01-01 forged\\x1b[2J")
    '/a\\\\n2026-01-01 forged\\\\x1b[2J'
    """
    if not text.isprintable():
        text = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
    return text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]} … ({len(text)} characters)"


class SafeFormatter(logging.Formatter):
    """Formats a record so that no content of a request can begin a line of the log."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the name in logging
        """Return the line of a record."""
        record.message = escaped(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802  the name in logging
        """Return a traceback with every line indented and escaped; of a long one, the begin and the end."""
        lines = super().formatException(ei).split("\n")  # type: ignore[arg-type]
        if len(lines) > MAX_TRACEBACK_LINES:
            half = MAX_TRACEBACK_LINES // 2
            lines = [*lines[:half], f"... {count(len(lines) - 2 * half, 'line')} ...", *lines[-half:]]
        return "\n".join(f"    | {escaped(line)}" for line in lines)


@dataclass
class _Window:
    begin: float
    count: int = 0
    left_out: int = 0


class RepeatFilter(logging.Filter):
    """Passes each message a few times a minute and counts the others; the next one that passes states the count.

    Messages are equal if their templates are; those with a traceback, if the errors are of one type and place. A
    traceback is written once in a window. Lines of the access log always pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[tuple[object, ...], _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written."""
        if record.name == ACCESS:
            return True
        if len(self._windows) > MAX_KEYS:
            self._windows.clear()
        window = self._windows.setdefault(_key(record), _Window(record.created))
        left_out = 0
        if record.created - window.begin > WINDOW_SECONDS:
            left_out = window.left_out
            window.begin, window.count, window.left_out = record.created, 0, 0
        window.count += 1
        if window.count > MAX_REPEATS:
            window.left_out += 1
            return False
        text = record.getMessage()
        if record.exc_info and window.count > 1:
            text = f"{text}: {type(record.exc_info[1]).__name__}, traceback above"
            record.exc_info = record.exc_text = None
        if window.count == MAX_REPEATS:
            text = f"{text} (further messages like this are counted only)"
        if left_out:
            text = f"{text} ({count(left_out, 'message')} like this {agree(left_out, 'was', 'were')} left out before)"
        record.msg, record.args = text, ()
        return True


def _key(record: logging.LogRecord) -> tuple[object, ...]:
    if record.exc_info and record.exc_info[2] is not None:
        frame = record.exc_info[2]
        while frame.tb_next is not None:
            frame = frame.tb_next
        return record.name, record.exc_info[0], frame.tb_frame.f_code.co_filename, frame.tb_lineno
    return record.name, record.levelno, record.msg
