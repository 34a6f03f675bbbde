from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from designer.errors import MeasurementFailed, OracleUnusable
from designer.oracles.python_function import PythonOracle, load_function, python_faults
from designer.oracles.testing import check_oracle
from designer.space import DesignSpace
from tests.oracles.spaces import DESIGNS, SPACE, TARGETS, design


def simulate(alloy: Any, temperature: Any, gas: Any) -> Any:
    return {"hardness": alloy["Ni"] + 2 * alloy["Fe"] + temperature, "cost": 3 if gas == "Ar" else 1}


@pytest.fixture(autouse=True)
def _path_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_keeps_the_contract() -> None:
    check_oracle(PythonOracle(simulate, SPACE, TARGETS), DESIGNS, TARGETS)


def test_the_function_gets_one_argument_a_parameter_in_lab_units() -> None:
    assert dict(PythonOracle(simulate, SPACE, TARGETS).measure(design())) == {"hardness": 500.0, "cost": 3.0}


def test_a_parameter_named_as_a_keyword_of_python_gets_an_underscore() -> None:
    space = DesignSpace(parameters=[{"name": "lambda", "kind": "numeric", "bounds": [0, 9]}])

    def double(lambda_: Any) -> Any:
        return 2 * lambda_

    assert dict(PythonOracle(double, space, ("y",)).measure({"lambda": 3.0})) == {"y": 6.0}
    assert space.valid(space.read_table(pd.DataFrame({"lambda": [1.0]})).coordinates).all()


def test_a_module_beside_the_campaign_file_comes_first(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("FACTOR = 7\n")
    (tmp_path / "json.py").write_text(
        "from helper import FACTOR\ndef f(alloy, temperature, gas):\n    return {'hardness': FACTOR, 'cost': 1}\n"
    )
    oracle = PythonOracle("json:f", SPACE, TARGETS, tmp_path)
    assert oracle.measure(design())["hardness"] == 7.0
    import json

    assert json.loads("[1]") == [1]  # the standard library's module is still itself


def test_two_folders_with_the_same_module_name_do_not_mix(tmp_path: Path) -> None:
    for name, value in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        source = f"def f(**design):\n    return {{'hardness': {value}, 'cost': 0}}\n"
        (tmp_path / name / "simulator.py").write_text(source)
    oracles = [PythonOracle("simulator:f", SPACE, TARGETS, tmp_path / name) for name in ("a", "b")]
    assert [oracle.measure(design())["hardness"] for oracle in oracles] == [1.0, 2.0]


def test_an_installed_function_is_found() -> None:
    assert load_function("math:hypot", None)(3, 4) == 5
    assert load_function("os.path:join", None)("a") == "a"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('too\\nhot')", "m:f raised ValueError: too"),
        ("raise SystemExit(3)", "m:f raised SystemExit: 3"),
        ("return {'hardness': float('nan'), 'cost': 1}", "m:f gave nan for 'hardness'"),
        ("return {'hardness': None, 'cost': 1}", "m:f gave no value for 'hardness'"),
    ],
)
def test_failed_measurements_say_why(tmp_path: Path, body: str, message: str) -> None:
    (tmp_path / "m.py").write_text(f"def f(alloy, temperature, gas):\n    {body}\n")
    with pytest.raises(MeasurementFailed) as failure:
        PythonOracle("m:f", SPACE, TARGETS, tmp_path).measure(design())
    assert str(failure.value) == message


def test_the_users_own_verdict_is_passed_on() -> None:
    def refuse(**design: Any) -> None:
        raise MeasurementFailed("film peeled")

    with pytest.raises(MeasurementFailed, match=r"^film peeled$"):
        PythonOracle(refuse, SPACE, TARGETS).measure(design())


@pytest.mark.parametrize(
    ("source", "reference", "message"),
    [
        ("import nothing_like_this\n", "m:f", "cannot import 'm': ModuleNotFoundError: No module"),
        ("def f(:\n", "m:f", "cannot import 'm': SyntaxError"),
        ("raise SystemExit(1)\n", "m:f", "cannot import 'm': SystemExit: 1"),
        ("def f(**design): ...\n", "m:g", "'m' has no function 'g'"),
        ("f = 3\n", "m:f", "m:f is int, not a function"),
        ("def f(alloy, temperature): ...\n", "m:f", "m:f(alloy, temperature) cannot be called with the space"),
        ("def f(alloy, temperature, gas, extra): ...\n", "m:f", "missing a required argument: 'extra'"),
        ("", "absent_module:f", "cannot import 'absent_module'"),
    ],
)
def test_a_function_that_cannot_be_had_is_unusable(tmp_path: Path, source: str, reference: str, message: str) -> None:
    (tmp_path / "m.py").write_text(source)
    with pytest.raises(OracleUnusable) as error:
        PythonOracle(reference, SPACE, TARGETS, tmp_path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_faults_are_seen_without_running_the_module(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "m.py").write_text(f"open({str(ran)!r}, 'w').close()\ndef f(): ...\nfrom os.path import join as g\n")
    (tmp_path / "broken.py").write_text("x = 1\ndef f(:\n")
    assert python_faults("m:f", tmp_path) == []
    assert python_faults("m:g", tmp_path) == []
    assert python_faults("math:sin", tmp_path) == []
    assert not ran.exists()
    [fault] = python_faults("m:h", tmp_path)
    assert str(fault) == "function: m.py has no function 'h'; define h in m.py"
    [fault] = python_faults("absent_module:f", tmp_path)
    assert "put absent_module.py beside the campaign file" in str(fault)
    [fault] = python_faults("broken:f", tmp_path)
    assert fault.line == 2
    assert "cannot be read as Python" in fault.what
