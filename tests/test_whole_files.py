"""Files and folders that are there whole or not at all, at whatever instant a program is killed or a disk is full."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from designer.cli.main import main
from designer.errors import InvalidPrior
from designer.priors import saving
from designer.priors.saving import SavedPrior, save_whole
from designer.whole_files import part_folder, publish, sole_writer, write_new, write_over
from tests.killed import finished, kills


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def leftovers(folder: Path) -> list[str]:
    return [name for name in names(folder) if name.endswith(".part")]


class TestFiles:
    def test_a_new_file_is_whole_or_not_there(self, tmp_path: Path) -> None:
        place, count = tmp_path / "new.csv", 0

        def run() -> int:
            write_new(place, "whole\n" * 1000)
            return 0

        for _ in kills(run):
            assert not place.exists() or place.read_text() == "whole\n" * 1000
            place.unlink(missing_ok=True)
            assert finished(run) == 0
            assert (place.read_text(), leftovers(tmp_path)) == ("whole\n" * 1000, [])
            place.unlink()
            count += 1
        assert count >= 5

    def test_an_older_file_is_there_until_the_new_one_is(self, tmp_path: Path) -> None:
        place = tmp_path / "r.html"

        def run() -> int:
            write_over(place, "new" * 1000)
            return 0

        place.write_text("old")
        for _ in kills(run):
            assert place.read_text() in ("old", "new" * 1000)
            assert finished(run) == 0
            assert (place.read_text(), leftovers(tmp_path)) == ("new" * 1000, [])
            place.write_text("old")

    def test_an_existing_file_is_not_overwritten(self, tmp_path: Path) -> None:
        place = tmp_path / "a.csv"
        place.write_text("mine")
        with pytest.raises(FileExistsError):
            write_new(place, "yours")
        assert (place.read_text(), leftovers(tmp_path)) == ("mine", [])

    def test_the_same_content_is_written_already(self, tmp_path: Path) -> None:
        place = tmp_path / "a.csv"
        place.write_text("mine é")
        before = place.stat().st_mtime_ns
        write_new(place, "mine é")
        assert place.stat().st_mtime_ns == before

    def test_without_hard_links(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "no hard links here")

        monkeypatch.setattr(os, "link", refuse)
        write_new(tmp_path / "a.csv", "whole")
        assert (tmp_path / "a.csv").read_text() == "whole"
        with pytest.raises(OSError, match="no hard links"):
            write_new(tmp_path / "a.csv", "other")
        assert (tmp_path / "a.csv").read_text() == "whole"

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real.csv").write_text("old")
        (tmp_path / "link.csv").symlink_to("real.csv")
        write_over(tmp_path / "link.csv", "new")
        assert (tmp_path / "link.csv").is_symlink()
        assert (tmp_path / "real.csv").read_text() == "new"

    def test_a_part_that_is_being_written_is_left_alone(self, tmp_path: Path) -> None:
        place = tmp_path / "folder"
        with part_folder(place) as first:
            (first / "a").write_text("1")
            with part_folder(place) as second:
                assert (first / "a").exists()
                publish(second, place)
            (place / "b").write_text("2")
            with pytest.raises(OSError, match="not empty"):
                publish(first, place)
        assert leftovers(tmp_path) == []

    def test_nothing_stays_where_the_disk_is_full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        place = tmp_path / "a.csv"
        place.write_text("old")

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_over(place, "new")
        assert (place.read_text(), names(tmp_path)) == ("old", ["a.csv"])

    @pytest.mark.parametrize("what", ["file", "new file", "folder"])
    def test_what_cannot_begin_names_the_file_and_not_its_part(
        self, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> int:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), ".a.csv.12345678.part")

        monkeypatch.setattr(os, "open", refuse)
        monkeypatch.setattr(Path, "mkdir", refuse)
        place = tmp_path / "a.csv"
        begin = {
            "file": lambda: write_over(place, "x"),
            "new file": lambda: write_new(place, "x"),
            "folder": lambda: part_folder(place).__enter__(),
        }[what]
        with pytest.raises(OSError, match="Read-only") as caught:
            begin()
        assert caught.value.filename == str(place)


class _Prior(SavedPrior):
    def __init__(self, value: float) -> None:
        self.value = value

    def serialize(self) -> saving.Serialized:
        return {"kind": "test", "value": self.value}, {"w": torch.full((3,), self.value)}


def value_of(folder: Path) -> float:
    card, tensors = saving.read(folder)
    assert tensors["w"].tolist() == [card["value"]] * 3
    return float(card["value"])


@pytest.mark.slow
class TestPriors:
    def test_the_old_or_the_new_prior_is_there_at_any_instant(self, tmp_path: Path) -> None:
        place, count = tmp_path / "prior", 0

        def run() -> int:
            save_whole(_Prior(2.0), place, {"note": "new"})
            return 0

        save_whole(_Prior(1.0), place, {"note": "old"})
        for _ in kills(run):
            assert value_of(place) in (1.0, 2.0)
            assert finished(run) == 0
            assert (value_of(place), leftovers(tmp_path)) == (2.0, [])
            assert names(place) == [saving.CARD, saving.WEIGHTS]
            save_whole(_Prior(1.0), place, {"note": "old"})
            count += 1
        assert count >= 20

    def test_a_first_prior_is_whole_or_not_there(self, tmp_path: Path) -> None:
        place = tmp_path / "prior"

        def run() -> int:
            save_whole(_Prior(2.0), place)
            return 0

        for _ in kills(run):
            assert not place.exists() or value_of(place) == 2.0
            assert finished(run) == 0
            assert (value_of(place), leftovers(tmp_path)) == (2.0, [])
            for file in place.iterdir():
                file.unlink()
            place.rmdir()

    def test_a_full_disk_leaves_the_old_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        place = tmp_path / "prior"
        save_whole(_Prior(1.0), place)
        sync, left = os.fsync, [0]

        def full(handle: int) -> None:
            if left[0] == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            left[0] -= 1
            sync(handle)

        for i in range(12):
            left[0] = i
            monkeypatch.setattr(os, "fsync", full)
            with suppress(OSError):
                save_whole(_Prior(2.0), place)
            monkeypatch.setattr(os, "fsync", sync)
            assert value_of(place) in (1.0, 2.0)
            assert leftovers(tmp_path) == []
            save_whole(_Prior(1.0), place)

    def test_damage_to_the_card_is_seen(self, tmp_path: Path) -> None:
        place = tmp_path / "prior"
        save_whole(_Prior(1.0), place)
        text = (place / saving.CARD).read_text()
        (place / saving.CARD).write_text(text.replace('"value": 1.0', '"value": 7.0'))
        with pytest.raises(InvalidPrior, match="damaged: its content is not what was saved"):
            saving.read(place)


CARD = """\
family: furnace
space: [{name: temperature, kind: numeric, unit: degC, bounds: [300, 900]}]
tasks:
  - {name: a, file: a.csv, targets: [{name: strength, unit: MPa}]}
