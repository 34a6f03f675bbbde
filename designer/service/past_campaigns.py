"""Finished campaigns and published tasks as past work of a new campaign: found by likeness, published, previewed.

The registry is a folder of the lab (see `designer.tasks.registry`). A campaign of the service is offered as it is now;
it is published, and so frozen, before another one uses it. All users of a lab may read all of its campaigns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from designer.campaign.log.state import CampaignState
from designer.counting import agree, count
from designer.errors import Fault, InvalidData
from designer.service.lab import Lab
from designer.service.store.accounts import Caller
from designer.service.store.idempotency import WriteRequest
from designer.service.url_names import encode_name
from designer.service.work.past_results import TERMS, family_of, is_offered
from designer.tasks.registry.registry_folder import Entry, entries, publish_family
from designer.tasks.registry.task_matches import Match, matches

REGISTRY_FOLDER = "registry"
MAX_SHOWN = 50
_MAX_ENTRIES, _MAX_TEXT = 200, 200  # parameters, targets and members, and letters of a name, that are compared
_MEMBERS = ("elements", "components", "choices")


def search(lab: Lab, caller: Caller, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return past campaigns and published tasks, those first that are like a campaign in space and quantities.

    Parameters
    ----------
    content
        Of a campaign file, which need not be complete: its ``space`` and ``targets`` are used.
    """
    caller.require("read")
    published = _newest(_published(lab))
    live = [each for each in lab.cache.views(_live_entry).values() if each is not None]
    fresh = {(each.family, each.provenance) for each in live}
    known = {(_campaign_of(each), each.provenance) for each in published}
    stale = {name for name, _ in fresh - known}
    shown = [each for each in published if _campaign_of(each) not in stale]
    shown += [each for each in live if (each.family, each.provenance) not in known]
    found = matches(shown, *described(content))
    alike = sum(match.is_like for match in found)
    words = f"{count(alike, 'past campaign')} {agree(alike, 'looks', 'look')}" if alike else "No past campaign looks"
    return {"summary": f"{words} like this one", "found": [_shown(match) for match in found[:MAX_SHOWN]]}


def _published(lab: Lab) -> list[Entry]:
    folder = lab.paths.folder / REGISTRY_FOLDER
    return entries(folder) if folder.is_dir() else []


def _newest(known: Sequence[Entry]) -> list[Entry]:
    """Return the newest version of each family; `known` has it first."""
    first: dict[str, Entry] = {}
    for each in known:
        first.setdefault(each.slug, each)
    return list(first.values())


def _campaign_of(entry: Entry) -> str:
    """Return the campaign that an entry was published from; the family's name where it was none."""
    named = entry.provenance.removeprefix("campaign ").rpartition(", ")[0]
    return named if entry.provenance.startswith("campaign ") else entry.family


def _live_entry(state: CampaignState) -> Entry | None:
    """Return the entry of a campaign; None of one that is not offered."""
    if not is_offered(state):
        return None
    number = len(state.results)
    parameters, targets = described(state.spec)
    return Entry(
        family=state.name, slug="", digest="", published_at=max(each.at for each in state.results).isoformat(),
        license="", source=None, citation=None, provenance=_provenance(state.name, number),
        tasks={state.name: number}, parameters=tuple(parameters), targets=tuple(targets),
    )  # fmt: skip


def _provenance(name: str, results: int) -> str:
    return f"campaign {name}, {count(results, 'result')}"


