"""Where `element_properties.csv` comes from: pymatgen's own element data, unchanged.

Run ``python -m designer.chemistry._element_source`` after an update of pymatgen; a test compares the committed file
with what this module gives. Shipping the table keeps pymatgen's import out of every composition campaign.
"""

from __future__ import annotations

import math
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

#: Column of the file -> attribute of `pymatgen.core.Element`.
_ATTRIBUTES = {
    "atomic_number": "Z",
    "group": "group",
    "row": "row",
    "atomic_mass [amu]": "atomic_mass",
    "electronegativity": "X",
    "atomic_radius [angstrom]": "atomic_radius",
    "van_der_waals_radius [angstrom]": "van_der_waals_radius",
    "mendeleev_number": "mendeleev_no",
    "electron_affinity [eV]": "electron_affinity",
    "ionization_energy [eV]": "ionization_energy",
    "melting_point [K]": "melting_point",
    "boiling_point [K]": "boiling_point",
    "molar_volume [cm^3/mol]": "molar_volume",
    "thermal_conductivity [W/(m K)]": "thermal_conductivity",
}
_SHELL = re.compile(r"\d([spdf])(\d+)")


def _attribute(name: str) -> Callable[[Any], float]:
    def read(element: Any) -> float:
        value = getattr(element, name)
        return math.nan if value is None else float(value)

    return read


def _valence(shell: str) -> Callable[[Any], float]:
    """Electrons in `shell` outside the noble-gas core, as pymatgen writes the configuration ("[Ar].3d6.4s2")."""

    def count(element: Any) -> float:
        outer = str(element.electronic_structure).split("]")[-1]
        return float(sum(int(number) for letter, number in _SHELL.findall(outer) if letter == shell))

    return count


def _oxidation(pick: Callable[[Any], float]) -> Callable[[Any], float]:
    """The highest or lowest common oxidation state: none listed means 0 for a noble gas, else not known."""

    def read(element: Any) -> float:
        states = element.common_oxidation_states or ((0,) if element.group == 18 else (math.nan,))
        return float(pick(states))

    return read


def _readers() -> dict[str, Callable[[Any], float]]:
    readers = {column: _attribute(name) for column, name in _ATTRIBUTES.items()}
    readers |= {f"{shell}_valence_electrons": _valence(shell) for shell in "spdf"}
    return readers | {"max_oxidation_state": _oxidation(max), "min_oxidation_state": _oxidation(min)}


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the header and the 118 rows of the file; an empty cell is a value that pymatgen does not have."""
    from pymatgen.core.periodic_table import Element

    readers = _readers()
    yield ("symbol", *readers)
    with warnings.catch_warnings():
        # pymatgen warns once for each value it lacks; the empty cell shows it.
        warnings.filterwarnings("ignore", message="No data available for|No Pauling electronegativity for")
        for number in range(1, 119):
            element = Element.from_Z(number)
            yield (element.symbol, *(_cell(read, element) for read in readers.values()))


def _cell(read: Callable[[Any], float], element: Any) -> str:
    try:
        value = read(element)
    except KeyError:  # pymatgen has no such entry for a superheavy element
        return ""
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() else repr(value)


def text() -> str:
    """Return the whole file."""
    return "".join(",".join(row) + "\n" for row in rows())


if __name__ == "__main__":
    sys.stdout.write(text())
