from pathlib import Path

import openpyxl
import pytest

from designer.errors import InvalidData
from designer.sheets import read_sheet


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_cells_are_text_and_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path):
    frame = read_sheet(write(tmp_path / "a.csv", "T [K], y\n300,1.50\n\n,,\n 350 ,\n"))
    assert list(frame.columns) == ["T [K]", "y"]
    assert frame.to_numpy().tolist() == [["300", "1.50"], ["350", ""]]
    assert list(frame.index) == [2, 5]


@pytest.mark.parametrize("text", ["T;y\n1,5;2\n", "\ufeffT\ty\n1,5\t2\n", 'T,y\n"1,5",2\n', "T,y\r\n\"1,5\",2\r\n"])
def test_separators_and_byte_order_marks(tmp_path: Path, text):
    assert read_sheet(write(tmp_path / "a.csv", text)).to_dict(orient="records") == [{"T": "1,5", "y": "2"}]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["the table has no header; give a header and rows"]),
        ("\n\n", ["the table has no header; give a header and rows"]),
        ("a,,a\n1,2,3\n", ["row 1: column 2 has no header", "row 1, column 'a': header 'a' stands twice"]),
        ("a,b\n1\n1,2\n1,2,3\n", ["row 2: the row has 1 cells; the header has 2", "row 4: the row has 3 cells"]),
        ('a,b\n"1,2\n', ["cannot be read"]),
    ],
)
def test_every_fault_of_the_form_is_told(tmp_path: Path, text, messages):
    path = write(tmp_path / "a.csv", text)
    with pytest.raises(InvalidData) as error:
        read_sheet(path)
    assert len(error.value.faults) == len(messages)
    for fault, message in zip(error.value.faults, messages, strict=True):
        assert message in str(fault)
        assert fault.file == str(path)


def test_files_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(InvalidData, match="no such file"):
        read_sheet(tmp_path / "absent.csv")
    with pytest.raises(InvalidData, match="no such file"):
        read_sheet(tmp_path / "absent.xlsx")
    with pytest.raises(InvalidData, match="byte 3 is not UTF-8"):
        read_sheet(write(tmp_path / "latin.csv", "T \xe9,y\n1,2\n", "latin-1"))
    with pytest.raises(InvalidData, match="is no workbook"):
        read_sheet(write(tmp_path / "text.xlsx", "a,b\n1,2\n"))
    with pytest.raises(InvalidData, match="cannot be read"):
        read_sheet(tmp_path)


def test_the_first_sheet_of_a_workbook(tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["T", "gas", "y", None])
    sheet.append([300, "N2", 0.1, None])
    sheet.append([None, None, None, None])
    sheet.append([350.0, "Ar", None, None])
    book.create_sheet("other").append(["ignored"])
    book.save(tmp_path / "a.xlsx")
    frame = read_sheet(tmp_path / "a.xlsx")
    assert frame.to_dict(orient="index") == {
        2: {"T": "300", "gas": "N2", "y": "0.1"},
        4: {"T": "350", "gas": "Ar", "y": ""},
    }
