"""What the API takes and answers, as its description (OpenAPI) tells it.

The answers are described here and made in `plain`; what a campaign file may say is described by its own documents.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from designer.service.commands import MAX_SUGGESTED
from designer.service.http.uploads import MAX_ROWS

Cell = str | float | bool | None
Row = dict[str, Cell]
Reason = Annotated[str, Field(min_length=1, max_length=2000, description="Why, in a few words.")]


class Body(BaseModel):
    """What is sent: closed to unknown keys."""

    model_config = ConfigDict(extra="forbid")


class Ask(Body):
    """A wish for suggestions."""

    n: int | None = Field(default=None, ge=1, le=MAX_SUGGESTED, description="How many; the campaign's batch size.")
    replicate_of: list[str] = Field(
        default_factory=list, max_length=MAX_SUGGESTED, description="Make these suggestions once more instead."
    )


class Results(Body):
    """Rows of results: a suggestion's id, its targets, and what was made differently, as in a results table."""

    rows: list[Row] = Field(
        min_length=1, max_length=MAX_ROWS, examples=[[{"suggestion": "S0001", "overpotential": "0.372 V"}]]
    )
    partial: bool = Field(default=False, description="Record the rows without faults, and report the others.")


class Failure(Body):
    """An experiment that gave no result."""

    reason: Reason


class Withdrawal(Body):
    """A withdrawal."""

    reason: str = Field(default="", max_length=2000)


class Amendment(Body):
    """What is corrected of a measurement; a value of null says that it was not measured after all."""

    values: Row = Field(default_factory=dict)
    noise: Row = Field(default_factory=dict, description="Standard errors by target.")
    design: Row = Field(default_factory=dict, description="What was really made, where it differs.")
    reason: str = Field(default="", max_length=2000)


class SpaceAmendment(Body):
    """What changes about the space, by parameter."""

    bounds: dict[str, list[float]] = Field(default_factory=dict)
    add_choices: dict[str, list[str]] = Field(default_factory=dict)
    constraints: list[str] | None = Field(default=None, description="The new list of constraints.")


class Designs(Body):
    """Designs in lab units, to be predicted."""

    designs: list[Row] = Field(min_length=1, max_length=1000)


class Fault(BaseModel):
    """One thing that is wrong, where it stands, and what would be right."""

    what: str
    remedy: str
    file: str | None
    line: int | None
    row: int | None = Field(description="As a spreadsheet counts: the header is row 1.")
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
    """Who the token belongs to."""

    user: str
    role: str


class Suggestion(BaseModel):
    """One suggested design and what became of it."""

    id: str
    design: dict[str, float | str]
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


class Suggestions(BaseModel):
    """Suggestions of a campaign."""

    campaign: str
    suggestions: list[Suggestion]


class Measurement(BaseModel):
    """One result."""

    id: str
    suggestion: str | None
    design: dict[str, float | str]
    values: dict[str, float]
    noise: dict[str, float]
    replicate: int | None
    notes: list[str]
    flags: str
    at: str
    amended: bool
    withdrawn: bool
    reason: str
    version: int


class Measurements(BaseModel):
    """Results of a campaign."""

    campaign: str
    measurements: list[Measurement]


class Summary(BaseModel):
    """Where a campaign stands, in a line."""

    id: str = Field(description="The campaign's part of a path.")
    name: str
    version: int = Field(description="The position of its last event.")
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


class Campaign(Summary):
    """Where a campaign stands."""

    parameters: list[dict[str, Any]]
    constraints: list[str]
    candidates: int | None
    batch_size: int
    attached: int
    verdict: dict[str, Any]
    best: list[dict[str, Any]]
    open_suggestions: list[Suggestion]
    space_version: int
    jobs: list[Job]


class Job(BaseModel):
    """Suggestions that are being made, or were."""

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


class Recorded(BaseModel):
    """What recording did."""

    recorded: list[str]
    completed: list[str]
    failed: list[str]
    unchanged: list[str]
    blank: list[str]
    flags: dict[str, list[str]]
    faults: list[Fault]
    changed: bool
    version: int


class Changed(BaseModel):
    """Whether anything was changed, and the campaign's version now."""

    changed: bool
    version: int


class Space(BaseModel):
    """What can be made."""

    campaign: str
    version: int
    space: list[dict[str, Any]]
    constraints: list[Any]


class Begun(BaseModel):
    """A campaign that can begin, or began."""

    id: str
    name: str
    columns: list[str]
    targets: list[str]
    candidates: int | None
    version: int | None = None


class Table(BaseModel):
    """A kept table of candidates."""

    candidates: str = Field(description="What a campaign names it by.")
    rows: int
    columns: list[str]


class History(BaseModel):
    """What happened, newest first."""

    campaign: str
    events: list[dict[str, Any]]
    next: int | None


Campaign.model_rebuild()
