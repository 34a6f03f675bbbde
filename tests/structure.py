"""The modules of the package and what each imports: type-only imports and imports inside functions included."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import designer

PACKAGE = Path(designer.__file__).parent


class Arrow(NamedTuple):
    """One import: the module that imports, the line, and the module that is imported."""

    source: str
    line: int
    target: str

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}, imports {self.target}"


def modules(package: Path = PACKAGE) -> dict[str, Path]:
    """Return the files of a package by the dotted names of their modules."""
    return {_name(path, package): path for path in sorted(package.rglob("*.py"))}


@cache
def syntax_tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file, parsed once a process; it is not to be changed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def arrows(found: Mapping[str, Path]) -> list[Arrow]:
    """Return every import of one of the modules by another, wherever it stands in the file."""
    return [
        Arrow(name, line, target)
        for name, path in found.items()
        for target, line in _imports(path, found)
        if target != name
    ]


def _imports(path: Path, found: Mapping[str, Path]) -> Iterable[tuple[str, int]]:
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: import by full name"
            module = node.module or ""
            names = [f"{module}.{alias.name}" if f"{module}.{alias.name}" in found else module for alias in node.names]
        else:
            continue
        yield from ((name, node.lineno) for name in dict.fromkeys(names) if name in found)


def circles(found: Iterable[Arrow]) -> list[list[Arrow]]:
    """Return circles of imports, each as the arrows around it; a graph without a circle gives none.

    Every strongly connected component gives one circle, a shortest one.
    """
    graph: dict[str, dict[str, Arrow]] = {}
    for arrow in found:
        graph.setdefault(arrow.source, {}).setdefault(arrow.target, arrow)
    rounds = []
    seen: set[str] = set()
    for start in graph:
        if start in seen:
            continue
        around = _shortest_circle(graph, start)
        if around:
            rounds.append(around)
            seen.update(arrow.source for arrow in around)
    return rounds


def _shortest_circle(graph: Mapping[str, Mapping[str, Arrow]], start: str) -> list[Arrow]:
    reached: dict[str, list[Arrow]] = {start: []}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        for target, arrow in graph.get(here, {}).items():
            if target == start:
                return [*reached[here], arrow]
            if target not in reached:
                reached[target] = [*reached[here], arrow]
                waiting.append(target)
    return []
