"""Features of campaign files, each as what it adds to a small campaign, so that any two can be put together."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from copy import deepcopy
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from designer import Campaign
from designer.documents import Document
from designer.space import DesignSpace

Content = dict[str, Any]
BASE: Content = {
    "designer": 1,
    "name": "pair",
    "space": [
        {"name": "T", "kind": "numeric", "bounds": [0, 100], "step": 5},
        {"name": "gas", "kind": "categorical", "choices": ["Ar", "N2"]},
    ],
    "constraints": [],
    "targets": [{"name": "y", "goal": "maximize"}],
    "batch_size": 2,
}


OTHER_KINDS = ("fidelity", "formula", "molecule")
MOLECULES = ("CCOC(=O)c1ccccc1", "CCN(CC)C(=O)c1ccncc1", "COc1ccc(N=Nc2ccccc2)cc1")


def parameter(name: str, **keys: Any) -> Callable[[Content], None]:
    def add(content: Content) -> None:
        content["space"].append({"name": name, "kind": "numeric", **keys})

    return add


def keys_of(list_name: str, place: int, **keys: Any) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        content[list_name][place].update(keys)

    return change


def settings(**keys: Any) -> Callable[[Content], None]:
    return lambda content: content.update(deepcopy(keys))


def context(content: Content) -> None:
    parameter("humidity", bounds=[10, 90], role="context")(content)
    content["context"] = {"humidity": {"low": 20, "high": 80}}


def equality(content: Content) -> None:
    for name in ("A", "B", "C"):
        parameter(name, bounds=[0, 100], step=10)(content)
    content["constraints"].append("A + B + C == 100")


def formula(content: Content) -> None:
    content["space"].append({"name": "oxide", "kind": "formula", "elements": ["Ca", "Sr", "Ti", "O"], "max_atoms": 5})


def molecule(content: Content) -> None:
    content["space"].append({"name": "dye", "kind": "molecule", "like": ["known.csv"]})


def robust(content: Content) -> None:
    keys_of("space", 0, setting_error=4)(content)
    keys_of("targets", 0, robust={"quantile": 0.1})(content)


def tiers(content: Content) -> None:
    content["targets"][0].update(reach=80)
    content["targets"].append({"name": "z", "goal": "minimize"})
    content["combine"] = "tiers"


def match_curve(content: Content) -> None:
    target = content["targets"][0]
    target |= {"goal": "match", "curve": "xrd", "reference": "0:1; 1:2"}
    content.setdefault("observations", []).append({"name": "xrd", "kind": "curve"})


def fidelity(content: Content) -> None:
    content["space"].append({"name": "method", "kind": "fidelity", "levels": ["film", "bulk"]})


FEATURES: Mapping[str, tuple[str, Callable[[Content], None]]] = {
    # a name, what it decides (two features that decide the same cannot be put together), and what it adds
    "per_batch": ("furnace", parameter("furnace", bounds=[300, 900], step=50, vary="per_batch")),
    "context": ("context", context),
    "scale: log": ("scale", keys_of("targets", 0, scale="log")),
    "limits": ("limits", keys_of("targets", 0, limits=[0.01, None])),
    "when": ("oven", parameter("oven", bounds=[50, 90], step=5, when="gas == N2")),
    "equality": ("equality", equality),
    "zero_or": ("salt", parameter("salt", zero_or=[5, 20], step=1)),
    "map": ("goal", keys_of("targets", 0, goal="map")),
    "boundary": ("goal", keys_of("targets", 0, goal="boundary", value=5)),
    "prefer": ("goal", keys_of("targets", 0, goal="prefer")),
    "tiers": ("goal", tiers),
    "diversify_by": ("cells", settings(diversify_by=[{"parameter": "gas"}])),
    "beliefs": ("beliefs", settings(beliefs=[{"parameter": "T", "near": 50, "spread": 10}])),
    "setting_error": ("error", keys_of("space", 0, setting_error=4)),
    "robust": ("error", robust),
    "d-optimal": ("initial", settings(initial={"kind": "d-optimal", "model": "linear", "number": 12})),
    "factorial": ("initial", settings(initial={"kind": "factorial"})),
    "latin-hypercube": ("initial", settings(initial={"kind": "latin-hypercube", "number": 6})),
    "candidates": ("candidates", lambda content: None),  # a table of designs of the rest, see `with_candidates`
    "cost": ("cost", settings(cost="1 + T / 100", budget={"cost": 50})),
    "formula": ("formula", formula),
    "molecule": ("molecule", molecule),
    "fidelity": ("fidelity", fidelity),
    "observations": ("observations", settings(observations=[{"name": "h", "stage": 1, "cost": 0.1}])),
    "match curve": ("goal", match_curve),
    "replicates": ("replicates", settings(replicates=2)),
    "acquisition": ("acquisition", settings(acquisition="upper-confidence-bound")),
    "stop": ("stop", settings(stop={"probability_of_better_than": 0.01})),
}
NOT_INSTALLED = frozenset[str]() if importlib.util.find_spec("rdkit") else frozenset(["molecule"])
PAIRS = [
    (first, second)
    for first, second in combinations(FEATURES, 2)
    if FEATURES[first][0] != FEATURES[second][0] and not {first, second} & NOT_INSTALLED
]  # fmt: skip


def content_of(pair: tuple[str, ...]) -> Content:
    """Return the content of a campaign file with all of some features."""
    content = deepcopy(BASE)
    for name in pair:
        FEATURES[name][1](content)
    return content


def candidates_of(content: Content) -> pd.DataFrame:
    """Return a table of random designs, without contexts and levels, which a table of candidates lacks."""
    listed = [p for p in content["space"] if p.get("role") != "context" and p["kind"] not in OTHER_KINDS]
    space = DesignSpace.from_document(Document({"space": listed, "constraints": content["constraints"]}))
    table = space.frame(space.sample(30, np.random.default_rng(0))).drop_duplicates()
    if any(p["kind"] == "formula" for p in content["space"]):
        table["oxide"] = [("CaTiO3", "SrTiO3", "CaO")[i % 3] for i in range(len(table))]
    if any(p["kind"] == "molecule" for p in content["space"]):
        table["dye"] = [MOLECULES[i % 3] for i in range(len(table))]
    return table


def suggested(content: Content, table: pd.DataFrame | None, results: int) -> pd.DataFrame:
    """Return two suggestions after some results at random designs."""
    keys = {key: value for key, value in content.items() if key not in ("designer", "name")}
    campaign = Campaign.create(**keys, candidates=table, suggest_seconds=3600.0)
    given = {"humidity": 45.0} if "humidity" in campaign.space.columns else None
    for i in range(results):
        batch = campaign.suggest(1, context=given)
        made = {target.name: 3.0 + i for target in campaign.objective.targets if not target.is_preference}
        campaign.record(batch.assign(**made))
    return campaign.suggest(2, context=given)
