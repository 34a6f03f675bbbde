from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from designer.cli import output
from tests.cli.conftest import Designer

VERBS = (
    "init", "validate", "suggest", "record", "fail", "attach", "amend", "withdraw", "undo", "run", "status", "best",
    "predict", "report", "export",
)  # fmt: skip


def python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_program_collects_garbage_less_often_and_the_library_does_not_change_that(tmp_path: Path) -> None:
    done = python(
        """
        import gc
        before = gc.get_threshold()
        import designer
        from designer.cli.main import main
        assert gc.get_threshold() == before
        assert main(["--help"]) == 0
        assert gc.isenabled()
        assert gc.get_threshold()[0] > 10 * before[0]
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr


def test_help_loads_no_models_and_no_tables(tmp_path: Path) -> None:
    done = python(
        """
        import sys
        from designer.cli.main import main
        assert main(["--help"]) == 0
        heavy = {"torch", "botorch", "gpytorch", "pandas", "numpy", "scipy", "pymatgen", "sklearn", "matplotlib",
                 "sqlalchemy", "pint"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    for verb in VERBS:
        assert f" {verb} " in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_and_has_json(designer: Designer, verb: Any) -> None:
    done = designer(verb, "--help")
    assert done.code == 0
    assert "--json" in done.out


def test_looking_loads_no_torch(folder: Path) -> None:
    done = python(
        """
        import sys
        from designer.cli.main import main
        assert main(["validate"]) == 0
        assert main(["suggest"]) == 0
        assert main(["status"]) == 0
        assert not {"torch", "botorch", "pymatgen", "sklearn", "matplotlib"} & set(sys.modules)
        """,
        folder,
    )
    assert done.returncode == 0, done.stderr


def test_version_is_printed(designer: Designer) -> None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        expected = version("materials-designer")
    except PackageNotFoundError:
        pytest.skip("the package is not installed")
    assert designer("--version").out.strip() == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sugest"], "No such command 'sugest'"),
        (["suggest", "-n", "0"], "Invalid value for '-n'"),
        (["suggest", "--nonsense"], "No such option: --nonsense"),
        (["fail"], "Missing argument"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(designer: Designer, words: Any, message: str) -> None:
    done = designer(*words)
    assert done.code == 2
    assert done.out == ""
    [line] = done.err.splitlines()
    assert message in line
    assert "--help" in line
    as_json = designer(*words, "--json")
    assert as_json.code == 2
    assert message in as_json.data["error"]
    assert as_json.err == ""


def test_an_unexpected_error_is_one_line_and_exit_code_1(designer: Designer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("designer.cli.inspection.open_campaign", broken)
    done = designer("status")
    assert done.code == 1
    assert done.err == "designer: RuntimeError: two lines (set DESIGNER_DEBUG=1 to see where)\n"
    assert designer("status", "--json").data == {
        "error": "RuntimeError: two lines (set DESIGNER_DEBUG=1 to see where)",
        "faults": [],
    }
    monkeypatch.setenv("DESIGNER_DEBUG", "1")
    assert "Traceback" in designer("status").err


def test_a_store_that_cannot_be_read_is_one_line_and_exit_code_1(designer: Designer, folder: Path) -> None:
    (folder / "glass.db").write_bytes(b"no database at all, but long enough to be taken for one" * 30)
    done = designer("status")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "glass.db" in done.err


def test_an_interrupt_is_exit_code_130(designer: Designer, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("designer.cli.inspection.open_campaign", interrupted)
    done = designer("status")
    assert done.code == 130
    assert done.err == "Interrupted. All recorded results are saved; run the same command to continue.\n"


def test_python_m_designer_is_the_command(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "designer", "validate", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == "glass"


class TestWhichCampaign:
    def test_the_only_one_in_the_folder(self, designer: Designer, folder: Path) -> None:
        (folder / "other.yaml").write_text("just: a file\n")
        assert designer("validate", "--json").data["file"] == "glass.yaml"

    def test_none(self, designer: Designer, folder: Path) -> None:
        (folder / "glass.yaml").unlink()
        done = designer("status")
        assert done.code == 2
        expected = "there is no campaign file in this folder; give its path, or write one with: designer init\n"
        assert done.err == expected

    def test_several(self, designer: Designer, folder: Path) -> None:
        (folder / "b.yml").write_text((folder / "glass.yaml").read_text())
        done = designer("status")
        assert done.code == 2
        assert done.err == "there are 2 campaign files in this folder: b.yml, glass.yaml; give one of them\n"
        assert designer("validate", "glass.yaml").code == 0
        assert designer("validate", "-c", "b.yml").code == 0

    def test_one_that_is_not_there(self, designer: Designer) -> None:
        done = designer("status", "absent.yaml")
        assert (done.code, done.err) == (2, "absent.yaml: no such file; give the path of a YAML file\n")


def test_a_terminal_that_cannot_show_a_word_ends_no_command(folder: Path) -> None:
    campaign = folder / "glass.yaml"
    campaign.write_text(campaign.read_text().replace("[N2, Ar, air]", "[µ1, µ2]"), encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "designer", "suggest"]
    for words in ([], ["--json"]):
        done = subprocess.run(
            [*command, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.isascii()
    assert all(each["design"]["gas"].startswith("µ") for each in json.loads(done.stdout)["suggestions"])


def test_jsonable_is_strict_json() -> None:
    import numpy as np

    data = {"a": np.float64(1.5), "b": (np.int64(2), float("inf")), 3: None, "p": Path("x"), "t": True}
    assert json.loads(json.dumps(output.jsonable(data), allow_nan=False)) == {
        "a": 1.5, "b": [2, None], "3": None, "p": "x", "t": True,
    }  # fmt: skip


def test_a_table_is_never_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    report = output.Report({})
    report.show(output.Table(["name", "a long header [unit]"], [["x" * 30, "1.5"], ["[red]", "-12"]]))
    output.emit(report, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "a", "long", "header", "[unit]"]
    assert lines[2].split() == ["x" * 30, "1.5"]
    assert lines[3].split() == ["[red]", "-12"]
    assert len(lines[2]) == len(lines[0])  # numbers stand at the right, under the header's end
