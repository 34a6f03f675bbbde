"""Errors as problem details (RFC 9457): the same words on HTTP, on the page and for assistants.

Each kind of problem has a short name, a title and a status. Every fault of bad input is listed with its place.
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
)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its short name, which ends its type, its title, its status, and what to do about it."""

    name: str
    title: str
    status: int
    advice: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("invalid-input", "What was given cannot be used", 422, "Nothing was written. Mend every fault listed."),
        Kind("not-readable", "The request cannot be read", 400, "Send what the API's description says."),
        Kind("not-signed-in", "A token is needed", 401, "Send 'Authorization: Bearer TOKEN', or sign in on the page."),
        Kind("not-allowed", "Your role does not allow this", 403, "Ask an admin of the lab for a token that does."),
        Kind("not-found", "There is no such thing", 404, "Look at the list that it should be in."),
        Kind("method", "This cannot be done here", 405, "See the API's description."),
        Kind("conflict", "It is not possible now", 409, "Look at the campaign again."),
        Kind("version", "Somebody was here before you", 412, "Read it again, and decide again."),
        Kind("version-needed", "Say which version you saw", 428, "Send the ETag that you read as If-Match."),
        Kind("too-large", "Too large", 413, "Send less at once."),
        Kind("unsupported", "This kind of content is not taken", 415, "Send JSON, CSV or XLSX as described."),
        Kind("key-reused", "This Idempotency-Key was used for something else", 422, "Make a new key for each write."),
        Kind("busy", "Too much is waiting already", 429, "Try again later."),
        Kind("missing-extra", "An optional part is not installed", 501, "Install what is named, on the server."),
        Kind("store", "The store cannot be used", 503, "Try again; nothing of this was acknowledged."),
        Kind("worker", "The computing process ended", 503, "Ask again: nothing was written by it."),
        Kind("internal", "Something went wrong in the service", 500, "Tell who runs the service; its log says more."),
    )
}


class Refused(DesignerError):
    """A request that is refused for what it is, not for the data in it.

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


def kind_of(error: BaseException) -> Kind:
    """Return which kind of problem an error is."""
    if isinstance(error, Refused):
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
    kind = kind_of(error)
    faults = list(error.faults) if isinstance(error, InvalidInput) else []
    if faults:
        detail = "; ".join(str(fault) for fault in faults[:3]) + (f"; and {len(faults) - 3} more" * (len(faults) > 3))
    elif kind.status == 500:
        detail = kind.advice  # what an unforeseen error says may hold anything: it goes to the log alone
    else:
        detail = str(error)
    return {
        "type": f"/problems#{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "faults": [fault.as_dict() for fault in faults],
    }
