"""Tools for an assistant or an agentic lab, by the Model Context Protocol.

Operations, tokens, roles and errors are the same as over HTTP: an error is the problem document as text. Each call
looks up the token again, so a revoked token stops working at once.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from designer.errors import DesignerError
from designer.service import commands, generation_requests, past_campaigns, queries
from designer.service.lab import Lab, result_of
from designer.service.logs import configure_logging
from designer.service.problems import Refused, WorkerProblem, problem, problem_kind
from designer.service.representations import jsonable
from designer.service.store.accounts import Caller
from designer.service.store.paths import LabPaths
from designer.service.work.generated import FormulaRequest, MoleculeRequest

LOG = logging.getLogger("designer.service")
MAX_WAIT_SECONDS = 300.0
INSTRUCTIONS = (
    "Campaigns search for materials or recipes that meet targets in as few experiments as possible. Call `suggest` for "
    "the next experiments; `record` their results, or failures with `fail`. Never invent a result. "
    "Numbers may have units: '0.372 V'. Give a `key` of your own with each write: the same key again does nothing new."
)
Row = dict[str, str | float | None]
ResultRow = dict[str, str | float | dict[str, str | list[float]] | None]
"""A row of results; a curve is a text, ``10:1.5; 20:1.7``, its ``x`` and ``y``, or ``file`` and ``content``."""
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)


def run(paths: LabPaths, token: str) -> None:
    """Serve the tools over stdin and stdout until the client ends.

    Raises
    ------
    Refused
        If the token is not usable.
    """
    configure_logging(logging.WARNING)
    lab = Lab(paths)
    try:
        caller_of(lab, token)
        server(lab, token).run("stdio")
    finally:
        lab.close()


def caller_of(lab: Lab, token: str) -> Caller:
    """Return the holder of the token.

    Raises
    ------
    Refused
        As ``not-signed-in``.
    """
    found = lab.accounts.caller(token, "mcp")
    if found is None:
        raise Refused("not-signed-in", "the token is not known, was revoked or has expired")
    return found


def server(lab: Lab, token: str) -> MCPServer[Any]:
    """Return the server of a lab's tools for the holder of `token`."""
    made: MCPServer[Any] = MCPServer(
        "designer", instructions=INSTRUCTIONS, version=version("materials-designer"), log_level="WARNING"
    )

    def add(function: Callable[..., Any], annotations: ToolAnnotations) -> None:
        made.add_tool(_with_problems(function), annotations=annotations)

    for read in _ReadTools(lab, token).all():
        add(read, _READS)
    for write in _WriteTools(lab, token).all():
        add(write, _WRITES)
    return made


