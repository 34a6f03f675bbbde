"""Campaign files and tables with a few things changed at random, given to the commands that read them.

Every case follows from its seed. A command may do its work or refuse with exit code 1 or 2 and a message; any exception
is a fault of designer's own. ``tests/test_fuzz.py`` tries some; many more::

    python -m tests.fuzz            # 500 campaign files, 300 tables, 200 saved priors
    python -m tests.fuzz --files 50 --tables 30 --priors 0 --first 1000
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from designer.cli import output
from designer.cli.main import main as designer
from designer.errors import DesignerError
from tests.campaign.file.specs import valid

FILES = sorted(Path(valid.__file__).parent.glob("*.yaml"))
LONGEST = 20.0
"""CPU seconds after which a case counts as hanging; the slowest is first designs in a space that is hard to fill."""

SCALARS = (
    "", "null", "~", "-1", "0", "1e999", "-.inf", ".nan", "1e-400", "9" * 400, "0x1F", "1_000", "true", "no", "'no'",
    "2024-01-01", "12:30", "m**9**9**9", "Fe2O3", "*a", "&a x", "!!python/object:os.system x", "!!binary aGk=", "<<",
    "[]", "{}", "[1, 2, 3]", "{a: 1}", "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "[600, 300]", "[1, 1]", "[nan, 1]",
    "[-1e300, 1e300]", "'\\0'", '"\\ud800"', '"\\x1b[31m"', "\u202e", "\ufeff", "x" * 5000, "../../etc/passwd",
    "/dev/zero", "T", "T > 400", "forbid T > 0", "T == T", "T ** T ** T <= 1", "((((((T))))))", "1/0 <= T",
    "__import__", "%", "°C",
)  # fmt: skip
CELLS = (
    "", " ", "nan", "inf", "-", "–", "n.d.", "<0.1", "1,5", "1.234,5", "1e999", "5 K", "5 m**9**9", "350 degC", "N2",
    "n2 ", "TRUE", "12:30", "2024-01-01", "#DIV/0!", "=1+1", "'5", '"', '""', ";", "\t", "\x00", "\x1b[31m",
    "\ud83d\ude00", "½", "١٢", "S0001", "x" * 40_000, "9" * 500, "−80", "5±1", "1/2", "\u200b", "\ufeff5",
    "NA", "None",
)  # fmt: skip
HEADERS = (
    "", "T", "t", "T [K]", "T [m**9**9]", "T (", "y_sem", "failed", "replicate", "suggestion", "yield", "class",
    "x" * 5000, "\x1b[31m", "unknown", "T\n[K]", "gas ", "Gas", "\ufeffT", "y [GPa]", "1", "m.a", "__class__",
)  # fmt: skip
CAMPAIGN = """\
designer: 1
name: c
space:
  - {name: T, kind: numeric, unit: degC, bounds: [300, 600]}
  - {name: gas, kind: categorical, choices: [N2, Ar, H2]}
targets:
  - {name: y, unit: MPa, goal: maximize}
