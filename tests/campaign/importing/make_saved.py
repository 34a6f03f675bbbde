"""Write the saved campaigns of other programs that the tests read: ``python make_saved.py baybe|ax|optuna``.

Run it in an environment with the program named (the files here: BayBE 0.15.0 with pandas 3.1.1, ax-platform 1.3.1,
optuna 5.0.0); it needs nothing of designer. ``edbo.csv`` and ``nimo.csv`` are written by hand after the documents of
EDBO+ and NIMO, whose tables are their formats.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any

SAVED = Path(__file__).parent / "saved"


def baybe() -> None:
    """Write ``baybe.json`` (continuous and discrete parameters) and ``baybe-listed.json`` (a list of candidates)."""
    import pandas as pd
    from baybe import Campaign
    from baybe.constraints import (
        ContinuousLinearConstraint,
        DiscreteExcludeConstraint,
        SubSelectionCondition,
        ThresholdCondition,
    )
    from baybe.objectives import DesirabilityObjective, SingleTargetObjective
    from baybe.parameters import (
        CategoricalParameter,
        CustomDiscreteParameter,
        NumericalContinuousParameter,
        NumericalDiscreteParameter,
        TaskParameter,
    )
    from baybe.searchspace import SearchSpace
    from baybe.targets import NumericalTarget

    ligands = pd.DataFrame({"size": [1.0, 2.5, 3.0], "pKa": [4.1, 5, 9]}, index=["L1", "L2", "L3"])
    not_hot = [ThresholdCondition(threshold=90, operator=">="), SubSelectionCondition(selection=["THF"])]
    space = SearchSpace.from_product(
        [
            NumericalContinuousParameter("flow rate", bounds=(0.5, 2), metadata={"unit": "mL/min"}),
            NumericalDiscreteParameter("temperature", values=(60, 80, 100)),
            CategoricalParameter("solvent", values=("DMF", "THF", "water")),
            TaskParameter("site", values=("A", "B"), active_values=("A",)),
            CustomDiscreteParameter("ligand", data=ligands),
            NumericalContinuousParameter("a", bounds=(0, 1)),
            NumericalContinuousParameter("b", bounds=(0, 1)),
        ],
        [
            DiscreteExcludeConstraint(parameters=["temperature", "solvent"], combiner="AND", conditions=not_hot),
            ContinuousLinearConstraint(parameters=["a", "b"], operator="<=", coefficients=[1, 2], rhs=1.5),
        ],
    )
    campaign = Campaign(space, SingleTargetObjective(NumericalTarget("yield", metadata={"unit": "percent"})))
    campaign.add_measurements(
        pd.DataFrame(
            {
                "flow rate": [1, 1.5, 0.7],
                "temperature": [60, 80, 100],
                "solvent": ["DMF", "THF", "water"],
                "site": ["A", "A", "B"],
                "ligand": ["L1", "L2", "L3"],
                "a": [0.1, 0.2, 0.3],
                "b": [0.1, 0.2, 0.3],
                "yield": [12.0, 55.0, 43.0],
            }
        )
    )
    campaign.recommend(2)
    (SAVED / "baybe.json").write_text(campaign.to_json(), encoding="utf-8")
    listed = SearchSpace.from_dataframe(
        pd.DataFrame({"T": [1.0, 2.0, 3.0, 3.0], "s": ["a", "b", "a", "b"]}),
        parameters=[NumericalDiscreteParameter("T", [1, 2, 3]), CategoricalParameter("s", ["a", "b"])],
    )
    targets = [
        NumericalTarget.match_bell("size", 5.0, 2.0),
        NumericalTarget.match_triangular("width", cutoffs=(3, 7)),
        NumericalTarget.normalized_ramp("cost", cutoffs=(0, 10), descending=True),
    ]
    campaign = Campaign(listed, DesirabilityObjective(targets, weights=[1, 2, 1]))
    campaign.add_measurements(pd.DataFrame({"T": [1], "s": ["a"], "size": [4], "width": [6], "cost": [2.5]}))
    (SAVED / "baybe-listed.json").write_text(campaign.to_json(), encoding="utf-8")


def ax() -> None:
    """Write ``ax.json``: two objectives, an outcome constraint, a failed and a running trial."""
    from ax.api.client import Client
    from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

    client = Client(random_seed=1)
    client.configure_experiment(
        name="film",
        parameters=[
            RangeParameterConfig(name="temperature", parameter_type="float", bounds=(300, 900), step_size=25),
            RangeParameterConfig(name="time", parameter_type="float", bounds=(1, 1000), scaling="log"),
            RangeParameterConfig(name="layers", parameter_type="int", bounds=(1, 5)),
            ChoiceParameterConfig(name="gas", parameter_type="str", values=["N2", "Ar", "air"], is_ordered=False),
            ChoiceParameterConfig(name="speed", parameter_type="int", values=[500, 1000, 2000], is_ordered=True),
            ChoiceParameterConfig(name="pump", parameter_type="str", values=["old"]),
        ],
        parameter_constraints=["temperature + 20*layers <= 900"],
    )
    client.configure_optimization(objective="strength, -cost", outcome_constraints=["roughness <= 3.5"])

    def result(strength: float) -> dict[str, Any]:
        return {"strength": (strength, 2.0), "cost": strength / 10, "roughness": 1.0 + strength / 100}

    first, second, third, _ = client.get_next_trials(max_trials=4)
    client.complete_trial(first, raw_data=result(100.0))
    client.complete_trial(second, raw_data=result(101.0))
    client.mark_trial_failed(third, "cracked")
    own = {"temperature": 500.0, "time": 10.0, "layers": 2, "gas": "Ar", "speed": 1000, "pump": "old"}
    client.complete_trial(client.attach_trial(own), raw_data=result(150.0))
    client.save_to_json_file(str(SAVED / "ax.json"))


def optuna() -> None:
    """Write ``optuna.sql``: failed, pruned, running and enqueued trials, and parameters that some trials have."""
    import optuna as package

    package.logging.set_verbosity(package.logging.CRITICAL)
    path = SAVED / "optuna.db"
    path.unlink(missing_ok=True)
    study = package.create_study(
        storage=f"sqlite:///{path}", study_name="film", directions=["maximize", "minimize"],
        sampler=package.samplers.RandomSampler(seed=1),
    )  # fmt: skip
    study.set_metric_names(["strength", "cost"])

    def objective(trial: Any) -> tuple[float, float]:
        temperature = trial.suggest_float("temperature", 300, 900, step=25)
        time = trial.suggest_float("time", 1, 1000, log=True)
        layers = trial.suggest_int("layers", 1, 5)
        gas = trial.suggest_categorical("gas", ["N2", "Ar", "air"])
        speed = trial.suggest_categorical("speed", [500, 1000, 2000])
        if gas == "N2":
            trial.suggest_float("purge", 1, 60)
        if trial.number == 3:
            raise ValueError("cracked")
        if trial.number == 4:
            raise package.TrialPruned
        return temperature + time / 10 - layers, speed / 100

    study.optimize(objective, n_trials=6, catch=(ValueError,))
    study.ask().suggest_float("temperature", 300, 900, step=25)
    study.enqueue_trial({"temperature": 500, "time": 10, "layers": 2, "gas": "Ar", "speed": 1000})
    package.create_study(storage=f"sqlite:///{path}", study_name="empty")
    with sqlite3.connect(path) as database:
        (SAVED / "optuna.sql").write_text("\n".join(database.iterdump()) + "\n", encoding="utf-8")
    path.unlink()


if __name__ == "__main__":
    {"baybe": baybe, "ax": ax, "optuna": optuna}[sys.argv[1]]()
