"""Workers for uploads: results, errors, and limits of time and memory that end one task and no other."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from designer.errors import InvalidData
from designer.service.problems import Refused, WorkerProblem
from designer.service.work.timed_workers import TimedWorkers
from designer.service.work.uploads import frame_of, read_table
from tests.service.conftest import CAMPAIGN

TABLE = b"T [degC],gas\n300,N2\n\n400,air\n"
LARGE = b'"a","b"\n' + b'"x","y"\n' * 1_200_000


@pytest.fixture(scope="module")
def workers() -> Iterator[TimedWorkers]:
    workers = TimedWorkers(1)
    yield workers
    workers.close()


def test_a_table_is_the_same_as_read_here(workers: TimedWorkers) -> None:
    data = workers.run("table", TABLE, {"name": "a.csv"})
    pd.testing.assert_frame_equal(frame_of(data), read_table(TABLE, "a.csv"))


def test_a_workbook_is_the_same_as_read_here(workers: TimedWorkers) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    for row in (["T", "gas", "y"], [300, "N2", 0.1], [None, "air", True], [1e-300, "é", -2]):
        book.active.append(row)
    book.save(buffer)
    data = workers.run("table", buffer.getvalue(), {"name": "a.xlsx"})
    pd.testing.assert_frame_equal(frame_of(data), read_table(buffer.getvalue(), "a.xlsx"))


def test_a_campaign_as_plain_data(workers: TimedWorkers, tmp_path: Path) -> None:
    content = json.dumps(CAMPAIGN).encode()
    found = workers.run("campaign", content, {"folder": str(tmp_path), "kind": "json"})
    assert found["data"] == CAMPAIGN
    assert (found["summary"]["id"], found["summary"]["targets"]) == ("films", ["loss"])


def test_faults_come_back(workers: TimedWorkers) -> None:
    with pytest.raises(WorkerProblem) as caught:
        workers.run("table", b"a,b\n1\n", {"name": "a.csv"})
    assert caught.value.document["status"] == 422
    assert caught.value.document["faults"][0]["row"] == 2


@pytest.mark.parametrize("damage", range(40))
def test_damaged_workbooks_are_faults(workers: TimedWorkers, damage: int) -> None:
    """Bytes of a compressed workbook are overwritten: zlib, zip and XML errors are faults of the file."""
    openpyxl = pytest.importorskip("openpyxl")
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    book.save(buffer)
    content = bytearray(buffer.getvalue())
    place = 37 * (damage + 1) % len(content)
    content[place : place + 20] = bytes((7 * i + damage) % 256 for i in range(20))
    problem = None
    try:
        workers.run("table", bytes(content), {"name": "a.xlsx"})
    except WorkerProblem as error:
        problem = error.document
    assert problem is None or (problem["status"], problem["faults"][0]["file"]) == (422, "a.xlsx")


def test_a_task_that_takes_too_long_is_ended_and_the_next_is_done() -> None:
    workers = TimedWorkers(1, seconds=0.5)
    try:
        begin = time.monotonic()
        with pytest.raises(InvalidData, match=r"cannot be read within 0\.5 s"):
            workers.run("table", LARGE, {"name": "a.csv"})
        assert time.monotonic() - begin < 60
        assert workers.run("table", TABLE, {"name": "a.csv"})["columns"] == ["T [degC]", "gas"]
    finally:
        workers.close()


def test_a_task_that_takes_too_much_memory_is_ended_and_the_next_is_done() -> None:
    workers = TimedWorkers(1, max_memory_bytes=300_000_000)
    try:
        with pytest.raises(InvalidData, match="limit of memory"):
            workers.run("table", LARGE, {"name": "a.csv"})
        assert workers.run("table", TABLE, {"name": "a.csv"})["columns"] == ["T [degC]", "gas"]
    finally:
        workers.close()


def test_a_killed_worker_is_replaced(workers: TimedWorkers) -> None:
    workers.run("table", TABLE, {"name": "a.csv"})
    os.kill(workers._workers[0]._process.pid, signal.SIGKILL)
    assert workers.run("table", TABLE, {"name": "a.csv"})["rows"] == [2, 4]


def test_uploads_beyond_the_number_of_workers_wait_or_are_refused() -> None:
    workers = TimedWorkers(1, seconds=0.3)
    try:
        workers.run("table", TABLE, {"name": "a.csv"})
        taken = workers._free.get()
        with pytest.raises(Refused, match="other uploads"):
            workers.run("table", TABLE, {"name": "a.csv"})
        threading.Timer(0.1, workers._free.put, [taken]).start()
        assert workers.run("table", TABLE, {"name": "a.csv"})["rows"] == [2, 4]
    finally:
        workers.close()


def hostile_workbooks() -> dict[str, bytes]:
    """Return small workbooks that make a careless reader work for minutes or take gigabytes."""
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    sheets = {
        "far cell": head + '<sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>',
        "false dimension": head + '<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        "</sheetData></worksheet>",
        "long comment": head + f"<!--{' ' * 20_000_000}--><sheetData/></worksheet>",
        "long attribute": head + f'<sheetData><row r="1" x="{"a" * 20_000_000}"/></sheetData></worksheet>',
        "nested tags": head + "<a>" * 2_000_000 + "</a>" * 2_000_000 + "</worksheet>",
        "empty cells": head + "<sheetData>" + "<row><c/>" * 1_500_000,
    }
    return {name: workbook(sheet) for name, sheet in sheets.items()}


def workbook(sheet: str) -> bytes:
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://'
        'schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        'relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_hostile_workbooks_are_refused_in_time() -> None:
    pytest.importorskip("openpyxl")
    workers = TimedWorkers(1, seconds=3.0, max_memory_bytes=1_000_000_000)
    try:
        workers.run("table", TABLE, {"name": "a.csv"})
        for name, content in hostile_workbooks().items():
            begin = time.monotonic()
            with contextlib.suppress(InvalidData, WorkerProblem):
                assert len(workers.run("table", content, {"name": "a.xlsx"})["rows"]) <= 1, name
            assert time.monotonic() - begin < 60, name  # 3 s for the task, the rest for a new process
    finally:
        workers.close()
