"""Campaigns whose open formula is proposed by a generator that is trained on past tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Suggested
from designer.campaign.past_work import CACHE
from designer.campaign.proposing import proposals, trained_generators
from designer.campaign.proposing.past_formulas import past_formulas, values_of
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.whole_formulas import exact_amounts
from designer.errors import InvalidCampaign, InvalidInput, InvalidPrior
from designer.generation import learned_generator
from designer.objective import Objective
from designer.tasks import Task

METALS = {"Li": 1, "Na": 1, "K": 1, "Rb": 1, "Mg": 2, "Ca": 2, "Sr": 2, "Ba": 2, "Zn": 2, "Al": 3, "Y": 3, "La": 3}
FLUORIDES = {f"{metal}F{n}" if n > 1 else f"{metal}F": 9.0 for metal, n in METALS.items()}
OTHERS = {f"{a}{b}O3": 2.0 + i for i, a in enumerate(("Mg", "Ca", "Sr", "Ba")) for b in ("Ti", "Zr", "Hf", "Sn")}
SULPHIDES = {f"{a}2{b}S4": 1.5 for a in ("Al", "Y", "La") for b in ("Mg", "Ca", "Sr", "Ba", "Zn")}
MORE = {f"{a}{b}S2": 1.2 for a in ("Li", "Na", "K", "Rb") for b in ("Al", "Y", "La")}
VALUES = {**FLUORIDES, **OTHERS, **SULPHIDES, **MORE}
ELEMENTS = [*METALS, "Ti", "Zr", "Hf", "Sn", "O", "S", "F"]
RULES = FormulaRules(elements=ELEMENTS, max_atoms=12)
FILE = f"""\
designer: 1
name: oxides
space:
  - name: oxide
    kind: formula
    elements: [{", ".join(ELEMENTS)}]
    max_atoms: 12
    generator: {{kind: learned, tasks: [past]}}
targets:
  - {{name: gap, unit: eV, goal: maximize}}
