"""The rooms of the house: imports go down only, files stay small, and what is quick to import stays quick."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import designer

PACKAGE = Path(designer.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 500

# From the ground up; a room may import from itself and from what stands before it.
ROOMS = (
    ("errors",),
    ("registry",),
    ("pydantic_faults", "threads", "arrays"),
    ("documents", "units"),
    ("chemistry",),
    ("space",),
    ("objective",),
    ("oracles",),
    ("tasks",),
    ("surrogates",),
    ("priors",),
    ("acquisition",),
    ("interpretation",),
    ("properties",),
    ("campaign",),
    ("report",),
    ("cli", "service", "__main__"),
)
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}

# What nobody should wait for, and who may not load it.
HEAVY = ("torch", "botorch", "gpytorch", "pymatgen", "sklearn", "matplotlib")
QUICK = (
    "designer.space",
    "designer.objective",
    "designer.chemistry",
    "designer.oracles",
    "designer.campaign.log.events",
    "designer.campaign.file.spec",
    "designer.campaign.log.store",
    "designer.campaign.campaign",
    "designer.campaign.run_loop",
)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Go through the rooms that a file imports from, wherever in it, with the line; type checkers' imports excepted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = {id(inner) for node in ast.walk(tree) if is_for_type_checkers(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: import by full name"
            names = [node.module or ""]
            if node.module == "designer":
                names = [f"designer.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "designer" and len(parts) > 1:
                yield parts[1], node.lineno


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_only(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return  # lazy exports of everything
    assert room in LEVEL, f"give the room {room!r} its place in ROOMS"
    upward = [
        f"{path.name}:{line}: {room} imports {other}"
        for other, line in imports_of(path)
        if LEVEL.get(other, -1) > LEVEL[room]
    ]
    assert upward == []


def test_every_room_that_is_listed_with_files_is_found() -> None:
    assert {room_of(path) for path in FILES} - {"__init__"} <= set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def loaded_by(*modules: str) -> set[str]:
    """Return the top-level modules that a new process has loaded after importing `modules`."""
    lines = [
        *(f"import {module}" for module in modules),
        "import sys",
        "print(*{m.partition('.')[0] for m in sys.modules})",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_designer_itself_loads_nothing() -> None:
    assert not loaded_by("designer") & {*HEAVY, "pandas", "numpy", "pydantic", "sqlalchemy"}


@pytest.mark.parametrize("module", QUICK)
def test_rooms_that_load_no_model_library(module: str) -> None:
    assert not loaded_by(module) & set(HEAVY)


def test_designer_is_imported_at_once() -> None:
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import designer"], check=True)
        times.append(time.perf_counter() - begin)
    empty = []
    for _ in range(5):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        empty.append(time.perf_counter() - begin)
    assert min(times) - min(empty) < 0.3


class TestExports:
    def test_all_names_are_there_and_are_what_they_say(self) -> None:
        for name in designer.__all__:
            assert getattr(designer, name).__name__ == name

    def test_type_checkers_see_the_same_names(self) -> None:
        tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
        (block,) = [node for node in tree.body if is_for_type_checkers(node)]
        assert isinstance(block, ast.If)
        seen = [alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
        assert sorted(seen) == sorted(designer.__all__)

    def test_names_are_listed(self) -> None:
        assert set(designer.__all__) <= set(dir(designer))

    def test_an_unknown_name(self) -> None:
        with pytest.raises(AttributeError, match="module 'designer' has no attribute 'Campaing'"):
            designer.Campaing  # noqa: B018
