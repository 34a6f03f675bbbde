"""The request and response bodies of the API, for its OpenAPI description.

`representations` makes the responses; the grammar of campaign files has its own documentation.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from designer.observations.curves.curve_files import MAX_BYTES, MAX_READ
from designer.service.commands import MAX_SUGGESTED
from designer.service.work.uploads import MAX_ROWS

Cell = str | float | bool | None
Row = dict[str, Cell]
Reason = Annotated[str, Field(min_length=1, max_length=2000, description="Why, in a few words.")]


class Body(BaseModel):
    """A request body: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class SuggestionRequest(Body):
    """A request for suggestions."""

    n: int | None = Field(
        default=None, ge=1, le=MAX_SUGGESTED, description="How many; default: the campaign's batch size."
    )
    replicate_of: list[str] = Field(
        default_factory=list, max_length=MAX_SUGGESTED, description="Replicate these suggestions instead."
    )
    context: Row = Field(default_factory=dict, description="The values of the parameters with role context.")


class CurvePoints(Body):
    """A curve by its points: positions and values."""

    x: list[float] = Field(max_length=MAX_READ)
    y: list[float] = Field(max_length=MAX_READ)


class CurveFile(Body):
    """A curve or image as a file: its name, whose ending says what it is, and its content in base64."""

    file: str = Field(min_length=1, max_length=255)
    content: str = Field(max_length=MAX_BYTES * 4 // 3 + 4)


ResultRow = dict[str, Cell | CurvePoints | CurveFile]


class Results(Body):
    """Rows of results: the id of a suggestion, its targets, and settings that differ, as in a results table."""

    rows: list[ResultRow] = Field(
        min_length=1, max_length=MAX_ROWS, examples=[[{"suggestion": "S0001", "overpotential": "0.372 V"}]]
    )
    partial: bool = Field(default=False, description="Record the rows without faults, and report the others.")


class Comparisons(Body):
    """Comparisons of results: ids of suggestions or measurements as `better` and `worse`; `tie`: yes or no."""

    rows: list[Row] = Field(
        min_length=1, max_length=MAX_ROWS, examples=[[{"better": "S0003", "worse": "S0007", "tie": "no"}]]
    )
    again: bool = Field(default=False, description="Record an answer that was given before as another judgement.")


class Failure(Body):
    """An experiment that gave no result."""

    reason: Reason


class Withdrawal(Body):
    """A withdrawal."""

    reason: str = Field(default="", max_length=2000)


class Undo(Body):
    """A request to undo the last action."""

    position: int = Field(ge=1, le=2**31 - 1, description="The position of its last event, as the campaign states it.")


class Amendment(Body):
    """A correction of a measurement; null removes a value."""

    values: Row = Field(default_factory=dict)
    noise: Row = Field(default_factory=dict, description="Standard errors by target.")
    design: Row = Field(default_factory=dict, description="Settings of the design that differ.")
    reason: str = Field(default="", max_length=2000)


class SpaceAmendment(Body):
    """Changes of the space, by parameter."""

    bounds: dict[str, list[float]] = Field(default_factory=dict)
    add_choices: dict[str, list[str]] = Field(default_factory=dict)
    constraints: list[str] | None = Field(default=None, description="The new list of constraints.")


class Beliefs(Body):
    """All beliefs of an expert, as a campaign file states them; none is an empty list."""

    beliefs: list[dict[str, Any]] = Field(max_length=100)


class Designs(Body):
    """Designs to predict, in lab units."""

    designs: list[Row] = Field(min_length=1, max_length=1000)


class PastWorkSearch(Body):
    """A campaign for which past work is sought: its `space` and `targets`, which need not be complete."""

    campaign: dict[str, Any]


class PreviewRequest(Body):
    """A new campaign, and the past work of which the effect is computed."""

    campaign: dict[str, Any]
    tasks: list[str] = Field(default_factory=list, max_length=20, description="Folders of published tasks.")
    campaigns: list[str] = Field(default_factory=list, max_length=20, description="The `id` of campaigns.")
    n: int = Field(default=3, ge=1, le=8, description="How many suggestions.")


class PublicationRequest(Body):
    """The terms under which results are published."""

    license: str = Field(default="internal use only", min_length=1, max_length=200)
    source: str | None = Field(default=None, max_length=500)


class Fault(BaseModel):
    """One fault, its location, and what would be right."""

    what: str
    remedy: str
    file: str | None
    line: int | None
    row: int | None = Field(description="As in a spreadsheet: the header is row 1.")
    column: str | None
    path: list[str | int]


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    faults: list[Fault] = Field(default_factory=list)


class Me(BaseModel):
    """User and role of the token."""

    user: str
    role: str


class Suggestion(BaseModel):
    """One suggested design and its status."""

    id: str
    design: dict[str, float | str | None]
    candidate: str | None = Field(description="What the table of candidates calls the design, if it has an id column.")
    status: str
    how: str
    note: str
    score: float | None
    at: str
    position: int
    based_on: int
    failed_because: list[str]
    withdrawn_because: str | None
    measurements: list[str]
    cost: float | None = Field(default=None, description="What the experiment costs, if the campaign states costs.")


class Suggestions(BaseModel):
    """Suggestions of a campaign."""

    campaign: str
    suggestions: list[Suggestion]


class Measurement(BaseModel):
    """One result."""

    id: str
    suggestion: str | None
    design: dict[str, float | str | None]
    values: dict[str, float]
    censored: dict[str, str] = Field(description="Targets whose value is a limit: < where the result lies below it.")
    noise: dict[str, float]
    replicate: int | None
    notes: list[str]
    flags: str
    at: str
    amended: bool
    withdrawn: bool
    reason: str
    version: int
    observed: dict[str, float | str | None] = Field(
        default_factory=dict,
        description="Observations before or beside the targets; null where one gave nothing. A curve is a text: its "
        "points, x:y; x:y, where they are few.",
    )


class Measurements(BaseModel):
    """Results of a campaign."""

    campaign: str
    measurements: list[Measurement]


class Summary(BaseModel):
    """A summary of a campaign."""

    id: str = Field(description="The campaign's name in URLs.")
    name: str
    version: int = Field(description="The position of the last event.")
    created_at: str
    changed_at: str
    targets: list[dict[str, Any]]
    open: int
    recorded: int
    failed: int
    withdrawn: int
    measurements: int
    spent: int
    budget: int | None


class Campaigns(BaseModel):
    """A page of the list of campaigns."""

    campaigns: list[Summary]
    next: str | None


class Spending(BaseModel):
    """What was spent of a cost budget."""

    spent: float
    committed: float = Field(description="What open suggestions will cost.")
    budget: float | None
    left: float | None


class UndoableAction(BaseModel):
    """The last action of a campaign."""

    position: int = Field(description="The position of its last event, which a request to undo it names.")
    what: str
    user: str | None = Field(description="Who did it; null if it was not done through the service.")


class Campaign(Summary):
    """The state of a campaign."""

    parameters: list[dict[str, Any]]
    constraints: list[str]
    candidates: int | None
    batch_size: int
    attached: int
    verdict: dict[str, Any]
    best: list[dict[str, Any]]
    forbidden: list[dict[str, Any]] = Field(description="Designs that would be the best if the space allowed them.")
    remarks: list[str]
    cost: Spending | None = Field(default=None, description="Only where the campaign states costs.")
    observations: list[dict[str, Any]] = Field(
        default_factory=list, description="What is observed before or beside the targets, with stage and cost."
    )
    open_suggestions: list[Suggestion]
    space_version: int
    undo: UndoableAction | None = Field(description="The last action, which can be undone; null where there is none.")
    jobs: list[Job]


class Job(BaseModel):
    """A job that makes suggestions."""

    id: str
    campaign: str
    user: str
    state: str = Field(description="waiting, running, done or failed")
    arguments: dict[str, Any]
    asked_at: str
    started_at: str | None
    finished_at: str | None
    seconds: float | None
    events: list[int] | None
    problem: Problem | None
    suggestions: list[Suggestion] | None = None
    notes: list[str] | None = Field(None, description="Notes on the suggestions, once the job is done.")


class Recorded(BaseModel):
    """The report of recorded results."""

    recorded: list[str]
    completed: list[str]
    failed: list[str]
    unchanged: list[str]
    blank: list[str]
    flags: dict[str, list[str]]
    remarks: list[str] = Field(description="What the new results show about the campaign as a whole.")
    faults: list[Fault]
    changed: bool
    version: int


class Changed(BaseModel):
    """Whether anything was changed, and the campaign's new version."""

    changed: bool
    version: int


class Undone(Changed):
    """What was undone."""

    undone: str | None


class PublishedTask(BaseModel):
    """One version of published tasks."""

    name: str
    family: str
    folder: str = Field(description="As `prior: {tasks: [...]}` of a campaign names it.")
    tasks: dict[str, int] = Field(description="The number of results of each task.")
    license: str
    source: str | None
    citation: str | None
    provenance: str
    published_at: str
    targets: list[dict[str, Any]]


class PublishedTasks(BaseModel):
    """The registry of a lab."""

    entries: list[PublishedTask]


class Publication(PublishedTask):
    """Published results."""

    new: bool = Field(description="False if the same results were published before.")


class PastCampaign(BaseModel):
    """Past work, and how far it is like a campaign."""

    name: str
    campaign: str | None = Field(description="The `id` of a campaign whose results are not published yet.")
    folder: str | None = Field(description="The folder of published tasks.")
    results: int
    tasks: int
    license: str
    provenance: str
    at: str
    like: bool
    score: float
    words: str


class PastWork(BaseModel):
    """Past work, the likest first."""

    summary: str
    found: list[PastCampaign]


class Preview(BaseModel):
    """The first suggestions without and with past work."""

    words: str
    changed: int
    columns: list[str]
    without: list[dict[str, float | str | None]]
    with_: list[dict[str, float | str | None]] = Field(alias="with")


class GeneratedFormula(BaseModel):
    """A formula that is on no list, and where it comes from."""

    formula: str
    origin: str
    parent: str | None
    move: str
    balanced: bool
    nearest_known: str | None
    distance: float | None = Field(description="The share of atoms that differ from the nearest known formula.")


class GeneratedMolecule(BaseModel):
    """A molecule that is on no list, and where it comes from."""

    smiles: str
    origin: str
    parent: str
    move: str
    accessibility: float = Field(description="The synthetic accessibility score, 1 (easy) to 10.")
    nearest_known: str | None
    distance: float | None = Field(description="One minus the Tanimoto similarity to the nearest known molecule.")


class GeneratedMolecules(BaseModel):
    """Molecules that are on no list."""

    words: str
    proposals: list[GeneratedMolecule]


class GeneratedFormulas(BaseModel):
    """Formulas that are on no list."""

    words: str
    proposals: list[GeneratedFormula]


class Space(BaseModel):
    """A design space."""

    campaign: str
    version: int
    space: list[dict[str, Any]]
    constraints: list[Any]


class CampaignSummary(BaseModel):
    """A campaign that was created or checked."""

    id: str
    name: str
    columns: list[str]
    targets: list[str]
    candidates: int | None
    version: int | None = None


class Table(BaseModel):
    """A saved table of candidates."""

    candidates: str = Field(description="How a campaign refers to it.")
    rows: int
    columns: list[str]


class History(BaseModel):
    """Events, newest first."""

    campaign: str
    events: list[dict[str, Any]]
    next: int | None


Campaign.model_rebuild()
