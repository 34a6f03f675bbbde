"""The first ten minutes with a lab's own table: what has to be edited by hand before the first suggestion is right.

``python -m benchmarks.studies.first_ten_minutes`` writes the ten tables of `messy_tables` into a temporary folder, and
gives each to ``init``, ``validate``, ``attach``, ``suggest``, ``record`` and ``report`` as a new user would. It counts
the edits: the keys of the campaign file that a person who knows the lab would change, and the tables that had to be
changed before a command accepted them. With a folder in the variable ``DESIGNER_DATA`` it also drafts a campaign from
the first table of each family there, and compares it with the family's own description.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks.studies.messy_tables import MessyTable, messy_tables
from designer.cli.main import main as command_line


@dataclass
class Course:
    """What happened with one table.

    Parameters
    ----------
    name
        The table.
    edits
        What a person would still change, one entry an edit.
    beyond
        Differences from the family's description that its first table cannot show: a setting that it lacks or holds at
        one value, or numbers whose sum is the same in each row, which the draft calls a mixture.
    remarks
        The remarks of ``init``.
    seconds
        The time of all commands together.
    """

    name: str
    edits: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    seconds: float = 0.0


def follow(table: MessyTable, folder: Path, *, to_report: bool = True) -> Course:
    """Go from a table to a campaign with a result of its first suggestion, and count the edits by hand.

    Parameters
    ----------
    folder
        An empty folder for the table, the campaign and its database.
    to_report
        Whether to go on to a suggestion, its result and the report, which takes some seconds.
    """
    course, begun = Course(table.name), time.perf_counter()
    with contextlib.chdir(folder):
        given = table.write(folder)
        drafted = _run(course, "init", given.name, "--yes", *table.wanted)
        if drafted is not None:
            course.remarks += drafted["remarks"]
            _use(course, table, drafted, to_report=to_report)
    course.seconds = time.perf_counter() - begun
    return course


def _use(course: Course, table: MessyTable, drafted: dict[str, Any], *, to_report: bool) -> None:
    """Check the drafted campaign, give it the results of the table, and carry out one round of it."""
    data = yaml.safe_load(Path(drafted["file"]).read_text(encoding="utf-8"))
    course.edits += differences(data, table)
    _run(course, "validate")
    if "candidates" not in data:
        _run(course, "attach", drafted["table"])
    if not to_report or _run(course, "suggest", "--csv", "next.csv") is None:
        return
    sheet = pd.read_csv("next.csv", dtype=object)
    column = next(name for name in sheet.columns if name.split(" [")[0] in (table.target, _title(data)))
    sheet[column] = "42"
    sheet.to_csv("next.csv", index=False)
    _run(course, "record", "next.csv")
    _run(course, "report")


def _title(data: dict[str, Any]) -> str:
    target = data["targets"][0]
    return str(target.get("column", target["name"]))


def differences(data: dict[str, Any], table: MessyTable) -> Iterator[str]:
    """Yield each key of a drafted campaign that a person who knows the lab would change."""
    found = {each["name"]: each["kind"] for each in data["space"]}
    for name, kind in table.parameters.items():
        if found.get(name) != kind:
            yield f"parameter {name!r} should be {kind}, and is {found.get(name, 'missing')}"
    yield from (f"parameter {name!r} should not be there" for name in found if name not in table.parameters)
    target = data["targets"][0]
    for key, wanted in (("name", table.target), ("goal", table.goal), ("unit", table.unit)):
        if target.get(key) != wanted:
            yield f"{key} of the target should be {wanted!r}, and is {target.get(key)!r}"
    if data.get("id_column") != table.lab_ids:
        yield f"id_column should be {table.lab_ids!r}, and is {data.get('id_column')!r}"
    if ("candidates" in data) != (table.lab_ids is not None):
        yield "candidates should be given" if table.lab_ids else "candidates should not be given"


def of_families(folder: Path) -> Iterator[Course]:
    """Draft a campaign from the first table of each family in a folder, and compare it with the family's description.

    A family's parameters and the column of its first target are what is expected; its goal is given on the command
    line, since a table does not state it.
    """
    for card in sorted(folder.glob("*/family.yaml")):
        family = yaml.safe_load(card.read_text(encoding="utf-8"))
        task = family["tasks"][0]
        target = (task.get("targets") or family["targets"])[0]
        course, begun = Course(f"{family['family']}/{task['name']}"), time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="designer-init-") as place, contextlib.chdir(place):
            Path("table.csv").write_bytes((card.parent / task["file"]).read_bytes())
            goal = "minimize" if target.get("goal") == "minimize" else "maximize"
            wanted = ("--" + goal, str(target.get("column", target["name"])))
            drafted = _run(course, "init", "table.csv", "--yes", *wanted)
            if drafted is not None:
                data = yaml.safe_load(Path(drafted["file"]).read_text(encoding="utf-8"))
                given = pd.read_csv("table.csv")
                for column, words in _other_parameters(data["space"], task.get("space") or family["space"]):
                    (course.beyond if _cannot_show(given, column, words) else course.edits).append(words)
                _run(course, "validate")
        course.seconds = time.perf_counter() - begun
        yield course


def _cannot_show(table: pd.DataFrame, column: str, words: str) -> bool:
    """Whether a table does not show what a description says of a column."""
    if words.endswith("is missing"):
        return column not in table or table[column].nunique(dropna=False) < 2
    return words.endswith("should be numeric, and is mixture")  # the sum of these columns is the same


def _other_parameters(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each column that the parameters of one space take in another way than those of the other, and how."""
    named = [{column: each["kind"] for each in space for column in _columns(each)} for space in (found, expected)]
    for column, kind in named[1].items():
        if column not in named[0]:
            yield column, f"column {column!r} is missing"
        elif named[0][column] != kind:
            yield column, f"column {column!r} should be {kind}, and is {named[0][column]}"
    others = [column for column in named[0] if column not in named[1]]
    yield from ((column, f"column {column!r} should not be there") for column in others)


