"""`designer predict`: predictions for given designs, by a campaign's model or by past tasks without a campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer.cli.options import CampaignOption, IgnoreOption, JsonFlag, StoreOption, open_campaign, split_campaign
from designer.cli.output import Report, Table, emit, number, warn, with_error
from designer.counting import count
from designer.errors import Fault, InvalidInput
from designer.whole_files import write_new

if TYPE_CHECKING:
    import pandas as pd

    from designer.objective import Target
    from designer.priors.stacking.property_posterior import Prediction, PropertyOutlier
    from designer.priors.stacking.property_prior import FittedProperties
    from designer.properties.contributions import Shares, Why
    from designer.properties.predictor import PropertyPredictor
    from designer.surrogates.data import Quantity

PANEL = "Inspect"
SHOWN = 20
EXPLAINED = 8
PARTS = 6
FLAGGED = 5

PriorOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--prior",
        metavar="FOLDER",
        help="Without a campaign: a prior of kind properties, or past tasks; may be repeated.",
    ),
]
MeasuredOption = Annotated[
    Path | None, typer.Option("--measured", "-m", metavar="TABLE", help="With --prior: a table of measurements.")
]
TargetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--target", metavar="NAME", help="With --prior: a quantity to predict; may be repeated; default: all."
    ),
]
LevelOption = Annotated[
    float | None, typer.Option("--level", help="With --prior: the level of the interval; default: 0.9.")
]
WhyFlag = Annotated[
    bool, typer.Option("--why", help="With --prior: contributions of past tasks and of element properties.")
]
OutOption = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="With --prior: write all predictions to this file.")
]
LeaveOutOption = Annotated[
    list[str] | None,
    typer.Option("--leave-out", metavar="TASK", help="With --prior: a past task (or a pattern with *) to leave out."),
]


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(rich_help_panel=PANEL)(predict)


def predict(
    words: Annotated[
        list[str], typer.Argument(metavar="[CAMPAIGN.yaml] (TABLE.csv | COLUMN=VALUE...)", help="The designs.")
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
    """Predict the targets of given designs. Columns of targets are ignored; the campaign is not changed.

    By the model of a campaign: designer predict candidates.csv; designer predict temperature=455 atmosphere=N2.
    By past tasks and a few measurements, without a campaign: designer predict --prior past/ --measured mine.csv
    candidates.csv; designer predict --prior past/ --target hardness formula=TiB2 --why.
    """
    if prior:
        if option is not None or store is not None:
            raise InvalidInput(Fault("--prior and a campaign cannot be used together", "give one of them"))
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
    from designer.cli.design_cells import without_rows
    from designer.units import with_unit

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
    answer = Report({"campaign": opened.name, "predictions": rows})
    headers = ["", *(with_unit(each.name, each.unit) for each in targets)]
    cells = [
        [str(row["design"]), *(_prediction(row["predicted"][target.name], target) for target in targets)]
        for row in rows
    ]
    answer.show(Table(headers, cells))
    if not all(target.is_log for target in targets):
        answer.say("Mean ± one standard deviation, without measurement noise.")
    for target in targets:
        if target.goal == "boundary":
            unit = f" {target.unit}" if target.unit else ""
            answer.say(f"In brackets: the probability that {target.name} lies above {target.value:g}{unit}.")
    if any(target.is_log for target in targets):
        answer.say("Targets with scale: log: median and 95 % interval, without measurement noise.")
    emit(answer, as_json)


def _prediction(each: dict[str, float], target: Target) -> str:
    from designer.campaign.wording import percent

    if target.is_log:
        text = f"{number(each['mean'], 3)} ({number(each['low'], 2)} to {number(each['high'], 2)})"
    else:
        text = with_error(each["mean"], each["sd"])
    return f"{text} [{percent(each['above'])}]" if "above" in each else text


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
    from designer.cli.design_cells import read_sheet, refuse_existing, without_columns, without_rows
    from designer.priors.stacking.property_posterior import LEVEL
    from designer.properties.predictor import PropertyPredictor

    if out is not None:
        refuse_existing(out)
    level = LEVEL if level is None else level
    table = None if measured is None else read_sheet(measured)
    skipped = [name for name in ignore if table is not None and name in table.columns]
    if table is not None and measured is not None:
        table = without_columns(table, skipped, str(measured))
    fitted = _prior(places, leave_out)
    predictor = PropertyPredictor(fitted, table, target or None, file=None if measured is None else str(measured))
    named = [name for each in predictor.quantities for name in (each.name, each.column)]
    labels, designs = _designs(words, named, [name for name in ignore if name not in skipped])
    file = words[0] if not isinstance(designs, list) else None
    with without_rows() if file is None else nullcontext():
        found = predictor.predict(designs, level=level, file=file)
        reasons = _reasons(predictor, designs) if why else ()
    answer = _report(predictor, labels, found, places)
    if reasons:
        _add_reasons(answer, labels, reasons)
    if out is not None:
        _write(out, designs, found)
        answer.say(f"Wrote {out}")
        answer.data["file"] = str(out)
    emit(answer, as_json)


def _prior(places: Sequence[Path], leave_out: Sequence[str]) -> FittedProperties:
    from designer.campaign.past_work import past_tasks
    from designer.campaign.suggesting.past_tasks import saved_alone
    from designer.priors.kinds import load_properties
    from designer.priors.stacking.property_prior import PropertyPrior

    saved = saved_alone(places, leave_out, "--leave-out")
    if saved is not None:
        return load_properties(saved)
    tasks = past_tasks(places, leave_out)
    rows = sum(len(task) for task in tasks)
    what = f"{count(len(tasks), 'past task')}, {count(rows, 'row')}"
    warn(f"fitting {what}; save the result with: designer prior fit --kind properties")
    return PropertyPrior().fit(tasks, seed=0)


def _designs(
    rest: Sequence[str], measured_columns: Sequence[str | None], ignore: Sequence[str]
) -> tuple[list[str], pd.DataFrame | list[dict[str, str]]]:
    """Return designs from a table or from words, without columns of targets."""
    from designer.cli.design_cells import SHEETS, read_sheet, read_words, without_columns
    from designer.units import split_header

    if len(rest) == 1 and rest[0].lower().endswith(SHEETS):
        frame = without_columns(read_sheet(Path(rest[0])), ignore, rest[0])
        measured = set(measured_columns)
        frame = frame[[header for header in frame.columns if not measured & {header, split_header(header)[0]}]]
        return [f"row {row}" for row in frame.index], frame
    if not rest:
        raise InvalidInput(Fault("no design is given", "give a table, or COLUMN=VALUE for every column"))
    return ["the design"], [read_words(rest)]


def _report(
    predictor: PropertyPredictor, labels: Sequence[str], found: Sequence[Prediction], places: Sequence[Path]
) -> Report:
    from designer.units import with_unit

    rows = [
        {
            "design": label,
            "predicted": {p.quantity.name: {"value": p.value[i], "low": p.lower[i], "high": p.upper[i]} for p in found},
        }
        for i, label in enumerate(labels)
    ]
    flagged = [predictor.outliers(model) for model in predictor.models]
    models = {
        model.quantity.name: {
            "unit": model.quantity.unit, "measured": model.measured, "same_quantity": list(model.anchors),
            "models": dict(model.shares), "doubted": [
                {"design": design, "value": each.value, "low": each.low, "high": each.high}
                for design, each in outliers
            ],
        }
        for model, outliers in zip(predictor.models, flagged, strict=True)
    }  # fmt: skip
    level = found[0].level
    answer = Report({
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
    answer.show(Table(headers, cells))
    if len(labels) > SHOWN:
        answer.say(f"... and {len(labels) - SHOWN} more; --csv FILE or --json has all.")
    used = len(predictor.prior.used)
    for model, outliers in zip(predictor.models, flagged, strict=True):
        made = count(model.measured, "measurement")
        past = count(used, "past quantity", "past quantities")
        same = f" (the same quantity: {', '.join(model.anchors)})" if model.anchors else ""
        answer.say(f"{model.quantity.name}: from {made} and {past}{same}.")
        for design, value in sorted(outliers, key=lambda pair: -pair[1].beyond)[:FLAGGED]:
            answer.say(_outlier(design, model.quantity, value))
        if len(outliers) > FLAGGED:
            answer.say(f"... and {len(outliers) - FLAGGED} more flagged as outliers; --json has all.")
    return answer


def _outlier(design: Mapping[str, Any], quantity: Quantity, each: PropertyOutlier) -> str:
    what = " ".join(f"{column}={value}" for column, value in design.items())
    unit = f" {quantity.unit}" if quantity.unit else ""
    return (
        f"Flagged as outlier: {what} with {quantity.name} {number(each.value, 3)}{unit}; {number(each.low, 3)} to "
        f"{number(each.high, 3)}{unit} is plausible. It is left out until a second measurement, or similar designs, "
        "confirm it."
    )


def _reasons(predictor: PropertyPredictor, designs: pd.DataFrame | list[dict[str, str]]) -> tuple[tuple[Why, ...], ...]:
    from designer.properties.contributions import why

    features = predictor.features(designs[:EXPLAINED])
    return tuple(why(predictor.prior, model, features) for model in predictor.models)


def _add_reasons(answer: Report, labels: Sequence[str], reasons: Sequence[Sequence[Why]]) -> None:
    from designer.properties.contributions import shares_of
    from designer.units import with_unit

    answer.data["why"] = {
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
        unit = with_unit("contribution", found[0].quantity.unit)
        first = found[0]
        for title, what in (("past task", "tasks"), ("property of the elements", "properties")):
            if len(found) == 1:
                rows = [[name, _signed(value)] for name, value in getattr(first, what)[:PARTS]]
                answer.show(Table([title, unit], rows, first.quantity.name))
            else:
                shares: Shares = shares_of(found, what)
                rows = [[name, f"{share:.0%}"] for name, share in shares[:PARTS]]
                answer.show(Table([title, "share"], rows, f"{first.quantity.name}, {len(found)} designs"))
        if len(found) == 1:
            answer.say(f"Differences from {number(first.base, 3)}, the mean of other designs (Shapley values).")
        else:
            answer.say("Shares of the squared contributions (Shapley values against other designs).")


def _signed(value: float) -> str:
    return f"{value:+.3g}"


def _write(out: Path, designs: pd.DataFrame | list[dict[str, str]], found: Sequence[Prediction]) -> None:
    """Write the given designs, and three columns for each quantity, with units in the headers."""
    import pandas as pd

    from designer.units import with_unit

    frame = pd.DataFrame(designs).reset_index(drop=True)
    for each in found:
        name, unit = each.quantity.name, each.quantity.unit
        for ending, values in (("", each.value), ("_low", each.lower), ("_high", each.upper)):
            frame[with_unit(name + ending, unit)] = values
    write_new(out, frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
