"""One piece of work of one library, in this process alone; prints what it took as one JSON line.

Run by `benchmarks.studies.latency` as ``python -m benchmarks.studies.latency_work LIBRARY WORK SECONDS``, with one
thread; after so many CPU seconds the system ends the process. Each peer gets the nearest work that it can do; what it
cannot do is stated in its note.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

ELEMENTS = ("Ni", "Fe", "Co", "Mn", "Ce", "La", "Cr", "Cu", "Al", "Ti")
ATMOSPHERES = ("N2", "Ar", "air")
MEASUREMENTS = 30


@dataclass
class Took:
    """What a piece of work took: CPU seconds of its parts, and a note."""

    seconds: dict[str, float] = field(default_factory=dict)
    note: str = ""

    def part(self, name: str, work: Callable[[], Any]) -> Any:
        """Run `work`, and keep its CPU seconds under `name`."""
        begun = time.process_time()
        result = work()
        self.seconds[name] = round(time.process_time() - begun, 3)
        return result


def compositions(n: int, elements: int, parts: int, max_members: int, rng: np.random.Generator) -> np.ndarray:
    """Return n x elements random amounts, whole numbers that sum to `parts`, at most `max_members` of them not 0."""
    amounts = np.zeros((n, elements))
    for row in amounts:
        members = rng.choice(elements, size=rng.integers(1, max_members + 1), replace=False)
        cuts = np.sort(rng.choice(np.arange(1, parts), size=len(members) - 1, replace=False))
        row[members] = np.diff(np.concatenate([[0], cuts, [parts]]))
    return amounts


def alloy_table(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return random designs of work `knobs` in at.%, degC, min and Pa."""
    table = pd.DataFrame(compositions(n, 10, 100, 5, rng), columns=list(ELEMENTS))
    table["temperature"] = 300.0 + 5 * rng.integers(0, 121, n)
    table["time"] = np.round(10 ** rng.uniform(0, 3, n), 2)
    table["pressure"] = np.round(10 ** rng.uniform(0, 5, n), 2)
    table["atmosphere"] = rng.choice(ATMOSPHERES, n)
    return table


