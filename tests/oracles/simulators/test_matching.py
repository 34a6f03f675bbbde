"""What a campaign may ask of a simulator; nothing here loads one."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from designer.errors import InvalidCampaign, MissingExtra
from designer.objective import Objective
from designer.oracles.simulators import SIMULATORS, SimulatorMeasure, base
from designer.oracles.simulators.matching import setting_of, values_of
from designer.space import DesignSpace

ALD = {
    "temperature": {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [120, 300]},
    "pressure": {"name": "pressure", "kind": "numeric", "unit": "Pa", "bounds": [0.5, 20]},
    "dose_time": {"name": "dose_time", "kind": "numeric", "unit": "s", "bounds": [0.05, 1]},
}
COVERAGE = {"name": "coverage", "unit": "percent", "goal": "maximize"}


def spec(name: str = "atomic-layer-deposition", task: str = "tma-via-20", **keys: Any) -> Any:
    return SimulatorMeasure(name=name, task=task, **keys)


def faults(space: DesignSpace, targets: Any = (COVERAGE,), folder: Path | None = None, **keys: Any) -> list[str]:
    objective = Objective(targets=list(targets))
    found = spec(**keys).faults(DesignSpace(parameters=list(space)), objective, folder=folder)
    return [str(fault) for fault in found]


def ald(**changed: Any) -> Any:
    """The parameters of a good campaign; None leaves one out."""
    return [parameter for parameter in (ALD | changed).values() if parameter is not None]


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The faults are found whether or not the packages are there."""
    monkeypatch.setattr(base, "find_spec", lambda name: object())


def test_a_good_campaign_has_no_fault() -> None:
    assert faults(ald()) == []
    assert faults(ald(pressure=None), fixed={"pressure": "0.01 mbar"}) == []
    kelvin = {"name": "temperature", "kind": "numeric", "unit": "K", "bounds": [373.15, 623.15]}
    assert faults(ald(temperature=kelvin), targets=[COVERAGE | {"unit": "fraction"}]) == []


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"name": "atomic-layer-depositon"},
            "name: simulator 'atomic-layer-depositon' is not known; did you mean 'atomic-layer-deposition'?",
        ),
        ({"name": "x"}, "known: hot-filament-cvd, atomic-layer-deposition, emt-alloys"),
        ({"task": "tma-via-21"}, "task: atomic-layer-deposition has no task 'tma-via-21'; did you mean 'tma-via-20'?"),
        ({"fixed": {"pressure": 3}}, "fixed.pressure: 'pressure' is also in the space; give it in one place"),
        ({"fixed": {"presure": 3}}, "fixed.presure: no parameter 'presure'; did you mean 'pressure'?"),
    ],
)
def test_names(keys: Any, message: str) -> None:
    [fault] = faults(ald(), **keys)
    assert message in fault


def test_fixed_values_have_units_and_limits() -> None:
    assert faults(ald(pressure=None), fixed={"pressure": "3 K"}) == [
        "fixed.pressure: 'K' does not convert to 'Pa'; give the value in Pa"
    ]
    assert faults(ald(pressure=None), fixed={"pressure": "1 bar"}) == [
        "fixed.pressure: 'pressure' is fixed at 1 bar; stay within 0.1 to 20 Pa"
    ]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"pressure": None},
            "tma-via-20 needs 'pressure'; add it to the space, or a value to 'fixed': 0.1 to 20 Pa",
        ),
        (
            {"pressure": ALD["pressure"] | {"unit": "K"}},
            "'pressure' has 'K', which does not convert to Pa; give 0.1 to 20 Pa",
        ),
        (
            {"pressure": {"name": "pressure", "kind": "numeric", "bounds": [1, 2]}},
            "'pressure' has no unit, which does not convert to Pa; give 0.1 to 20 Pa",
        ),
        (
            {"pressure": ALD["pressure"] | {"unit": "mbar"}},
            "'pressure' goes from 0.5 to 20 mbar, beyond what is simulated; stay within 0.1 to 20 Pa",
        ),
        (
            {"pressure": {"name": "pressure", "kind": "categorical", "choices": ["low", "high"]}},
            "'pressure' is categorical in the space, and numeric here; give 0.1 to 20 Pa",
        ),
        (
            {"purge": {"name": "purge_time", "kind": "numeric", "unit": "s", "bounds": [1, 2]}},
            "tma-via-20 has no parameter 'purge_time'; did you mean 'dose_time'?",
        ),
    ],
)
def test_parameters(changed: Any, message: str) -> None:
    assert faults(ald(**changed)) == [f"task: {message}"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"name": "coverag"}, "tma-via-20 gives no 'coverag'; did you mean 'coverage'?"),
        (
            {"name": "coverage", "unit": "nm"},
            "target 'coverage' has the unit 'nm', to which percent does not convert; write unit: percent",
        ),
    ],
)
def test_targets(target: Any, message: str) -> None:
    assert faults(ald(), targets=[{"goal": "maximize"} | target]) == [f"task: {message}"]


