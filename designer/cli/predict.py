"""`designer predict`: what to expect of designs that you name, by a campaign's model or by past tasks alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer.cli.options import CampaignOption, IgnoreOption, JsonFlag, StoreOption, open_campaign, split_campaign
from designer.cli.output import Report, Table, emit, number, warn, with_error
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    import pandas as pd

    from designer.priors.stacking.given_outliers import GivenOutlier
    from designer.priors.stacking.property_prior import FittedProperties
    from designer.priors.stacking.quantity_model import Prediction
    from designer.properties.contributions import Shares, Why
    from designer.properties.predictor import PropertyPredictor
    from designer.surrogates.data import Quantity

PANEL = "Look"
SHOWN = 20
EXPLAINED = 8
PARTS = 6
DOUBTED = 5

PriorOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--prior", metavar="FOLDER", help="No campaign: a prior of kind properties, or past tasks; may be repeated."
    ),
]
MeasuredOption = Annotated[
    Path | None, typer.Option("--measured", "-m", metavar="TABLE", help="With --prior: what is measured so far.")
]
TargetOption = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="NAME", help="With --prior: the quantity; may be repeated; default: all."),
]
LevelOption = Annotated[float | None, typer.Option("--level", help="With --prior: of the interval; default: 0.9.")]
WhyFlag = Annotated[
    bool, typer.Option("--why", help="With --prior: which past tasks and which properties of elements carry it.")
]
OutOption = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="With --prior: write all of it there.")]
LeaveOutOption = Annotated[
    list[str] | None,
    typer.Option("--leave-out", metavar="TASK", help="With --prior: past tasks (or a pattern) that are not read."),
]


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(rich_help_panel=PANEL)(predict)


def predict(
    words: Annotated[
        list[str], typer.Argument(metavar="[CAMPAIGN.yaml] (TABLE.csv | COLUMN=VALUE...)", help="Which designs.")
    ],
    ignore: IgnoreOption = None,
    prior: PriorOption = None,
    measured: MeasuredOption = None,
    target: TargetOption = None,
    level: LevelOption = None,
    why: WhyFlag = False,
    out: OutOption = None,
    leave_out: LeaveOutOption = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what to expect of designs that you name. Columns of targets are passed over; the campaign stays as it is.

    By the model of a campaign: designer predict candidates.csv; designer predict temperature=455 atmosphere=N2.
    By past tasks and a few measurements, without a campaign: designer predict --prior past/ --measured mine.csv
    candidates.csv; designer predict --prior past/ --target hardness formula=TiB2 --why.
    """
    if prior:
        if option is not None or store is not None:
            raise InvalidInput(Fault("--prior and a campaign cannot be joined", "leave one of them out"))
        _by_past_tasks(words, prior, measured, target, level, why, out, leave_out or [], ignore or [], as_json)
        return
    given = {"--measured": measured, "--target": target, "--level": level, "--csv": out, "--leave-out": leave_out}
    alone = [name for name, value in {**given, "--why": why or None}.items() if value is not None]
    if alone:
        remedy = "a suggestion of a campaign is explained by: designer explain S0001"
        raise InvalidInput([Fault(f"{name} goes with --prior", remedy if name == "--why" else "") for name in alone])
    _by_campaign(words, ignore or [], option, store, as_json)


def _by_campaign(
    words: Sequence[str], ignore: Sequence[str], option: Path | None, store: str | None, as_json: bool
) -> None:
    from designer.campaign.results.frames import prediction_data
    from designer.cli.design_cells import with_unit, without_rows

    path, rest = split_campaign(words, option)
    opened = open_campaign(path, store)
    targets = opened.objective.targets
    labels, designs = _designs(rest, [name for each in targets for name in (each.name, each.column)], ignore)
    with without_rows() if isinstance(designs, list) else nullcontext():
        frame = opened.predict(designs)
    predicted = prediction_data(frame, targets)
    rows: list[dict[str, Any]] = [
        {"design": label, "predicted": each} for label, each in zip(labels, predicted, strict=True)
    ]
    said = Report({"campaign": opened.name, "predictions": rows})
    headers = ["", *(with_unit(each.name, each.unit) for each in targets)]
    cells = [
        [str(row["design"]), *(with_error(each["mean"], each["sd"]) for each in row["predicted"].values())]
        for row in rows
    ]
    said.show(Table(headers, cells))
    said.say("Expected value ± one standard deviation, without the noise of measuring.")
    emit(said, as_json)


