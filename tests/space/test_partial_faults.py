"""A space with a malformed part still tells what is wrong with the others."""

from __future__ import annotations

from typing import Any

import pytest

from designer.errors import InvalidSpace
from designer.space import DesignSpace

GOOD = {"name": "T", "kind": "numeric", "bounds": [300, 900]}
GAS = {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]}
BROKEN = {"name": "p", "kind": "numeric", "bounds": [9, 1]}


def faults(space: list[Any], constraints: list[str]) -> dict[tuple[str | int, ...], str]:
    with pytest.raises(InvalidSpace) as caught:
        DesignSpace(space=space, constraints=constraints)  # type: ignore[call-arg]
    return {fault.path: fault.what for fault in caught.value.faults}


def test_names_and_choices_in_constraints_are_checked_beside_a_malformed_parameter() -> None:
    found = faults([GOOD, GAS, BROKEN], ["TT <= 500", "T <= 500", "if gas == He then T <= 500", "T <="])
    assert set(found) >= {("constraints", 0), ("constraints", 2), ("constraints", 3)}
    assert ("constraints", 1) not in found
    assert any(path[:2] == ("space", 2) for path in found)
    assert "'TT'" in found["constraints", 0]


def test_what_depends_on_the_malformed_parameter_is_left_until_it_is_mended() -> None:
    found = faults([GOOD, BROKEN], ["p * T <= 500"])
    assert [path for path in found if path[0] == "constraints"] == []


def test_a_parameter_without_a_readable_name_silences_only_constraints() -> None:
    found = faults([GOOD, GOOD, {"kind": "numeric"}], ["anything <= 500"])
    assert found["space", 1, "name"] == "parameter 'T' is given twice"
    assert [path for path in found if path[0] == "constraints"] == []


def test_a_faultless_rest_adds_nothing() -> None:
    alone = faults([BROKEN], [])
    assert faults([BROKEN, GOOD, GAS], ["T <= 500", "gas in [N2]"]) == alone


@pytest.mark.parametrize("data", [None, "text", [1], {"space": "T"}, {"space": [1, None]}])
def test_no_shape_of_data_is_a_traceback(data: Any) -> None:
    from designer.documents import Document, parse

    with pytest.raises(InvalidSpace):
        parse(DesignSpace, Document(data), error=InvalidSpace)
