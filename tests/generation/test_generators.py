"""Every generator: proposals satisfy all rules, are new, repeat with the seed, and say where they come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.chemistry.element_groups import ELEMENT_GROUPS
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.formulas import parse_formula
from designer.chemistry.oxidation import balanced_states
from designer.chemistry.whole_formulas import exact_amounts
from designer.errors import InvalidInput
from designer.generation.base import GENERATORS, Generator, Proposal
from designer.generation.known_formulas import PROTOTYPES, FormulaIndex, KnownFormulas, element_symbols

KINDS = ("baseline", "substitution", "random")
PEROVSKITES = (
    "BaTiO3",
    "SrTiO3",
    "CaTiO3",
    "KNbO3",
    "NaTaO3",
    "LaAlO3",
    "LaMnO3",
    "CsPbI3",
    "Sr2FeMoO6",
    "BaZr0.8Y0.2O3",
)
SYMBOLS = ("Li", "Na", "K", "Mg", "Ca", "Ba", "Al", "Ti", "Zr", "Fe", "Cu", "La", "N", "O", "F", "S", "Cl")


def generator(kind: str, known: KnownFormulas | None = None, **rules: Any) -> Generator:
    return GENERATORS.load(kind)(FormulaRules.model_validate(rules), known or KnownFormulas.of(PEROVSKITES))


RULES = st.fixed_dictionaries(
    {
        "elements": st.lists(st.sampled_from(SYMBOLS), min_size=3, max_size=10, unique=True),
        "max_elements": st.integers(2, 6),
        "max_atoms": st.integers(3, 40),
        "charge_neutral": st.booleans(),
        "electronegativity": st.booleans(),
    },
    optional={"exclude": st.sampled_from([["Ba"], ["toxic", "F"], ["precious"]])},
)


@pytest.mark.parametrize("kind", KINDS)
@given(rules=RULES, seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_every_proposal_satisfies_the_rules_and_is_new(kind: str, rules: dict[str, object], seed: int) -> None:
    try:
        checked = FormulaRules.model_validate(rules)
    except ValueError:
        return
    known = KnownFormulas.of(PEROVSKITES, ["BaO", "CaF2"])
    found = GENERATORS.load(kind)(checked, known).propose(20, seed=seed)
    keys = [exact_amounts(each.formula) for each in found]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & known.keys
    for each in found:
        amounts = parse_formula(each.formula)
        assert set(amounts) <= set(checked.allowed)
        assert len(amounts) <= checked.max_elements
        assert sum(amounts.values()) <= checked.max_atoms
        whole = {symbol: int(amount) for symbol, amount in amounts.items()}
        balances = balanced_states(whole, electronegativity=checked.electronegativity) is not None
        assert balances or not checked.charge_neutral
        assert each.balanced == balances
        assert each.nearest in (*PEROVSKITES, "BaO", "CaF2")
        assert each.distance is not None and 0 < each.distance <= 1  # noqa: PT018  # mypy reads both


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_proposals_and_another_one_others(kind: str) -> None:
    rules: dict[str, Any] = {"elements": SYMBOLS, "max_atoms": 20}
    first = generator(kind, **rules).propose(50, seed=7)
    assert len(first) == 50
    assert generator(kind, **rules).propose(50, seed=7) == first
    assert generator(kind, **rules).propose(50, seed=8) != first


def test_proposals_with_many_known_analogues_come_before_others() -> None:
    known = KnownFormulas.of(["NaF", "NaCl", "KCl", "KF", "LiF", "CaO"])
    found = generator("baseline", known, elements=["Li", "Na", "K", "Ca", "Mg", "F", "Cl", "O"]).propose(10, seed=0)
    assert "LiCl" in {each.formula for each in found}


def test_conditions_and_taken_formulas_are_kept() -> None:
    made = generator("baseline", elements=SYMBOLS)
    first = made.propose(30, seed=1)
    taken = frozenset(exact_amounts(each.formula) for each in first)
    again = made.propose(30, seed=1, taken=taken, accept=lambda texts: ["Li" in parse_formula(text) for text in texts])
    assert len(again) == 30
    assert not {each.formula for each in again} & {each.formula for each in first}
    assert all("Li" in parse_formula(each.formula) for each in again)


def test_proposals_start_from_the_parents_with_weight() -> None:
    found = generator("substitution", elements=SYMBOLS).propose(40, seed=1, parents={"NaCl": 1.0, "CaF2": 0.0})
    assert {each.parent for each in found} == {"NaCl"}
    assert all(len(parse_formula(each.formula)) == 2 for each in found)


def test_elements_that_are_not_allowed_are_replaced_in_prototypes() -> None:
    found = generator("baseline", KnownFormulas.of(["CsPbI3"]), elements=["Na", "K", "Mg", "F", "Cl"]).propose(
        5, seed=0
    )
    assert len(found) == 5
    assert any("replaced" in each.move for each in found)


def test_a_small_space_ends_with_the_formulas_that_there_are() -> None:
    """Na2O is known; Na2O2 would need oxygen at -1, which is no common state."""
    found = generator("baseline", KnownFormulas.of(["Na2O"]), elements=["Na", "O", "F"], max_elements=2, max_atoms=3)
    assert {each.formula for each in found.propose(50, seed=0)} == {"NaF"}


def test_without_known_formulas_prototypes_are_the_start_and_are_not_proposed() -> None:
    found = generator("baseline", KnownFormulas()).propose(300, seed=3)
    assert len(found) == 300
    assert not {exact_amounts(each.formula) for each in found} & {exact_amounts(text) for text in PROTOTYPES}


def test_origins_are_sentences() -> None:
    made = Proposal("NiAl", "random elements and amounts", None, False, "NiAl3", 0.25)
    words = "generated: random elements and amounts; charges do not balance; nearest known: NiAl3, distance 0.25"
    assert made.origin == words
    found = generator("baseline", elements=SYMBOLS, max_atoms=5).propose(200, seed=2)
    assert any(each.origin.startswith("generated from BaZr0.8Y0.2O3: rounded to BaZrO3") for each in found)


def test_the_nearest_known_formula_shares_most_atoms() -> None:
    index = FormulaIndex(["NaCl", "BaTiO3", "Ba2TiO4"])
    name, distance = index.nearest(exact_amounts("BaTi9O30"))
    assert name == "BaTiO3"
    assert distance == pytest.approx(1 - (1 / 40 + 0.2 + 0.6))
    assert index.nearest(exact_amounts("KBr")) == ("NaCl", 1.0)
    assert FormulaIndex([]).nearest(exact_amounts("KBr")) == (None, None)


def test_elements_of_formulas() -> None:
    assert element_symbols(["Fe2O3", "CoO"]) == ("O", "Fe", "Co")


@pytest.mark.parametrize(
    ("given_rules", "words"),
    [
        ({"elements": ["Ba", "Tt"]}, "'Tt' is no element"),
        ({"elements": "Ba, Ti"}, "is not a list"),
        ({"exclude": ["toxik"]}, "neither an element nor a group"),
        ({"elements": ["Ba", "O"], "exclude": ["Ba"]}, "at least two elements"),
        ({"elements": ["As"], "exclude": ["toxic"]}, "no element is allowed"),
        ({"max_atoms": 0}, "max_atoms"),
        ({"max_atoms": 10**9}, "max_atoms"),
        ({"max_elements": "many"}, "max_elements"),
        ({"max_atoms": 1}, "at least two elements"),
        ({"neutral": True}, "neutral"),
    ],
)
def test_wrong_rules_are_refused_in_words(given_rules: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        FormulaRules(**given_rules)


def test_all_faults_of_rules_are_reported_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        FormulaRules(elements=["Tt", "Ba", "Xx"], exclude=["bad"], max_atoms=0)
    assert [fault.path for fault in caught.value.faults] == [
        ("elements", 0),
        ("elements", 2),
        ("exclude", 0),
        ("max_atoms",),
    ]


def test_groups_hold_symbols_only_once() -> None:
    for symbols in ELEMENT_GROUPS.values():
        assert len(set(symbols)) == len(symbols)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to read the largest memory")
def test_a_thousand_proposals_take_less_than_a_gigabyte_and_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from designer.chemistry.formula_rules import FormulaRules\n"
        "from designer.generation.base import GENERATORS\n"
        "from designer.generation.known_formulas import KnownFormulas\n"
        "made = GENERATORS.load('baseline')(FormulaRules(), KnownFormulas()).propose(1000, seed=0)\n"
        "assert len(made) == 1000 and 'torch' not in sys.modules\n"
        "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # Not `ru_maxrss`: a process begins with that of the one that started it.
    assert float(done.stdout) < 1e6  # kB
