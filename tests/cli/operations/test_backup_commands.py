"""The commands `backup` and `restore`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Designer
from tests.service.conftest import CAMPAIGN  # noqa: F401  skips where the extra is not installed


def test_backup_check_and_restore(designer: Designer, folder: Path) -> None:
    assert designer("token", "create", "ada", "--role", "steer", "--lab", "lab").code == 0
    made = designer("backup", "lab", "--output", "lab.zip", "--json")
    assert (made.code, made.data["tokens"], made.data["campaigns"]) == (0, 1, 0)
    assert "lab.zip is whole: 0 campaigns, 0 events, 0 files" in designer("restore", "lab.zip").out
    assert designer("restore", "lab.zip", "new").out.startswith("restored new: 0 campaigns")
    assert "ada" in designer("token", "list", "--lab", "new").out
    again = designer("restore", "lab.zip", "new")
    assert (again.code, "holds a lab already" in again.err) == (2, True)


def test_what_is_old_is_removed(designer: Designer, folder: Path) -> None:
    designer("token", "create", "ada", "--role", "steer", "--lab", "lab")
    done = designer("prune", "lab")
    assert (done.code, done.out) == (
        0, "removed: 0 ended sessions, 0 replies, 0 finished jobs, 0 tables without a campaign\n"
    )  # fmt: skip
    assert "there is no such folder" in designer("prune", "none").err


def test_what_is_refused(designer: Designer, folder: Path) -> None:
    assert "there is no such folder" in designer("backup", "none", "-o", "x.zip").err
    assert not (folder / "none").exists()
    assert "no such file" in designer("restore", "none.zip", "new").err
    assert not (folder / "new").exists()
    assert "cannot be written" in designer("backup", ".", "-o", "no/folder/x.zip").err