def _by_past_tasks(
    words: Sequence[str],
    places: Sequence[Path],
    measured: Path | None,
    target: Sequence[str] | None,
    level: float | None,
    why: bool,
    out: Path | None,
    leave_out: Sequence[str],
    ignore: Sequence[str],
    as_json: bool,
) -> None:
    from designer.cli.design_cells import refuse_existing, without_columns, without_rows
    from designer.priors.stacking.quantity_model import LEVEL
    from designer.properties.predictor import PropertyPredictor
    from designer.space.table_files import read_frame

    if out is not None:
        refuse_existing(out)
    level = LEVEL if level is None else level
    table = None if measured is None else read_frame(measured)
    skipped = [name for name in ignore if table is not None and name in table.columns]
    if table is not None and measured is not None:
        table = without_columns(table, skipped, str(measured))
    knowing = _prior(places, leave_out)
    predictor = PropertyPredictor(knowing, table, target or None, file=None if measured is None else str(measured))
    named = [name for each in predictor.quantities for name in (each.name, each.column)]
    labels, designs = _designs(words, named, [name for name in ignore if name not in skipped])
    file = words[0] if not isinstance(designs, list) else None
    with without_rows() if file is None else nullcontext():
        found = predictor.predict(designs, level=level, file=file)
        reasons = _reasons(predictor, designs) if why else ()
    said = _report(predictor, labels, found, places)
    if reasons:
        _add_reasons(said, labels, reasons)
    if out is not None:
        _write(out, designs, found)
        said.say(f"Wrote {out}")
        said.data["file"] = str(out)
    emit(said, as_json)


def _prior(places: Sequence[Path], leave_out: Sequence[str]) -> FittedProperties:
    from designer.campaign.suggesting.past_tasks import past_tasks, saved_alone
    from designer.priors.stacking.property_prior import PropertyPrior, load_properties

    saved = saved_alone(places, leave_out, "--leave-out")
    if saved is not None:
        return load_properties(saved)
    tasks = past_tasks(places, leave_out)
    rows = sum(len(task) for task in tasks)
    warn(f"learning from {len(tasks)} past tasks, {rows} rows; keep it by: designer prior fit --kind properties")
    return PropertyPrior().fit(tasks, seed=0)


def _designs(
    rest: Sequence[str], passed_over: Sequence[str | None], ignore: Sequence[str]
) -> tuple[list[str], pd.DataFrame | list[dict[str, str]]]:
    """Return designs from a table or from words, without columns of targets."""
    from designer.cli.design_cells import SHEETS, read_words, without_columns
    from designer.units import split_header

    if len(rest) == 1 and rest[0].lower().endswith(SHEETS):
        from designer.space.table_files import read_frame

        frame = without_columns(read_frame(Path(rest[0])), ignore, rest[0])
        measured = set(passed_over)
        frame = frame[[header for header in frame.columns if not measured & {header, split_header(header)[0]}]]
        return [f"row {row}" for row in frame.index], frame
    if not rest:
        raise InvalidInput(Fault("no design is given", "give a table, or COLUMN=VALUE for every column"))
    return ["the design"], [read_words(rest)]


