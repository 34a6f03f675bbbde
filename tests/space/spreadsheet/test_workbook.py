"""Excel files: what is seen is what is read, what cannot be is refused with its place, in bounded time and memory."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.studies.hostile_tables import DATA, HEADER, TABLES, Hostile, run, worksheet, write_workbook
from designer.errors import Fault, InvalidData
from designer.space.spreadsheet.workbook import read_rows
from designer.space.table_files import read_frame


def saved(path: Path, rows: list[list[Any]], formats: dict[str, str] | None = None) -> Any:
    """Write rows as a workbook, some cells with a number format, and return it for changes."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for cell, code in (formats or {}).items():
        sheet[cell].number_format = code
    book.save(path)
    return book


def faults(path: Path) -> list[str]:
    with pytest.raises(InvalidData) as caught:
        read_rows(path)
    assert all(fault.file == str(path) for fault in caught.value.faults)
    return [f"{fault.row}: {fault.what}" for fault in caught.value.faults]


def faults_if_any(path: Path) -> tuple[Fault, ...]:
    """Return the faults of a file; any other exception is one of the reader."""
    try:
        read_rows(path)
    except InvalidData as error:
        return error.faults
    return ()


class TestCells:
    """Each kind of cell is read as a person sees it."""

    def test_all_kinds(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        saved(
            path,
            [["T", "yield", "gas"], [400, 0.55, "N2"], [450.5, 0.6, " Ar "], [None, True, datetime.date(2026, 5, 3)]],
            {"B2": "0%", "B3": "0.0%", "C4": "dd.mm.yyyy"},
        )
        assert read_rows(path) == [
            (1, ["T", "yield", "gas"]),
            (2, [400, "55 %", "N2"]),
            (3, [450.5, "60 %", "Ar"]),
            (4, [None, True, "2026-05-03"]),
        ]

    def test_text_numbers_errors_and_long_digits(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        rows = '<row r="2"><c r="A2" t="str"><v>12,5</v></c><c r="B2" t="e"><v>#DIV/0!</v></c></row>'
        rows += '<row r="3"><c r="A3"><v>0.30000000000000004</v></c><c r="B3"><v>1E-3</v></c></row>'
        write_workbook(path, worksheet(HEADER + rows))
        assert read_rows(path)[1:] == [(2, ["12,5", "#DIV/0!"]), (3, [0.3, 0.001])]

    def test_cells_without_references_follow_each_other(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        write_workbook(path, worksheet("<row><c><v>1</v></c><c/><c><v>2</v></c></row><row/><row><c><v>3</v></c></row>"))
        assert read_rows(path) == [(1, [1, None, 2]), (3, [3, None, None])]

    def test_rich_text_is_joined_and_pronunciation_left_out(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        strings = "<si><r><t>Li</t></r><r><t>2O</t></r><rPh><t>ri</t></rPh></si>"
        write_workbook(path, worksheet('<row><c t="s"><v>0</v></c></row>'), strings=strings)
        assert read_rows(path) == [(1, ["Li2O"])]

    def test_empty_rows_keep_the_numbers_of_those_below(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        saved(path, [["T", "y"], [None, None], [400, 1]])
        assert read_frame(path).index.tolist() == [3]

    def test_a_hidden_sheet_is_not_the_first(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        book = saved(path, [["old"], [1]])
        book.create_sheet("new").append(["T"])
        book["Sheet"].sheet_state = "hidden"
        book.active = 1
        book.save(path)
        assert read_rows(path) == [(1, ["T"])]


class TestNotSeen:
    """What is not seen as it is stored is refused, with its place."""

    def test_merged_cells(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        book = saved(path, [["T", "y"], [400, 1], [400, 2], [500, 3]])
        book.active.merge_cells("A2:A3")
        book.save(path)
        assert faults(path) == ["2: the cells A2:A3 are merged"]

    def test_merged_headers(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        book = saved(path, [["T", "y", "z"], [400, 1, 2]])
        book.active.merge_cells("B1:C1")
        book.save(path)
        assert faults(path) == ["1: the cells B1:C1 are merged"]

    def test_merged_cells_beside_the_table_do_not_matter(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        book = saved(path, [["T", "y"], [400, 1]])
        book.active.merge_cells("A5:B9")
        book.active.merge_cells("F1:F2")
        book.save(path)
        assert len(read_rows(path)) == 2

    def test_hidden_rows_and_columns(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        book = saved(path, [["T", "y", "z"], *([i, i, i] for i in range(6))])
        for row in (3, 4, 6):
            book.active.row_dimensions[row].hidden = True
        book.active.column_dimensions["C"].hidden = True
        book.active.column_dimensions["Z"].hidden = True
        book.save(path)
        assert faults(path) == ["3: the rows 3 to 4 are hidden", "6: row 6 is hidden", "1: column C is hidden"]

    def test_a_formula_that_was_never_computed(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        saved(path, [["T", "y"], [400, "=A2*2"]])
        assert faults(path) == ["2: cell B2 holds a formula without a result"]

    def test_a_formula_with_its_result_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        rows = '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>""</f><v></v></c></row>'
        write_workbook(path, worksheet(HEADER + rows))
        assert read_rows(path)[1] == (2, [2, None])

    def test_a_number_that_its_format_hides(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        saved(path, [["T", "y"], [400, 3]], {"B2": ";;;"})
        assert faults(path) == ["2: cell B2 holds a number that its format hides"]


@pytest.mark.slow
class TestHostile:
    """Files that ask for far more than their size are refused, or read, in bounded time and memory."""

    @pytest.mark.parametrize("one", TABLES, ids=lambda one: one.name)
    def test_time_and_memory_are_bounded(self, one: Hostile, tmp_path: Path) -> None:
        outcome = run(one.make(tmp_path), tmp_path, seconds=2 * one.seconds)
        assert outcome.code in (0, 2), outcome.text
        assert outcome.memory < one.memory
        assert len(outcome.text) < 50_000
        assert "Traceback" not in outcome.text
        assert outcome.code == 0 or outcome.text.startswith("t.")

    @pytest.mark.parametrize(
        ("sheet", "what"),
        [
            ('<row><c r="AAAA1"><v>1</v></c></row>', "'AAAA1' is no cell"),
            ('<row><c r="XFE1"><v>1</v></c></row>', "'XFE1' is no cell of a sheet"),
            ('<row><c r="A0"><v>1</v></c></row>', "'A0' is no cell of a sheet"),
            ('<row r="1048577"><c><v>1</v></c></row>', "1048577 is no row of a sheet"),
            ('<row><c t="s"><v>0</v></c></row>', "names a text that is not there"),
            ('<row><c t="s"><v>-1</v></c></row>', "names a text that is not there"),
            ("<row><c><v>nan</v></c></row>", "'nan', which is no number"),
            ("<row><c><v>1_0</v></c></row>", "'1_0', which is no number"),
            ("<row><c><v>1e999</v></c></row>", "'1e999', which is no number"),
            (f'<row><c t="str"><v>{"a" * 40_000}</v></c></row>', "longer than 32,767 characters"),
            (f"<row>{'<c><v>1</v></c>' * 16_385}</row>", "more cells than a sheet can have"),
            ("<row><c><v>1</c></row>", "is no XML: mismatched tag in line 1"),
            ('<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>', "cell A1 stands twice"),
            ('<row r="2"><c><v>1</v></c></row><row r="2"><c><v>2</v></c></row>', "cell A2 stands twice"),
            ('<row r="99999999"><c r="A1"><v>1</v></c></row>', "'99999999' is no row of a sheet"),
            ('<row r="-1"><c><v>1</v></c></row>', "'-1' is no row of a sheet"),
            ('<row r=""><c><v>1</v></c></row>', "'' is no row of a sheet"),
            (
                f'<row><c t="inlineStr"><is>{"<r><t>ab</t></r>" * 20_000}</is></c></row>',
                "the text of cell A1 is longer than 32,767",
            ),
            (f'<row><c t="inlineStr"><is>{"<t></t>" * 40_000}</is></c></row>', "the text of cell A1 is longer"),
        ],
    )
    def test_what_no_sheet_holds_is_refused(self, tmp_path: Path, sheet: str, what: str) -> None:
        path = tmp_path / "a.xlsx"
        write_workbook(path, worksheet(sheet))
        (fault,) = faults(path)
        assert "cannot be read as Excel" in fault
        assert what in fault

    @pytest.mark.parametrize("piece", ["<r><t>ab</t></r>", "<t/>"])
    def test_shared_text_of_many_pieces_is_refused(self, tmp_path: Path, piece: str) -> None:
        path = tmp_path / "a.xlsx"
        write_workbook(path, worksheet(HEADER + DATA), strings=f"<si>{piece * 40_000}</si>")
        (fault,) = faults(path)
        assert "one of its texts is longer than 32,767 characters" in fault

    def test_other_packings_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        write_workbook(path, worksheet(HEADER + DATA))
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        assert "packed in an unusual way" in faults(path)[0]

    @pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"])
    def test_a_missing_part_is_named(self, tmp_path: Path, part: str) -> None:
        path = tmp_path / "a.xlsx"
        write_workbook(path, worksheet(HEADER + DATA))
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist() if name != part}
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        assert f"its part {part} is missing" in faults(path)[0]


def workbook_bytes() -> bytes:
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    for row in (["T", "gas", "y"], [400, "N2", 0.5], [450, "Ar", 0.75]):
        book.active.append(row)
    book.active["C2"].number_format = "0%"
    book.save(buffer)
    return buffer.getvalue()


WORKBOOK = workbook_bytes()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(WORKBOOK) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_files_are_read_or_refused(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    data = bytearray(WORKBOOK)
    for place, value in changes:
        data[place] = value
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(data)
    assert all(fault.file == str(path) for fault in faults_if_any(path))


FRAGMENTS = st.sampled_from(
    ["<row>", "</row>", '<row r="3" hidden="1">', "<c>", '<c t="s">', '<c r="B2" s="9">', "</c>", "<v>", "</v>", "1.5",
     "<f>", "</f>", "<is>", "<t>", "</t>", "</is>", "<!-- x -->", "&lt;", "&#0;", "<mergeCell ref='A1:B2'/>", "<a/>",
     '<col min="1" max="9" hidden="1"/>', "]]>", "<?x y?>"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FRAGMENTS, max_size=30))
def test_any_sheet_is_read_or_refused(tmp_path: Path, pieces: list[str]) -> None:
    path = tmp_path / "odd.xlsx"
    write_workbook(path, worksheet("".join(pieces)))
    assert all(fault.file == str(path) for fault in faults_if_any(path))


TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=20).filter(
    lambda text: not text.startswith("=")
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(-(10**14), 10**14), TEXTS, st.booleans()), min_size=3, max_size=3),
        min_size=1,
        max_size=8,
    )
)
def test_what_openpyxl_writes_is_read_back(tmp_path: Path, rows: list[list[Any]]) -> None:
    path = tmp_path / "a.xlsx"
    saved(path, rows)
    wanted = [[cell or None if isinstance(cell, str) else cell for cell in row] for row in rows]
    there = [(i, row) for i, row in enumerate(wanted, start=1) if any(cell is not None for cell in row)]
    width = max((j + 1 for _, row in there for j, cell in enumerate(row) if cell is not None), default=0)
    assert read_rows(path) == [(i, row[:width]) for i, row in there]
