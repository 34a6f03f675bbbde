import json
import sys
import time
from pathlib import Path

import pytest

from designer.errors import MeasurementFailed, OracleUnusable
from designer.oracles import command
from designer.oracles.command import CommandOracle, command_faults
from designer.oracles.testing import check_oracle
from tests.oracles.spaces import DESIGNS, SPACE, TARGETS, design

READ = "import json, sys\nrequest = json.load(sys.stdin)\ndesign = request['design']\n"
ANSWER = "print(json.dumps({'targets': {'hardness': design['temperature'] + design['alloy']['Ni'], 'cost': 1}}))\n"


def oracle(tmp_path: Path, source: str, *, timeout: float = 20.0) -> CommandOracle:
    (tmp_path / "measure.py").write_text(source)
    return CommandOracle(["python", "measure.py"], SPACE, TARGETS, timeout=timeout, folder=tmp_path)


def test_keeps_the_contract(tmp_path: Path) -> None:
    refuse = "if design['temperature'] > 800:\n    print(json.dumps({'failed': 'melted'})); sys.exit()\n"
    check_oracle(oracle(tmp_path, READ + refuse + ANSWER), DESIGNS, TARGETS)


def test_the_program_gets_id_and_design_and_nothing_else(tmp_path: Path) -> None:
    asked = oracle(tmp_path, READ + "open('seen.json', 'w').write(json.dumps(request))\n" + ANSWER)
    assert dict(asked.measure(design(), suggestion="S0007")) == {"hardness": 460.0, "cost": 1.0}
    assert json.loads((tmp_path / "seen.json").read_text()) == {
        "id": "S0007",
        "design": {"alloy": {"Ni": 10.0, "Fe": 20.0, "Co": 70.0}, "temperature": 450.0, "gas": "Ar"},
    }


def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    (tmp_path / "measure.py").write_text(READ + "open('argv.json', 'w').write(json.dumps(sys.argv[1:]))\n" + ANSWER)
    argv = ["python", "measure.py", "$HOME; touch pwned", "*"]
    CommandOracle(argv, SPACE, TARGETS, folder=tmp_path).measure(design())
    assert json.loads((tmp_path / "argv.json").read_text()) == argv[2:]
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('print(\'{"failed": "film peeled"}\')', "film peeled"),
        ("import json; print(json.dumps({'failed': 'no vacuum\\n(pump 2)'}))", "no vacuum (pump 2)"),
        ("import sys; sys.exit('  first\\nout of argon\\n\\n')", "python ended with exit code 1: out of argon"),
        ("import sys; sys.exit(3)", "python ended with exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "python was killed by SIGTERM"),
        ('print(\'{"targets": {"hardness": NaN, "cost": 1}}\')', "python gave nan for 'hardness'"),
        ('print(\'{"targets": {"hardness": null, "cost": 1}}\')', "python gave no value for 'hardness'"),
    ],
)
def test_failed_measurements_say_why(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(MeasurementFailed) as failure:
        oracle(tmp_path, source).measure(design())
    assert str(failure.value) == message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("print('hello')", "python wrote 'hello\\n' on stdout, which is not JSON"),
        ("", "python wrote '' on stdout, which is not JSON"),
        ("print('[' * 100000)", "which is not JSON"),
        ("print('[1]')", 'python wrote [1]; write {"targets": {...}} or {"failed": "reason"}'),
        ("print('{\"hardness\": 3}')", 'python wrote {"hardness": 3}; write {"targets": {...}}'),
        ('print(\'{"targets": {"hardness": 3}}\')', "python gave no 'cost'"),
        ('print(\'{"targets": {"hardness": "3", "cost": 1}}\')', "python gave '3' for 'hardness'; give a number"),
    ],
)
def test_a_program_that_speaks_otherwise_stops_the_run(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(OracleUnusable) as error:
        oracle(tmp_path, source).measure(design())
    assert message in str(error.value)


def test_a_program_that_does_not_start_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(OracleUnusable, match="no-such-program does not start"):
        CommandOracle(["no-such-program"], SPACE, TARGETS, folder=tmp_path).measure(design())
    (tmp_path / "data.txt").write_text("not a program")
    with pytest.raises(OracleUnusable, match=r"\./data.txt does not start"):
        CommandOracle(["./data.txt"], SPACE, TARGETS, folder=tmp_path).measure(design())


def test_a_timeout_kills_all_that_was_started(tmp_path: Path) -> None:
    # The child would leave its mark 2 s after the timeout.
    child = "import time, pathlib; time.sleep(2.5); pathlib.Path('alive').touch()"
    source = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {child!r}])\ntime.sleep(60)\n"
    started = time.monotonic()
    with pytest.raises(MeasurementFailed, match=r"python gave no answer within 0\.5 s"):
        oracle(tmp_path, source, timeout=0.5).measure(design())
    assert time.monotonic() - started < 30.0  # the command sleeps for 60
    time.sleep(2.8)
    assert not (tmp_path / "alive").exists()


def test_a_child_that_is_left_behind_does_not_hold_the_answer(tmp_path: Path) -> None:
    source = READ + ANSWER + "import subprocess\nsubprocess.Popen(['sleep', '60'])\n"
    started = time.monotonic()
    assert oracle(tmp_path, source).measure(design())["cost"] == 1.0
    assert time.monotonic() - started < 30.0


def test_output_without_end_is_a_failed_measurement(tmp_path: Path) -> None:
    source = "import sys\nwhile True: sys.stdout.write('x' * 65536)\n"
    with pytest.raises(MeasurementFailed, match=f"python wrote more than {command.OUTPUT_LIMIT} bytes"):
        oracle(tmp_path, source).measure(design())


def test_errors_without_end_are_bounded_too(tmp_path: Path) -> None:
    source = "import sys\nsys.stderr.write('x\\n' * 3_000_000)\nsys.stderr.write('the end\\n')\nsys.exit(1)\n"
    with pytest.raises(MeasurementFailed, match="exit code 1: the end"):
        oracle(tmp_path, source).measure(design())


def test_a_program_may_ignore_its_input(tmp_path: Path) -> None:
    source = 'import sys; sys.stdin.close(); print(\'{"targets": {"hardness": 1, "cost": 2}}\')'
    assert dict(oracle(tmp_path, source).measure(design())) == {"hardness": 1.0, "cost": 2.0}


def test_faults_are_seen_without_running_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command_faults(["python", "-c", "x.py"], tmp_path) == []
    [fault] = command_faults(["python", "x.py"], tmp_path)
    assert str(fault) == "argv[1]: there is no script 'x.py'; give its path, relative to the campaign file"
    (tmp_path / "x.py").touch()
    assert command_faults(["python", "x.py"], tmp_path) == []
    assert command_faults([sys.executable], tmp_path) == []
    (tmp_path / "tool.sh").write_text("#!/bin/sh\n")
    [fault] = command_faults(["./tool.sh"], tmp_path)
    assert "program './tool.sh' is not found or may not be run" in str(fault)
    (tmp_path / "tool.sh").chmod(0o755)
    assert command_faults(["./tool.sh"], tmp_path) == []
    monkeypatch.chdir(tmp_path)
    assert command_faults(["./tool.sh"], Path()) == []
    [fault] = command_faults(["no-such-program"], tmp_path)
    assert fault.path == ("argv", 0)
