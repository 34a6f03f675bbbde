"""Campaigns over formulas that are on no list: suggestions, results, moves towards the best, and repetition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.open_formulas import acceptance
from designer.campaign.proposing import proposals
from designer.campaign.proposing.proposals import origins
from designer.chemistry.elements import element_table
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.formulas import formula_fractions
from designer.chemistry.whole_formulas import exact_amounts
from designer.errors import InvalidInput
from designer.generation.base import GENERATORS
from designer.generation.known_formulas import KnownFormulas
from designer.space import DesignSpace
from designer.space.constraints.constraint import Constraint
from designer.space.parameters.formula import FormulaParameter

ELEMENTS = ["Na", "K", "Ca", "Sr", "Ba", "Al", "Ti", "Zr", "O", "F", "S"]
SPACE: list[dict[str, Any]] = [{"name": "product", "kind": "formula", "elements": ELEMENTS, "max_atoms": 12}]
HEAT = {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [600, 1200], "step": 50}
TARGETS = [{"name": "hardness", "goal": "maximize"}]
RULES = FormulaRules(elements=ELEMENTS, max_atoms=12)


@pytest.fixture(autouse=True)
def few_proposals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make each suggestion from 60 proposals instead of 500, which is quick."""
    monkeypatch.setattr(proposals, "PROPOSALS", 60)
    proposals._proposed.cache_clear()
    yield
    proposals._proposed.cache_clear()


def measured(formulas: list[str]) -> list[float]:
    """Return the mean electronegativity: a property that the elements alone decide."""
    return [float(value) for value in formula_fractions(formulas) @ element_table().column("electronegativity")]


def begun(**settings: Any) -> Campaign:
    return Campaign.create(space=SPACE, targets=TARGETS, **settings)


def test_a_campaign_suggests_new_formulas_that_keep_the_rules_and_improves() -> None:
    campaign = begun(seed=1)
    campaign.attach(
        pd.DataFrame({"product": ["BaTiO3", "CaTiO3", "CuO"], "hardness": measured(["BaTiO3", "CaTiO3", "CuO"])})
    )
    seen: list[str] = []
    values: list[float] = []
    for _ in range(3):
        batch = campaign.suggest(3)
        assert len(batch) == 3
        for text in batch["product"]:
            assert RULES.violations(exact_amounts(text)) == []
            assert exact_amounts(text) not in {exact_amounts(other) for other in (*seen, "BaTiO3", "CaTiO3", "CuO")}
            seen.append(text)
        values += measured(list(batch["product"]))
        campaign.record(batch.assign(hardness=measured(list(batch["product"]))))
    assert max(values[3:]) > max(measured(["BaTiO3", "CaTiO3"]))
    notes = [each.note for each in campaign.state.suggestions.values()]
    assert all("generated" in note and "charges balance" in note and "nearest known" in note for note in notes)


def test_the_same_events_give_the_same_suggestion() -> None:
    first, second = begun(seed=3), begun(seed=3)
    other = begun(seed=4)
    a, b, c = (list(each.suggest(4)["product"]) for each in (first, second, other))
    assert a == b
    assert a != c


def test_formula_and_temperature_are_searched_together() -> None:
    campaign = Campaign.create(space=[*SPACE, HEAT], targets=TARGETS, constraints=["temperature <= 1000"], initial=2)
    first = campaign.suggest(2)
    campaign.record(first.assign(hardness=measured(list(first["product"]))))
    batch = campaign.suggest(2)
    assert all(RULES.allows(exact_amounts(text)) for text in batch["product"])
    assert (batch["temperature"] <= 1000).all()
    assert (batch["temperature"] % 50 == 0).all()


