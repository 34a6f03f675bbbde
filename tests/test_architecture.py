"""The layers of the package: imports go down only, without circles; folders and files stay small; imports stay
quick."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import designer
from tests.structure import PACKAGE, Arrow, arrows, circles, modules, syntax_tree

MODULES = modules()


@cache
def imports() -> list[Arrow]:
    """Return the imports between the modules below the package."""
    return arrows({name: path for name, path in MODULES.items() if name != "designer"})


MAX_LINES = 500
MAX_MODULES = 22
"""Of one folder: more want another level."""

# From the foundations up; a package imports from itself and from what stands before it.
LAYERS = (
    ("counting",),
    ("arrays", "deadline", "errors", "input_files", "rounding", "threads", "whole_files"),
    ("registry",),
    ("pydantic_faults",),
    ("documents", "units"),
    ("chemistry",),
    ("space",),
    ("objective",),
    ("oracles",),
    ("observations",),
    ("tasks",),
    ("surrogates",),
    ("priors",),
    ("generation",),
    ("acquisition",),
    ("interpretation",),
    ("properties",),
    ("campaign",),
    ("integrations",),
    ("report",),
    ("service",),
    ("cli",),
    ("__main__",),
)
# Sub-packages of one package, from the foundations up; those in one tuple do not import each other.
SUB_LAYERS = {
    "space": (("parameters", "spreadsheet"), ("constraints",), ("equalities",), ("beliefs", "fidelity")),
    "tasks": (("datasets", "quality", "registry"), ("importing",)),
    "surrogates": (("robust",),),
    "priors": (("deep",), ("intermediate", "metric", "networks", "policy", "stacking", "fidelity")),
    "oracles": (("simulators",),),
    "observations": (("images",), ("curves",)),
    "acquisition": (("classical", "levels"),),
    "generation": (("molecules", "crystals"),),
    "campaign": (
        ("log",),
        ("results",),
        ("file",),
        ("proposing",),
        ("observing",),
        ("levels",),
        ("suggesting",),
        ("staging",),
        ("explaining",),
        ("importing",),
    ),
    "service": (("store",), ("work",), ("http",)),
    "cli": (("offers", "operations"),),
}
SAME_NAME = {"__init__", "base", "testing"}
"""Every package may have its interfaces in ``base`` and a test kit in ``testing``; other modules have names of their
own."""

# Libraries that are slow to import, and modules that may not load them.
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


def level_of(name: str, layers: tuple[tuple[str, ...], ...]) -> int | None:
    return next((level for level, names in enumerate(layers) if name in names), None)


def upward(arrow: Arrow) -> bool:
    """Whether an import goes up the layers, of packages or of the sub-packages of one package."""
    source, target = arrow.source.split("."), arrow.target.split(".")
    if len(source) < 2 or len(target) < 2:
        return False
    if source[1] != target[1]:
        here, there = level_of(source[1], LAYERS), level_of(target[1], LAYERS)
        assert here is not None, f"give {source[1]!r} its place in LAYERS"
        assert there is not None, f"give {target[1]!r} its place in LAYERS"
        return there >= here
    layers = SUB_LAYERS.get(source[1], ())
    here, there = (level_of(parts[2], layers) if len(parts) > 3 else None for parts in (source, target))
    return here is not None and there is not None and source[2] != target[2] and there >= here


def test_imports_go_down_only() -> None:
    """Type-only imports and imports inside functions count as well."""
    assert [str(arrow) for arrow in imports() if upward(arrow)] == []


def test_no_module_imports_itself_by_a_detour() -> None:
    assert [[str(arrow) for arrow in around] for around in circles(imports())] == []


def test_every_package_and_sub_package_has_its_layer() -> None:
    folders = {path.parent.relative_to(PACKAGE).parts for path in PACKAGE.rglob("*.py")}
    packages = {parts[0] for parts in folders if parts}
    assert packages <= {name for names in LAYERS for name in names}
    for package in packages:
        known = {name for names in SUB_LAYERS.get(package, ()) for name in names}
        assert {parts[1] for parts in folders if len(parts) > 1 and parts[0] == package} == known


def test_a_planted_circle_and_an_upward_import_are_found(tmp_path: Path) -> None:
    package = tmp_path / "designer"
    (package / "space").mkdir(parents=True)
    (package / "cli").mkdir()
    (package / "space" / "first.py").write_text("from designer.space import second\n")
    (package / "space" / "second.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from designer.space.first import x\n"
    )
    (package / "space" / "third.py").write_text("def late():\n    from designer.cli.main import main\n")
    (package / "cli" / "main.py").write_text("import designer.space.third\n")
    found = arrows(modules(package))
    assert [str(arrow) for arrow in found if upward(arrow)] == [
        "designer.space.third, line 2, imports designer.cli.main"
    ]
    rounds = [{arrow.source for arrow in around} for around in circles(found)]
    assert {"designer.space.first", "designer.space.second"} in rounds
    assert {"designer.space.third", "designer.cli.main"} in rounds


@pytest.mark.parametrize("name", MODULES)
def test_files_stay_small(name: str) -> None:
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_folders_stay_small() -> None:
    sizes = Counter(path.parent.relative_to(PACKAGE) for path in MODULES.values() if path.name != "__init__.py")
    assert {str(folder): size for folder, size in sizes.items() if size > MAX_MODULES} == {}


def test_no_two_modules_have_one_name() -> None:
    names = Counter(path.stem for path in MODULES.values() if path.stem not in SAME_NAME)
    assert [name for name, count in names.items() if count > 1] == []


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


def test_a_suggestion_without_a_forest_loads_no_slow_library_of_statistics_or_algebra() -> None:
    loaded = "import sys, designer.campaign.campaign, designer.campaign.suggesting.proposer"
    code = f"""{loaded}
import torch
from designer.acquisition.moments import joint
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process
from tests.surrogates.tables import numeric_columns
X = torch.rand(5, 1, dtype=torch.float64)
joint(fit_gaussian_process(TaskData(X, X + 1.0, numeric_columns(1))), X)
print({{'sklearn', 'scipy.stats', 'sympy'}} & set(sys.modules))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_designer_is_imported_without_other_packages() -> None:
    code = """import sys
before = set(sys.modules)
import designer
print(*{name.split(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["designer"]


class TestExports:
    def test_all_names_are_there_and_are_what_they_say(self) -> None:
        for name in designer.__all__:
            assert getattr(designer, name).__name__ == name

    def test_type_checkers_see_the_same_names(self) -> None:
        tree = syntax_tree(PACKAGE / "__init__.py")
        (block,) = [node for node in tree.body if isinstance(node, ast.If)]
        assert isinstance(block, ast.If)
        seen = [alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
        assert sorted(seen) == sorted(designer.__all__)

    def test_names_are_listed(self) -> None:
        assert set(designer.__all__) <= set(dir(designer))

    def test_an_unknown_name(self) -> None:
        with pytest.raises(AttributeError, match="module 'designer' has no attribute 'Campaing'"):
            designer.Campaing  # noqa: B018
