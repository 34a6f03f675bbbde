"""The reference documents every public name."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import designer
from tests.structure import syntax_tree

PACKAGE = Path(designer.__file__).parent
_ITEM = re.compile(r"^([*\w]+(?:, [*\w]+)*)(?: : .*)?$")
Named = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public_names(path: Path) -> Iterator[tuple[str, Named]]:
    """Yield the module of a file and its public classes, functions and methods, each with its full name."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    if not any(part.startswith("_") for part in module.split(".")):
        yield module, syntax_tree(path)
        yield from _members(syntax_tree(path), module)


def _members(node: ast.Module | ast.ClassDef, name: str) -> Iterator[tuple[str, Named]]:
    for each in node.body:
        if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not each.name.startswith("_"):
            yield f"{name}.{each.name}", each
            if isinstance(each, ast.ClassDef):
                yield from _members(each, f"{name}.{each.name}")


NAMES = [found for path in sorted(PACKAGE.rglob("*.py")) for found in public_names(path)]


def test_every_public_name_has_a_docstring() -> None:
    assert [name for name, node in NAMES if ast.get_docstring(node) is None] == []


def documented_parameters(docstring: str) -> list[str]:
    """Return the names under "Parameters" of a docstring."""
    _, _, section = docstring.partition("Parameters\n----------\n")
    found: list[str] = []
    lines = section.split("\n")
    for i, line in enumerate(lines[:-1]):
        if set(lines[i + 1].strip()) == {"-"}:
            break
        if lines[i + 1].startswith("    ") and (match := _ITEM.match(line)):
            found += match[1].split(", ")
    return found


def unknown_parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the documented parameters that a function without ``**keywords`` does not have."""
    given = node.args
    arguments = {each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
    arguments |= {f"*{given.vararg.arg}"} if given.vararg else set()
    if given.kwarg:
        return []
    return [each for each in documented_parameters(ast.get_docstring(node) or "") if each not in arguments]


def test_documented_parameters_exist() -> None:
    functions = [(name, node) for name, node in NAMES if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    unknown = {name: unknown_parameters(node) for name, node in functions}
    assert {name: found for name, found in unknown.items() if found} == {}


def test_a_documented_parameter_that_does_not_exist_is_found() -> None:
    docstring = "Add.\n\nParameters\n----------\na, *b\n    Numbers.\nc\n    None.\n"
    (node,) = ast.parse(f"def f(a, *b):\n    {docstring!r}").body
    assert isinstance(node, ast.FunctionDef)
    assert unknown_parameters(node) == ["c"]


def test_every_public_module_has_a_place_in_the_reference(repository: Path) -> None:
    pages = runpy.run_path(str(repository / ".ci" / "site.py"))["packages"]()
    assert {module for modules in pages.values() for module in modules} == {
        name for name, node in NAMES if isinstance(node, ast.Module)
    }


def test_docstrings_are_read_as_numpydoc(repository: Path) -> None:
    numpydoc = runpy.run_path(str(repository / ".ci" / "docstrings.py"))["numpydoc"]
    text = "Return the sum.\n\nReturns\n-------\nA number.\n\nIt is exact.\n\n>>> 1 + 1\n2"
    assert numpydoc(text) == (
        "Return the sum.\n\nReturns\n-------\n:\n    A number.\n\nNotes\n-----\nIt is exact.\n\n"
        "Examples\n--------\n>>> 1 + 1\n2"
    )
    unchanged = (
        "Return it.\n\nParameters\n----------\na\n    A number.\n\nRaises\n------\nValueError\n    If it is none."
    )
    assert numpydoc(unchanged) == unchanged
