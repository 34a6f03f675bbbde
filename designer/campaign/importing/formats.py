"""The formats of other programs, chosen by the content of a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from designer.campaign.importing.imported import ImportedCampaign
from designer.campaign.importing.parts import Part, json_part, read_bytes
from designer.errors import Fault, InvalidData, InvalidInput
from designer.registry import Registry

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")


@dataclass(frozen=True)
class Options:
    """What a user states about a file.

    Parameters
    ----------
    name
        The campaign's name where the file has none.
    maximize, minimize
        Columns of results with their goals, for tables that do not state them.
    study
        Which study of a file with several.
    results
        A table of the results, where those in the file cannot be read.
    """

    name: str
    maximize: tuple[str, ...] = ()
    minimize: tuple[str, ...] = ()
    study: str | None = None
    results: Path | None = None


@dataclass(frozen=True)
class CampaignFormat:
    """A format of saved campaigns.

    Parameters
    ----------
    program
        The program that writes it.
    recognizes
        Whether a file is of this format.
    read
        Returns the campaign of a file; raises InvalidData with every fault of it.
    options
        Names of the fields of `Options` that it uses, besides ``name``.
    """

    program: str
    recognizes: Callable[[Path], bool]
    read: Callable[[Path, Options], ImportedCampaign]
    options: tuple[str, ...] = field(default=())


_HERE = "designer.campaign.importing.formats"
FORMATS: Registry[CampaignFormat] = Registry(
    "designer.campaign_formats",
    "campaign format",
    {name: f"{_HERE}:{name.upper()}" for name in ("baybe", "ax", "optuna", "edbo", "nimo")},
    accepts=lambda item: isinstance(item, CampaignFormat),
    expected="a CampaignFormat",
)
"""The formats by name; other packages add theirs under this group."""


def read_campaign(path: Path | str, options: Options, form: str | None = None) -> ImportedCampaign:
    """Read a campaign that another program saved.

    Parameters
    ----------
    form
        The name of its format; recognized by its content unless given.

    Raises
    ------
    InvalidInput
        If the file is of no known format, or of several, or with every fault of it.
    """
    path = Path(path)
    if not path.is_file():
        raise InvalidData(Fault("no such file", "give a file that another program saved", file=str(path)))
    name = form if form is not None else _recognized(path)
    chosen = FORMATS.load(name)
    for field_name in ("maximize", "minimize", "study", "results"):
        if getattr(options, field_name) and field_name not in chosen.options:
            what = f"--{field_name} is not for {chosen.program}, whose file states this"
            raise InvalidInput(Fault(what, "leave it out", file=str(path)))
    return chosen.read(path, options)


def _recognized(path: Path) -> str:
    """Return the name of the one format that a file has."""
    found = [name for name in FORMATS.names() if FORMATS.load(name).recognizes(path)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(FORMATS.names())
    if not found:
        what = f"is no campaign of {', '.join(FORMATS.load(name).program for name in FORMATS.names())}"
        remedy = f"give its format with --format ({known}); a table of your own is read by 'designer init'"
        raise InvalidData(Fault(what, remedy, file=str(path)))
    what = f"can be of several formats: {', '.join(found)}"
    raise InvalidData(Fault(what, "say which with --format", file=str(path)))


def _document(path: Path) -> Part | None:
    """Return the content of a JSON file; None for a file that does not look like one."""
    content = read_bytes(path)
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{":
        return None
    return json_part(content, str(path))


def _json(path: Path) -> Part:
    return json_part(read_bytes(path), str(path))


def _is_baybe(path: Path) -> bool:
    from designer.campaign.importing.baybe import is_baybe

    document = _document(path)
    return document is not None and is_baybe(document)


def _read_baybe(path: Path, options: Options) -> ImportedCampaign:
    from designer.campaign.importing.baybe import read_baybe

    return read_baybe(_json(path), options.name, options.results)


def _is_ax(path: Path) -> bool:
    from designer.campaign.importing.ax import is_ax

    document = _document(path)
    return document is not None and is_ax(document)


def _read_ax(path: Path, options: Options) -> ImportedCampaign:
    from designer.campaign.importing.ax import read_ax

    return read_ax(_json(path), options.name)


def _is_optuna(path: Path) -> bool:
    from designer.campaign.importing.optuna_study import HEADER, is_optuna

    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER and is_optuna(path)


def _read_optuna(path: Path, options: Options) -> ImportedCampaign:
    from designer.campaign.importing.optuna_study import read_optuna

    return read_optuna(path, options.name, options.study)


def _is_edbo(path: Path) -> bool:
    from designer.campaign.importing.candidate_tables import is_edbo

    return path.suffix.casefold() in TABLES and is_edbo(path)


def _read_edbo(path: Path, options: Options) -> ImportedCampaign:
    from designer.campaign.importing.candidate_tables import Goals, read_edbo

    return read_edbo(path, options.name, Goals(options.maximize, options.minimize))


def _read_nimo(path: Path, options: Options) -> ImportedCampaign:
    from designer.campaign.importing.candidate_tables import Goals, read_nimo

    return read_nimo(path, options.name, Goals(options.maximize, options.minimize))


BAYBE = CampaignFormat("BayBE", _is_baybe, _read_baybe, ("results",))
AX = CampaignFormat("Ax", _is_ax, _read_ax)
OPTUNA = CampaignFormat("Optuna", _is_optuna, _read_optuna, ("study",))
EDBO = CampaignFormat("EDBO+", _is_edbo, _read_edbo, ("maximize", "minimize"))
NIMO = CampaignFormat("NIMO", lambda path: False, _read_nimo, ("maximize", "minimize"))
"""A candidates file of NIMO looks like any other table: it is read only where it is called one."""
