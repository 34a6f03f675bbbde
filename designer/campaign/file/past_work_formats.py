"""The forms that past work has on disk: a family's folder, a saved prior, a campaign's file, a store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from designer.errors import Fault
from designer.input_files import path_fault
from designer.units import shortened

FAMILY, SAVED = "family.yaml", "prior.json"
STORES = (".db", ".sqlite", ".sqlite3")

FORMS = f"name a folder with a {FAMILY}, a campaign file, or a campaign's store"


def path_faults(
    paths: Sequence[str], folder: Path, at: tuple[str, ...] = ("prior", "tasks"), *, may_be_saved: bool = True
) -> Iterator[Fault]:
    """Yield a fault for each of the `paths` that holds no past work.

    Parameters
    ----------
    at
        The key of the campaign file that lists them.
    may_be_saved
        Whether a saved prior is past work here.
    """
    for i, path in enumerate(paths):
        place = folder / path
        saved = " a saved prior," if may_be_saved else ""
        remedy = f"name a folder with a {FAMILY},{saved} or the file of a finished campaign"
        if reason := path_fault(path):
            yield Fault(f"{shortened(path)!r} {reason}", remedy, path=(*at, i))
            continue
        form = form_of(place)
        if form is None or (form == "saved" and not may_be_saved):
            what = f"{path!r} is no past work" if place.exists() else f"there is no {path!r}"
            yield Fault(what, remedy, path=(*at, i))


def form_of(place: Path) -> str | None:
    """Return whether a path is a ``family``, ``saved`` prior, ``campaign`` or ``store``; None where it is none."""
    if place.is_dir():
        return "saved" if (place / SAVED).is_file() else "family" if (place / FAMILY).is_file() else None
    if place.is_file() and place.suffix in STORES:
        return "store"
    if not place.is_file() or place.suffix not in (".yaml", ".yml"):
        return None
    return "family" if place.name == FAMILY else "campaign"
