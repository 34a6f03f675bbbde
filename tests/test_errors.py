import time

import pytest

from designer import errors
from designer.errors import (
    MAX_ALIKE,
    MAX_FAULT_TEXT,
    MAX_KINDS,
    Conflict,
    DesignerError,
    Fault,
    InvalidData,
    InvalidInput,
    MissingExtra,
    render_path,
    summarized,
)


def test_a_fault_says_where_what_and_what_would_be_right() -> None:
    fault = Fault("'warm' is not a number", "give degC", file="a.csv", row=4, column="T")
    assert str(fault) == "a.csv, row 4, column 'T': 'warm' is not a number; give degC"
    assert str(Fault("wrong", file="a.yaml", line=3, path=("space", 0))) == "a.yaml:3: wrong"
    assert str(Fault("wrong", line=3)) == "line 3: wrong"
    assert str(Fault("wrong", path=("space", 0, "bounds"))) == "space[0].bounds: wrong"
    assert str(Fault("wrong")) == "wrong"
    assert fault.at(row=5) == Fault("'warm' is not a number", "give degC", file="a.csv", row=5, column="T")


def test_paths_are_written_as_in_code() -> None:
    assert render_path(()) == ""
    assert render_path((0, "a", "b", 1)) == "[0].a.b[1]"


def test_an_error_carries_all_its_faults() -> None:
    error = InvalidData([Fault("one"), Fault("two", "mend it")])
    assert [fault.what for fault in error.faults] == ["one", "two"]
    assert str(error) == "one\ntwo; mend it"
    assert InvalidInput(Fault("one")).faults == (Fault("one"),)


def test_every_error_has_the_one_base() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 10
    assert all(issubclass(kind, DesignerError) for kind in kinds)
    assert issubclass(InvalidInput, ValueError)
    assert not issubclass(Conflict, InvalidInput)


def test_a_missing_package_names_the_line_that_installs_it() -> None:
    with pytest.raises(DesignerError, match=r"pyarrow is not installed; .* 'materials-designer\[parquet\]'"):
        raise MissingExtra("pyarrow", "parquet")


class TestManyFaults:
    """Thirty thousand bad rows are one line with a count, and few faults are listed one by one."""

    def test_equal_faults_are_one_line_with_a_count_and_the_first_rows(self) -> None:
        faults = [Fault(f"'{i}' is not a number", "give a number", row=i, column="y") for i in range(2, 30_002)]
        (line,) = str(InvalidData(faults)).splitlines()
        assert line.startswith("row 2, column 'y': '2' is not a number; give a number (and 29,999 more like this")
        assert "in rows 3, 4, 5, 6, 7, ..." in line

    def test_few_are_listed_one_by_one_and_all_stay_with_the_error(self) -> None:
        faults = [Fault("'x' is not a number", row=i) for i in range(MAX_ALIKE)]
        error = InvalidData(faults)
        assert error.faults == tuple(faults)
        assert len(str(error).splitlines()) == MAX_ALIKE

    def test_kinds_are_kept_apart_and_in_order(self) -> None:
        faults = [Fault("the cell is empty", row=1), *(Fault(f"{i} is no step", row=i) for i in range(99))]
        assert [fault.what for fault in summarized(faults)] == ["the cell is empty", "0 is no step"]

    def test_kinds_without_number_are_counted(self) -> None:
        words = ["".join(chr(97 + int(digit)) for digit in str(i)) for i in range(500)]
        lines = str(InvalidData([Fault(f"odd {word}") for word in words])).splitlines()
        assert len(lines) == MAX_KINDS + 1
        assert lines[-1] == "and 400 faults of other kinds"

    def test_long_values_are_cut(self) -> None:
        (fault,) = summarized([Fault(f"{'x' * 100_000!r} is not a number", "give a number", column="c" * 9_999)])
        assert len(str(fault)) < 3 * MAX_FAULT_TEXT

    def test_a_hundred_thousand_are_summarized_in_a_second(self) -> None:
        faults = [Fault(f"'{i}' is not a number", "give a number", row=i) for i in range(100_000)]
        start = time.perf_counter()
        assert len(summarized(faults)) == 1
        assert time.perf_counter() - start < 5
