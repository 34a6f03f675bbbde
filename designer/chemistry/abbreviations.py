"""Abbreviations that chemists write in formulas, and the atoms that each stands for.

References
----------
Groups and solvents: the standard list of abbreviations of the Journal of Organic Chemistry (ACS, guidelines for
authors). Ligands: IUPAC, Nomenclature of Inorganic Chemistry, Recommendations 2005 (Red Book), table VII. Cations of
halide perovskites, anions of battery salts and linkers of metal-organic frameworks: as the literature of each field
writes them; the atoms are those of the ion in the crystal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

GROUPS: Mapping[str, str] = {  # Cp' is written Cp*
    "Me": "CH3", "Et": "C2H5", "nPr": "C3H7", "iPr": "C3H7", "Bu": "C4H9", "nBu": "C4H9", "iBu": "C4H9", "sBu": "C4H9",
    "tBu": "C4H9", "Cy": "C6H11", "Ph": "C6H5", "Bn": "C7H7", "Tf": "CF3SO2", "Ms": "CH3SO2", "TMS": "C3H9Si",
    "Cp'": "C10H15", "Cp": "C5H5",
}  # fmt: skip
LIGANDS: Mapping[str, str] = {
    "acac": "C5H7O2", "hfac": "C5HF6O2", "tfac": "C5H4F3O2", "tmhd": "C11H19O2", "thd": "C11H19O2", "dpm": "C11H19O2",
    "en": "C2H8N2", "dien": "C4H13N3", "tmeda": "C6H16N2", "py": "C5H5N", "bpy": "C10H8N2", "bipy": "C10H8N2",
    "phen": "C12H8N2", "terpy": "C15H11N3", "tpy": "C15H11N3", "ppy": "C11H8N", "cod": "C8H12", "nbd": "C7H8",
    "ox": "C2O4", "BTC": "C9H3O6", "BDC": "C8H4O4",
}  # fmt: skip
SOLVENTS: Mapping[str, str] = {
    "DMF": "C3H7NO", "DMSO": "C2H6OS", "DMAc": "C4H9NO", "NMP": "C5H9NO", "THF": "C4H8O", "DME": "C4H10O2",
    "MeCN": "C2H3N", "ACN": "C2H3N",
}  # fmt: skip
IONS: Mapping[str, str] = {
    "MA": "CH6N", "FA": "CH5N2", "GUA": "CH6N3", "PEA": "C8H12N",
    "TFSI": "C2F6NO4S2", "FSI": "F2NO4S2", "BOB": "BC4O8", "DFOB": "BC2F2O4", "ODFB": "BC2F2O4",
}  # fmt: skip

ABBREVIATIONS: Mapping[str, str] = {**GROUPS, **LIGANDS, **SOLVENTS, **IONS}

ELEMENT_OR_GROUP: Mapping[str, str] = {"Ac": "C2H3O", "Pr": "C3H7", "Ts": "C7H7SO2"}
"""Symbols of an element (actinium, praseodymium, tennessine) that are also a group's abbreviation.

They are the group in ``OAc`` and ``OTs``, and in ``(OPr)``; the element elsewhere; and refused in `UNSURE`.
"""

_ORGANIC = "Me|Et|Bu|Ph|Bn|Cy"
UNSURE = re.compile(
    rf"""
      [CHNSP](?:Ac|Pr|Ts)(?![a-z])             # NPr4, CH3COPr
    | (?<![(\[])OPr(?![a-z]) | OPr(?=\d|[A-Z(]) # NaOPr; Ti(OPr)4 is clear
    | [(\[](?:Ac|Pr|Ts)[)\]]                   # Mn(Ac)2: acetate?
    | ^(?:Ac|Pr|Ts)(?:OH|NH2?|SH|Cl|Br|I|F|CN)$  # PrOH, AcCl
    | ^(?:Ac2O|NH4Ac|[A-Z][a-z]?Ac\d?)(?=$|·)   # ZnAc2: a salt of an organic acid, or an alloy
    | (?:{_ORGANIC})\d*(?:Ac|Pr|Ts)(?![a-z]) | (?:Ac|Pr|Ts)\d*[ONS]?(?:{_ORGANIC})(?![a-z])
    | \(NiPr2?\)                               # N(iPr)2, or nickel and praseodymium
    """,
    re.VERBOSE,
)
"""Formulas in which such a symbol may be either."""

MATERIALS = frozenset({
    "YBCO", "BSCCO", "BSCF", "KNN", "BFO", "BIFO", "SBN", "HOPG", "CNF", "PVP", "PVC", "PVB", "PVF", "PVK", "PBS",
    "PPS", "PC", "PI", "PP", "PS", "PU", "PSU", "PSF", "PPO", "PPY", "PPV", "PBI", "PBO", "PHB", "PCB", "SBS", "SIS",
    "POSS",
})  # fmt: skip
"""Names of materials whose letters happen to be elements."""
