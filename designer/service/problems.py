"""Errors as problem details (RFC 9457): the same over HTTP, on the page and for assistants.

Each kind of problem has a short name, a title and a status. Every fault of bad input is listed with its location.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from designer.errors import (
    Conflict,
    DesignerError,
    InvalidInput,
    MissingExtra,
    NoDesignLeft,
    StoreError,
    UnknownSuggestion,
    summarized,
)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class ProblemKind:
    """A kind of problem: its short name (the end of its type), title, HTTP status, and what to do about it."""

    name: str
    title: str
    status: int
    advice: str


KINDS = {
    kind.name: kind
    for kind in (
        ProblemKind(
            "invalid-input", "The input is not valid", 422, "Nothing was written. Correct every fault that is listed."
        ),
        ProblemKind("not-readable", "The request cannot be read", 400, "Send a request as the API description says."),
        ProblemKind("not-signed-in", "A token is required", 401, "Send 'Authorization: Bearer TOKEN', or sign in."),
        ProblemKind(
            "not-allowed",
            "Your role does not allow this",
            403,
            "Ask an admin for a token with a higher role.",
        ),
        ProblemKind("not-found", "Not found", 404, "Check the name or the id."),
        ProblemKind("method", "Method not allowed", 405, "See the API description for the methods of this path."),
        ProblemKind("conflict", "Not possible in the current state", 409, "Read the campaign again."),
        ProblemKind("version", "It was changed since you read it", 412, "Read it again and send the new ETag."),
        ProblemKind("version-needed", "If-Match is missing", 428, "Send the ETag that you read as If-Match."),
        ProblemKind("too-large", "Too large", 413, "Send less data in one request."),
        ProblemKind("unsupported", "Content type not supported", 415, "Send JSON, CSV or XLSX as described."),
        ProblemKind("key-reused", "This Idempotency-Key was used before", 422, "Use a new key for each write."),
        ProblemKind("busy", "Too many requests are waiting", 429, "Try again later."),
        ProblemKind("missing-extra", "An optional part is not installed", 501, "Install what is named, on the server."),
        ProblemKind("store", "The database cannot be used", 503, "Try again; the request was not confirmed."),
        ProblemKind("worker", "The worker process ended", 503, "Send the request again: the worker wrote nothing."),
        ProblemKind("internal", "Error in the service", 500, "Tell the administrator; the log has the details."),
    )
}


class Refused(DesignerError):
    """A request that is refused for a reason other than faults in its data.

    Parameters
    ----------
    kind
        A name in `KINDS`.
    detail
        What is wrong, and what would be right.
    """

    def __init__(self, kind: str, detail: str) -> None:
        self.kind = KINDS[kind]
        super().__init__(detail)


class WorkerProblem(DesignerError):
    """A problem that a worker process reported.

    Parameters
    ----------
    document
        The members of the problem document (see `problem`).
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.kind = KINDS[document["type"].rpartition("#")[2]]
        super().__init__(document["detail"])


def problem_kind(error: BaseException) -> ProblemKind:
    """Return the kind of problem of an error."""
    if isinstance(error, Refused | WorkerProblem):
        return error.kind
    for types, name in (
        (UnknownSuggestion, "not-found"),
        (InvalidInput, "invalid-input"),
        ((NoDesignLeft, Conflict), "conflict"),
        (StoreError, "store"),
        (MissingExtra, "missing-extra"),
        (DesignerError, "conflict"),
    ):
        if isinstance(error, types):
            return KINDS[name]
    return KINDS["internal"]


def problem(error: BaseException) -> dict[str, Any]:
    """Return an error as the members of a problem document.

    >>> problem(Refused("version", "M0003 was changed"))["status"]
    412
    """
    if isinstance(error, WorkerProblem):
        return error.document
    kind = problem_kind(error)
    faults = list(summarized(error.faults)) if isinstance(error, InvalidInput) else []
    if faults:
        detail = "; ".join(str(fault) for fault in faults[:3]) + (f"; and {len(faults) - 3} more" * (len(faults) > 3))
    elif kind.name == "store" and not isinstance(error, Refused):
        detail = (
            "the disk is full" if "full" in str(error) else kind.title.lower()
        )  # no path and no database for strangers
    elif kind.status == 500:
        detail = kind.advice  # the message of an unexpected error may hold secrets: only the log has it
    else:
        detail = str(error)
    return {
        "type": f"/problems#{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "faults": [fault.as_dict() for fault in faults],
    }
