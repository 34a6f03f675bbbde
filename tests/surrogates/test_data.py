from __future__ import annotations

import pytest
import torch

from designer.errors import InvalidData
from designer.surrogates.data import TaskData
from tests.surrogates.tables import numeric_columns

NAN = float("nan")


def test_all_faults_are_reported_at_once() -> None:
    X = torch.tensor([[0.0, NAN], [1.0, 2.0]])
    Y = torch.tensor([[1.0], [float("inf")], [2.0]])
    with pytest.raises(InvalidData) as caught:
        TaskData(X=X, Y=Y, columns=numeric_columns(3), Yvar=torch.tensor([[-1.0]]))
    assert [fault.what for fault in caught.value.faults] == [
        "X has 2 rows and Y 3",
        "X has 2 columns and 3 are described",
        "X holds NaN or infinite features",
        "Y holds infinite values",
        "Yvar is (1, 1) and Y (3, 1)",
        "Yvar holds negative or infinite variances",
    ]


def test_vectors_are_refused() -> None:
    with pytest.raises(InvalidData, match="give matrices"):
        TaskData(X=torch.zeros(3), Y=torch.zeros(3), columns=())


def test_values_are_float64_and_detached() -> None:
    data = TaskData(X=torch.zeros(2, 1, requires_grad=True), Y=torch.zeros(2, 1), columns=numeric_columns(1))
    assert data.X.dtype == torch.float64
    assert not data.X.requires_grad


def test_a_target_keeps_its_measured_rows_in_canonical_order() -> None:
    X = torch.tensor([[3.0], [1.0], [2.0], [1.0]])
    Y = torch.tensor([[1.0, 5.0], [2.0, NAN], [NAN, 6.0], [0.0, 7.0]])
    Yvar = torch.tensor([[NAN, 0.1], [NAN, NAN], [NAN, 0.2], [NAN, NAN]])
    data = TaskData(X=X, Y=Y, columns=numeric_columns(1), Yvar=Yvar)
    first, second = data.target(0), data.target(1)
    assert first.X[:, 0].tolist() == [1.0, 1.0, 3.0]
    assert first.Y[:, 0].tolist() == [0.0, 2.0, 1.0]
    assert first.Yvar is None
    assert second.X[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert second.Y[:, 0].tolist() == [7.0, 6.0, 5.0]
    assert second.Yvar is not None
    assert second.Yvar[1:, 0].tolist() == pytest.approx([0.2, 0.1])


def test_a_target_of_no_rows() -> None:
    data = TaskData(X=torch.zeros(0, 2), Y=torch.zeros(0, 1), columns=numeric_columns(2))
    assert data.target(0).X.shape == (0, 2)
