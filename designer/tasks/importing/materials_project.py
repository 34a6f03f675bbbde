"""Tasks out of the Materials Project, through its own client `mp-api` (extra ``materials-project``).

The key is read from the environment (``MP_API_KEY``) and shown nowhere. A query is asked page by page; each page is
kept in a cache as soon as it is there, so that a query that was cut off goes on where it stopped, and one that is asked
again is not asked again. Too many requests, a server that is down and a cut connection are waited out, with growing
pauses.

References
----------
A. Jain et al., Commentary: The Materials Project: a materials genome approach to accelerating materials innovation,
APL Materials 1 (2013) 011002. Data: CC BY 4.0.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from designer.errors import DesignerError, Fault, InvalidData, InvalidInput, MissingExtra, did_you_mean
from designer.tasks.importing.raw import RawTable, text_of

KEY_VARIABLE, CACHE_VARIABLE = "MP_API_KEY", "DESIGNER_CACHE"
LICENSE = "CC BY 4.0"
CITATION = "A. Jain et al., APL Materials 1 (2013) 011002"
PROPERTIES: Mapping[str, tuple[str, str | None]] = {
    "band_gap": ("band_gap", "eV"),
    "formation_energy": ("formation_energy_per_atom", "eV/atom"),
    "energy_above_hull": ("energy_above_hull", "eV/atom"),
    "bulk_modulus": ("bulk_modulus", "GPa"),
    "shear_modulus": ("shear_modulus", "GPa"),
    "dielectric": ("e_total", None),
    "refractive_index": ("n", None),
    "magnetisation": ("total_magnetization", "bohr_magneton"),
    "elastic_anisotropy": ("universal_anisotropy", None),
    "poisson_ratio": ("homogeneous_poisson", None),
}
"""The properties that can be asked for: the field of the Materials Project that holds each, and its unit."""
_WORDS = frozenset({"chemsys", "formula", "elements", "exclude_elements", "material_ids", "crystal_system"})
_RANGES = frozenset(
    {"num_elements", "num_sites", "band_gap", "energy_above_hull", "formation_energy", "density", "volume"}
)
_TRUTHS = frozenset({"is_stable", "is_metal", "theoretical", "is_gap_direct"})
_PASSING = re.compile(
    r"status code (429|5\d\d)\b|timed out|[Cc]onnection|Max retries|IncompleteRead|RemoteDisconnected"
)
_PAUSES = (1.0, 4.0, 15.0, 60.0)
_WAIT = 0.25


class SourceUnavailable(DesignerError):
    """The Materials Project does not answer, or not as its client expects; what came so far is in the cache."""


@dataclass(frozen=True)
class Fetching:
    """How to ask.

    Parameters
    ----------
    endpoint
        The server; the client's own default unless given.
    cache
        The folder of pages; ``DESIGNER_CACHE`` or the user's cache folder unless given.
    page
        Materials a page.
    pauses
        Seconds to wait before each further try of a request that failed.
    wait
        Seconds between two requests.
    sleep, tell
        What waits, and what shows a line of progress.
    """

    endpoint: str | None = None
    cache: Path | None = None
    page: int = 500
    pauses: tuple[float, ...] = _PAUSES
    wait: float = _WAIT
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = field(default=lambda line: None)


def read_query(text: str) -> dict[str, Any]:
    """Return a query as arguments of the client's search.

    Raises
    ------
    InvalidInput
        With every condition that cannot be read.

    Examples
    --------
    >>> read_query("chemsys=Li-Fe-O; num_elements=2..3; energy_above_hull=..0.05; is_metal=false")
    {'chemsys': ['Li-Fe-O'], 'num_elements': (2, 3), 'energy_above_hull': (0, 0.05), 'is_metal': False}
    """
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        key, _, value = (word.strip() for word in part.partition("="))
        try:
            found[key] = _condition(key, value)
        except ValueError as error:
            what, _, remedy = str(error).partition("; ")
            faults.append(Fault(f"--materials-project {part!r}: {what}", remedy))
    if not found and not faults:
        faults.append(Fault("the query is empty", "write conditions such as chemsys=Li-Fe-O; is_stable=true"))
    if faults:
        raise InvalidInput(faults)
    return found


def _condition(key: str, value: str) -> Any:
    if key in _WORDS:
        words = [word.strip() for word in value.split(",") if word.strip()]
        if not words:
            raise ValueError("nothing follows; write words, with commas between them")
        return words
    if key in _TRUTHS:
        if value not in ("true", "false"):
            raise ValueError(f"{value!r} is no truth value; write true or false")
        return value == "true"
    if key in _RANGES:
        ends = value.split("..") if ".." in value else [value, value]
        try:
            low, high = (float(end) if end.strip() else default for end, default in zip(ends, (0, 1e6), strict=True))
        except ValueError:
            raise ValueError(f"{value!r} is no range; write it like 0.5..2") from None
        return (int(low), int(high)) if key.startswith("num_") else (low, high)
    raise ValueError(f"{key!r} is no condition; {did_you_mean(key, sorted(_WORDS | _RANGES | _TRUTHS))}")


def fetch_tables(
    query: str, properties: Sequence[str], *, structures: bool = False, fetching: Fetching | None = None
) -> list[RawTable]:
    """Ask for materials and return one table a property, with licence, source and date of retrieval.

    Parameters
    ----------
    structures
        Whether to keep the structures (pymatgen's JSON, one file a material) and add density, volume per atom,
        coordination, space group and crystal system to the designs.

    Raises
    ------
    InvalidInput
        If the query or a property cannot be read, there is no key or it is refused, or nothing was found.
    SourceUnavailable
        If the server does not answer, or its answers have changed.
    MissingExtra
        If `mp-api` is not installed.
    """
    fetching = fetching or Fetching()
    conditions = read_query(query)
    unknown = [
        Fault(f"--property {name!r} is not known", did_you_mean(name, PROPERTIES))
        for name in properties
        if name not in PROPERTIES
    ]
    if not properties:
        unknown.append(Fault("no property is asked for", f"give --property, one or more of: {', '.join(PROPERTIES)}"))
    if unknown:
        raise InvalidInput(unknown)
    fields = ["material_id", "formula_pretty", *(PROPERTIES[name][0] for name in properties)]
    documents, about = _documents(conditions, [*fields, *(["structure"] if structures else [])], fetching)
    if not documents:
        raise InvalidInput(Fault(f"the Materials Project has nothing for {query!r}", "ask for less at once"))
    described = [_described(document) for document in documents] if structures else [({}, "")] * len(documents)
    source = f"Materials Project, database {about['database']}, query: {query}"
    head = {"license": LICENSE, "citation": CITATION, "source": source, "retrieved": about["retrieved"]}
    tables = [_table(name, documents, described, head) for name in properties]
    empty = [
        Fault(f"no material that was found has the property {t.name!r}", "ask for others")
        for t in tables
        if not len(t.frame)
    ]
    if empty:
        raise InvalidInput(empty)
    return tables


def _described(document: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the numbers of a structure, and the structure as JSON."""
    from pymatgen.core.structure import Structure

    from designer.chemistry.structures import describe_structure

    try:
        structure = Structure.from_dict(document["structure"])
    except (KeyError, TypeError, ValueError) as error:
        raise _changed(f"the structure of {document.get('material_id')} cannot be read ({error})") from None
    return describe_structure(structure), structure.to_json()


def _table(
    name: str,
    documents: Sequence[Mapping[str, Any]],
    described: Sequence[tuple[dict[str, Any], str]],
    head: Mapping[str, Any],
) -> RawTable:
    from designer.chemistry.structures import UNITS

    key, unit = PROPERTIES[name]
    rows, extra = [], {}
    for document, (numbers, structure) in zip(documents, described, strict=True):
        value = _number(document, key)
        if value is None:
            continue
        identity, formula = str(document["material_id"]), str(document["formula_pretty"])
        rows.append({"material_id": identity, "formula": formula, **numbers, name: value})
        if structure:
            extra[f"structures/{re.sub(r'[^A-Za-z0-9_-]', '_', identity)}.json"] = structure
    columns = list(rows[0]) if rows else []
    index = pd.RangeIndex(2, len(rows) + 2, name="row")
    frame = pd.DataFrame({c: [text_of(row[c]) for row in rows] for c in columns}, index=index, dtype=object)
    space: list[dict[str, Any]] = [{"name": "formula", "kind": "formula"}]
    for column in [c for c in columns if c in UNITS]:
        values = [row[column] for row in rows]
        if min(values) < max(values):
            part = {"name": column, "kind": "numeric", "bounds": [min(values), max(values)]}
            space.append(part | ({"unit": UNITS[column]} if UNITS[column] else {}))
    space += [
        {"name": column, "kind": "categorical", "choices": sorted({row[column] for row in rows})}
        for column in columns
        if column in ("space_group", "crystal_system")
    ]
    target = {"name": name} | ({"unit": unit} if unit else {})
    return RawTable(name, f"Materials Project ({name})", frame, {**head, "space": space, "targets": [target]}, extra)


def _number(document: Mapping[str, Any], key: str) -> float | None:
    """Return the value of a field; elastic moduli are those of Voigt, Reuss and Hill's mean."""
    if key not in document:
        raise _changed(f"{document.get('material_id')} has no {key!r}")
    value = document[key]
    if isinstance(value, Mapping):
        if "vrh" not in value:
            raise _changed(f"{key!r} of {document.get('material_id')} has no 'vrh'")
        value = value["vrh"]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _changed(f"{key!r} of {document.get('material_id')} is {type(value).__name__}, not a number")
    return float(value)


def _changed(what: str) -> SourceUnavailable:
    return SourceUnavailable(f"the Materials Project answers otherwise than expected: {what}; is mp-api out of date?")


# Asking


def _documents(
    conditions: Mapping[str, Any], fields: Sequence[str], fetching: Fetching
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return all materials of a query, out of the cache or asked for, and where and when they came from."""
    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        remedy = f"get one at materialsproject.org/api, and set {KEY_VARIABLE} to it"
        raise InvalidInput(Fault("there is no key for the Materials Project", remedy))
    client = _tried(lambda: _client(key, fetching), key, fetching)
    with client:
        place = _cache(fetching) / _digest(conditions, fields, client.db_version, fetching)
        about = _about(place, str(client.db_version))
        found: list[dict[str, Any]] = []
        number = 1
        while True:
            page = _page(place, number, client, conditions, fields, key, fetching)
            found += page
            if len(page) < fetching.page:
                return found, about
            number += 1


def _page(
    place: Path,
    number: int,
    client: Any,
    conditions: Mapping[str, Any],
    fields: Sequence[str],
    key: str,
    fetching: Fetching,
) -> list[dict[str, Any]]:
    kept = place / f"page-{number:05d}.json"
    if kept.is_file():
        return list(json.loads(kept.read_text(encoding="utf-8")))
    if number > 1:
        fetching.sleep(fetching.wait)

    def ask() -> Any:
        return client.materials.summary.search(
            **conditions, fields=list(fields), all_fields=False, chunk_size=fetching.page, num_chunks=1, _page=number
        )

    answer = _tried(ask, key, fetching)
    if not isinstance(answer, list) or not all(isinstance(document, Mapping) for document in answer):
        raise _changed("a page is no list of materials")
    for document in answer:
        missing = [name for name in ("material_id", "formula_pretty") if name not in document]
        if missing:
            raise _changed(f"a material has no {missing[0]!r}")
    page = [dict(document) for document in answer]
    fetching.tell(f"Materials Project: page {number}, {len(page)} materials")
    _keep(kept, json.dumps(page))
    return page


def _client(key: str, fetching: Fetching) -> Any:
    try:
        from mp_api.client import MPRester
    except ImportError:
        raise MissingExtra("mp-api", "materials-project") from None
    return MPRester(key, endpoint=fetching.endpoint, use_document_model=False, mute_progress_bars=True)


def _tried(ask: Callable[[], Any], key: str, fetching: Fetching) -> Any:
    """Ask, and wait and ask again while the fault may pass; what is raised never shows the key."""
    for pause in (*fetching.pauses, None):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the client's advice on its own use
                return ask()
        except DesignerError:
            raise
        except Exception as error:  # noqa: BLE001  the client lets requests', urllib3's and its own errors through
            text = " ".join(str(error).replace(key, "***").split())
            _refuse(text)
            if pause is None or not _may_pass(error, text):
                raise SourceUnavailable(f"the Materials Project did not answer: {text[:300]}") from None
            fetching.tell(f"Materials Project: {text[:120]}; again in {pause:g} s")
            fetching.sleep(pause)
    raise AssertionError("unreachable")


def _refuse(text: str) -> None:
    if re.search(r"status code 40[13]\b", text) or "Valid API keys are 32 characters" in text:
        remedy = f"set {KEY_VARIABLE} to a key of your own, from materialsproject.org/api"
        raise InvalidInput(Fault("the Materials Project refuses the key", remedy)) from None
    if re.search(r"status code 4(00|04|22)\b", text) or "does not support the request" in text:
        raise InvalidInput(
            Fault(f"the Materials Project refuses the query: {text[:300]}", "check its conditions")
        ) from None


def _may_pass(error: Exception, text: str) -> bool:
    import requests
    import urllib3

    # The client turns most errors of a connection into its own, which keeps their words only.
    passing = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
    return isinstance(error, passing) or _PASSING.search(text) is not None


# The cache


def _cache(fetching: Fetching) -> Path:
    if fetching.cache is not None:
        return fetching.cache
    base = os.environ.get(CACHE_VARIABLE) or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "designer" / "materials-project"


def _digest(conditions: Mapping[str, Any], fields: Sequence[str], version: Any, fetching: Fetching) -> str:
    query = json.dumps(
        [sorted(conditions.items()), list(fields), str(version), fetching.page, fetching.endpoint], default=str
    )
    return hashlib.sha256(query.encode()).hexdigest()[:20]


def _about(place: Path, version: str) -> dict[str, str]:
    """Return when a query was first asked, and of which database."""
    kept = place / "about.json"
    if not kept.is_file():
        _keep(kept, json.dumps({"database": version, "retrieved": datetime.now(UTC).date().isoformat()}))
    return dict(json.loads(kept.read_text(encoding="utf-8")))


def _keep(path: Path, text: str) -> None:
    """Write a file of the cache whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        what = f"the cache cannot be written: {error.strerror}"
        raise InvalidData(Fault(what, f"set {CACHE_VARIABLE} to a folder", file=str(path.parent))) from None
