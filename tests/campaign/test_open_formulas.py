"""Campaigns over formulas that are on no list: suggestions, results, moves towards the best, and repetition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from designer import Campaign
from designer.campaign.file.proposals import origins
from designer.chemistry.elements import element_table
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.formulas import formula_fractions
from designer.chemistry.whole_formulas import exact_amounts
from designer.errors import InvalidInput

ELEMENTS = ["Na", "K", "Ca", "Sr", "Ba", "Al", "Ti", "Zr", "O", "F", "S"]
SPACE: list[dict[str, Any]] = [{"name": "product", "kind": "formula", "elements": ELEMENTS, "max_atoms": 12}]
HEAT = {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [600, 1200], "step": 50}
TARGETS = [{"name": "hardness", "goal": "maximize"}]
RULES = FormulaRules(elements=ELEMENTS, max_atoms=12)


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


def parents(campaign: Campaign) -> set[str]:
    """Return the formulas that the proposals of a campaign, as it is now, were made from."""
    found = origins(campaign._spec(), campaign.state)
    return {words.removeprefix("generated from ").partition(":")[0] for words in found.values()}