def _columns(parameter: dict[str, Any]) -> list[str]:
    parts = parameter.get("elements") or parameter.get("components")
    if parts and parameter["kind"] != "formula":
        return [str(name) for name in parameter.get("columns", parts)]
    return [str(parameter.get("column", parameter["name"]))]


def _run(course: Course, *words: str) -> dict[str, Any] | None:
    """Run a command and return its answer; a refusal is an edit, and has none."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command_line([*words, "--json"])
    if code == 0:
        answer: dict[str, Any] = json.loads(out.getvalue())
        return answer
    course.edits.append(f"{words[0]} refuses: {' '.join((out.getvalue() or err.getvalue()).split())[:200]}")
    return None


def page(courses: list[Course]) -> str:
    """Return the table of what had to be edited."""
    lines = ["| table | edits by hand | seconds | what | not in the table |", "|---|---|---|---|---|"]
    lines += [
        f"| {each.name} | {len(each.edits)} | {each.seconds:.1f} | {'; '.join(each.edits) or 'nothing'} | "
        f"{'; '.join(each.beyond) or 'nothing'} |"
        for each in courses
    ]
    none = sum(not each.edits for each in courses)
    same = sum(not each.edits and not each.beyond for each in courses)
    last = f"No edit for {none} of {len(courses)} tables, for {same} also none that the table cannot show."
    lines += ["", f"{last} Python {platform.python_version()}."]
    return "\n".join(lines)


def main() -> int:
    """Follow the ten tables and print what had to be edited; return 1 if more than two of them needed an edit."""
    courses = []
    for table in messy_tables():
        with tempfile.TemporaryDirectory(prefix="designer-init-") as folder:
            courses.append(follow(table, Path(folder)))
    print(page(courses))
    if "DESIGNER_DATA" in os.environ:
        print("\nMeasured tables, the first of each family:\n")
        print(page(list(of_families(Path(os.environ["DESIGNER_DATA"])))))
    for each in courses if "--remarks" in sys.argv else ():
        print(f"\n{each.name}\n" + "\n".join(f"  {remark}" for remark in each.remarks))
    return int(sum(bool(each.edits) for each in courses) > 2)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
