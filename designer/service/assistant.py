"""The verbs as tools for an assistant or an agentic lab, by the Model Context Protocol.

The same verbs, tokens, roles and refusals as over HTTP: a refusal is the problem document as text. The token is looked
up again for each call, so that one that is revoked is of no use from then on.
"""

from __future__ import annotations

import functools
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from designer.errors import DesignerError
from designer.service import commands, queries
from designer.service.lab import Lab, Told, wait_for
from designer.service.problems import Refused, kind_of, problem
from designer.service.representations import jsonable
from designer.service.store.accounts import Caller
from designer.service.store.paths import Place

LOG = logging.getLogger("designer.service")
LONGEST_WAIT = 300.0
INSTRUCTIONS = (
    "Campaigns search for materials or recipes that meet targets in as few experiments as possible. Ask `suggest` what "
    "to make next, have it made, and `record` what came out, failures with `fail`. Never invent a result. Units may "
    "stand beside numbers: '0.372 V'. Give a `key` of your own with each write: the same key again does nothing new."
)
Row = dict[str, str | float | None]
_LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)


def run(place: Place, token: str) -> None:
    """Serve the tools over stdin and stdout until the other side ends.

    Raises
    ------
    Refused
        If the token is of no use.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    lab = Lab(place)
    try:
        caller_of(lab, token)
        server(lab, token).run("stdio")
    finally:
        lab.close()


def caller_of(lab: Lab, token: str) -> Caller:
    """Return who holds the token.

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
    """Return the server of a lab's tools for who holds `token`."""
    made: MCPServer[Any] = MCPServer("designer", instructions=INSTRUCTIONS, log_level="WARNING")

    def add(function: Callable[..., Any], annotations: ToolAnnotations) -> None:
        made.add_tool(_told(function), annotations=annotations)

    for look in _Looks(lab, token).all():
        add(look, _LOOKS)
    for write in _Writes(lab, token).all():
        add(write, _WRITES)
    return made


def _told(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a tool's errors be told as problem documents, and its answer be plain data."""

    @functools.wraps(function)
    def told(*arguments: Any, **named: Any) -> Any:
        try:
            return jsonable(function(*arguments, **named))
        except DesignerError as error:
            if kind_of(error).status >= 500:
                LOG.exception("a tool failed")
            raise ToolError(json.dumps(error.problem if isinstance(error, Told) else problem(error))) from None

    return told


class _Tools:
    """Tools of one kind: every public method is one, with its words as the description."""

    def __init__(self, lab: Lab, token: str) -> None:
        self.lab = lab
        self._token = token

    def who(self) -> Caller:
        return caller_of(self.lab, self._token)

    def all(self) -> list[Callable[..., Any]]:
        return [getattr(self, name) for name in vars(type(self)) if not name.startswith("_")]


class _Looks(_Tools):
    """Tools that look."""

    def list_campaigns(self, search: str = "", after: str = "", limit: int = 50) -> dict[str, Any]:
        """List campaigns by name, and where each stands."""
        return queries.campaigns(self.lab, self.who(), search=search, after=after, limit=max(1, min(limit, 500)))

    def show_campaign(self, campaign: str) -> dict[str, Any]:
        """Show one campaign: parameters, targets, what is open, what is best, whether to go on."""
        return queries.campaign(self.lab, self.who(), campaign)

    def list_suggestions(self, campaign: str, status: str | None = None) -> dict[str, Any]:
        """List suggestions: all, or those that are open, recorded, failed or withdrawn."""
        return queries.suggestions(self.lab, self.who(), campaign, status=status)

    def list_measurements(self, campaign: str) -> dict[str, Any]:
        """List what was measured; `version` is what an amendment must name."""
        return queries.measurements(self.lab, self.who(), campaign)

    def show_history(self, campaign: str, before: int | None = None) -> dict[str, Any]:
        """Show what happened, newest first, and who did it."""
        return queries.history(self.lab, self.who(), campaign, before=before)

    def best(self, campaign: str) -> dict[str, Any]:
        """Show the best designs that were made, by the model and as measured."""
        return {"best": wait_for(queries.look(self.lab, self.who(), campaign, "best"))}

    def verdict(self, campaign: str) -> dict[str, Any]:
        """Say whether the campaign is done, and why or why not."""
        return dict(wait_for(queries.look(self.lab, self.who(), campaign, "verdict")))

    def predict(self, campaign: str, designs: list[Row]) -> dict[str, Any]:
        """Say what the model expects of designs in lab units."""
        return {"predictions": wait_for(queries.predictions(self.lab, self.who(), campaign, designs))}

    def explain(self, campaign: str, suggestion: str) -> dict[str, Any]:
        """Say why a suggestion was made and what is expected of it."""
        return dict(wait_for(queries.look(self.lab, self.who(), campaign, "card", suggestion)))

    def check(self, campaign: str, rows: list[Row], attach: bool = False) -> dict[str, Any]:
        """Say what recording rows would do, every fault included; nothing is written."""
        return queries.check(self.lab, self.who(), campaign, rows, attach=attach)


class _Writes(_Tools):
    """Tools that write."""

    def suggest(
        self, campaign: str, n: int | None = None, replicate_of: list[str] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """Ask what to make next; waits until it is chosen. Each suggestion is an experiment to be made."""
        caller = self.who()
        job = commands.suggest(self.lab, caller, campaign, n=n, replicate_of=replicate_of or (), key=key)
        self.lab.jobs.wait(job["id"], LONGEST_WAIT)
        found = queries.job(self.lab, caller, job["id"])
        if found["state"] == "failed":
            raise Told(found["problem"])
        return found

    def show_job(self, job: str) -> dict[str, Any]:
        """Say where a suggestion stands that took longer than one call may."""
        return queries.job(self.lab, self.who(), job)

    def record(
        self, campaign: str, rows: list[Row], partial: bool = False, attach: bool = False, key: str | None = None
    ) -> dict[str, Any]:
        """Record what was really measured: rows of {suggestion, target: value}, with settings made differently.

        `attach` is for results of designs that nobody asked for: rows hold the design instead of a suggestion.
        """
        return commands.record(self.lab, self.who(), campaign, rows, attach=attach, partial=partial, key=key)

    def fail(self, campaign: str, suggestion: str, reason: str, key: str | None = None) -> dict[str, Any]:
        """Record that an experiment gave no result."""
        return commands.fail(self.lab, self.who(), campaign, suggestion, reason, key=key)

    def create_campaign(self, campaign: dict[str, Any] | str, key: str | None = None) -> dict[str, Any]:
        """Begin a campaign from the content of a campaign file, as YAML text or as an object."""
        return commands.create(self.lab, self.who(), campaign, key=key)

    def amend(
        self, campaign: str, measurement: str, version: int, values: Row | None = None, noise: Row | None = None,
        design: Row | None = None, reason: str = "", key: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Correct a measurement, at the version that was read; null says that it was not measured after all."""
        return commands.amend(
            self.lab, self.who(), campaign, measurement, values=values, noise=noise, design=design,
            reason=reason, seen=version, key=key,
        )  # fmt: skip

    def withdraw(
        self, campaign: str, subject: str, reason: str = "", version: int | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """Withdraw a suggestion (S0001), which never returns then, or a measurement (M0001), which counts no more."""
        return commands.withdraw(self.lab, self.who(), campaign, subject, reason=reason, seen=version, key=key)

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
            seen=version,
            key=key,
        )
