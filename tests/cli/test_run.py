"""The closed loop from the command line: runs, is stopped, is killed, and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from designer.campaign.campaign import Campaign
from tests.cli.conftest import Designer

ROOT = Path(__file__).parents[2]

# First designs fill the space and need no model, so these runs are quick.
CAMPAIGN = """\
designer: 1
name: loop
space:
  - {name: x, kind: numeric, unit: mm, bounds: [0, 100], step: 1}
  - {name: y, kind: numeric, bounds: [0, 10], step: 1}
targets:
  - {name: loss, unit: mV, goal: minimize}
initial: 6
budget: 6
measure: {kind: command, argv: [python, measure.py], timeout: 20}
"""
MEASURE = """\
import json, pathlib, sys, time
time.sleep(float(pathlib.Path("pause").read_text()) if pathlib.Path("pause").exists() else 0)
design = json.load(sys.stdin)["design"]
if design["x"] > 90:
    print(json.dumps({"failed": "too far"}))
else:
    print(json.dumps({"targets": {"loss": (design["x"] - 37) ** 2 + design["y"]}}))
"""


@pytest.fixture
def loop(folder: Path) -> Path:
    (folder / "glass.yaml").unlink()
    (folder / "loop.yaml").write_text(CAMPAIGN)
    (folder / "measure.py").write_text(MEASURE)
    return folder


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "designer", "run", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def designs(folder: Path) -> list[dict[str, object]]:
    state = Campaign.open(folder / "loop.yaml").state
    return [dict(each.design) for each in state.suggestions.values()]


def wait_for_results(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (folder / "loop.db").exists() and len(Campaign.open(folder / "loop.yaml").state.measurements) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"no {count} results within a minute")


def test_a_run_tells_each_experiment_and_why_it_stopped(designer: Designer, loop: Any) -> None:
    done = designer("run")
    assert done.code == 0, done.err
    assert done.out == "Stopped: the budget of 6 experiments is used up.\n"
    lines = done.err.splitlines()
    assert [line[:6] for line in lines] == [f"{i} of 6" for i in range(1, 7)]
    assert any("loss " in line and " mV" in line for line in lines)
    assert "(best so far: S0" in lines[-1]
    again = designer("run", "--json")
    assert (again.code, again.data["experiments"], again.data["rule"]) == (0, [], "budget")


def test_old_name_of_the_limit_still_works(designer: Designer, loop: Any) -> None:
    assert [each["id"] for each in designer("run", "--most", "1", "--json").data["experiments"]] == ["S0001"]
    both = designer("run", "--most", "1", "--max-experiments", "2")
    assert (both.code, "--max-experiments and --most are the same option" in both.err) == (2, True)
    assert "--most" not in designer("run", "--help").out


def test_a_run_for_machines(designer: Designer, loop: Any) -> None:
    done = designer("run", "--max-experiments", "2", "--json")
    assert done.code == 0
    assert done.err == ""
    assert [each["id"] for each in done.data["experiments"]] == ["S0001", "S0002"]
    assert (done.data["rule"], done.data["interrupted"]) == (None, False)
    for each in done.data["experiments"]:
        x, y = each["design"]["x"], each["design"]["y"]
        assert each["values"] == ({"loss": (x - 37) ** 2 + y} if x <= 90 else {})
        assert each["failed"] == ("too far" if x > 90 else None)


def test_what_a_function_prints_does_not_spoil_the_answer(designer: Designer, loop: Any) -> None:
    (loop / "chatty.py").write_text("def f(x, y):\n    print('hello')\n    return x\n")
    file = loop / "loop.yaml"
    file.write_text(file.read_text().partition("measure:")[0] + "measure: {kind: python, function: 'chatty:f'}\n")
    done = designer("run", "--json")
    assert done.code == 0
    assert len(done.data["experiments"]) == 6
    assert done.err == 6 * "hello\n"


@pytest.mark.parametrize(
    ("measure", "code", "message"),
    [
        ("", 2, "the campaign has no oracle"),
        ("measure: {kind: command, argv: [python, absent.py]}", 2, "loop.yaml:10: there is no script 'absent.py'"),
        ("measure: {kind: command, argv: [python, fail.py]}", 0, "failed: python ended with exit code 3"),
        (
            "measure: {kind: command, argv: [python, -c, pass]}",
            1,
            "designer: python wrote '' on stdout, which is not JSON",
        ),
        ("measure: {kind: python, function: 'broken:f'}", 1, "designer: cannot import 'broken': ZeroDivisionError"),
    ],
)
def test_an_oracle_that_cannot_measure_ends_the_run_with_one_line(
    designer: Designer, loop: Any, measure: str, code: int, message: str
) -> None:
    (loop / "fail.py").write_text("raise SystemExit(3)\n")
    (loop / "broken.py").write_text("1 / 0\ndef f(x, y): ...\n")
    file = loop / "loop.yaml"
    file.write_text(file.read_text().partition("measure:")[0] + measure + "\n")
    done = designer("run")
    assert done.code == code
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_run_without_an_end_is_refused(designer: Designer, loop: Any) -> None:
    file = loop / "loop.yaml"
    file.write_text(file.read_text().replace("budget: 6\n", ""))
    done = designer("run")
    assert (done.code, "has no stopping rule" in done.err) == (2, True)
    assert designer("run", "--max-experiments", "1").code == 0


def test_a_run_that_was_killed_and_interrupted_goes_on_as_if_it_had_never_stopped(loop: Any) -> None:
    reference = _uninterrupted(loop)
    (loop / "pause").write_text("0.3")
    killed = start(loop)
    wait_for_results(loop, 1)
    killed.kill()
    killed.communicate(timeout=30)

    interrupted = start(loop)
    wait_for_results(loop, 3)
    interrupted.send_signal(signal.SIGINT)
    out, err = interrupted.communicate(timeout=30)
    assert interrupted.returncode == 130, err
    assert "interrupted" in out
    assert err.splitlines()[-1] == "Interrupted. All recorded results are saved; run the same command to continue."
    assert "Traceback" not in err

    (loop / "pause").unlink()
    finished = start(loop, "--json")
    out, err = finished.communicate(timeout=60)
    assert finished.returncode == 0, err
    assert json.loads(out)["rule"] == "budget"
    assert designs(loop) == reference
    state = Campaign.open(loop / "loop.yaml").state
    assert len(state.measurements) + len(state.failures) == 6


def _uninterrupted(folder: Path) -> list[dict[str, object]]:
    """Run the campaign to its end in another store, and return what was suggested."""
    campaign = Campaign.open(folder / "loop.yaml", store=folder / "reference.db")
    campaign.run()
    return [dict(each.design) for each in campaign.state.suggestions.values()]


def test_in_a_terminal_there_is_a_bar(
    loop: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from designer.cli.main import main

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["run"]) == 0
    captured = capfd.readouterr()
    assert captured.out == "Stopped: the budget of 6 experiments is used up.\n"
    assert "6/6" in captured.err
    assert "S0006" in captured.err
