"""The symbols of the 118 elements, in the order of their atomic numbers; known without loading anything."""

from __future__ import annotations

SYMBOLS: tuple[str, ...] = tuple(
    # One block reads as a table does; 118 quoted words do not.
    """
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo
    Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl
    Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og
    """.split()  # noqa: SIM905
)

KNOWN_SYMBOLS: frozenset[str] = frozenset(SYMBOLS)


def is_symbol(text: str) -> bool:
    """Whether `text` is the symbol of an element.

    >>> is_symbol("Fe"), is_symbol("FE"), is_symbol("Xx")
    (True, False, False)
    """
    return text in KNOWN_SYMBOLS
