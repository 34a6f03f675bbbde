"""Hydrates behind any dot, abbreviations, fractions and isotopes; what is ambiguous is refused, and nothing hangs."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from designer.chemistry.abbreviations import ABBREVIATIONS, ELEMENT_OR_GROUP, MATERIALS
from designer.chemistry.formula_reader import MAX_LENGTH, atoms_of
from designer.chemistry.formulas import parse_formula
from designer.chemistry.symbols import KNOWN_SYMBOLS, SYMBOLS
from designer.errors import InvalidData
from designer.space.parameters.formula import composition_key
from tests.bounded import at_most

DOTS = ("·", "•", "∙", "⋅", "‧", "・", "*", "×", " · ", " x ", " . ", ". ")


@pytest.mark.parametrize("dot", DOTS)
@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("CuSO4", "5H2O", "CuSO4(H2O)5"), ("Na2S", "9H2O", "Na2S(H2O)9"), ("KF", "2H2O", "KF(H2O)2"),
        ("BaO", "6Fe2O3", "BaO(Fe2O3)6"), ("CuSO4", "5(H2O)", "CuSO4(H2O)5"), ("Al2O3", "2SiO2", "Al2Si2O7"),
        ("CaSO4", "0.5H2O", "CaSO4(H2O)0.5"), ("Zn(NO3)2", "6H2O", "ZnN2O12H12"), ("Na2CO3", "10H2O", "Na2CO3(H2O)10"),
        ("KAl(SO4)2", "12H2O", "KAl(SO4)2(H2O)12"), ("CuSO4", "5D2O", "CuSO4(H2O)5"),
        ("AlCl3", "3THF", "AlCl3(C4H8O)3"),
    ],
)  # fmt: skip
def test_all_dots_are_one(left: str, dot: str, right: str, same: str) -> None:
    found = parse_formula(f"{left}{dot}{right}")
    assert dict(found) == pytest.approx(dict(parse_formula(same)))
    for other in DOTS:
        assert found == parse_formula(f"{left}{other}{right}")


@pytest.mark.parametrize(
    "text",
    [
        "CuSO4.5H2O", "Na2S.9H2O", "KF.2H2O", "BaO.6Fe2O3", "CuSO4.5(H2O)", "Al2O3.2SiO2", "Zn(NO3)2.6H2O",
        "KAl(SO4)2.12H2O",
        "Na2O.Al2O3.2SiO2.2H2O", "Na2O·Al2O3·2SiO2.2H2O", "AlCl3.6H2O", "Zn(CH3COO)2.2H2O", "(NH4)6Mo7O24.4H2O",
        "NaI.2THF",
        # a metal or an organic group before the stop, and the salt of a molecule
        "C4H6O4Mg.4H2O", "C6H5O7Na3.2H2O", "NaOAc.3H2O", "NaAc.3H2O", "SnCl2.2D2O", "SiH4.2H2O", "C10H16N2O8.2Na",
        "C8H8O3.1Na",
        "La0.5Sr0.5(NO3)2.4H2O", "Al2O3/2SiO2", "CuSO4 5H2O", "CuSO4 .5H2O", "Co(NO3)2.6 H2O", "CuSO4.5D2O",
    ],
)  # fmt: skip
def test_a_full_stop_that_may_be_a_dot_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(InvalidData, match="can be read in two ways") as caught:
        parse_formula(text)
    assert "·" in caught.value.faults[0].remedy


@pytest.mark.parametrize("text", ["CuSO4·5H20", "CuSO4(H20)5", "AlCl3.6H20", "2H20", "H20"])
def test_a_zero_for_the_letter_in_water_is_refused(text: str) -> None:
    with pytest.raises(InvalidData, match="H20 is twenty hydrogen atoms; write H2O for water"):
        parse_formula(text)
    assert parse_formula("C6H20")["H"] == 20


@pytest.mark.parametrize("text", ["0.5Fe0.5Co", ".5Fe.5Co", "20Co20Cr60Fe", "75Li25S"])
def test_amounts_before_symbols_are_refused(text: str) -> None:
    with pytest.raises(InvalidData, match="write the amounts behind the symbols"):
        parse_formula(text)


@pytest.mark.parametrize(("text", "whole"), [("2H2O", "H4O2"), ("3Li2S", "Li6S3"), ("0.5Li2S", "LiS0.5")])
def test_a_first_number_multiplies_a_compound(text: str, whole: str) -> None:
    assert dict(parse_formula(text)) == dict(parse_formula(whole))


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("Fe80.2Ni19.8", {"Fe": 80.2, "Ni": 19.8}), ("Na3.2H2O1", {"Na": 3.2, "H": 2, "O": 1}),
        ("CH3NH3PbI2.9Cl0.1", {"C": 1, "H": 6, "N": 1, "Pb": 1, "I": 2.9, "Cl": 0.1}),
        ("N0.8H2.4Na1Rb2C60", {"N": 0.8, "H": 2.4, "Na": 1, "Rb": 2, "C": 60}),
        ("SiO1.5", {"Si": 1, "O": 1.5}), ("Na.5CoO2", {"Na": 0.5, "Co": 1, "O": 2}),
        ("YBa2Cu3O6.5", {"Y": 1, "Ba": 2, "Cu": 3, "O": 6.5}),
        ("Li1.2Ni0.2Mn0.6O2", {"Li": 1.2, "Ni": 0.2, "Mn": 0.6, "O": 2}),
        ("Li5.5PS4.5Cl1.5", {"Li": 5.5, "P": 1, "S": 4.5, "Cl": 1.5}),
        ("Li5.5PS4.5ClBr", {"Li": 5.5, "P": 1, "S": 4.5, "Cl": 1, "Br": 1}),
        ("BaCoO2.5F0.5", {"Ba": 1, "Co": 1, "O": 2.5, "F": 0.5}),
        ("Cu2ZnSnS1.5Se2.5", {"Cu": 2, "Zn": 1, "Sn": 1, "S": 1.5, "Se": 2.5}),
        ("CH1.8O0.5N0.2", {"C": 1, "H": 1.8, "O": 0.5, "N": 0.2}),
        ("CH3NH3PbI2.5Br.5", {"C": 1, "H": 6, "N": 1, "Pb": 1, "I": 2.5, "Br": 0.5}),
        ("Mg(OH)2.4", {"Mg": 1, "O": 2.4, "H": 2.4}),
        ("CuSO4.H2O", {"Cu": 1, "S": 1, "O": 5, "H": 2}), ("3CaO.Al2O3", {"Ca": 3, "O": 6, "Al": 2}),
        ("CaSO4.0.5H2O", {"Ca": 1, "S": 1, "O": 4.5, "H": 1}), ("0.5CaO.0.5SiO2", {"Ca": 0.5, "O": 1.5, "Si": 0.5}),
        ("Na1/2Bi1/2TiO3", {"Na": 0.5, "Bi": 0.5, "Ti": 1, "O": 3}),
        ("La2/3Sr1/3MnO3", {"La": 2 / 3, "Sr": 1 / 3, "Mn": 1, "O": 3}),
        ("Na½Bi½TiO3", {"Na": 0.5, "Bi": 0.5, "Ti": 1, "O": 3}), ("CaSO4·1/2H2O", {"Ca": 1, "S": 1, "O": 4.5, "H": 1}),
        ("SiO3/2", {"Si": 1, "O": 1.5}), ("Fe₂O₃", {"Fe": 2, "O": 3}),
        ("CuSO₄·5H₂O", {"Cu": 1, "S": 1, "O": 9, "H": 10}),
        ("Fe 2 O 3", {"Fe": 2, "O": 3}), ("2H2O", {"H": 4, "O": 2}),
        ("K4[Fe(CN)6]·3H2O", {"K": 4, "Fe": 1, "C": 6, "N": 6, "H": 6, "O": 3}),
        ("(CaO·SiO2)2", {"Ca": 2, "O": 6, "Si": 2}), ("\u200bCu\u00a0O", {"Cu": 1, "O": 1}),
        ("D2O", {"H": 2, "O": 1}), ("HDO", {"H": 2, "O": 1}), ("CDCl3", {"C": 1, "H": 1, "Cl": 3}),
        ("NaBD4", {"Na": 1, "B": 1, "H": 4}),
        ("T2O", {"H": 2, "O": 1}), ("DT", {"H": 2}), ("Dy2O3", {"Dy": 2, "O": 3}), ("Tb", {"Tb": 1}),
    ],
)  # fmt: skip
def test_numbers_dots_fractions_and_isotopes(text: str, amounts: dict[str, float]) -> None:
    assert dict(parse_formula(text)) == pytest.approx(amounts)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Zn(OAc)2", "Zn(CH3COO)2"), ("Zn(OAc)2·2H2O", "ZnC4H10O6"), ("NaOAc", "CH3COONa"), ("EtOAc", "C4H8O2"),
        ("HOAc", "CH3COOH"),
        ("AlMe3", "Al(CH3)3"), ("Et3N", "(C2H5)3N"), ("BuLi", "C4H9Li"), ("nBuLi", "C4H9Li"), ("tBuOH", "C4H10O"),
        ("PPh3", "P(C6H5)3"),
        ("Pd(PPh3)4", "PdP4C72H60"), ("Ti(OiPr)4", "TiO4C12H28"), ("Ti(OPr)4", "TiO4C12H28"), ("Si(OEt)4", "SiC8H20O4"),
        ("AgOTf", "AgCF3SO3"), ("LiNTf2", "LiC2F6NO4S2"), ("LiTFSI", "LiC2F6NO4S2"), ("LiFSI", "LiF2NO4S2"),
        ("LiBOB", "LiBC4O8"),
        ("Cu(acac)2", "CuC10H14O4"), ("[Co(en)3]Cl3", "CoC6H24N6Cl3"), ("Pt(py)2Cl2", "PtC10H10N2Cl2"),
        ("Ru(bpy)3Cl2", "RuC30H24N6Cl2"),
        ("Cp2Fe", "C10H10Fe"), ("Cp*2Fe", "C20H30Fe"), ("Cu3(BTC)2", "Cu3C18H6O12"), ("Zn4O(BDC)3", "Zn4O13C24H12"),
        ("MAPbI3", "CH3NH3PbI3"), ("MA0.5FA0.5PbI3", "CH5.5N1.5PbI3"), ("MeOH", "CH3OH"), ("MeCN", "CH3CN"),
        ("DMF", "C3H7NO"),
        ("NiCl2·DME", "NiCl2C4H10O2"), ("BF3·OEt2", "BF3OC4H10"), ("NaOTs", "NaC7H7SO3"), ("Pr(acac)3", "PrC15H21O6"),
    ],
)  # fmt: skip
def test_abbreviations_are_the_atoms_they_stand_for(text: str, same: str) -> None:
    assert dict(parse_formula(text)) == pytest.approx(dict(parse_formula(same)))


@pytest.mark.parametrize(
    "text",
    ["Ac", "Ac2O3", "AcOF", "AcCl3", "AcH2", "Ac(OH)3", "Pr", "PrO2", "Pr6O11", "Pr(OH)3", "LaPrO3", "Al1 O3 Pr1",
    "PrNi5", "NiPr2",
     "Pr2(C2O4)3·10H2O", "PrC2", "Pr2(CO3)3", "PrCl3·7H2O", "Ts", "TsF3", "Sr0.5Pr0.5CoO3", "FAl3", "SmAl2", "BOs",
     "Po"],
)  # fmt: skip
def test_elements_stay_elements(text: str) -> None:
    letters = {symbol for symbol in SYMBOLS if symbol in text}
    assert {*parse_formula(text)} <= letters
    assert {"Ac", "Pr", "Ts", "Al", "Os", "Po"} & {*parse_formula(text)}


@pytest.mark.parametrize(
    "text",
    ["AcOH", "AcCl", "Ac2O", "NaAc", "ZnAc2", "PbAc2·3H2O", "ScAc3", "NH4Ac", "Mn(Ac)2", "PhAc", "AcOEt", "PrOH",
     "PrNH2", "NaOPr", "NPr4Br", "N(Pr)4Br", "PPr3", "PrOMe", "TsOH", "TsCl", "Ti(NiPr2)2", "CH3NHAc"],
)  # fmt: skip
def test_an_element_that_may_be_a_group_is_refused(text: str) -> None:
    with pytest.raises(InvalidData, match="an element or an organic group"):
        parse_formula(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Fe³⁺", "raised signs are charges or isotopes"), ("¹³CO2", "raised signs"), ("Fe2+", "has a charge"),
        ("SO4^2-", "has a charge"),
        ("CuSO4·xH2O", "an amount is not known"), ("LixCoO2", "an amount is not known"),
        ("TiO2-x", "an amount is not known"),
        ("BaTO3", "names no element: 'T'"), ("BTO", "names no element: 'T'"), ("DCOOD", "names no element: 'D'"),
        ("YBCO", "a name of a material"), ("CaSO4·1½H2O", "two ways"), ("Fe1/0", "a fraction by 0"),
        ("(" * 9 + "Fe" + ")" * 9, "8 deep"),
        ("Fe" * 200, "more than 300 characters"), ("Fe)", "brackets do not match"), ("[Fe)", "brackets do not match"),
        ("Alq3", "cannot be read at 'q3'"), ("NaCl-KCl", "cannot be read at '-KCl'"), ("CuSO4·", "is not a formula"),
        ("Fe1.2.3O", "cannot be read"),
    ],
)  # fmt: skip
def test_refusals_say_why(text: str, message: str) -> None:
    with pytest.raises(InvalidData) as caught:
        parse_formula(text)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


def test_the_tables_name_atoms() -> None:
    for abbreviation in (*ABBREVIATIONS, *ELEMENT_OR_GROUP):
        atoms = atoms_of(abbreviation)
        assert atoms
        assert {*atoms} <= KNOWN_SYMBOLS
        assert abbreviation not in KNOWN_SYMBOLS or abbreviation in ELEMENT_OR_GROUP
    for name in MATERIALS:
        with pytest.raises(InvalidData):
            parse_formula(name)


# Elements whose letters begin no abbreviation, and are no letters of one.
ELEMENTS = st.sampled_from(["Fe", "Co", "Na", "Ba", "O", "S", "Cl", "H", "C", "N", "Ti", "Cu", "F", "Si"])
WHOLE = st.integers(1, 12)
AMOUNTS = st.one_of(WHOLE, st.integers(1, 99).map(lambda i: Fraction(i, 100)))


@st.composite
def compounds(draw: st.DrawFn, amounts: st.SearchStrategy[Fraction | int] = AMOUNTS) -> tuple[str, dict[str, float]]:
    """Return a formula, with or without a bracket, and its amounts."""
    total: dict[str, float] = {}
    text = ""
    for is_bracket in draw(st.lists(st.booleans(), min_size=1, max_size=3)):
        parts = draw(st.lists(st.tuples(ELEMENTS, amounts), min_size=1, max_size=3))
        factor = draw(amounts) if is_bracket else 1
        inner = "".join(symbol + _written(amount) for symbol, amount in parts)
        text += f"({inner}){_written(factor)}" if is_bracket else inner
        for symbol, amount in parts:
            total[symbol] = total.get(symbol, 0.0) + float(amount * factor)
    return text, total


def _written(amount: Fraction | int) -> str:
    return (
        ""
        if amount == 1
        else str(float(amount))
        if isinstance(amount, Fraction) and amount.denominator > 1
        else str(int(amount))
    )


@given(compounds(), compounds(WHOLE), WHOLE, st.sampled_from(["H2O", "NH3", "HCl"]))
def test_generated_hydrates_are_read_as_they_were_built(
    salt: tuple[str, dict[str, float]], other: tuple[str, dict[str, float]], number: int, water: str
) -> None:
    for text, more in ((f"{number}{water}", {**parse_formula(water)}), (f"{number}{other[0]}", other[1])):
        expected = dict(salt[1])
        for symbol, amount in more.items():
            expected[symbol] = expected.get(symbol, 0.0) + number * amount
        spelled = [parse_formula(f"{salt[0]}{dot}{text}") for dot in DOTS]
        assert dict(spelled[0]) == pytest.approx(expected)
        assert all(found == spelled[0] for found in spelled)


@given(compounds(WHOLE), WHOLE, st.sampled_from(["H2O", "NH3", "SiO2", "(H2O)"]))
def test_a_full_stop_behind_a_generated_compound_is_refused(
    salt: tuple[str, dict[str, float]], number: int, water: str
) -> None:
    ends_as_compounds_do = re.search(r"(?:O|S|Cl|H|C|N|F|\))(?:[2-9]|1\d)?$", salt[0]) is not None
    assume(len(salt[1]) > 1 and ends_as_compounds_do and {"O", "S", "Cl", "H", "C", "N", "F"} & {*salt[1]})
    with pytest.raises(InvalidData, match="can be read in two ways"):
        parse_formula(f"{salt[0]}.{number}{water}")


@given(compounds())
def test_the_plain_and_the_thorough_reading_agree(compound: tuple[str, dict[str, float]]) -> None:
    text, expected = compound
    assert dict(parse_formula(text)) == pytest.approx(expected)
    assert dict(parse_formula(f" {text}\n")) == pytest.approx(expected)
    assert dict(parse_formula(f"({text})2")) == pytest.approx(
        {symbol: 2 * amount for symbol, amount in expected.items()}
    )


PIECES = ["Fe", "O", "H2O", "Ac", "Pr", "OAc", "D", "T", "(", ")", "[", "]", ".", "·", "*", "/", "1", "2", "0.5",
"½", "₂", "x", " ", "e9",
          "Me", "Cp*", "acac", "+", "-", "{", "⁻"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=80).map("".join) | st.text(max_size=400))
@example("(" * 100_000)
@example("H2O." * 75)
@example("O1.1" * 75)
@example("9" * 299 + "H")
@example("Fe1e999")
@example("\ud800")
@example("O/2" * 90)
def test_any_text_is_read_or_refused_at_once(text: str) -> None:
    with at_most(2.0):
        try:
            amounts = parse_formula(text)
        except InvalidData as error:
            message = str(error)
        else:
            assert {*amounts} <= KNOWN_SYMBOLS
            assert all(0 < amount < float("inf") for amount in amounts.values())
            assert len(text.strip()) <= MAX_LENGTH
            return
    assert len(message) < 4000


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("[13C]O2", "CO2"), ("(13C)O2", "CO2"), ("[13C6]H12O6", "C6H12O6"), ("[2H]2O", "D2O"), ("H2[18O]", "H2O"),
        ("[235U]O2", "UO2"), ("[6Li]F", "LiF"), ("[57Fe]2O3", "Fe2O3"), ("[15N]H4[15N]O3", "NH4NO3"),
        ("K[15N]O3", "KNO3"),
        ("[10B]4C", "B4C"), ("Na[99Tc]O4", "NaTcO4"), ("[137Cs]Cl", "CsCl"), ("CuSO4·5[2H]2O", "CuSO4·5D2O"),
    ],
)  # fmt: skip
def test_isotopes_in_brackets_count_as_their_element(text: str, same: str) -> None:
    assert dict(parse_formula(text)) == pytest.approx(dict(parse_formula(same)))


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("13CO2", "[13C]"), ("15NH3", "[15N]"), ("6LiF", "[6Li]"), ("7LiOH", "[7Li]"), ("10B4C", "[10B]"),
        ("18O2", "[18O]"),
        ("57Fe2O3", "[57Fe]"), ("235UO2", "[235U]"), ("13CO2·H2O", "[13C]"), ("C13O2", "[13C]"), ("BaC14O3", "[14C]"),
        ("N15H3", "[15N]"), ("KN15O3", "[15N]"), ("N15H4Cl", "[15N]"), ("H2O18", "[18O]"), ("CO18", "[18O]"),
        ("NaF18", "[18F]"), ("NaCl37", "[37Cl]"), ("Si29O2", "[29Si]"), ("Co60Cl2", "[60Co]"), ("Sr90Cl2", "[90Sr]"),
        ("NaTc99O4", "[99Tc]"), ("Sn119O2", "[119Sn]"), ("Cs137Cl", "[137Cs]"), ("NaI131", "[131I]"),
        ("U235O2", "[235U]"),
        ("U238O2", "[238U]"), ("Pu239O2", "[239Pu]"), ("Th232O2", "[232Th]"), ("H1e3", "1000"), ("Fe2O3e2", "1000"),
    ],
)  # fmt: skip
def test_numbers_that_may_be_mass_numbers_are_refused(text: str, remedy: str) -> None:
    with pytest.raises(InvalidData, match="can be read in two ways") as caught:
        parse_formula(text)
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["C13H10O", "C14H10", "C14H4O6", "C60", "B10H14", "Li7La3Zr2O12", "Li6PS5Cl", "Be3Al2Si6O18", "K4Nb6O17",
     "Nb2W4O17",
     "C8F18", "F18S3", "Fe57Co43", "Cu64Zr36", "Zr57Ti5Cu20Ni8Al10", "Ti48Al48Nb2Cr2", "Mg17Al12", "Al45Cr7", "Mn56Yb2",
     "C13La1", "60SiO2·11B2O3·29Na2O", "12CaO·7Al2O3", "2H2O", "3Li2S", "Fe(2O)", "C2N14", "Ta(N3)5", "13(CO2)"],
)  # fmt: skip
def test_usual_amounts_are_no_mass_numbers(text: str) -> None:
    assert parse_formula(text)


def test_brackets_without_an_isotope_are_refused() -> None:
    with pytest.raises(InvalidData, match=r"names no isotope: '\[2Fe\]'; write the mass number before the symbol"):
        parse_formula("[2Fe]O")


@given(st.sampled_from(SYMBOLS), st.integers(1, 400))
def test_a_number_beside_a_symbol_is_read_or_refused_with_what_to_write(symbol: str, number: int) -> None:
    """What is refused in a simple oxide can be written in two other ways, and both are read."""
    try:
        amounts = parse_formula(f"{symbol}{number}O2")
    except InvalidData as error:
        if "mass number" not in str(error):
            return  # D, T, Ac
        assert parse_formula(f"[{number}{symbol}]O2")[symbol] == 1.0 + 2.0 * (symbol == "O")
        assert parse_formula(f"({symbol}){number}O2")[symbol] == number + 2.0 * (symbol == "O")
    else:
        assert amounts[symbol] == number + 2.0 * (symbol == "O")


@pytest.mark.parametrize(
    ("one", "other"), [("[13C]O2", "CO2"), ("[235U]O2", "[238U]O2"), ("H2[18O]", "H2O"), ("D2O", "H2O")]
)
def test_isotopes_are_different_candidates(one: str, other: str) -> None:
    assert composition_key(one) != composition_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("[2H]2O", "D2O"), ("(13C)O2", "[13C]O2"), ("O2[13C]", "[13C]O2"), ("Dy2O3", "O3Dy2")]
)
def test_spellings_of_an_isotope_are_one_candidate(one: str, other: str) -> None:
    assert composition_key(one) == composition_key(other)
