"""Packages with entry points, written for a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_package(root: Path, name: str, code: str, points: Mapping[str, Mapping[str, str]]) -> Path:
    """Write a package of one module with its metadata, as an installer leaves them, and return their folder.

    Parameters
    ----------
    root
        Where the folder is made.
    name, code
        The package, its module of the same name, and what stands in it.
    points
        Entry points: for each group, names and what they stand for (``module:attribute``).
    """
    folder = root / f"installed_{name}"
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    lines = [
        line for group, given in points.items() for line in (f"[{group}]", *(f"{k} = {v}" for k, v in given.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return folder