def _with_problems(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the tool with errors as problem documents and its result as plain data."""

    @functools.wraps(function)
    def tool(*arguments: Any, **named: Any) -> Any:
        try:
            return jsonable(function(*arguments, **named))
        except DesignerError as error:
            if problem_kind(error).status >= 500:
                LOG.exception("a tool failed")
            raise ToolError(json.dumps(problem(error))) from None

    return tool


class _Tools:
    """A set of tools: every public method is one, and its docstring is the description."""

    def __init__(self, lab: Lab, token: str) -> None:
        self.lab = lab
        self._token = token

    def who(self) -> Caller:
        return caller_of(self.lab, self._token)

    def all(self) -> list[Callable[..., Any]]:
        return [getattr(self, name) for name in vars(type(self)) if not name.startswith("_")]


class _ReadTools(_Tools):
    """Tools that read."""

    def list_campaigns(self, search: str = "", after: str = "", limit: int = 50) -> dict[str, Any]:
        """List campaigns by name, with a summary of each."""
        return queries.campaigns(self.lab, self.who(), search=search, after=after, limit=max(1, min(limit, 500)))

    def show_campaign(self, campaign: str) -> dict[str, Any]:
        """Show one campaign: parameters, targets, open suggestions, the best designs, whether to continue."""
        return queries.campaign(self.lab, self.who(), campaign)

    def list_suggestions(self, campaign: str, status: str | None = None) -> dict[str, Any]:
        """List suggestions: all, or those that are open, recorded, failed or withdrawn."""
        return queries.suggestions(self.lab, self.who(), campaign, status=status)

    def run_sheet(self, campaign: str) -> dict[str, str]:
        """Return the open suggestions as a CSV table with blank cells for results, which `record` reads back."""
        return {"csv": queries.sheet(self.lab, self.who(), campaign)}

    def list_measurements(self, campaign: str) -> dict[str, Any]:
        """List measurements; an amendment must name the `version`."""
        return queries.measurements(self.lab, self.who(), campaign)

    def show_history(self, campaign: str, before: int | None = None) -> dict[str, Any]:
        """Show the events, newest first, and who caused each."""
        return queries.history(self.lab, self.who(), campaign, before=before)

    def best(self, campaign: str, context: Row | None = None) -> dict[str, Any]:
        """Show the best measured designs, with measured and predicted values; for a context, if one is given."""
        found: dict[str, Any] = result_of(queries.view(self.lab, self.who(), campaign, "best", *_given(context)))
        return found

    def verdict(self, campaign: str) -> dict[str, Any]:
        """Say whether the campaign should stop, and why."""
        return dict(result_of(queries.view(self.lab, self.who(), campaign, "verdict")))

    def find_past_campaigns(self, campaign: dict[str, Any]) -> dict[str, Any]:
        """Find past campaigns and published tasks that are like a new campaign, by its `space` and `targets`."""
        return past_campaigns.search(self.lab, self.who(), campaign)

    def list_comparisons(self, campaign: str) -> dict[str, Any]:
        """List comparisons of results (goal prefer), and contradictions among them."""
        return queries.comparisons(self.lab, self.who(), campaign)

    def next_comparison(self, campaign: str) -> dict[str, Any]:
        """Say which two results to compare next, where the goal is to prefer."""
        return dict(result_of(queries.view(self.lab, self.who(), campaign, "next_comparison")))

    def predict(self, campaign: str, designs: list[Row]) -> dict[str, Any]:
        """Predict the targets of designs, in lab units."""
        return {"predictions": result_of(queries.predictions(self.lab, self.who(), campaign, designs))}

    def explain(self, campaign: str, suggestion: str) -> dict[str, Any]:
        """Explain why a suggestion was made and what the model predicts for it."""
        return dict(result_of(queries.view(self.lab, self.who(), campaign, "card", suggestion)))

    def check(self, campaign: str, rows: list[ResultRow], attach: bool = False) -> dict[str, Any]:
        """Check rows of results and list every fault; nothing is written."""
        return queries.check(self.lab, self.who(), campaign, rows, attach=attach)

    def propose_formulas(
        self, known: list[str], elements: list[str] | None = None, exclude: list[str] | None = None,
        novel_to: list[str] | None = None, max_elements: int = 5, max_atoms: int = 20, charge_neutral: bool = True,
        electronegativity: bool = True, n: int = 20, seed: int = 0,
    ) -> dict[str, Any]:  # fmt: skip
        """Propose formulas that are on no list, like known ones, with the origin of each. They are no syntheses."""
        request = FormulaRequest(
            known=known, elements=elements or (), exclude=exclude or (), novel_to=novel_to or (),
            max_elements=max_elements, max_atoms=max_atoms, charge_neutral=charge_neutral,
            electronegativity=electronegativity, n=n, seed=seed,
        )  # fmt: skip
        return dict(result_of(generation_requests.generated(self.lab, self.who(), "formulas", request)))

    def propose_molecules(
        self, known: list[str], conditions: list[str] | None = None, exclude: list[str] | None = None,
        novel_to: list[str] | None = None, max_heavy_atoms: int = 60, max_accessibility: float = 6.0, n: int = 20,
        seed: int = 0,
    ) -> dict[str, Any]:  # fmt: skip
        """Propose molecules (SMILES) that are on no list, of parts of known ones, with the origin of each."""
        request = MoleculeRequest(
            known=known, conditions=conditions or (), exclude=exclude or (), novel_to=novel_to or (),
            max_heavy_atoms=max_heavy_atoms, max_accessibility=max_accessibility, n=n, seed=seed,
        )  # fmt: skip
        return dict(result_of(generation_requests.generated(self.lab, self.who(), "molecules", request)))


def _given(context: Row | None) -> tuple[Row, ...]:
    return (context,) if context else ()


class _WriteTools(_Tools):
    """Tools that write."""

    def suggest(
        self, campaign: str, n: int | None = None, replicate_of: list[str] | None = None,
        context: Row | None = None, key: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Suggest the next experiments; waits until they are chosen. Each suggestion is an experiment to make.

        `context` holds the values of the parameters with role context: they are known and not chosen.
        """
        caller = self.who()
        job = commands.suggest(
            self.lab, caller, campaign, n=n, replicate_of=replicate_of or (), context=context, key=key
        )
        self.lab.jobs.wait(job["id"], MAX_WAIT_SECONDS)
        found = queries.job(self.lab, caller, job["id"])
        if found["state"] == "failed":
            raise WorkerProblem(found["problem"])
        return found

    def show_job(self, job: str) -> dict[str, Any]:
        """Show the state of a suggestion job that takes longer than one call."""
        return queries.job(self.lab, self.who(), job)

    def record(
        self, campaign: str, rows: list[ResultRow], partial: bool = False, attach: bool = False, key: str | None = None
    ) -> dict[str, Any]:
        """Record measured results: rows of {suggestion, target: value}, with settings that differ from the suggestion.

        `attach` records results of designs without a suggestion: rows hold the design instead.
        """
        return commands.record(self.lab, self.who(), campaign, rows, attach=attach, partial=partial, key=key)

    def compare(
        self, campaign: str, better: str, worse: str, tie: bool = False, again: bool = False, key: str | None = None
    ) -> dict[str, Any]:
        """Record which of two results is better, as a person judged; `tie`: both are as good. Never invent one."""
        row = {"better": better, "worse": worse, "tie": "yes" if tie else "no"}
        return commands.compare(self.lab, self.who(), campaign, [row], again=again, key=key)

    def fail(self, campaign: str, suggestion: str, reason: str, key: str | None = None) -> dict[str, Any]:
        """Record that an experiment gave no result."""
        return commands.fail(self.lab, self.who(), campaign, suggestion, reason, key=key)

    def create_campaign(self, campaign: dict[str, Any] | str, key: str | None = None) -> dict[str, Any]:
        """Create a campaign from the content of a campaign file, as YAML text or as an object."""
        return commands.create(self.lab, self.who(), campaign, key=key)

    def amend(
        self, campaign: str, measurement: str, version: int, values: Row | None = None, noise: Row | None = None,
        design: Row | None = None, reason: str = "", key: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Correct a measurement, at the version that was read; null removes a value."""
        return commands.amend(
            self.lab, self.who(), campaign, measurement, values=values, noise=noise, design=design,
            reason=reason, expected_version=version, key=key,
        )  # fmt: skip

    def withdraw(
        self, campaign: str, subject: str, reason: str = "", version: int | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """Withdraw a suggestion (S0001), never suggested again, or a measurement (M0001) or comparison (C0001)."""
        return commands.withdraw(
            self.lab, self.who(), campaign, subject, reason=reason, expected_version=version, key=key
        )

    def publish_results(self, campaign: str, license: str = "internal use only") -> dict[str, Any]:
        """Publish the results of a campaign as past tasks; a new campaign names the `folder` in its `prior.tasks`."""
        return past_campaigns.publish(self.lab, self.who(), campaign, terms=license)

    def undo(self, campaign: str, position: int, key: str | None = None) -> dict[str, Any]:
        """Undo the last action, at the `position` that `undo` of show_campaign states; it stays in the history."""
        return commands.undo(self.lab, self.who(), campaign, position, key=key)

    def amend_space(
        self, campaign: str, version: int, bounds: dict[str, list[float]] | None = None,
        add_choices: dict[str, list[str]] | None = None, constraints: list[str] | None = None, key: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Change bounds, choices or constraints from now on, at the campaign's `space_version`."""
        return commands.amend_space(
            self.lab,
            self.who(),
            campaign,
            bounds=bounds,
            add_choices=add_choices,
            constraints=constraints,
            expected_version=version,
            key=key,
        )

    def amend_beliefs(self, campaign: str, beliefs: list[dict[str, Any]], key: str | None = None) -> dict[str, Any]:
        """Replace the beliefs of an expert, as a campaign file states them, from now on."""
        return commands.amend_beliefs(self.lab, self.who(), campaign, beliefs, key=key)