def lattice_table(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return random designs of work `lattice`: 5 elements at 10 %, 6 temperatures, 7 times."""
    table = pd.DataFrame(compositions(n, 5, 10, 5, rng) / 10, columns=list(ELEMENTS[:5])).round(1)
    table["temperature"] = rng.choice(LATTICE_TEMPERATURES, n)
    table["time"] = rng.choice(LATTICE_TIMES, n)
    return table


LATTICE_TEMPERATURES = (300.0, 400.0, 500.0, 600.0, 700.0, 800.0)
LATTICE_TIMES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def pool_table(rng: np.random.Generator) -> pd.DataFrame:
    """Return the pool of a million rows and 8 columns, two decimals."""
    return pd.DataFrame(np.round(rng.random((1_000_000, 8)), 2), columns=[f"x{i}" for i in range(8)])


def response(table: pd.DataFrame) -> np.ndarray:
    """Return a smooth made-up result (n) for each row."""
    numbers = table.select_dtypes("number").to_numpy()
    scaled = numbers / np.maximum(np.abs(numbers).max(axis=0), 1e-9)
    weights = np.cos(np.arange(scaled.shape[1]) + 1.0)
    return np.asarray(10 * np.exp(-(((scaled - 0.4) @ weights) ** 2)) + scaled @ weights)


# designer, through its public class


def designer_knobs(took: Took) -> None:
    """Alloy and knobs, as in a campaign file."""
    table = alloy_table(MEASUREMENTS, np.random.default_rng(0))
    alloy = {"name": "alloy", "kind": "composition", "elements": list(ELEMENTS), "columns": list(ELEMENTS)}
    space = [
        alloy | {"unit": "at.%", "step": 1, "max_nonzero": 5},
        {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5},
        {"name": "time", "kind": "numeric", "unit": "min", "bounds": [1, 1000], "scale": "log"},
        {"name": "pressure", "kind": "numeric", "unit": "Pa", "bounds": [1, 1e5], "scale": "log"},
        {"name": "atmosphere", "kind": "categorical", "choices": list(ATMOSPHERES)},
    ]
    _designer_suggest(space, None, table, took)


def designer_lattice(took: Took) -> None:
    """Alloy lattice."""
    table = lattice_table(MEASUREMENTS, np.random.default_rng(0))
    elements = list(ELEMENTS[:5])
    space = [
        {"name": "alloy", "kind": "composition", "elements": elements, "columns": elements, "step": 0.1},
        {"name": "temperature", "kind": "numeric", "unit": "degC", "values": list(LATTICE_TEMPERATURES)},
        {"name": "time", "kind": "numeric", "unit": "min", "values": list(LATTICE_TIMES)},
    ]
    _designer_suggest(space, None, table, took)


def designer_pool(took: Took) -> None:
    """Pool of a million."""
    table = pool_table(np.random.default_rng(0))
    space = [{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in table.columns]
    _designer_suggest(space, table, table.iloc[:MEASUREMENTS], took)


def designer_descriptors(took: Took) -> None:
    """Compositions to element descriptors; the first ones, so that reading the element table is included."""
    from designer.space import DesignSpace

    table = compositions(10_000, 10, 100, 5, np.random.default_rng(0))
    alloy = {"name": "alloy", "kind": "composition", "elements": list(ELEMENTS), "unit": "at.%", "step": 1}
    space = DesignSpace(parameters=[alloy])
    features = took.part("suggestion", lambda: space.encoder.encode(table))
    took.note = f"{features.shape[1]} features each"


def _designer_suggest(space: list[Any], candidates: pd.DataFrame | None, given: pd.DataFrame, took: Took) -> None:
    from designer import Campaign

    target = {"name": "y", "goal": "maximize"}
    campaign = took.part("set-up", lambda: Campaign.create(space=space, targets=[target], candidates=candidates))
    took.part("data", lambda: campaign.attach(given.assign(y=response(given)).reset_index(drop=True)))
    batch = took.part("suggestion", lambda: campaign.suggest(4))
    if len(batch) != 4:
        took.note = f"gave {len(batch)} of 4"


# BayBE


def baybe_knobs(took: Took) -> None:
    """Alloy and knobs for BayBE, as near as it can."""
    from baybe.constraints import ContinuousCardinalityConstraint, ContinuousLinearConstraint
    from baybe.parameters import CategoricalParameter, NumericalContinuousParameter
    from baybe.searchspace import SearchSpace

    took.note = (
        "no 1 at.% step (continuous), no log scale (logarithms given by hand); listing the designs instead "
        "(about 10^9 alloys) is not possible"
    )
    table = alloy_table(MEASUREMENTS, np.random.default_rng(0))
    given = pd.DataFrame(table[list(ELEMENTS)] / 100)
    given["temperature"] = table["temperature"]
    given["log_time"], given["log_pressure"] = np.log10(table["time"]), np.log10(table["pressure"])
    given["atmosphere"] = table["atmosphere"]
    knobs = {"temperature": (300, 900), "log_time": (0, 3), "log_pressure": (0, 5)}
    space = took.part(
        "set-up",
        lambda: SearchSpace.from_product(
            [
                *(NumericalContinuousParameter(name, (0, 1)) for name in ELEMENTS),
                *(NumericalContinuousParameter(name, bounds) for name, bounds in knobs.items()),
                CategoricalParameter("atmosphere", ATMOSPHERES),
            ],
            [
                ContinuousLinearConstraint(list(ELEMENTS), "=", [1.0] * 10, 1.0),
                ContinuousCardinalityConstraint(list(ELEMENTS), max_cardinality=5),
            ],
        ),
    )
    _baybe_suggest(space, given, response(table), took)


def baybe_lattice(took: Took) -> None:
    """Alloy lattice for BayBE: a discrete simplex, listed."""
    from baybe.parameters import NumericalDiscreteParameter
    from baybe.searchspace import SearchSpace, SubspaceDiscrete

    table = lattice_table(MEASUREMENTS, np.random.default_rng(0))
    tenths = [i / 10 for i in range(11)]
    space = took.part(
        "set-up",
        lambda: SearchSpace(
            discrete=SubspaceDiscrete.from_simplex(
                1.0,
                [NumericalDiscreteParameter(name, tenths) for name in ELEMENTS[:5]],
                product_parameters=[
                    NumericalDiscreteParameter("temperature", LATTICE_TEMPERATURES),
                    NumericalDiscreteParameter("time", LATTICE_TIMES),
                ],
                boundary_only=True,
            )
        ),
    )
    took.note = f"{len(space.discrete.exp_rep)} candidates listed"
    _baybe_suggest(space, table, response(table), took)


def baybe_pool(took: Took) -> None:
    """Pool of a million for BayBE."""
    from baybe.parameters import NumericalDiscreteParameter
    from baybe.searchspace import SearchSpace

    table = pool_table(np.random.default_rng(0)).drop_duplicates()
    parameters = [NumericalDiscreteParameter(name, sorted(set(table[name]))) for name in table.columns]
    space = took.part("set-up", lambda: SearchSpace.from_dataframe(table, parameters=parameters))
    given = table.iloc[:MEASUREMENTS]
    _baybe_suggest(space, given, response(given), took)


def _baybe_suggest(space: Any, given: pd.DataFrame, values: np.ndarray, took: Took) -> None:
    from baybe import Campaign
    from baybe.targets import NumericalTarget

    campaign = Campaign(space, NumericalTarget("y"))
    took.part("data", lambda: campaign.add_measurements(given.assign(y=values)))
    took.part("suggestion", lambda: campaign.recommend(batch_size=4))


# Ax


def ax_knobs(took: Took) -> None:
    """Alloy and knobs for Ax, as near as it can."""
    from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

    took.note = "no sum of 100 % (a tenth element is what is left), no 1 at.% step with it, no max_nonzero"
    table = alloy_table(MEASUREMENTS, np.random.default_rng(0))
    shares = ELEMENTS[:9]
    parameters = [
        *(RangeParameterConfig(name, (0.0, 1.0), "float") for name in shares),
        RangeParameterConfig("temperature", (300.0, 900.0), "float"),
        RangeParameterConfig("time", (1.0, 1000.0), "float", scaling="log"),
        RangeParameterConfig("pressure", (1.0, 1e5), "float", scaling="log"),
        ChoiceParameterConfig("atmosphere", list(ATMOSPHERES), "str", is_ordered=False),
    ]
    given = table.drop(columns=ELEMENTS[9])
    given[list(shares)] /= 100
    _ax_suggest(parameters, f"{' + '.join(shares)} <= 1", given, response(table), took)


def ax_lattice(took: Took) -> None:
    """Alloy lattice for Ax, as near as it can."""
    from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

    took.note = "no sum of 1 (a fifth element is what is left), no 10 % step with it"
    table = lattice_table(MEASUREMENTS, np.random.default_rng(0))
    parameters = [
        *(RangeParameterConfig(name, (0.0, 1.0), "float") for name in ELEMENTS[:4]),
        ChoiceParameterConfig("temperature", list(LATTICE_TEMPERATURES), "float", is_ordered=True),
        ChoiceParameterConfig("time", list(LATTICE_TIMES), "float", is_ordered=True),
    ]
    constraint = f"{' + '.join(ELEMENTS[:4])} <= 1"
    _ax_suggest(parameters, constraint, table.drop(columns=ELEMENTS[4]), response(table), took)


def _ax_suggest(parameters: list[Any], constraint: str, given: pd.DataFrame, values: np.ndarray, took: Took) -> None:
    from ax.api.client import Client

    def prepare() -> Any:
        client = Client(random_seed=0)
        client.configure_experiment(parameters=parameters, parameter_constraints=[constraint])
        client.configure_optimization(objective="y")
        return client

    def attach(client: Any) -> None:
        for row, value in zip(given.to_dict("records"), values, strict=True):
            client.complete_trial(client.attach_trial(_plain(row)), raw_data={"y": float(value)})

    client = took.part("set-up", prepare)
    took.part("data", lambda: attach(client))
    trials = took.part("suggestion", lambda: client.get_next_trials(max_trials=4))
    if len(trials) != 4:
        took.note += f"; gave {len(trials)} of 4"


def _plain(row: Mapping[Any, Any]) -> dict[str, float | str]:
    return {str(name): value if isinstance(value, str) else float(value) for name, value in row.items()}


WORK: dict[tuple[str, str], Callable[[Took], None]] = {
    ("designer", "knobs"): designer_knobs,
    ("designer", "lattice"): designer_lattice,
    ("designer", "pool"): designer_pool,
    ("designer", "descriptors"): designer_descriptors,
    ("baybe", "knobs"): baybe_knobs,
    ("baybe", "lattice"): baybe_lattice,
    ("baybe", "pool"): baybe_pool,
    ("ax", "knobs"): ax_knobs,
    ("ax", "lattice"): ax_lattice,
}


def main(library: str, work: str, limit: str) -> None:
    """Do the work and print its JSON line."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    do, took = WORK[library, work], Took()

    import torch

    torch.set_num_threads(1)
    do(took)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": took.seconds, "memory_mb": round(memory), "note": took.note}))


if __name__ == "__main__":
    main(*sys.argv[1:4])