def _report(
    predictor: PropertyPredictor, labels: Sequence[str], found: Sequence[Prediction], places: Sequence[Path]
) -> Report:
    from designer.cli.design_cells import with_unit

    rows = [
        {
            "design": label,
            "predicted": {p.quantity.name: {"value": p.value[i], "low": p.lower[i], "high": p.upper[i]} for p in found},
        }
        for i, label in enumerate(labels)
    ]
    doubts = [predictor.doubts(model) for model in predictor.models]
    models = {
        model.quantity.name: {
            "unit": model.quantity.unit, "measured": model.measured, "same_quantity": list(model.anchors),
            "models": dict(model.shares), "doubted": [
                {"design": design, "value": each.value, "low": each.low, "high": each.high}
                for design, each in doubted
            ],
        }
        for model, doubted in zip(predictor.models, doubts, strict=True)
    }  # fmt: skip
    level = found[0].level
    said = Report({
        "prior": [str(place) for place in places], "level": level, "quantities": models, "predictions": rows,
    })  # fmt: skip
    headers = [""]
    for each in found:
        headers += [with_unit(each.quantity.name, each.quantity.unit), f"{level:.0%} of measurements"]
    cells = []
    for i, label in enumerate(labels[:SHOWN]):
        line = [label]
        for each in found:
            line += [number(each.value[i], 3), f"{number(each.lower[i], 3)} to {number(each.upper[i], 3)}"]
        cells.append(line)
    said.show(Table(headers, cells))
    if len(labels) > SHOWN:
        said.say(f"... and {len(labels) - SHOWN} more; all of them with --csv FILE or --json.")
    used = len(predictor.prior.used)
    for model, doubted in zip(predictor.models, doubts, strict=True):
        also = f"; of these measured it too: {', '.join(model.anchors)}" if model.anchors else ""
        said.say(f"{model.quantity.name}: from {model.measured} measurements and {used} past quantities{also}.")
        for design, value in sorted(doubted, key=lambda pair: -pair[1].beyond)[:DOUBTED]:
            said.say(_doubt(design, model.quantity, value))
        if len(doubted) > DOUBTED:
            said.say(f"... and {len(doubted) - DOUBTED} more that are doubtful, less so; all of them with --json.")
    return said


def _doubt(design: Mapping[str, Any], quantity: Quantity, each: GivenOutlier) -> str:
    what = " ".join(f"{column}={value}" for column, value in design.items())
    unit = f" {quantity.unit}" if quantity.unit else ""
    return (
        f"doubtful: {what} with {quantity.name} {number(each.value, 3)}{unit}, where {number(each.low, 3)} to "
        f"{number(each.high, 3)}{unit} could be believed; it is left out until a second measurement, or enough designs "
        "like it, agree"
    )


def _reasons(predictor: PropertyPredictor, designs: pd.DataFrame | list[dict[str, str]]) -> tuple[tuple[Why, ...], ...]:
    from designer.properties.contributions import why

    features = predictor.features(designs[:EXPLAINED])
    return tuple(why(predictor.prior, model, features) for model in predictor.models)


def _add_reasons(said: Report, labels: Sequence[str], reasons: Sequence[Sequence[Why]]) -> None:
    from designer.cli.design_cells import with_unit
    from designer.properties.contributions import shares_of

    said.data["why"] = {
        found[0].quantity.name: [
            {
                "design": label, "value": each.value, "base": each.base,
                "tasks": dict(each.tasks), "properties": dict(each.properties),
            }
            for label, each in zip(labels, found, strict=False)
        ]
        for found in reasons
    }  # fmt: skip
    for found in reasons:
        unit = with_unit("adds", found[0].quantity.unit)
        first = found[0]
        for title, what in (("past task", "tasks"), ("property of the elements", "properties")):
            if len(found) == 1:
                rows = [[name, _signed(value)] for name, value in getattr(first, what)[:PARTS]]
                said.show(Table([title, unit], rows, first.quantity.name))
            else:
                shares: Shares = shares_of(found, what)
                rows = [[name, f"{share:.0%}"] for name, share in shares[:PARTS]]
                said.show(Table([title, "share"], rows, f"{first.quantity.name}, {len(found)} designs"))
        if len(found) == 1:
            said.say(f"What each adds to {number(first.base, 3)}, the mean over other designs (Shapley values).")
        else:
            said.say("Shares of the squared contributions (Shapley values against other designs).")


def _signed(value: float) -> str:
    return f"{value:+.3g}"


def _write(out: Path, designs: pd.DataFrame | list[dict[str, str]], found: Sequence[Prediction]) -> None:
    """Write the designs as they were given, and three columns a quantity, with units in the headers."""
    import pandas as pd

    from designer.cli.design_cells import with_unit

    frame = pd.DataFrame(designs).reset_index(drop=True)
    for each in found:
        name, unit = each.quantity.name, each.quantity.unit
        for ending, values in (("", each.value), ("_low", each.lower), ("_high", each.upper)):
            frame[with_unit(name + ending, unit)] = values
    with out.open("x", encoding="utf-8", newline="") as file:
        frame.to_csv(file, index=False, float_format="%.6g", lineterminator="\n")
