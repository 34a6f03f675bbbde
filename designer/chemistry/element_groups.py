"""Groups of elements that a person may want to leave out, each with its source."""

from __future__ import annotations

from collections.abc import Mapping

ELEMENT_GROUPS: Mapping[str, tuple[str, ...]] = {
    "toxic": ("As", "Cd", "Hg", "Pb"),
    "toxic_class_2a": ("V", "Co", "Ni"),
    "toxic_class_2b": ("Se", "Ru", "Rh", "Pd", "Ag", "Os", "Ir", "Pt", "Au", "Tl"),
    "precious": ("Ru", "Rh", "Pd", "Ag", "Os", "Ir", "Pt", "Au"),
    "expensive": (
        "Sc", "Ge", "Rb", "Ru", "Rh", "Pd", "Cs", "Eu", "Tb", "Ho", "Tm", "Yb", "Lu", "Re", "Os", "Ir", "Pt", "Au",
        "Tl",
    ),
    "radioactive": (
        "Tc", "Pm", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U", "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm",
        "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og",
    ),
    "noble_gases": ("He", "Ne", "Ar", "Kr", "Xe", "Rn"),
}  # fmt: skip
"""The elements of each group.

* toxic, toxic_class_2a, toxic_class_2b: classes 1, 2A and 2B of the guideline ICH Q3D(R2) for elemental impurities
  (2022)
* precious: the platinum-group metals, silver and gold, as the U.S. Geological Survey counts precious metals
* expensive: more than 1,000 USD/kg by `designer.chemistry.formula_properties.element_prices`, without gases (F, Ne, Xe)
  and radioactive elements
* radioactive: no stable isotope (bismuth, whose half-life is 2e19 years, is not counted)
* noble_gases: group 18
"""


def ungrouped(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the elements that words name: symbols, and names of groups.

    >>> ungrouped(("toxic", "Tl"))
    ('As', 'Cd', 'Hg', 'Pb', 'Tl')
    """
    return tuple(dict.fromkeys(symbol for word in words for symbol in ELEMENT_GROUPS.get(word, (word,))))
