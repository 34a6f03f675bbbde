"""Time and peak memory of hostile inputs: files that are small, or look ordinary, and ask for far more than their size.

``python -m benchmarks.studies.hostile_tables`` makes each of them in a temporary folder, gives it to a command in a
process of its own with a limit on memory, and prints how long that took, its peak memory, and the first line of its
answer. An input passes if it is refused or read within its limits: every limit below is stated in SECURITY.md or in the
module that keeps it.
"""

from __future__ import annotations

import math
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MEMORY = 2_000_000_000
"""Bytes of address space that a process may take, its libraries included."""
SECONDS = 60.0
"""Seconds after which a process is stopped; the time limit of each input is its own."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SPACE = """\
designer: 1
name: hostile
space:
  - {name: T, kind: numeric, unit: degC, bounds: [300, 500]}
targets:
  - {name: y, goal: maximize}
"""


@dataclass(frozen=True)
class Hostile:
    """One input.

    Parameters
    ----------
    name
        What it is.
    make
        Writes it into a folder, and returns the command's arguments.
    seconds
        How long the command may take, on two shared cores.
    memory
        How many bytes of memory it may have in use at most.
    """

    name: str
    make: Callable[[Path], list[str]]
    seconds: float
    memory: int = 1_000_000_000


@dataclass(frozen=True)
class Outcome:
    """What became of an input: exit code, seconds, peak memory in bytes, and all that was written."""

    code: int
    seconds: float
    memory: int
    text: str


def write_workbook(path: Path, sheet: str, *, strings: str = "", styles: str = "", sheets: str = "") -> Path:
    """Write an Excel file from the XML of its sheet; other parts are the least that Excel accepts."""
    book = sheets or '<sheet name="Sheet1" sheetId="1" r:id="rId1"/>'
    main = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    relations = f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    parts = {
        "_rels/.rels": _relations(main),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{book}</sheets></workbook>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    if strings:
        relations += f'<Relationship Id="rId2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{_MAIN}">{strings}</sst>'
    if styles:
        relations += f'<Relationship Id="rId3" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        parts["xl/styles.xml"] = f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>'
    parts["xl/_rels/workbook.xml.rels"] = _relations(relations)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def _relations(entries: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}">{entries}</Relationships>'


def worksheet(rows: str, *, before: str = "", after: str = "") -> str:
    """Return the XML of a sheet.

    >>> worksheet('<row r="1"/>', before="<cols/>").partition(">")[2]
    '<cols/><sheetData><row r="1"/></sheetData></worksheet>'
    """
    return f'<worksheet xmlns="{_MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>T</t></is></c><c r="B1" t="inlineStr"><is><t>y</t></is></c></row>'
DATA = '<row r="2"><c r="A2"><v>400</v></c><c r="B2"><v>1</v></c></row>'


def far_cell() -> str:
    """Return a sheet with one cell in the last row and column that there are."""
    return worksheet(HEADER + DATA + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def false_dimension() -> str:
    """Return a sheet whose dimension is declared as that of the largest sheet there is."""
    return worksheet(HEADER + DATA, before='<dimension ref="A1:XFD1048576"/>')


def empty_cells(rows: int = 12_000, columns: int = 300) -> str:
    """Return a sheet of cells that hold nothing."""
    return worksheet(HEADER + DATA + f"<row>{'<c/>' * columns}</row>" * rows)


def sparse_rows(rows: int = 20_000) -> str:
    """Return a sheet with one value in the last column of every row."""
    return worksheet(HEADER + "".join(f'<row r="{i}"><c r="XFD{i}"><v>1</v></c></row>' for i in range(2, rows)))


def long_comment(size: int = 100_000_000) -> str:
    """Return a sheet with a comment of so many bytes."""
    return worksheet(HEADER + DATA, before=f"<!--{'a' * size}-->")


def long_attribute(size: int = 100_000_000) -> str:
    """Return a sheet with an attribute of so many bytes."""
    return worksheet(HEADER + f'<row r="2" spans="{"1" * size}"></row>')


def nested_tags(depth: int = 6_000_000) -> str:
    """Return a sheet of tags within tags."""
    return worksheet("<a>" * depth + "</a>" * depth)


def many_attributes(number: int = 2_000_000) -> str:
    """Return a sheet with a tag of many attributes."""
    attributes = " ".join(f'a{i}="1"' for i in range(number))
    return worksheet(f"<row {attributes}></row>")


def entities() -> str:
    """Return a sheet whose entities would expand to billions of characters."""
    lines = ['<!ENTITY a0 "aaaaaaaaaa">', *(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))]
    return f"<!DOCTYPE a [{''.join(lines)}]>" + worksheet(HEADER + "<row><c><v>&a9;</v></c></row>")


def zip_bomb(size: int = 400_000_000) -> str:
    """Return a sheet of blanks that unpacks to far more than the limit."""
    return worksheet(HEADER + DATA + " " * size)


def pieces_of_text(number: int = 400_000) -> str:
    """Return a sheet with one cell whose text is in many pieces."""
    return worksheet(HEADER + f'<row><c t="inlineStr"><is>{"<r><t>a</t></r>" * number}</is></c></row>')


def same_cell(times: int = 2_500_000) -> str:
    """Return a sheet that gives one cell many times."""
    cells = '<c r="A2"><v>1</v></c>' * times
    return worksheet(f'{HEADER}<row r="2">{cells}</row>')


def attach(sheet: Callable[[], str]) -> Callable[[Path], list[str]]:
    """Return what writes a sheet and a campaign, and attaches the sheet."""

    def make(folder: Path) -> list[str]:
        (folder / "c.yaml").write_text(SPACE, encoding="utf-8")
        write_workbook(folder / "t.xlsx", sheet())
        return ["attach", "t.xlsx", "--campaign", "c.yaml"]

    return make


def attach_csv(text: Callable[[], str]) -> Callable[[Path], list[str]]:
    """Return what writes a CSV table and a campaign, and attaches the table."""

    def make(folder: Path) -> list[str]:
        (folder / "c.yaml").write_text(SPACE, encoding="utf-8")
        (folder / "t.csv").write_text(text(), encoding="utf-8")
        return ["attach", "t.csv", "--campaign", "c.yaml"]

    return make


def unknown_columns(number: int) -> str:
    """Return a CSV table with many columns that no campaign knows."""
    names = [f"unknown_{i}" for i in range(number)]
    return f"T,y,{','.join(names)}\n400,1,{','.join('1' for _ in names)}\n"


def bad_rows(number: int) -> str:
    """Return a CSV table with many rows that cannot be read."""
    return "T,y\n" + "".join(f"warm{i},high{i}\n" for i in range(number))


def without_headers(number: int) -> str:
    """Return a CSV table of commas."""
    return f"T,y{',' * number}\n400,1{',' * number}\n"


TABLES = (
    Hostile("XLSX: a cell at XFD1048576", attach(far_cell), 10),
    Hostile("XLSX: a false dimension", attach(false_dimension), 10),
    Hostile("XLSX: 3.6 million empty cells", attach(empty_cells), 20),
    Hostile("XLSX: 20,000 rows with a value in column XFD", attach(sparse_rows), 10),
    Hostile("XLSX: a comment of 100 MB", attach(long_comment), 10),
    Hostile("XLSX: an attribute of 100 MB", attach(long_attribute), 10),
    Hostile("XLSX: 6 million nested tags", attach(nested_tags), 10),
    Hostile("XLSX: a tag of 2 million attributes", attach(many_attributes), 10),
    Hostile("XLSX: entities within entities", attach(entities), 10),
    Hostile("XLSX: 400 MB of blanks", attach(zip_bomb), 15),
    Hostile("XLSX: one cell of 400,000 pieces of text", attach(pieces_of_text), 10),
    Hostile("XLSX: one cell given 2.5 million times", attach(same_cell), 10),
    Hostile("CSV: 50,000 unknown columns", attach_csv(lambda: unknown_columns(50_000)), 10),
    Hostile("CSV: 300,000 unknown columns", attach_csv(lambda: unknown_columns(300_000)), 10),
    Hostile("CSV: 10,000 unknown columns", attach_csv(lambda: unknown_columns(10_000)), 10),
    Hostile("CSV: 30,000 bad rows", attach_csv(lambda: bad_rows(30_000)), 15),
    Hostile("CSV: a million commas in the header", attach_csv(lambda: without_headers(1_000_000)), 10),
)
INPUTS: tuple[Hostile, ...] = TABLES


def run(arguments: list[str], folder: Path, *, memory: int = MEMORY, seconds: float = SECONDS) -> Outcome:
    """Run a command of `designer` in a process with limits on memory and CPU time, and return what became of it."""
    code = (
        "import resource, sys\n"
        "from designer.cli.main import main\n"
        "code = main(sys.argv[1:])\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        # Not ru_maxrss: it begins with the memory of the process that started this one.
        "peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "sys.stderr.write(f'\\npeak {peak} {used.ru_utime + used.ru_stime}')\n"
        "sys.exit(code)\n"
    )

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 5))

    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, preexec_fn=limited)
    text, _, used = f"{done.stdout}{done.stderr}".rpartition("\npeak ")
    if len(used.split()) != 2:
        return Outcome(done.returncode, seconds, 0, text or used or f"not done after {seconds:g} CPU seconds")
    peak, took = used.split()
    return Outcome(done.returncode, float(took), 1024 * int(peak), text)


def main() -> int:
    """Run every input and print what became of it; return 1 if one exceeds its limits."""
    failed = 0
    print(f"{'input':46} {'code':>4} {'seconds':>8} {'MB':>6}  answer")
    for one in INPUTS:
        with tempfile.TemporaryDirectory() as name:
            outcome = run(one.make(Path(name)), Path(name))
        bad = outcome.code not in (0, 2) or outcome.seconds > one.seconds or outcome.memory > one.memory
        bad = bad or len(outcome.text) > 100_000
        failed += bad
        answer = outcome.text.strip().partition("\n")[0][:110]
        mark = " EXCEEDS ITS LIMITS" if bad else ""
        print(f"{one.name:46} {outcome.code:4} {outcome.seconds:8.2f} {outcome.memory / 1e6:6.0f}  {answer}{mark}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
