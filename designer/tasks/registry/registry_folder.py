"""Families of tasks in a shared folder: published once, never changed, and copied out after their digests are checked.

A registry is a folder with one folder a family, named after it, and in that one folder a version, named by the digest
of its content: ``registry/nickel-films/3f2a…/`` holds ``family.yaml``, one CSV file a task, and ``entry.json``, the
summary that a search reads. A version is written whole or not at all, and equal content is published once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from designer.errors import Fault, InvalidData, InvalidInput, did_you_mean
from designer.tasks.family import CARD, Family, load_family
from designer.tasks.family_folder import save_family
from designer.whole_files import is_full, part_folder, publish

ENTRY = "entry.json"
DIGEST_LENGTH = 20
MAX_ENTRY_BYTES = 1_000_000
MAX_FILE_BYTES = 200_000_000
MAX_VERSIONS = 10_000
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_DIGEST = re.compile(r"[0-9a-f]{20}")


@dataclass(frozen=True)
class Entry:
    """The summary of one version of a family.

    Parameters
    ----------
    family, slug, digest
        The family's name, the name of its folder in the registry, and the digest of this version.
    published_at
        When it was published, in ISO format.
    license, source, citation, provenance
        As the family states them; `provenance` says what it was published from.
    tasks
        The names of its tasks, each with the number of its rows.
    parameters, targets
        For matching: each parameter as ``{name, kind, unit, members}``, each target as ``{name, unit, goal}``.
    """

    family: str
    slug: str
    digest: str
    published_at: str
    license: str
    source: str | None
    citation: str | None
    provenance: str
    tasks: Mapping[str, int]
    parameters: tuple[Mapping[str, Any], ...]
    targets: tuple[Mapping[str, Any], ...]

    @property
    def name(self) -> str:
        """The name by which it is pulled."""
        return f"{self.slug}@{self.digest}"


def publish_family(
    family: Family,
    registry: Path,
    *,
    provenance: str,
    terms: str | None = None,
    source: str | None = None,
    at: datetime | None = None,
) -> tuple[Entry, bool]:
    """Publish a family, and return its entry and whether it is new: equal content is there once.

    Parameters
    ----------
    provenance
        What it is published from, in words.
    terms, source
        The licence and the source, where the family states none.

    Raises
    ------
    InvalidInput
        If no licence is stated, the family's name makes no folder's name, or the registry cannot be written.
    """
    family = replace(family, license=family.license or terms, source=family.source or source)
    if not family.license:
        what = f"family {family.name!r} states no licence"
        raise InvalidInput(Fault(what, "give --license, for example 'CC-BY-4.0' or 'internal use only'"))
    slug = slug_of(family.name)
    place = registry / slug
    try:
        place.mkdir(parents=True, exist_ok=True)
        with part_folder(place / "new") as hidden:
            save_family(family, hidden / "family")
            digest = digest_of(hidden / "family")
            found = next((each for each in entries(registry) if (each.slug, each.digest) == (slug, digest)), None)
            if found is not None:
                return found, False
            when = (at or datetime.now(UTC)).isoformat(timespec="seconds")
            entry = _entry(family, slug, digest, when, provenance)
            (hidden / "family" / ENTRY).write_text(_as_json(entry), encoding="utf-8")
            try:
                publish(hidden / "family", place / digest)
            except OSError:
                if (place / digest / ENTRY).is_file():  # another program published the same at the same time
                    return _read_entry(place / digest), False
                raise
    except OSError as error:
        if is_full(error):
            raise
        what = f"the registry cannot be written: {error.strerror}"
        raise InvalidInput(Fault(what, "give a folder that you can write to", file=str(registry))) from None
    return entry, True


def slug_of(name: str) -> str:
    """Return the name of a family's folder.

    Raises
    ------
    InvalidInput
        If the name has no letter or digit.

    Examples
    --------
    >>> slug_of("Nickel films (2026)"), slug_of("../x")
    ('nickel-films-2026', 'x')
    """
    slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:60].strip("-")
    if not slug:
        raise InvalidInput(Fault(f"family {name!r} cannot be published", "give it a name with letters or digits"))
    return slug


def digest_of(folder: Path) -> str:
    """Return the digest of a version: of its card and tables, by name and content, without its entry.

    Raises
    ------
    InvalidData
        If a file is too large, or is no file of a version.
    """
    digest = hashlib.sha256()
    for path in _files(folder):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:DIGEST_LENGTH]


def _files(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.is_symlink() or not path.is_file() or path.suffix not in (".yaml", ".csv", ".json"):
            raise InvalidData(Fault(f"{path.name!r} is no part of a family", "publish it again", file=str(folder)))
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InvalidData(Fault(f"{path.name!r} is larger than 200 MB", "publish less", file=str(folder)))
        if path.name != ENTRY:
            found.append(path)
    return found


def entries(registry: Path) -> list[Entry]:
    """Return the entries of a registry, by family, the newest version of each first.

    Raises
    ------
    InvalidInput
        If there is no such folder, or an entry cannot be read.
    """
    if not registry.is_dir():
        raise InvalidInput(Fault("there is no such registry", "publish to it first", file=str(registry)))
    found = [_read_entry(folder) for folder in _versions(registry)]
    found.sort(key=lambda entry: entry.published_at, reverse=True)
    return sorted(found, key=lambda entry: entry.slug)


def _versions(registry: Path) -> Iterator[Path]:
    number = 0
    for family in sorted(registry.iterdir()):
        if not _NAME.fullmatch(family.name) or not family.is_dir() or family.is_symlink():
            continue
        for folder in sorted(family.iterdir()):
            if _DIGEST.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                number += 1
                if number > MAX_VERSIONS:
                    what = f"the registry holds more than {MAX_VERSIONS:,} versions"
                    raise InvalidInput(Fault(what, "begin another", file=str(registry)))
                yield folder


def find_entry(registry: Path, name: str) -> Entry:
    """Return the entry of a family (its newest version), or of ``family@digest``, which may be shortened.

    Raises
    ------
    InvalidInput
        If there is none, or a shortened digest fits several.
    """
    family, _, digest = name.partition("@")
    known = entries(registry)
    found = [each for each in known if family in (each.slug, each.family) and each.digest.startswith(digest)]
    if not found:
        remedy = did_you_mean(family, sorted({each.slug for each in known}))
        raise InvalidInput(Fault(f"the registry has no {name!r}", remedy, file=str(registry)))
    if digest and len(found) > 1:
        raise InvalidInput(Fault(f"{name!r} fits several versions", "give more of the digest", file=str(registry)))
    return found[0]


def pull(registry: Path, name: str, folder: Path) -> Entry:
    """Copy a version into a new folder, after comparing its content with its digest, and return its entry.

    Raises
    ------
    InvalidInput
        If there is no such version, its content was changed, or the folder exists.
    """
    entry = find_entry(registry, name)
    place = registry / entry.slug / entry.digest
    if folder.exists():
        raise InvalidInput(Fault("the folder exists already", "give another place, or move it away", file=str(folder)))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with part_folder(folder) as hidden:
            for path in _files(place):
                (hidden / path.name).write_bytes(path.read_bytes())
            if digest_of(hidden) != entry.digest:
                what = f"the content of {entry.name} differs from its digest: it was changed or damaged"
                raise InvalidInput(Fault(what, "publish it again, or pull another version", file=str(place)))
            load_family(hidden)
            (hidden / ENTRY).write_text(_as_json(entry), encoding="utf-8")
            publish(hidden, folder)
    except OSError as error:
        if is_full(error):
            raise
        what = f"cannot be written: {error.strerror}"
        raise InvalidInput(Fault(what, "give another place", file=str(folder))) from None
    return entry


def parameters_of(space: Any) -> tuple[dict[str, Any], ...]:
    """Return the parameters of a space as an entry states them."""
    return tuple(
        {
            "name": each.name,
            "kind": each.kind,
            "unit": getattr(each, "unit", None),
            "members": sorted(str(member) for member in _members(each)),
        }
        for each in space.parameters
    )


def _members(parameter: Any) -> tuple[Any, ...]:
    for key in ("elements", "components", "choices"):
        members = getattr(parameter, key, None)
        if members:
            return tuple(members)
    return ()


def targets_of(targets: Any) -> tuple[dict[str, Any], ...]:
    """Return targets as an entry states them."""
    return tuple({"name": each.name, "unit": each.unit, "goal": each.goal} for each in targets)


def _entry(family: Family, slug: str, digest: str, at: str, provenance: str) -> Entry:
    parameters = {json.dumps(each): each for task in family.tasks for each in parameters_of(task.space)}
    targets = {json.dumps(each): each for task in family.tasks for each in targets_of(task.targets)}
    return Entry(
        family=family.name, slug=slug, digest=digest, published_at=at, license=str(family.license),
        source=family.source, citation=family.citation, provenance=provenance,
        tasks={task.name: len(task.data) for task in family.tasks},
        parameters=tuple(parameters.values()), targets=tuple(targets.values()),
    )  # fmt: skip


def _as_json(entry: Entry) -> str:
    data = {**entry.__dict__, "parameters": list(entry.parameters), "targets": list(entry.targets)}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _read_entry(folder: Path) -> Entry:
    path = folder / ENTRY
    try:
        if path.is_symlink() or path.stat().st_size > MAX_ENTRY_BYTES:
            raise ValueError
        data = json.loads(path.read_text(encoding="utf-8"))
        texts = ("family", "slug", "digest", "published_at", "license", "provenance")
        if not all(isinstance(data[key], str) for key in texts) or not (folder / CARD).is_file():
            raise ValueError
        if (data["slug"], data["digest"]) != (folder.parent.name, folder.name):
            raise ValueError
        tasks = {str(name): int(rows) for name, rows in data["tasks"].items()}
        return Entry(
            **{key: data[key] for key in texts}, source=data["source"], citation=data["citation"], tasks=tasks,
            parameters=tuple(dict(each) for each in data["parameters"]),
            targets=tuple(dict(each) for each in data["targets"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        what = "the entry of this version cannot be read"
        raise InvalidInput(Fault(what, "publish the family again, and remove this folder", file=str(path))) from None