"""
CAMPAIGN = """\
designer: 1
name: r
space:
  - {name: T, kind: numeric, unit: degC, bounds: [300, 600], step: 50}
targets:
  - {name: y, goal: maximize}
"""


@pytest.mark.slow
class TestCommands:
    """Each command that writes files, killed at each of its operations; then the same command works."""

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("DESIGNER_STORE", raising=False)
        (tmp_path / "furnace").mkdir()
        (tmp_path / "furnace" / "family.yaml").write_text(CARD)
        (tmp_path / "furnace" / "a.csv").write_text("temperature,strength\n" + "300,1\n400,2\n500,3\n")
        (tmp_path / "r.yaml").write_text(CAMPAIGN)
        (tmp_path / "t.csv").write_text("T,y\n300,1\n400,2\n500,2.5\n550,2\n")
        assert main(["attach", "r.yaml", "t.csv"]) == 0
        return tmp_path

    @pytest.mark.parametrize(
        ("words", "made", "whole", "every"),
        [
            ("init t.csv -o new.yaml --yes", "new.yaml", lambda place: "targets:" in place.read_text(), 1),
            ("export r.yaml out.csv", "out.csv", lambda place: len(place.read_text().splitlines()) == 5, 1),
            ("export r.yaml out.jsonl", "out.jsonl", lambda place: len(place.read_text().splitlines()) == 5, 1),
            ("report r.yaml -o out.html", "out.html", lambda place: "</html>" in place.read_text()[-20:], 1),
            ("tasks import t.csv -o past --yes --maximize y", "past", lambda it: (it / "family.yaml").is_file(), 3),
            (
                "prior fit furnace --kind none --out learned --held-out 0", "learned",
                lambda place: saving.read(place)[0]["kind"] == "none", 4,
            ),
        ],
    )  # fmt: skip
    def test_new_files(
        self,
        folder: Path,
        words: str,
        made: str,
        whole: Callable[[Path], bool],
        every: int,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        def run() -> int:
            return main(words.split())

        place, count = folder / made, 0
        before = names(folder)
        assert run() == 0  # here once, so that the copies of this process have loaded what they need
        _remove(place)
        for _ in kills(run, every):
            if place.exists():  # killed after it was made: it is whole
                assert whole(place)
                assert made == "past" or finished(run) == 0
                _remove(place)
            assert finished(run) == 0
            assert whole(place)
            assert names(folder) == sorted([*before, made])
            _remove(place)
            count += 1
        assert count >= 4

    def test_a_prior_is_replaced(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        def fit(seed: int) -> int:
            words = f"prior fit furnace --kind none --out learned --held-out 0 --force --seed {seed}"
            return main(words.split())

        assert fit(1) == 0
        for _ in kills(lambda: fit(2), every=7):
            assert saving.read(folder / "learned")[0]["request"]["seed"] in (1, 2)
            assert finished(lambda: fit(2)) == 0
            assert saving.read(folder / "learned")[0]["request"]["seed"] == 2
            assert leftovers(folder) == []
            assert fit(1) == 0

    @pytest.mark.parametrize("left", [["weights.safetensors"], ["weights.safetensors.part"], ["prior.json.part"]])
    def test_what_version_0_1_left_when_it_was_killed_is_no_obstacle(
        self, folder: Path, left: list[str], capfd: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "learned").mkdir()
        for name in left:
            (folder / "learned" / name).write_bytes(b"half")
        assert main(["prior", "fit", "furnace", "--kind", "none", "--out", "learned", "--held-out", "0"]) == 0
        assert json.loads((folder / "learned" / "prior.json").read_text())["kind"] == "none"


def _remove(place: Path) -> None:
    for path in sorted(place.rglob("*"), reverse=True) if place.is_dir() else []:
        path.unlink()
    place.rmdir() if place.is_dir() else place.unlink()


def test_a_second_writer_of_a_folder_fails_at_once(tmp_path: Path) -> None:
    with sole_writer(tmp_path / "folder") as first, sole_writer(tmp_path / "folder") as second:
        assert (first, second) == (True, False)
    with sole_writer(tmp_path / "folder") as again:
        assert again
