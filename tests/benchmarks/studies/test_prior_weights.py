"""The picture of how weights follow results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.studies import prior_weights
from benchmarks.studies.prior_weights import mirrored
from designer.tasks.analytic import analytic_family


def test_mirrored_designs_have_the_values_of_the_other_end() -> None:
    task = analytic_family("arrhenius-peak", number=1, rows=20).tasks[0]
    again = mirrored(mirrored(task))
    assert not np.allclose(mirrored(task).data["temperature"], task.data["temperature"])
    assert np.allclose(again.data["temperature"], task.data["temperature"])
    assert np.allclose(mirrored(task).Y, task.Y)


def test_the_picture_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "weights.png"
    prior_weights.main(["--experiments", "2", "--out", str(out)])
    assert out.read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in printed] == [
        "past tasks of the same process",
        "past tasks that mislead",
    ]