def test_known_formulas_are_read_and_not_proposed(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("formula\nBaTiO3\nSrTiO3\n")
    (tmp_path / "made.csv").write_text("formula\nCaTiO3\n")
    (tmp_path / "c.yaml").write_text(
        "designer: 1\nname: c\nspace:\n"
        "  - {name: product, kind: formula, elements: [Ca, Sr, Ba, Ti, O], like: [known.csv], novel_to: [made.csv]}\n"
        "targets:\n  - {name: hardness, goal: maximize}\n"
    )
    campaign = Campaign.open(tmp_path / "c.yaml")
    campaign.suggest(3)
    words = campaign.space.parameters[0].words  # type: ignore[attr-defined]
    assert len(words) > 20
    assert not {exact_amounts(text) for text in words} & {exact_amounts(f"{a}TiO3") for a in ("Ca", "Sr", "Ba")}
    again = Campaign.open(tmp_path / "c.yaml")
    assert [each.note for each in again.state.suggestions.values()] == [
        each.note for each in campaign.state.suggestions.values()
    ]
    (tmp_path / "known.csv").write_text("formula\nBaTiQ3\n")
    with pytest.raises(InvalidInput, match="row 2"):
        Campaign.open(tmp_path / "c.yaml")


def test_the_best_results_and_no_others_become_parents_of_proposals() -> None:
    """SrF2 is second best; what was tried is no proposal, so that it is a parent by its result only."""
    campaign = begun(seed=0)
    worse = ["NaF", "KF", "BaS", "ZrS2", "Al2S3", "NaAlO2", "K2S"]
    texts = ["CaF2", "SrF2", "TiO2", *worse]
    campaign.attach(pd.DataFrame({"product": texts, "hardness": measured(texts)}))
    assert "SrF2" in parents(campaign)
    assert not parents(campaign) & {*worse}


CONSTRAINTS = (
    "product.n_elements <= 3",
    "product.n_elements == 3 or product.fraction.O > 0",
    "product.fraction.Na >= 0.1",
    "product.amount.Ti == product.amount.Zr",
    "product.price <= 20",
    "product.mean.electronegativity <= 2.6",
    "if product.fraction.F > 0 then product.fraction.S == 0",
)


@given(constraints=st.sets(st.sampled_from(CONSTRAINTS), min_size=1, max_size=2), seed=st.integers(0, 99))
@settings(max_examples=6, deadline=None)
def test_all_proposals_satisfy_the_constraints(constraints: set[str], seed: int) -> None:
    parameter = FormulaParameter(elements=ELEMENTS, max_atoms=12, name="product")
    conditions = [Constraint(text=text) for text in sorted(constraints)]
    assert parameter.rules is not None
    made = GENERATORS.load("baseline")(parameter.rules, KnownFormulas())
    found = [each.formula for each in made.propose(10, seed=seed, accept=acceptance(parameter, conditions))]
    assert len(found) == 10
    listed = DesignSpace(parameters=[parameter.with_words(found)], constraints=conditions)
    assert listed.valid(np.arange(10.0)[:, None]).all()


def test_constraints_over_formula_and_temperature_and_cost_by_price() -> None:
    constraints = ["product.fraction.O >= 0.5", "if product.fraction.Ba > 0 then temperature >= 900"]
    cost = "1 + product.price + 0.001 * temperature"
    campaign = Campaign.create(space=[*SPACE, HEAT], constraints=constraints, targets=TARGETS, cost=cost, initial=2)
    for _ in range(2):
        batch = campaign.suggest(2)
        fractions = formula_fractions(list(batch["product"]), ELEMENTS)
        assert (fractions[:, ELEMENTS.index("O")] >= 0.5 - 1e-12).all()
        assert (batch["temperature"][fractions[:, ELEMENTS.index("Ba")] > 0] >= 900).all()
        campaign.record(batch.assign(hardness=measured(list(batch["product"]))))


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("product.n_elements >= 9", "no formula of 'product' was found that satisfies 'product.n_elements >= 9'"),
        ("product.fraction.Lx >= 0.1", "'Lx' is no element"),
        ("product.prise <= 1", "did you mean 'price'"),
    ],
)
def test_constraints_that_no_formula_satisfies_are_refused(constraint: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        Campaign.create(space=SPACE, constraints=[constraint], targets=TARGETS)


def test_a_result_that_breaks_a_constraint_is_recorded_and_violates_it() -> None:
    campaign = Campaign.create(space=SPACE, constraints=["product.n_elements == 3"], targets=TARGETS)
    campaign.attach(pd.DataFrame({"product": ["CaF2"], "hardness": [1.0]}))
    assert len(campaign.state.results) == 1
    assert campaign.space.violations({"product": "CaF2"}) == ["violates 'product.n_elements == 3'"]


CONTEXT = {"name": "humidity", "kind": "numeric", "bounds": [0, 90], "role": "context"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"space": [{**SPACE[0], "role": "context"}, HEAT]}, "is a context, and its formulas are proposed"),
        ({"space": [{**SPACE[0], "vary": "per_batch"}, HEAT]}, "is one for a batch"),
        ({"space": [{**SPACE[0], "when": "temperature > 800"}, HEAT]}, "is a formula, which every design has"),
        ({"targets": [{"name": "y", "goal": "prefer"}]}, "are proposed from numbers"),
        ({"diversify_by": [{"parameter": "product"}]}, "is of kind formula"),
        ({"initial": {"kind": "d-optimal", "model": "linear", "number": 4}}, "has no levels for a d-optimal design"),
        ({"beliefs": [{"parameter": "product", "near": "BaTiO3"}]}, "are proposed for each request"),
        ({"space": [*SPACE, {**HEAT, "when": "product.fraktion.Ba > 0"}]}, "no property 'fraktion'"),
        ({"cost": "product.prise"}, "no property 'prise'"),
        ({"beliefs": [{"constraint": "product.fraction.Bx > 0"}]}, "'Bx' is no element"),
    ],
)
def test_what_an_open_formula_cannot_be_combined_with(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        Campaign.create(**{"space": [*SPACE, HEAT], "targets": TARGETS, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"beliefs": [{"constraint": "product.fraction.Ba > 0.1"}]},
        {"space": [*SPACE, {**HEAT, "when": "product.fraction.O > 0"}]},
        {"space": [*SPACE, CONTEXT], "context": {"humidity": 40}},
        {"space": [*SPACE, {**HEAT, "vary": "per_batch"}]},
        {"targets": [{"name": "hardness", "goal": "map"}]},
    ],
)
def test_what_an_open_formula_is_combined_with(changes: dict[str, Any]) -> None:
    given = {"context": changes["context"]} if "context" in changes else {}
    rest = {key: value for key, value in changes.items() if key != "context"}
    campaign = Campaign.create(**{"space": [*SPACE, HEAT], "targets": TARGETS, "initial": 1, **rest})
    first = campaign.suggest(1, **given)
    campaign.record(first.assign(hardness=measured(list(first["product"]))))
    (formula,) = campaign.suggest(1, **given)["product"]
    assert RULES.allows(exact_amounts(formula))
    assert "nearest known" in list(campaign.state.suggestions.values())[-1].note


def parents(campaign: Campaign) -> set[str]:
    """Return the formulas that the proposals of a campaign, as it is now, were made from."""
    found = origins(campaign._spec(), campaign.state)
    return {words.removeprefix("generated from ").partition(":")[0] for words in found.values()}