def test_a_target_without_a_unit_is_refused_where_the_simulator_has_one() -> None:
    space = SIMULATORS["hot-filament-cvd"].task("array-8mm").space.parameters
    targets = [{"name": "growth_rate", "goal": "maximize"}, {"name": "quality", "unit": "um", "goal": "maximize"}]
    assert faults(space, targets, name="hot-filament-cvd", task="array-8mm") == [  # type: ignore[arg-type]
        "task: target 'growth_rate' has no unit, to which um/h does not convert; write unit: um/h",
        "task: target 'quality' has the unit 'um', to which a bare number does not convert; leave the unit out",
    ]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"elements": ["Cu", "Al"]},
            "'composition' has Al, which the task has not; choose among Ag, Au, Cu, or another",
        ),
        ({"elements": ["Cu", "Ag"], "unit": "wt.%"}, "'composition' is in wt.%; give it in at.% or as fraction"),
    ],
)
def test_compositions(keys: Any, message: str) -> None:
    modulus = {"name": "bulk_modulus", "unit": "GPa", "goal": "maximize"}
    space = [{"name": "composition", "kind": "composition", **keys}]
    [fault] = faults(space, [modulus], name="emt-alloys", task="Ag-Au-Cu")  # type: ignore[arg-type]
    assert message in fault


def test_all_faults_are_reported_together() -> None:
    found = faults(
        ald(pressure=None, purge={"name": "purge", "kind": "numeric", "bounds": [1, 2]}),
        targets=[{"name": "rate", "goal": "maximize"}],
    )
    assert len(found) == 3
    with pytest.raises(InvalidCampaign) as error:
        spec(fixed={"x": 1}).open(
            DesignSpace(parameters=ald()),
            Objective(targets=[{"name": "rate", "goal": "maximize"}]),
            folder=None,
        )
    assert len(error.value.faults) == 2


def test_units_are_converted_both_ways() -> None:
    task = SIMULATORS["atomic-layer-deposition"].task("tma-via-20")
    kelvin = {"name": "temperature", "kind": "numeric", "unit": "K", "bounds": [373.15, 623.15]}
    space = DesignSpace(parameters=ald(temperature=kelvin, pressure=None))
    setting = setting_of({"temperature": 473.15, "dose_time": 0.1}, space, {"pressure": "0.05 mbar"}, task)
    assert setting == pytest.approx({"temperature": 200.0, "pressure": 5.0, "dose_time": 0.1})
    with pytest.raises(ValueError, match=r"temperature = 426\.85 degC is beyond 100 to 350 degC"):
        setting_of({"temperature": 700.0, "dose_time": 0.1}, space, {"pressure": 5}, task)
    objective = Objective(targets=[COVERAGE | {"unit": "fraction"}])
    assert values_of({"coverage": 80.0, "precursor_use": 3.0}, objective, task) == pytest.approx({"coverage": 0.8})


def test_compositions_become_atomic_fractions() -> None:
    task = SIMULATORS["emt-alloys"].task("Ag-Au-Cu")
    space = DesignSpace(
        parameters=[{"name": "composition", "kind": "composition", "elements": ["Cu", "Ag"], "unit": "at.%"}]
    )
    setting = setting_of({"composition": {"Cu": 25.0, "Ag": 75.0}}, space, {}, task)
    assert setting == {"composition": {"Cu": 0.25, "Ag": 0.75}}


@pytest.mark.parametrize("simulator", SIMULATORS.values(), ids=lambda each: each.name)
def test_every_task_is_described_whole(simulator: Any) -> None:
    assert len({task.name for task in simulator.tasks}) == len(simulator.tasks)
    for task in simulator.tasks:
        assert task.summary
        assert task.space.columns
        assert task.objective.goals
        assert hash(simulator.name)
        keys = {"name": simulator.name, "task": task.name}
        assert SimulatorMeasure(**keys).faults(task.space, task.objective, folder=None) == []  # type: ignore[arg-type]


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "find_spec", lambda name: None)
    pip = "pip install 'materials-designer[simulators]'"
    assert faults(ald()) == [f"name: machball is not installed; install it with: {pip}"]
    task = SIMULATORS["atomic-layer-deposition"].task("tma-via-20")
    with pytest.raises(MissingExtra, match=r"^machball is not installed; install it with: pip"):
        spec().open(task.space, task.objective, folder=None)


@pytest.mark.parametrize("simulator", SIMULATORS.values(), ids=lambda simulator: simulator.name)
def test_the_extra_that_is_named_installs_the_package(monkeypatch: pytest.MonkeyPatch, simulator: Any) -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["optional-dependencies"][simulator.extra]
    assert any(re.match(rf"{simulator.package}\b", line) for line in lines)
    monkeypatch.setattr(base, "find_spec", lambda name: None)
    task = simulator.tasks[0]
    (fault,) = spec(simulator.name, task.name).faults(task.space, task.objective, folder=None)
    assert f"[{simulator.extra}]" in str(fault)


class _NothingFound:
    """An import system for which nothing is installed."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        return None


@pytest.mark.parametrize(
    ("module", "package"), [("cantera", "cantera"), ("machball.ballistic", "machball"), ("ase.eos", "ase")]
)
def test_the_guarded_import(monkeypatch: pytest.MonkeyPatch, module: str, package: str) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == package:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_NothingFound()])
    with pytest.raises(MissingExtra, match=f"^{package} is not installed"):
        base.load(module)


def test_a_missing_part_of_an_installed_package_is_not_called_missing() -> None:
    with pytest.raises(ModuleNotFoundError, match="numpy"):
        base.load("numpy.no_such_part")


def test_describing_loads_no_simulator() -> None:
    code = "import sys, designer.oracles.simulators; print(*{m.partition('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    simulating = {simulator.package for simulator in SIMULATORS.values()}
    assert not set(done.stdout.split()) & (simulating | {"torch", "sklearn", "matplotlib"})
