import numpy as np
import pytest

from designer.errors import InvalidData
from designer.oracles.design_mapping import grouped
from tests.oracles.spaces import SPACE, design


def test_one_entry_a_parameter_and_plain_numbers() -> None:
    flat = {name: np.float64(v) if isinstance(v, float) else v for name, v in design().items()}
    result = grouped(SPACE, flat)
    assert result == {"alloy": {"Ni": 10.0, "Fe": 20.0, "Co": 70.0}, "temperature": 450.0, "gas": "Ar"}
    assert type(result["temperature"]) is float


def test_missing_columns_are_all_named() -> None:
    flat = design()
    del flat["gas"], flat["alloy.Fe"]
    with pytest.raises(InvalidData) as error:
        grouped(SPACE, flat)
    assert [fault.column for fault in error.value.faults] == ["alloy.Fe", "gas"]