def described(content: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return parameters and targets of a campaign's plain content for matching; entries with faults are left out.

    Examples
    --------
    >>> described({"space": [{"name": "T", "kind": "numeric", "unit": "K"}, 7], "targets": [{"name": "y"}]})
    ([{'name': 'T', 'kind': 'numeric', 'unit': 'K', 'members': []}], [{'name': 'y', 'unit': None, 'goal': None}])
    """
    parameters = [
        {"name": each["name"], "kind": each["kind"], "unit": _text(each.get("unit")), "members": _members(each)}
        for each in _named(content.get("space"))
        if _text(each.get("kind")) and each["kind"] != "fidelity"
    ]
    targets = [
        {"name": each["name"], "unit": _text(each.get("unit")), "goal": _text(each.get("goal"))}
        for each in _named(content.get("targets"))
    ]
    return parameters, targets


def _named(given: Any) -> list[Mapping[str, Any]]:
    listed = given[:_MAX_ENTRIES] if isinstance(given, list | tuple) else []
    return [each for each in listed if isinstance(each, Mapping) and _text(each.get("name"))]


def _text(given: Any) -> str | None:
    return given if isinstance(given, str) and 0 < len(given) <= _MAX_TEXT else None


def _members(parameter: Mapping[str, Any]) -> list[str]:
    found = next((parameter[key] for key in _MEMBERS if parameter.get(key)), ())
    listed = list(found)[:_MAX_ENTRIES] if isinstance(found, list | tuple | Mapping) else []
    return sorted(str(each)[:_MAX_TEXT] for each in listed)


def _shown(match: Match) -> dict[str, Any]:
    entry = match.entry
    return {
        "name": entry.family,
        "campaign": None if entry.slug else encode_name(entry.family),
        "folder": _folder(entry) if entry.slug else None,
        "results": sum(entry.tasks.values()),
        "tasks": len(entry.tasks),
        "license": entry.license,
        "provenance": entry.provenance,
        "at": entry.published_at,
        "like": match.is_like,
        "score": match.score,
        "words": match.words,
    }


def _folder(entry: Entry) -> str:
    """Return the folder of a published version, as ``prior: tasks`` names it."""
    return f"{REGISTRY_FOLDER}/{entry.slug}/{entry.digest}"


def listed(lab: Lab, caller: Caller) -> dict[str, Any]:
    """Return all versions in the registry, the newest of each family first."""
    caller.require("read")
    return {"entries": [_entry_data(each) for each in _published(lab)]}


def _entry_data(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name, "family": entry.family, "folder": _folder(entry), "tasks": dict(entry.tasks),
        "license": entry.license, "source": entry.source, "citation": entry.citation, "provenance": entry.provenance,
        "published_at": entry.published_at, "targets": list(entry.targets),
    }  # fmt: skip


def publish(lab: Lab, caller: Caller, name: str, *, terms: str = TERMS, source: str | None = None) -> dict[str, Any]:
    """Publish the results of a campaign in the registry; equal results are there once.

    Raises
    ------
    InvalidData
        If it has no results that another campaign can learn from.
    """
    caller.require("steer")
    with lab.cache.open(name) as (opened, _):
        family, number = family_of(opened), len(opened.state.results)
    provenance = _provenance(name, number)
    registry = lab.paths.folder / REGISTRY_FOLDER
    entry, is_new = publish_family(family, registry, provenance=provenance, terms=terms, source=source)
    if is_new:
        lab.requests.add(WriteRequest.of(caller, "publish", name, [entry.name], None))
    return {**_entry_data(entry), "new": is_new}


def preview(
    lab: Lab, caller: Caller, content: Mapping[str, Any], tasks: Sequence[str], campaigns: Sequence[str], n: int
) -> Future[dict[str, Any]]:
    """Start the comparison of a new campaign's next suggestions with and without past work; nothing is written.

    Parameters
    ----------
    tasks, campaigns
        Folders of published tasks, and names of campaigns.

    Raises
    ------
    InvalidInput
        With every fault of the campaign, or if no past work is named.
    Refused
        As ``busy``, if previews are waiting.
    """
    caller.require("steer")
    if not tasks and not campaigns:
        raise InvalidData(Fault("no past work is named", "name published tasks or campaigns", path=("tasks",)))
    lab.read_campaign(content)  # with every fault, and nothing outside the lab's folder
    for name in campaigns:
        lab.cache.require(name)
    return lab.preview(dict(content), list(tasks), list(campaigns), n)
