"""The trained generator: it learns from values, repeats, resumes, is stored, and its proposals satisfy all rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.formulas import parse_formula
from designer.chemistry.whole_formulas import exact_amounts
from designer.errors import InvalidData
from designer.generation import learned_generator
from designer.generation.base import Generator
from designer.generation.formula_network import FormulaNetwork, as_arrays, tokens
from designer.generation.known_formulas import KnownFormulas
from designer.generation.learned_generator import BesideBaseline, TrainedFormulas, train

METALS = ("Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Ba", "Zn", "Al", "Y", "La")
CHARGES = {"Li": 1, "Na": 1, "K": 1, "Rb": 1, "Mg": 2, "Ca": 2, "Sr": 2, "Ba": 2, "Zn": 2, "Al": 3, "Y": 3, "La": 3}
VALUES: dict[str, float] = {
    **{f"{a}F{CHARGES[a]}" if CHARGES[a] > 1 else f"{a}F": 9.0 for a in METALS},
    **{f"{a}2O{CHARGES[a]}": 1.0 for a in METALS if CHARGES[a] != 2},
    **{f"{a}{b}O3": 2.0 + i / 100 for i, a in enumerate(("Mg", "Ca", "Sr", "Ba")) for b in ("Ti", "Zr", "Hf", "Sn")},
    **{f"{a}2{b}S4": 1.5 for a in ("Al", "Y", "La") for b in ("Mg", "Ca", "Sr", "Ba", "Zn")},
    **{f"{a}{b}S2": 1.2 for a in ("Li", "Na", "K", "Rb") for b in ("Al", "Y", "La")},
}
ELEMENTS = [*METALS, "Ti", "Zr", "Hf", "Sn", "O", "S", "F", "Cl"]
RULES = FormulaRules(elements=ELEMENTS, max_elements=4, max_atoms=12)
KNOWN = KnownFormulas.of(VALUES)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BLOCK": 20, "BATCH": 32, "_DRAWN": 256}.items():
        monkeypatch.setattr(learned_generator, name, value)


@pytest.fixture(scope="module")
def trained() -> TrainedFormulas:
    return train(VALUES, steps=120)


def weights(found: TrainedFormulas) -> Mapping[str, torch.Tensor]:
    return found.network.state_dict()


def equal(first: TrainedFormulas, second: TrainedFormulas) -> bool:
    a, b = weights(first), weights(second)
    return all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("beside", [False, True])
def test_proposals_satisfy_rules_and_conditions_and_are_new(trained: TrainedFormulas, beside: bool) -> None:
    made: Generator = BesideBaseline.of(trained, RULES, KNOWN) if beside else trained.generator(RULES, KNOWN)
    taken = frozenset([exact_amounts("CaCl2"), exact_amounts("NaCl")])
    found = made.propose(12, seed=3, taken=taken, accept=lambda texts: ["Zn" not in text for text in texts])
    keys = [exact_amounts(each.formula) for each in found]
    assert len(set(keys)) == 12
    assert not set(keys) & (KNOWN.keys | taken)
    assert all(RULES.allows(key) for key in keys)
    assert not any("Zn" in each.formula for each in found)
    assert all(each.balanced and each.nearest in VALUES for each in found)
    drawn = [each.origin for each in found if each.origin.startswith("generated: drawn by a trained network")]
    assert len(drawn) == (6 if beside else 12)
    assert found == made.propose(12, seed=3, taken=taken, accept=lambda texts: ["Zn" not in text for text in texts])
    assert found != made.propose(12, seed=4, taken=taken, accept=lambda texts: ["Zn" not in text for text in texts])


def test_formulas_of_the_best_quantile_are_proposed(trained: TrainedFormulas) -> None:
    """Fluorides have the largest values, and are 12 of 58 known formulas."""
    found = trained.generator(RULES, KNOWN).propose(20, seed=0)
    assert sum("F" in parse_formula(each.formula) for each in found) > 10


def test_a_training_repeats_and_leaves_random_numbers_alone() -> None:
    before = torch.random.get_rng_state()
    first, second, other = train(VALUES, steps=20), train(VALUES, steps=20), train(VALUES, steps=20, seed=1)
    assert torch.equal(before, torch.random.get_rng_state())
    assert equal(first, second)
    assert not equal(first, other)
    assert first.card["formulas"] == len(VALUES)


def test_a_stopped_training_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(VALUES, steps=60)
    block = learned_generator._block

    def stopped(*given: object) -> float:
        if given[3][0] == 40:  # type: ignore[index]
            raise KeyboardInterrupt
        return block(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(learned_generator, "_block", stopped)
    with pytest.raises(KeyboardInterrupt):
        train(VALUES, steps=60, folder=tmp_path)
    monkeypatch.setattr(learned_generator, "_block", block)
    assert json.loads((tmp_path / "generator.json").read_text())["done"] == 40
    assert equal(train(VALUES, steps=60, folder=tmp_path), whole)
    assert equal(train(VALUES, steps=60, folder=tmp_path), whole)  # nothing is left to do
    with pytest.raises(InvalidData, match="the folder holds a training with another seed"):
        train(VALUES, steps=60, seed=1, folder=tmp_path)


def test_a_trained_network_is_stored_and_read(tmp_path: Path, trained: TrainedFormulas) -> None:
    trained.save(tmp_path / "new")
    again = TrainedFormulas.load(tmp_path / "new")
    assert equal(again, trained)
    assert again.card == trained.card
    weights_file = tmp_path / "new" / "generator.safetensors"
    whole = weights_file.read_bytes()
    weights_file.write_bytes(whole[:-8] + b"\0" * 8)
    with pytest.raises(InvalidData, match="is damaged"):
        TrainedFormulas.load(tmp_path / "new")
    (tmp_path / "new" / "generator.json").write_text("{")
    with pytest.raises(InvalidData, match="is damaged"):
        TrainedFormulas.load(tmp_path / "new")
    with pytest.raises(InvalidData, match="there is no trained generator"):
        TrainedFormulas.load(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (dict(list(VALUES.items())[:9]), "9 formulas of at most 10 elements: too few"),
        ({**VALUES, "KCl": float("nan")}, "not a finite number"),
        ({**VALUES, "Xx2": 1.0}, "Xx"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(values: dict[str, float], words: str) -> None:
    with pytest.raises(InvalidData, match=words):
        train(values)


def test_the_likelihood_of_a_drawn_formula_is_that_of_the_loss() -> None:
    """Where no element is excluded, the log-likelihood of a draw is the negative loss of its tokens."""
    network = FormulaNetwork()
    with torch.no_grad():
        network.next_count.bias[0] = -1e9  # no atoms, which a draw never has
    allowed = torch.ones(118, dtype=torch.bool)
    drawn, counts, likely = network.draw(1, 4, allowed, 1, torch.Generator().manual_seed(0))
    elements, numbers = as_arrays([[(int(drawn[0, 0]), int(counts[0, 0]))]])
    with torch.no_grad():
        state = network.loss(elements, numbers, torch.tensor([4]))
    assert float(state) > -likely[0] - 0.1  # the end, which this draw does not choose, comes on top
    assert tokens((("Ba", 1), ("O", 3), ("Ti", 1))) == [(55, 1), (21, 1), (7, 3)]
    assert tokens(tuple((symbol, 1) for symbol in ELEMENTS[:11])) is None


def test_what_a_network_cannot_draw_is_proposed_by_the_baseline(trained: TrainedFormulas) -> None:
    """Few formulas that the network draws hold tin and zirconium; it gives up after a few rounds."""
    made = BesideBaseline.of(trained, RULES, KNOWN)
    found = made.propose(12, seed=0, accept=lambda texts: ["Sn" in text and "Zr" in text for text in texts])
    assert len({exact_amounts(each.formula) for each in found}) == 12
    assert all("Sn" in each.formula and "Zr" in each.formula for each in found)
