"""Options and arguments that the commands share, and the choice of the campaign file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designer.errors import Fault, InvalidCampaign, InvalidInput

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign

SUFFIXES = (".yaml", ".yml")
_KEY = re.compile(rb"^designer\s*:", re.MULTILINE)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
CampaignArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[CAMPAIGN.yaml]", help="The campaign file; default: the only one in this folder."),
]
CampaignOption = Annotated[
    Path | None,
    typer.Option("--campaign", "-c", metavar="FILE", help="The campaign file; default: the only one in this folder."),
]
ContextOption = Annotated[
    list[str] | None,
    typer.Option(
        "--context",
        metavar="PARAMETER=VALUE,...",
        help="The values of the context parameters, as in humidity=45,lot=B7; may be repeated.",
    ),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="COLUMN", help="A column of the table to ignore; may be repeated."),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="LOCATION",
        envvar="DESIGNER_STORE",
        help="The store of the events: a file or postgresql://...; default: that of the campaign file.",
    ),
]


def campaign_file(given: Path | None, option: Path | None = None) -> Path:
    """Return the campaign file given as an argument or by its option, or the only one in this folder.

    Raises
    ------
    InvalidCampaign
        If two are given, or none is and this folder has none, or several.
    """
    if given is not None and option is not None and given != option:
        raise InvalidCampaign(Fault(f"two campaign files are given: {given} and {option}", "give one of them"))
    given = option if given is None else given
    if given is not None:
        if not given.suffix and not given.exists():
            what = f"{str(given)!r} is not a campaign file"
            remedy = "give the path of a YAML file; see the command's --help for its options"
            raise InvalidCampaign(Fault(what, remedy))
        return given
    here = sorted(path for path in Path().iterdir() if path.suffix in SUFFIXES and _is_campaign(path))
    if len(here) == 1:
        return here[0]
    if not here:
        what = "there is no campaign file in this folder"
        raise InvalidCampaign(Fault(what, "give its path, or write one with: designer init"))
    names = ", ".join(path.name for path in here)
    raise InvalidCampaign(Fault(f"there are {len(here)} campaign files in this folder: {names}", "give one of them"))


def one_of(name: str, value: int | None, old_name: str, old: int | None) -> int | None:
    """Return the value of an option, given by its name or by the name that it had in version 0.1.

    Raises
    ------
    InvalidInput
        If both are given.
    """
    if value is not None and old is not None:
        raise InvalidInput(Fault(f"{name} and {old_name} are the same option", f"give {name} only"))
    return old if value is None else value


def split_campaign(words: Sequence[str], option: Path | None) -> tuple[Path, list[str]]:
    """Return the campaign file and the other words: the first word may be the campaign file.

    >>> split_campaign(["oer.yaml", "S0001", "yield=3"], None)
    (PosixPath('oer.yaml'), ['S0001', 'yield=3'])
    """
    named = Path(words[0]) if words and words[0].endswith(SUFFIXES) else None
    return campaign_file(named, option), list(words if named is None else words[1:])


def open_campaign(path: Path, store: str | None) -> Campaign:
    """Open the campaign of a file; start it if its store has none."""
    from designer.campaign.campaign import Campaign

    return Campaign.open(path, store=store) if store is not None else Campaign.open(path)


def _is_campaign(path: Path) -> bool:
    try:
        return path.is_file() and _KEY.search(path.read_bytes()[:100_000]) is not None
    except OSError:
        return False
