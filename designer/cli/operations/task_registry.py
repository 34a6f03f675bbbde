"""Commands on a registry of past tasks: publish a family or a finished campaign, search, preview, pull."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer.cli.options import SUFFIXES, JsonFlag, StoreOption
from designer.cli.output import Report, Table, emit
from designer.cli.tasks import app
from designer.counting import count
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from designer.tasks.family import Family
    from designer.tasks.registry.registry_folder import Entry

Registry = Annotated[
    Path | None,
    typer.Option("--registry", metavar="FOLDER", envvar="DESIGNER_REGISTRY", help="The folder that the lab shares."),
]
CampaignFile = Annotated[Path, typer.Argument(metavar="CAMPAIGN.yaml", help="The campaign.")]
Name = Annotated[str, typer.Argument(metavar="NAME[@DIGEST]", help="The family, and one version of it.")]


def add_to(_: typer.Typer) -> None:
    """Add the commands of this file to `designer tasks`."""
    for command in (publish, search, preview, pull):
        app.command()(command)


def publish(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A folder of tasks, or the file of a finished campaign.")
    ],
    registry: Registry = None,
    license_: Annotated[
        str | None, typer.Option("--license", metavar="TEXT", help="The terms of use, where the folder states none.")
    ] = None,
    origin: Annotated[
        str | None, typer.Option("--source", metavar="TEXT", help="Where it comes from, where the folder states none.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Publish past tasks in the registry of a lab, under the digest of their content.

    A version is never changed: new content becomes a new version, and equal content is there once.
    """
    from designer.tasks.registry.registry_folder import publish_family

    family, provenance = _family(source)
    entry, is_new = publish_family(family, _place(registry), provenance=provenance, terms=license_, source=origin)
    report = Report({**_shown(entry), "new": is_new})
    tasks = count(len(entry.tasks), "task")
    report.say(f"Published {entry.name}: {tasks}." if is_new else f"{entry.name} was published before.")
    emit(report, as_json)


def search(
    campaign: Annotated[
        Path | None, typer.Argument(metavar="[CAMPAIGN.yaml]", help="Rank families by how they are like this campaign.")
    ] = None,
    registry: Registry = None,
    as_json: JsonFlag = False,
) -> None:
    """List the past tasks of a registry; with a campaign, those first that are like it in space and quantities."""
    from designer.tasks.registry.registry_folder import entries, parameters_of, targets_of
    from designer.tasks.registry.task_matches import matches, summary

    known = entries(_place(registry))
    if campaign is None:
        report = Report({"entries": [_shown(entry) for entry in known]})
        report.show(Table(["name", "tasks", "rows", "licence", "published"], [_row(entry) for entry in known]))
        report.say(f"{count(len(known), 'version')} in {_place(registry)}")
    else:
        from designer.campaign.file.spec import CampaignSpec

        spec = CampaignSpec.from_file(campaign)
        found = matches(known, parameters_of(spec.space), targets_of(spec.targets))
        report = Report({"entries": [
            {**_shown(each.entry), "score": each.score, "space": each.space, "quantities": list(each.quantities),
             "like": each.is_like} for each in found]})  # fmt: skip
        rows = [[*_row(each.entry)[:3], f"{each.score:.2f}", each.words] for each in found]
        report.show(Table(["name", "tasks", "rows", "score", "why"], rows))
        report.say(f"{summary(found)}; 'designer tasks preview {campaign} NAME' shows what one would change.")
    emit(report, as_json)


def preview(
    campaign: CampaignFile,
    name: Name,
    n: Annotated[int | None, typer.Option("-n", min=1, max=20, help="How many suggestions.")] = None,
    registry: Registry = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the next suggestions of a campaign without and with past tasks. Nothing is recorded."""
    from designer.campaign.task_preview import preview_tasks
    from designer.tasks.registry.registry_folder import pull as pull_family

    with tempfile.TemporaryDirectory(prefix="designer-preview-") as place:
        entry = pull_family(_place(registry), name, Path(place) / "tasks")
        found = preview_tasks(campaign, [Path(place) / "tasks"], n=n, store=store)
    tables = {"without": found.without, "with": found.with_tasks}
    report = Report({
        "name": entry.name, "changed": found.changed,
        **{key: frame.reset_index(drop=True).to_dict("records") for key, frame in tables.items()},
    })  # fmt: skip
    for key, frame in tables.items():
        report.say(f"{key} {entry.name}:")
        report.show(Table(list(frame.columns), [[str(cell) for cell in row] for row in frame.itertuples(index=False)]))
    report.say(f"{found.words[:1].upper()}{found.words[1:]}.")
    emit(report, as_json)


def pull(
    name: Name,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder; default: the family's name.")
    ] = None,
    registry: Registry = None,
    as_json: JsonFlag = False,
) -> None:
    """Copy past tasks from a registry into a new folder, after comparing them with their digest."""
    from designer.tasks.registry.registry_folder import find_entry
    from designer.tasks.registry.registry_folder import pull as pull_family

    folder = output or Path(find_entry(_place(registry), name).slug)
    entry = pull_family(_place(registry), name, folder)
    report = Report({**_shown(entry), "folder": str(folder)})
    report.say(f"Wrote {folder}: {count(len(entry.tasks), 'task')} of {entry.name}, licence {entry.license}.")
    report.say(f"Use it in a campaign: prior: {{tasks: [{folder}]}}")
    emit(report, as_json)


def _place(registry: Path | None) -> Path:
    if registry is None:
        remedy = "give --registry FOLDER, or set DESIGNER_REGISTRY"
        raise InvalidInput(Fault("no registry is named", remedy))
    return registry


def _family(source: Path) -> tuple[Family, str]:
    """Return the tasks of a folder or of a finished campaign, and what they are published from, in words."""
    from designer.tasks import load_family

    if source.suffix not in SUFFIXES or source.name == "family.yaml":
        return load_family(source), f"folder {source.resolve().name}"
    from designer.campaign.as_task import task_of_campaign
    from designer.tasks.family import Family

    task = task_of_campaign(source)
    return Family(name=task.name, tasks=(task,)), f"campaign {task.name}, {count(len(task.data), 'result')}"


def _row(entry: Entry) -> list[str]:
    rows = str(sum(entry.tasks.values()))
    return [entry.name, str(len(entry.tasks)), rows, entry.license, entry.published_at[:16]]


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name, "family": entry.family, "digest": entry.digest, "tasks": dict(entry.tasks),
        "license": entry.license, "source": entry.source, "citation": entry.citation, "provenance": entry.provenance,
        "published_at": entry.published_at, "targets": list(entry.targets),
    }  # fmt: skip
