"""The oracle keeps the contract of oracles, on every simulator, in the campaign's own units."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from designer.errors import InvalidCampaign, MeasurementFailed
from designer.objective import Objective
from designer.oracles.simulators import SIMULATORS, SimulatorMeasure, SimulatorOracle
from designer.oracles.testing import check_oracle
from designer.space import DesignSpace


def designs(space: DesignSpace, number: int) -> list[dict]:
    frame = space.frame(space.sample(number, np.random.default_rng(0)))
    return frame.to_dict("records")


@pytest.mark.usefixtures("cantera", "machball", "ase")
@pytest.mark.parametrize(
    ("name", "task", "number"),
    [("hot-filament-cvd", "array-8mm", 6), ("atomic-layer-deposition", "dez-via-10", 6), ("emt-alloys", "Ag-Au-Cu", 1)],
)
def test_the_contract(name: str, task: str, number: int) -> None:
    described = SIMULATORS[name].task(task)
    oracle = SimulatorMeasure(name=name, task=task).open(described.space, described.objective, folder=None)  # type: ignore[arg-type]
    check_oracle(oracle, designs(described.space, number), [target.name for target in described.targets])


@pytest.mark.usefixtures("cantera")
def test_units_and_fixed_values_of_the_campaign_change_nothing() -> None:
    task = SIMULATORS["hot-filament-cvd"].task("array-8mm")
    whole = SimulatorOracle(task, task.space, task.objective)
    usual = {
        "filament_temperature": 2400.0,
        "substrate_temperature": 1173.15,
        "pressure": 20.0,
        "methane_fraction": 1.0,
        "residence_time": 30.0,
    }
    space = DesignSpace(
        parameters=[
            {"name": "substrate_temperature", "kind": "numeric", "unit": "degC", "bounds": [700, 1000]},
            {"name": "residence_time", "kind": "numeric", "unit": "s", "bounds": [0.01, 0.1], "column": "t"},
        ]
    )
    objective = Objective(targets=[{"name": "growth_rate", "unit": "nm/h", "goal": "maximize"}])
    fixed = {"filament_temperature": 2400, "pressure": "20 torr", "methane_fraction": 1}
    oracle = SimulatorOracle(task, space, objective, fixed=fixed)  # type: ignore[arg-type]
    result = oracle.measure({"substrate_temperature": 900.0, "t": 0.03}, suggestion="S0001")
    assert dict(result) == pytest.approx({"growth_rate": 1000 * whole.measure(usual)["growth_rate"]})


@pytest.mark.usefixtures("ase")
def test_noise_goes_by_seed_and_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    task = SIMULATORS["emt-alloys"].task("Ag-Au-Cu")
    seeds: list[int] = []

    def simulate(self: Any, setting: Any, *, seed: int) -> Any:
        seeds.append(seed)
        return {"bulk_modulus": 1.0, "lattice_constant": 1.0, "mixing_enthalpy": 1.0}

    monkeypatch.setattr(type(task), "simulate", simulate)
    design = {"composition.Ag": 0.5, "composition.Au": 0.2, "composition.Cu": 0.3}
    for seed, suggestion in itertools.product((0, 1), ("S0001", "S0002", "S0001")):
        SimulatorOracle(task, task.space, task.objective, seed=seed).measure(design, suggestion=suggestion)
    assert seeds[0] == seeds[2] != seeds[1]
    assert seeds[3] == seeds[5] != seeds[4]
    assert len(set(seeds)) == 4


def test_a_design_beyond_what_is_simulated_is_a_failed_experiment() -> None:
    task = SIMULATORS["atomic-layer-deposition"].task("tma-via-10")
    oracle = SimulatorOracle(task, task.space, task.objective)
    with pytest.raises(MeasurementFailed, match=r"^pressure = 500 Pa is beyond 0\.1 to 20 Pa$"):
        oracle.measure({"temperature": 200.0, "pressure": 500.0, "dose_time": 0.1})


def test_a_value_that_is_no_number_is_a_failed_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    task = SIMULATORS["atomic-layer-deposition"].task("tma-via-10")
    values = {"coverage": float("nan"), "precursor_use": 1.0}
    monkeypatch.setattr(type(task), "simulate", lambda self, setting, *, seed: values)
    with pytest.raises(MeasurementFailed, match="coverage"):
        SimulatorOracle(task, task.space, task.objective).measure(
            {"temperature": 200.0, "pressure": 5.0, "dose_time": 0.1}
        )


def test_what_does_not_fit_is_refused_when_built() -> None:
    task = SIMULATORS["atomic-layer-deposition"].task("tma-via-10")
    with pytest.raises(InvalidCampaign, match="no parameter 'pressur'"):
        SimulatorOracle(task, task.space, task.objective, fixed={"pressur": 3})