"""


def changed_file(seed: int) -> str:
    """Return the text of a campaign file with one to three changes."""
    rng = random.Random(seed)
    lines = rng.choice(FILES).read_text(encoding="utf-8").splitlines()
    for _ in range(rng.randint(1, 3)):
        i, kind = rng.randrange(len(lines)), rng.random()
        key, colon, _ = lines[i].partition(": ")
        if kind < 0.45 and colon:
            lines[i] = f"{key}: {rng.choice(SCALARS)}"
        elif kind < 0.55:
            lines.insert(i, lines[rng.randrange(len(lines))])
        elif kind < 0.65 and len(lines) > 1:
            del lines[i]
        elif kind < 0.75:
            lines[i] = " " * rng.randint(0, 8) + lines[i].strip()
        elif kind < 0.9 and lines[i]:
            at = rng.randrange(len(lines[i]))
            lines[i] = lines[i][:at] + rng.choice(SCALARS)[:50] + lines[i][at + rng.randint(0, 6) :]
        else:
            lines[i] += rng.choice((" # x", ":", " -", ",", "}", "]", '"', "\t", "|", ">", "? x", "---", "..."))
    return "\n".join(lines) + "\n"


def changed_table(seed: int) -> bytes:
    """Return the bytes of a CSV table with one to four changes."""
    rng = random.Random(seed)
    rows = [["T", "gas", "y"]]
    rows += [[str(300 + 10 * i), ("N2", "Ar", "H2")[i % 3], f"{50 + 3.7 * i:.1f}"] for i in range(rng.randint(2, 14))]
    for _ in range(rng.randint(1, 4)):
        i, kind = rng.randrange(len(rows)), rng.random()
        if kind < 0.5 and rows[i]:
            rows[i][rng.randrange(len(rows[i]))] = rng.choice(CELLS)
        elif kind < 0.7 and rows[0]:
            rows[0][rng.randrange(len(rows[0]))] = rng.choice(HEADERS)
        elif kind < 0.8:
            rows[i].append(rng.choice(CELLS))
        elif kind < 0.85 and rows[i]:
            rows[i].pop()
        elif kind < 0.9:
            rows.insert(i, list(rows[rng.randrange(len(rows))]))
        else:
            rows.insert(0, [rng.choice(CELLS)] * rng.randint(1, 3))
    separator, end = rng.choice((",", ",", ";", "\t", "|")), rng.choice(("\n", "\n", "\r\n", "\r"))
    data = end.join(separator.join(row) for row in rows).encode("utf-8", "surrogatepass")
    if rng.random() < 0.1:
        at = rng.randrange(len(data))
        data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
    return rng.choice((b"", b"", b"", b"\xef\xbb\xbf", b"\xff\xfe")) + data


def try_file(folder: Path, seed: int) -> list[int]:
    """Validate a changed campaign file, and suggest first designs where it is sound; return the exit codes."""
    for path in FILES:
        for beside in path.parent.glob("*.csv"):
            (folder / beside.name).write_bytes(beside.read_bytes())
    (folder / "c.yaml").write_text(changed_file(seed), encoding="utf-8", errors="surrogatepass")
    codes = [command(folder, "validate", "c.yaml")]
    return [*codes, command(folder, "status", "c.yaml")] if codes == [0] else codes


def try_table(folder: Path, seed: int) -> list[int]:
    """Attach a changed table, begin a campaign from it, and import it; return the exit codes."""
    (folder / "c.yaml").write_text(CAMPAIGN)
    (folder / "t.csv").write_bytes(changed_table(seed))
    return [
        command(folder, "attach", "t.csv", "--campaign", "c.yaml"),
        command(folder, "init", "t.csv", "--yes", "-o", "new.yaml"),
        command(folder, "tasks", "import", "t.csv", "-o", "past", "--yes"),
    ]


def command(folder: Path, *words: str) -> int:
    """Run a command in a folder and return its exit code; what it prints must be a message and no traceback."""
    out, before, begun = io.StringIO(), Path.cwd(), time.process_time()
    raised: list[BaseException] = []

    def fail(error: BaseException, as_json: bool) -> int:
        raised.append(error)
        return output.fail(error, as_json)

    os.chdir(folder)
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
            patch("designer.cli.main.fail", fail),
        ):
            code = designer(list(words))
    finally:
        os.chdir(before)
    for error in raised:
        if not isinstance(error, DesignerError):
            raise error
    text = out.getvalue()
    assert code in (0, 1, 2), (words, code, text[:500])
    assert "Traceback" not in text, (words, text[:2000])
    assert "\x1b" not in text, (words, text[:500])
    assert code == 0 or text.strip(), words
    assert len(text) < 200_000, (words, len(text))
    assert time.process_time() - begun < LONGEST, words
    return code


def write(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Try many cases and print how many were read and refused; return 1 if one raised an exception."""
    from tests.priors.test_damaged_priors import attempt

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--tables", type=int, default=300)
    parser.add_argument("--priors", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args(arguments)
    failed = 0
    kinds: tuple[tuple[str, int, Callable[[Path, int], object]], ...] = (
        ("campaign files", given.files, try_file),
        ("tables", given.tables, try_table),
        ("saved priors", given.priors, attempt),
    )
    for name, number, attempt_one in kinds:
        begun, slowest, accepted, bad = time.process_time(), 0.0, 0, 0
        for seed in range(given.first, given.first + number):
            at = time.process_time()
            with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                try:
                    codes = attempt_one(Path(folder), seed)
                    accepted += isinstance(codes, list) and 0 in codes
                except Exception as error:  # noqa: BLE001  any is a finding
                    bad += 1
                    write(f"{name}, seed {seed}: {type(error).__name__}: {str(error)[:500]}")
            slowest = max(slowest, time.process_time() - at)
        took = time.process_time() - begun
        read = f", {accepted} read" if name != "saved priors" else ""
        write(f"{name}: {number} tried{read}, {bad} failed, {took:.0f} CPU s, slowest {slowest:.1f} s")
        failed += bad
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
