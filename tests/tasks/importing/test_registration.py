"""An importer that another package adds: one function and one registration, and `tasks import` reads its files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from designer.cli.main import app
from designer.errors import BrokenPlugin, InvalidData, InvalidInput
from designer.tasks.importing.raw import RawTable
from designer.tasks.importing.source_formats import IMPORTERS, read_source, register_importer
from tests.plugins import write_package

CODE = """
import pandas as pd
from designer.tasks.importing.raw import RawTable

def read(path):
    rows = [line.split("|") for line in path.read_text().splitlines()]
    return [RawTable(path.stem, str(path), pd.DataFrame(rows[1:], columns=rows[0]))]
"""


def read_bars(path: Path) -> list[RawTable]:
    rows = [line.split("|") for line in path.read_text().splitlines()]
    return [RawTable(path.stem, str(path), pd.DataFrame(rows[1:], columns=rows[0]))]


@pytest.fixture
def registered() -> Iterator[None]:
    register_importer(".bars", read_bars)
    yield
    IMPORTERS.unregister(".bars")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "oven.BARS"
    path.write_text("T [degC]|strength [MPa]\n" + "".join(f"{300 + 20 * i}|{100 + 7 * i}\n" for i in range(8)))
    return path


@pytest.mark.usefixtures("registered")
def test_a_registered_ending_is_read(file: Path) -> None:
    (table,) = read_source(file)
    assert table.name == "oven"
    assert table.frame.columns.tolist() == ["T [degC]", "strength [MPa]"]
    assert len(table.frame) == 8


@pytest.mark.usefixtures("registered")
def test_tasks_import_reads_it(file: Path, tmp_path: Path) -> None:
    arguments = ["tasks", "import", str(file), "-o", str(tmp_path / "tasks"), "--maximize", "strength", "--yes"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "8" in done.output


def test_without_it_the_ending_is_a_fault(file: Path) -> None:
    with pytest.raises(InvalidData, match=r"a \.bars is not read"):
        read_source(file)


def test_an_installed_package_adds_it(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = {"designer.importers": {".bars": "bars_reader:read"}}
    monkeypatch.syspath_prepend(str(write_package(tmp_path, "bars_reader", CODE, points)))
    try:
        assert len(read_source(file)[0].frame) == 8
    finally:
        IMPORTERS.unregister(".bars")
        sys.modules.pop("bars_reader", None)


def test_a_broken_package_is_named(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = {"designer.importers": {".bars": "bars_broken:read"}}
    monkeypatch.syspath_prepend(str(write_package(tmp_path, "bars_broken", "read = 3", points)))
    with pytest.raises(BrokenPlugin, match=r"importer '.bars' of the package bars_broken .* is 3, not a function"):
        read_source(file)
    sys.modules.pop("bars_broken", None)


@pytest.mark.parametrize("ending", ["bars", ".BARS", ".csv", "", ". bars "])
def test_what_is_no_free_ending_cannot_be_registered(ending: str) -> None:
    with pytest.raises(InvalidInput):
        register_importer(ending, read_bars)
