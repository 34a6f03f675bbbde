"""Five measured process campaigns, as the package `bocode` ships them (extra ``bocode``): unrelated tasks, no family.

The measurements are those of the laboratories named in `CAMPAIGNS`, gathered by Q. Liang et al., "Benchmarking the
performance of Bayesian optimization across multiple experimental materials science domains", npj Computational
Materials 7, 188 (2021), https://doi.org/10.1038/s41524-021-00656-9, https://github.com/PV-Lab/Benchmarking (MIT).
Columns are renamed here; no value is changed, and replicates stay rows of their own. Only the CSV files are read:
`bocode` itself is not imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from designer.errors import MissingExtra
from designer.objective import Target
from designer.space import DesignSpace, MixtureParameter, NumericParameter
from designer.tasks.csv_text import read_text_table
from designer.tasks.family import Family
from designer.tasks.task import Task

_FOLDER = Path("opt_problems", "materials", "data")
FAMILY = "measured_processes"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One campaign: its file, the file's header for each column here, and what it is.

    Parameters
    ----------
    headers
        The headers of the file, in the order of the lab columns of `parameters`, the target's last.
    source
        The work that measured it.
    """

    name: str
    file: str
    headers: tuple[str, ...]
    parameters: tuple[NumericParameter | MixtureParameter, ...]
    target: Target
    source: str


def _number(name: str, unit: str | None, low: float, high: float) -> NumericParameter:
    return NumericParameter(name=name, unit=unit, bounds=(low, high))


CAMPAIGNS = (
    Measured(
        name="silver_nanoparticles",
        file="AgNP_dataset.csv",
        headers=("QAgNO3(%)", "Qpva(%)", "Qtsc(%)", "Qseed(%)", "Qtot(uL/min)", "loss"),
        parameters=(
            _number("silver_nitrate_flow", "percent", 4.53, 42.81),
            _number("polyvinyl_alcohol_flow", "percent", 9.99, 40.01),
            _number("citrate_flow", "percent", 0.5, 30.5),
            _number("seed_flow", "percent", 0.49, 19.5),
            _number("total_flow", "uL/min", 200, 983),
        ),
        target=Target(
            name="spectral_loss", goal="minimize", description="distance from the wanted absorption spectrum"
        ),
        source="F. Mekki-Berrada et al., npj Computational Materials 7, 55 (2021)",
    ),
    Measured(
        name="printed_lines",
        file="AutoAM_dataset.csv",
        headers=("Prime Delay", "Print Speed", "X Offset Correction", "Y Offset Correction", "Score"),
        parameters=(
            _number("prime_delay", "s", 0, 5),
            _number("print_speed", "mm/s", 0.1, 10),
            _number("x_offset", "mm", -1, 1),
            _number("y_offset", "mm", -1, 1),
        ),
        target=Target(name="shape_score", goal="maximize"),
        source="J. R. Deneault et al., MRS Bulletin 46, 566 (2021)",
    ),
    Measured(
        name="crossed_barrels",
        file="Crossed barrel_dataset.csv",
        headers=("n", "theta", "r", "t", "toughness"),
        parameters=(
            NumericParameter(name="struts", values=(6, 8, 10, 12)),
            NumericParameter(name="twist", unit="deg", values=tuple(range(0, 201, 25))),
            NumericParameter(name="strut_radius", unit="mm", values=tuple(1.5 + i / 10 for i in range(11))),
            NumericParameter(name="shell_thickness", unit="mm", values=(0.7, 1.05, 1.4)),
        ),
        target=Target(name="toughness", unit="J", goal="maximize"),
        source="A. E. Gongora et al., Science Advances 6, eaaz1708 (2020)",
    ),
    Measured(
        name="conducting_composites",
        file="P3HT_dataset.csv",
        headers=(
            "P3HT content (%)",
            "D1 content (%)",
            "D2 content (%)",
            "D6 content (%)",
            "D8 content (%)",
            "Conductivity (measured) (S/cm)",
        ),
        parameters=(MixtureParameter(name="film", components=("P3HT", "D1", "D2", "D6", "D8"), unit="percent"),),
        target=Target(name="conductivity", unit="S/cm", goal="maximize"),
        source="D. Bash et al., Advanced Functional Materials 31, 2102606 (2021)",
    ),
    Measured(
        name="halide_perovskites",
        file="Perovskite_dataset.csv",
        headers=("CsPbI", "FAPbI", "MAPbI", "Instability index"),
        parameters=(MixtureParameter(name="perovskite", components=("CsPbI3", "FAPbI3", "MAPbI3")),),
        target=Target(name="instability", goal="minimize", description="change of colour in damp heat"),
        source="S. Sun et al., Matter 4, 1305 (2021)",
    ),
)


def measured_processes() -> Family:
    """Return the five campaigns as one folder of unrelated tasks.

    Raises
    ------
    MissingExtra
        If `bocode` is not installed.
    InvalidData
        If its files are not those that this module knows.
    """
    spec = find_spec("bocode")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("bocode", "bocode")
    folder = Path(spec.submodule_search_locations[0]) / _FOLDER
    return Family(
        name=FAMILY,
        tasks=tuple(_task(each, folder / each.file) for each in CAMPAIGNS),
        related=False,
        description="five measured process campaigns with their replicates; unrelated",
        license="MIT",
        source="https://github.com/PV-Lab/Benchmarking, as the package bocode ships it",
        citation="Liang et al., npj Computational Materials 7, 188 (2021), and the works of each task",
    )


def _task(campaign: Measured, file: Path) -> Task:
    columns = [column for parameter in campaign.parameters for column in parameter.lab_columns]
    names = dict(zip(campaign.headers, [*columns, campaign.target.name], strict=True))
    return Task(
        space=DesignSpace(parameters=campaign.parameters),
        targets=[campaign.target],
        data=read_text_table(file).rename(columns=names),
        name=campaign.name,
        family=FAMILY,
        file=str(file),
    )
