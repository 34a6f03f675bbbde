"""Ten tables in the style of labs, and what a person who knows each lab would write in its campaign file."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import openpyxl

Expected = Mapping[str, str]


@dataclass(frozen=True)
class MessyTable:
    """A table of a lab, and the campaign that is meant by it.

    Parameters
    ----------
    name
        What is odd about it; also the name of its file.
    write
        Writes the file into a folder and returns its path.
    parameters
        The expected parameters, each with its kind.
    target, goal
        The expected target and goal.
    unit
        The expected unit of the target, None where the table gives none.
    lab_ids
        The column by which the lab knows its designs, for a list of candidates.
    wanted
        What a person adds on the command line where the table does not say what is wanted.
    """

    name: str
    write: Callable[[Path], Path]
    parameters: Expected
    target: str
    goal: str
    unit: str | None = None
    lab_ids: str | None = None
    wanted: tuple[str, ...] = ()


def messy_tables() -> list[MessyTable]:
    """Return the ten tables."""
    return [
        MessyTable(
            "decimal-commas", _decimal_commas,
            {"Temperatur": "numeric", "Zeit": "numeric", "Gas": "categorical"}, "Ausbeute", "maximize", "%",
        ),
        MessyTable(
            "units-in-second-row", _units_row,
            {"anneal_temp": "numeric", "hold_time": "numeric", "atmosphere": "categorical"}, "hardness", "maximize",
            "HV",
        ),
        MessyTable(
            "title-above", _title_above,
            {"binder": "numeric", "speed": "numeric", "solvent": "categorical"}, "viscosity", "minimize", "mPa*s",
        ),
        MessyTable(
            "merged-headers", _merged_headers,
            {"Deposition_power": "numeric", "Deposition_pressure": "numeric", "Anneal_temperature": "numeric"},
            "Film_resistivity", "minimize", "uohm*cm",
        ),
        MessyTable(
            "plate-map", _plate_map, {"ligand": "categorical", "base": "categorical"}, "yield", "maximize", "%",
            wanted=("--maximize", "yield [%]"),
        ),
        MessyTable(
            "blank-columns", _blank_columns,
            {"NaCl": "numeric", "pH": "numeric", "buffer": "categorical"}, "activity", "maximize", "U/mL",
        ),
        MessyTable(
            "replicates", _replicates, {"load": "numeric", "filler": "categorical"}, "strength", "maximize", "MPa",
        ),
        MessyTable(
            "remarks", _remarks,
            {"flow": "numeric", "temp": "numeric", "catalyst": "categorical"}, "conversion", "maximize", "%",
        ),
        MessyTable(
            "candidates", _candidates, {"name": "categorical", "ratio": "numeric"}, "solubility", "maximize", "g/L",
            lab_ids="Code",
        ),
        MessyTable(
            "composition", _composition, {"composition": "composition", "sinter_T": "numeric"}, "density", "maximize",
            "g/cm^3",
        ),
    ]  # fmt: skip


def _saved(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _decimal_commas(folder: Path) -> Path:
    """A German spreadsheet: semicolons, decimal commas, and a byte order mark."""
    dice = random.Random(1)
    rows = ["\ufeffVersuch;Datum;Temperatur [°C];Zeit (min);Gas;Ausbeute (%);Bemerkung"]
    for i in range(10):
        gas = dice.choice(["N2", "Ar"])
        temperature = f"{60 + 12.5 * dice.randrange(5):.1f}".replace(".", ",")
        result = f"{50 + 40 * dice.random():.1f}".replace(".", ",")
        cells = [str(i + 1), f"{i + 3:02}.02.2026", temperature, str(dice.choice([10, 20, 40])), gas, result]
        rows.append(";".join([*cells, "trüb" if i == 4 else ""]))
    return _saved(folder, "decimal-commas.csv", "\n".join(rows) + "\n")


def _units_row(folder: Path) -> Path:
    """The units stand in a row below the headers."""
    dice = random.Random(2)
    rows = ["sample,anneal_temp,hold_time,atmosphere,hardness", ",°C,min,,HV"]
    rows += [
        f"A{i + 1:02},{dice.choice([400, 450, 500, 550])},{dice.choice([15, 30, 60])},"
        f"{dice.choice(['air', 'N2', 'vacuum'])},{150 + dice.randrange(100)}"
        for i in range(9)
    ]
    return _saved(folder, "units-in-second-row.csv", "\n".join(rows) + "\n")


def _title_above(folder: Path) -> Path:
    """A title, the operator and an empty line stand above the headers; the mean stands below the table."""
    dice = random.Random(3)
    rows = ["Slurry trials spring 2026,,,,", "Operator: M. Frey,,,,", ",,,,"]
    rows += ["Run,binder (wt.%),speed (rpm),solvent,viscosity (mPa*s)"]
    values = []
    for i in range(8):
        values.append(800 + dice.randrange(900))
        rows.append(
            f"{i + 1},{dice.choice([1.5, 2, 2.5, 3])},{dice.choice([500, 1000, 1500])},"
            f"{dice.choice(['water', 'NMP'])},{values[-1]}"
        )
    rows += [",,,,", f"Mean,,,,{sum(values) / len(values):.1f}"]
    return _saved(folder, "title-above.csv", "\n".join(rows) + "\n")


def _merged_headers(folder: Path) -> Path:
    """An Excel sheet in which the upper of two rows of headers is merged over its group."""
    dice = random.Random(4)
    rows: list[list[object]] = [
        ["", "Deposition", None, "Anneal", "Film"],
        ["No", "power (W)", "pressure (Pa)", "temperature (°C)", "resistivity (uohm*cm)"],
    ]
    powers, pressures, temperatures = [50, 100, 150, 200], [0.5, 1.0, 2.0], [200, 300, 400]
    rows += [
        [i + 1, dice.choice(powers), dice.choice(pressures), dice.choice(temperatures), 20 + dice.randrange(60)]
        for i in range(9)
    ]
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("B1:C1")
    path = folder / "merged-headers.xlsx"
    book.save(path)
    return path


def _plate_map(folder: Path) -> Path:
    """A grid of a plate: ligands downwards, bases across, yields in the cells that were made."""
    dice = random.Random(5)
    bases = ["K2CO3", "Cs2CO3", "K3PO4", "DBU"]
    rows = ["ligand \\ base," + ",".join(bases)]
    for ligand in ("XPhos", "SPhos", "dppf", "PPh3", "PCy3"):
        cells = [str(dice.randrange(5, 95)) if dice.random() < 0.7 else "" for _ in bases]
        rows.append(",".join([ligand, *cells]))
    return _saved(folder, "plate-map.csv", "\n".join(rows) + "\n")


def _blank_columns(folder: Path) -> Path:
    """Blank columns and rows at the ends, and one between the columns, as a spreadsheet leaves them."""
    dice = random.Random(6)
    rows = ["Well,NaCl (mM),pH,buffer,,activity (U/mL),,,"]
    rows += [
        f"{'ABC'[i // 4]}{i % 4 + 1},{dice.choice([0, 50, 100, 200])},{dice.choice([6.5, 7, 7.5, 8])},"
        f"{dice.choice(['Tris', 'HEPES', 'MES'])},,{5 + 20 * dice.random():.2f},,,"
        for i in range(12)
    ]
    rows += [",,,,,,,,"] * 3
    return _saved(folder, "blank-columns.csv", "\n".join(rows) + "\n")


def _replicates(folder: Path) -> Path:
    """Three measurements of each specimen in columns of their own, and their mean."""
    dice = random.Random(7)
    rows = ["ID,load (wt.%),filler,strength 1 (MPa),strength 2 (MPa),strength 3 (MPa),mean (MPa)"]
    for i in range(8):
        around = 30 + 30 * dice.random()
        three = [round(around + dice.gauss(0, 1.5), 1) for _ in range(3)]
        rows.append(
            f"P-{i + 1:03},{dice.choice([5, 10, 15, 20])},{dice.choice(['glass', 'talc', 'carbon'])},"
            f"{','.join(map(str, three))},{sum(three) / 3:.1f}"
        )
    return _saved(folder, "replicates.csv", "\n".join(rows) + "\n")


def _remarks(folder: Path) -> Path:
    """Dates, people, remarks, results below the detection limit, results with their error, and cells without one."""
    dice = random.Random(8)
    results = ["< 1", "12.4 ± 0.6", "n.d.", "45.1 ± 1.2", "33.8", "61.0 ± 0.9", "-", "27.5", "19.9 ± 0.4"]
    rows = ["exp,date,who,flow [mL/min],temp [°C],catalyst,conversion [%],notes"]
    for i, result in enumerate(results):
        rows.append(
            f"EX{i + 1},2026-03-{i + 2:02},{dice.choice(['jk', 'mf'])},{dice.choice([0.5, 1, 2])},"
            f"{dice.choice([40, 60, 80])},{dice.choice(['Pd/C', 'Raney Ni'])},{result},"
            f"{chr(34) + 'leak at the pump, repeat' + chr(34) if i == 2 else ''}"
        )
    return _saved(folder, "remarks.csv", "\n".join(rows) + "\n")


def _candidates(folder: Path) -> Path:
    """A list of what could be made, with few results yet."""
    dice = random.Random(9)
    names = ["mannitol", "sorbitol", "urea", "glycine", "proline", "nicotinamide", "betaine"]
    rows = ["Code,name,ratio,solubility [g/L]"]
    number = 0
    for name in names:
        for ratio in (1, 2, 3):
            number += 1
            result = f"{2 + 10 * dice.random():.2f}" if number in (2, 9, 15) else ""
            rows.append(f"CX-{number:03},{name},{ratio},{result}")
    return _saved(folder, "candidates.csv", "\n".join(rows) + "\n")


def _composition(folder: Path) -> Path:
    """Amounts of elements that sum to 100, a price for each sample, and a furnace that several samples share."""
    dice = random.Random(10)
    rows = ["Lot;Al (at.%);Ti (at.%);Nb (at.%);sinter_T (°C);price (EUR);density (g/cm^3)"]
    for i in range(9):
        aluminium, niobium = dice.choice([40, 45, 50]), dice.choice([2, 4, 6])
        temperature = [1100, 1200, 1100, 1300][i // 3 % 4]
        cells = [f"L{i + 1}", aluminium, 100 - aluminium - niobium, niobium, temperature]
        cells += [f"{12 + 3 * niobium},50", f"{3.8 + 0.3 * dice.random():.3f}".replace(".", ",")]
        rows.append(";".join(map(str, cells)))
    return _saved(folder, "composition.csv", "\n".join(rows) + "\n")
