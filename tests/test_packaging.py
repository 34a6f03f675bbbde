"""What is shipped: a wheel that holds `designer` and nothing else, and constraints that match the tested versions."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=repository, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_wheel_holds_only_the_package(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"designer"}


def test_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile, repository: Path) -> None:
    sources = {
        path.relative_to(repository).as_posix()
        for path in (repository / "designer").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= set(wheel.namelist())
    assert {"designer/py.typed", "designer/report/templates/report.html"} <= sources


def test_wheel_carries_licence_and_command(wheel: zipfile.ZipFile) -> None:
    (info,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert "Name: materials-designer" in metadata
    assert "License-Expression: MIT" in metadata
    assert f"{info}/licenses/LICENSE" in wheel.namelist()
    assert "designer = designer.cli.main:main" in wheel.read(f"{info}/entry_points.txt").decode()


def test_changelog_has_this_version(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"## [{project['version']}]" in (repository / "CHANGELOG.md").read_text(encoding="utf-8")


def test_constraints_are_the_installed_versions(repository: Path) -> None:
    lines = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    written = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    installed = runpy.run_path(str(repository / ".ci" / "constraints.py"))["installed_versions"]()
    wrong = {name: version for name, version in installed.items() if written.get(name) != version}
    assert not wrong, f"not as in constraints.txt: {wrong}; `make clean test`, or `make constraints` if meant"
    assert written["torch"] == "2.13.0"


def test_makefile_reads_torch_from_constraints(repository: Path) -> None:
    answer = subprocess.run(
        ["make", "--dry-run", "--always-make", ".venv/.ready-test"],
        cwd=repository, check=True, capture_output=True, text=True, env=_without_make(),
    )  # fmt: skip
    steps = [line for line in answer.stdout.splitlines() if "pip install" in line]
    assert '"torch==2.13.0"' in steps[0]
    assert "-c constraints.txt" in steps[1]
    assert '".[test]"' in steps[1]


def _without_make() -> dict[str, str]:
    """Return the environment without the settings of a `make` that runs these tests."""
    return {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def test_hooks_are_the_checks_of_make(repository: Path) -> None:
    config = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [entry["repo"] for entry in config["repos"]] == ["local"], "hooks of other repositories need a network"
    entries = [hook["entry"].split() for entry in config["repos"] for hook in entry["hooks"]]
    assert entries == [["make", "lint"], ["make", "types"]]
    for command in entries:
        subprocess.run([*command, "--dry-run"], cwd=repository, check=True, capture_output=True, env=_without_make())


def test_other_pythons_have_their_own_environments(repository: Path) -> None:
    answer = subprocess.run(
        ["make", "--dry-run", "pytest-on-3.12", "pytest-on-3.13"],
        cwd=repository, check=True, capture_output=True, text=True, env=_without_make(),
    )  # fmt: skip
    for version in ("3.12", "3.13"):
        assert f".venv-{version}/bin/python -m pytest" in answer.stdout


@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_an_unsuitable_python_is_refused_in_words(repository: Path, tmp_path: Path, version: str) -> None:
    fake = tmp_path / "python-fake"
    major, minor = version.split(".")
    fake.write_text(f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = ({major}, {minor}); $2"\n')
    fake.chmod(0o755)
    answer = subprocess.run(
        [repository / ".ci" / "venv", tmp_path / "venv"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(fake)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13" in answer.stderr
    assert not (tmp_path / "venv").exists()
