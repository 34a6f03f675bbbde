"""Candidates that are on no list, for a caller: proposed by a worker, and nothing is written."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from designer.documents import Value
from designer.service.lab import Lab
from designer.service.store.accounts import Caller


def generated(lab: Lab, caller: Caller, kind: str, request: Value) -> Future[dict[str, Any]]:
    """Start proposing candidates of a kind (see `generated.GENERATED`), for a valid request.

    Raises
    ------
    Refused
        As ``busy``, if others are waiting.
    """
    caller.require("steer")
    return lab.generate(kind, request.model_dump(mode="json"))
