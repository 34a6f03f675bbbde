import pytest

from designer import errors
from designer.errors import Conflict, DesignerError, Fault, InvalidData, InvalidInput, MissingExtra, render_path


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
    with pytest.raises(DesignerError, match=r"openpyxl is not installed; .* pip install 'materials-designer\[excel\]'"):
        raise MissingExtra("openpyxl", "excel")
