"""Which version and code made something."""

from __future__ import annotations

from importlib.metadata import version as version_of
from pathlib import Path

from designer.priors.provenance import code, digest_of_modules, version


def test_version_is_that_of_the_installed_distribution() -> None:
    assert version() == version_of("materials-designer")


def test_code_is_a_short_digest() -> None:
    assert len(code()) == 16
    assert code() == code()


def test_digest_changes_with_content_and_place_of_modules_only(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    module = tmp_path / "package" / "module.py"
    module.write_text("x = 1\n")
    first = digest_of_modules(tmp_path)
    (tmp_path / "package" / "notes.txt").write_text("no module")
    assert digest_of_modules(tmp_path) == first
    module.write_text("x = 2\n")
    changed = digest_of_modules(tmp_path)
    module.write_text("x = 1\n")
    moved = module.rename(tmp_path / "module.py")
    assert moved.is_file()
    assert len({first, changed, digest_of_modules(tmp_path)}) == 3