initial: 4
"""


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train for 20 steps, and propose 40 formulas for a suggestion."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    for name, value in {"STEPS": 20, "BLOCK": 10, "BATCH": 32, "_DRAWN": 256}.items():
        monkeypatch.setattr(learned_generator, name, value)
    monkeypatch.setattr(learned_generator.train, "__kwdefaults__", {"seed": 0, "steps": 20, "folder": None})
    monkeypatch.setattr(proposals, "PROPOSALS", 40)
    trained_generators._trained.clear()
    proposals._proposed.cache_clear()
    yield
    trained_generators._trained.clear()
    proposals._proposed.cache_clear()


def family(folder: Path, values: Mapping[str, float] = VALUES, *, header: str = "gap", unit: str = "eV") -> None:
    """Write a family of two tasks with the values of formulas."""
    folder.mkdir(parents=True)
    rows = list(values.items())
    for i, part in enumerate((rows[::2], rows[1::2])):
        pd.DataFrame(part, columns=["formula", header]).to_csv(folder / f"t{i}.csv", index=False)
    tasks = "".join(
        f"- name: t{i}\n  file: t{i}.csv\n  targets:\n  - {{name: {header}, unit: {unit}, goal: maximize}}\n"
        for i in range(2)
    )
    (folder / "family.yaml").write_text(
        f"family: past\ndescription: invented\nspace:\n- {{name: formula, kind: formula}}\ntasks:\n{tasks}"
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    family(tmp_path / "past")
    (tmp_path / "c.yaml").write_text(FILE)
    return tmp_path / "c.yaml"


def drawn(campaign: Campaign) -> list[str]:
    """Return the origins of what is proposed now that was drawn by a network."""
    found = proposals.origins(campaign._spec(), campaign.state).values()
    return [words for words in found if "drawn by a trained network" in words]


def test_half_of_the_proposals_are_drawn_by_a_network_and_repeat(file: Path, tmp_path: Path) -> None:
    campaign = Campaign.open(file)
    batch = campaign.suggest(2)
    assert all(RULES.allows(exact_amounts(text)) for text in batch["oxide"])
    assert len(drawn(campaign)) == 20
    campaign.record(batch.assign(gap=[1.0, 2.0]))
    again = campaign.suggest(1)["oxide"].tolist()
    digests = {e.versions["generator of oxide"] for e in campaign.events if isinstance(e, Suggested)}
    assert digests == {str(learned_generator.train(VALUES).card["digest"])[:16]}
    assert "nearest known" in list(campaign.state.suggestions.values())[-1].note
    trained_generators._trained.clear()  # as in another process
    proposals._proposed.cache_clear()
    assert (tmp_path / "cache" / "generators").is_dir()
    other = Campaign.open(file, store=tmp_path / "other.db")
    first = other.suggest(2)
    assert first["oxide"].tolist() == batch["oxide"].tolist()
    other.record(first.assign(gap=[1.0, 2.0]))
    assert other.suggest(1)["oxide"].tolist() == again


def test_a_network_is_trained_once_and_a_damaged_or_unwritable_cache_is_no_fault(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = CampaignSpec.from_file(file)
    (parameter,) = spec.space.parameters
    calls: list[int] = []
    train = learned_generator.train

    def counted(*given: Any, **more: Any) -> Any:
        calls.append(1)
        return train(*given, **more)

    monkeypatch.setattr(learned_generator, "train", counted)

    def trained() -> learned_generator.TrainedFormulas:
        trained_generators._trained.clear()
        return trained_generators.trained_generator(spec, parameter)  # type: ignore[arg-type]

    first = trained()
    assert trained().card == first.card
    assert len(calls) == 1
    (folder,) = (tmp_path / "cache" / "generators").iterdir()
    (folder / learned_generator.WEIGHTS).write_bytes(b"damaged")
    assert trained().card == first.card
    assert len(calls) == 2
    assert trained().card == first.card
    assert len(calls) == 2
    (tmp_path / "blocked").write_text("")
    monkeypatch.setenv(CACHE, str(tmp_path / "blocked"))
    assert trained().card == first.card
    assert len(calls) == 3


def test_a_stopped_training_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained_generators.trained_on(VALUES)
    monkeypatch.setenv(CACHE, str(tmp_path / "second"))
    block, starts = learned_generator._block, []

    def stops(*given: Any) -> float:
        starts.append(given[3][0])
        if len(starts) == 2:
            raise KeyboardInterrupt
        return block(*given)

    monkeypatch.setattr(learned_generator, "_block", stops)
    with pytest.raises(KeyboardInterrupt):
        trained_generators.trained_on(VALUES)
    resumed = trained_generators.trained_on(VALUES)
    assert starts == [0, 10, 10]
    assert resumed.card == whole.card
    (folder,) = (tmp_path / "second" / "generators").iterdir()
    assert len(folder.name) == 32


def test_finished_campaigns_are_past_tasks(tmp_path: Path) -> None:
    space = [{"name": "oxide", "kind": "formula", "elements": ELEMENTS, "max_atoms": 12}]
    target = {"name": "gap", "unit": "meV", "goal": "maximize"}
    past = Campaign.create(space=space, targets=[target], name="old", store=tmp_path / "old.db")
    past.attach(pd.DataFrame({"oxide": list(VALUES), "gap": np.array(list(VALUES.values())) * 1000}))
    (tmp_path / "c.yaml").write_text(FILE.replace("tasks: [past]", "tasks: [old.db]"))
    spec = CampaignSpec.from_file(tmp_path / "c.yaml")
    (parameter,) = spec.space.parameters
    found = trained_generators.formulas_learned_from(spec, parameter)  # type: ignore[arg-type]
    keys = {exact_amounts(text): value for text, value in found.values.items()}
    assert keys == pytest.approx({exact_amounts(text): value for text, value in VALUES.items()})
    assert (found.tasks, found.targets) == (1, ("gap",))


def test_a_campaign_of_python_names_past_tasks_too(tmp_path: Path) -> None:
    family(tmp_path / "past")
    generator = {"kind": "learned", "tasks": [str(tmp_path / "past")]}
    formula = {"name": "oxide", "kind": "formula", "elements": ELEMENTS, "max_atoms": 12, "generator": generator}
    campaign = Campaign.create(space=[formula], targets=[{"name": "gap", "unit": "eV", "goal": "maximize"}])
    (text,) = campaign.suggest(1)["oxide"]
    assert RULES.allows(exact_amounts(text))
    assert drawn(campaign)


def test_validate_says_what_is_learned_from(file: Path) -> None:
    notes = trained_generators.learned_formula_notes(CampaignSpec.from_file(file))
    expected = f"trained on {len(VALUES)} formulas of 2 past tasks with 'gap'"
    assert len(notes) == 1
    assert expected in notes[0]


@pytest.mark.parametrize(
    ("generator", "words"),
    [
        ("{kind: learned}", r"c\.yaml:8: .*a learned generator has no past tasks"),
        ("learned", r"c\.yaml:8: .*a learned generator has no past tasks"),
        ("{kind: learned, tasks: [nothing]}", r"c\.yaml:8: .*there is no 'nothing'"),
        (
            "{kind: learned, tasks: [past, saved]}",
            r"c\.yaml:8: .*'saved' is no past work; name a folder with a family",
        ),
        ("{kind: baseline, tasks: [past]}", r"c\.yaml:8: .*generator 'baseline' learns from no tasks"),
        ("{kind: learnt, tasks: [past]}", r"c\.yaml:8: .*'learnt' learns from no tasks; write 'kind: learned'"),
        ("{kind: learned, task: [past]}", r"c\.yaml:8: .*unknown key 'task'; did you mean 'tasks'"),
        ("basline", r"c\.yaml:8: .*did you mean 'baseline'"),
        ("learnd", r"c\.yaml:8: .*did you mean 'learned'"),
        ("3", r"c\.yaml:8: .*generator 3 is no name"),
    ],
)
def test_faults_of_the_key_are_located(file: Path, tmp_path: Path, generator: str, words: str) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "prior.json").write_text("{}")
    file.write_text(FILE.replace("{kind: learned, tasks: [past]}", generator))
    with pytest.raises(InvalidCampaign, match=words):
        CampaignSpec.from_file(file)


@pytest.mark.parametrize(
    ("change", "values", "words"),
    [
        (
            ("name: gap", "name: hardness"),
            VALUES,
            r"yaml:8: no past task measured 'hardness' \[eV\]; .* measured 'gap' \[eV\]",
        ),
        (
            ("unit: eV", "unit: GPa"),
            VALUES,
            r"yaml:8: no past task measured 'gap' \[GPa\]; .* measured 'gap' \[eV\]",
        ),
        (
            ("", ""),
            FLUORIDES,
            r"yaml:8: past tasks hold 12 formulas with a value; name tasks that hold at least 50",
        ),
        (("goal: maximize", "goal: map"), VALUES, "proposes what is good, and the goal is a map"),
    ],
)
def test_past_tasks_that_nothing_can_be_learned_from(
    tmp_path: Path, change: tuple[str, str], values: dict[str, float], words: str
) -> None:
    family(tmp_path / "past", values)
    (tmp_path / "c.yaml").write_text(FILE.replace(*change) if change[0] else FILE)
    spec = CampaignSpec.from_file(tmp_path / "c.yaml")
    with pytest.raises(InvalidPrior, match=words):
        trained_generators.learned_formula_notes(spec)


def test_tasks_without_formulas_are_refused() -> None:
    space = {"parameters": [{"name": "x", "kind": "numeric", "bounds": [0, 1]}]}
    objective = Objective(targets=[{"name": "y", "goal": "maximize"}])
    from designer.space import DesignSpace

    task = Task(DesignSpace(**space), objective.targets, pd.DataFrame({"x": [0.5], "y": [1.0]}), "plain")
    with pytest.raises(InvalidInput, match=r"no past task has a formula \(plain\)"):
        past_formulas([task], objective, {})


def test_the_generator_is_amended_with_the_space(file: Path) -> None:
    Campaign.open(file).suggest(1)
    file.write_text(FILE.replace("{kind: learned, tasks: [past]}", "baseline"))
    with pytest.raises(InvalidCampaign, match="the space is not the campaign's"):
        Campaign.open(file)
    campaign = Campaign.open(file, accept_space=True)
    assert drawn(campaign) == []


@given(
    rows=st.lists(st.tuples(st.floats(-9, 9), st.one_of(st.just(np.nan), st.floats(-9, 9))), min_size=2, max_size=8),
    scale=st.floats(0.5, 5),
)
@settings(max_examples=20, deadline=None)
def test_values_follow_the_order_of_results(rows: list[tuple[float, float]], scale: float) -> None:
    """A result that is better in all that was measured never has the smaller value; units do not matter."""
    goals = Objective(targets=[{"name": "a", "goal": "maximize"}, {"name": "b", "goal": "minimize", "at_most": 5}])
    Y = np.array(rows)
    values = values_of(goals, Y)
    assert np.isfinite(values).all()
    both = [i for i in range(len(Y)) if np.isfinite(Y[i]).all()]
    for i in both:
        for j in both:
            if Y[i, 0] >= Y[j, 0] and Y[i, 1] <= Y[j, 1]:
                assert values[i] >= values[j]
    scaled = Y.copy()
    scaled[:, 0] *= scale
    assert (np.argsort(values, kind="stable") == np.argsort(values_of(goals, scaled), kind="stable")).all()
