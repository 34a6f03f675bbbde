"""A prior that a campaign made in Python is given, in place of one that a file names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from designer.errors import Fault, InvalidPrior

if TYPE_CHECKING:
    from designer.priors.base import FittedPrior


def plain_prior(given: Any) -> tuple[Any, FittedPrior | None]:
    """Return the plain ``prior:`` of a campaign made in Python, and the fitted prior where one was given as such."""
    if given is None or isinstance(given, Mapping):
        return given, None
    if isinstance(given, str):
        return {"kind": given}, None
    from designer.priors.base import FittedPrior
    from designer.priors.saving import digest_of

    if not isinstance(given, FittedPrior):
        what = f"a prior cannot be of type {type(given).__name__}"
        raise InvalidPrior(Fault(what, "give what fit_prior or load_prior returns, or a mapping as in a campaign file"))
    return {"kind": given.kind, "digest": digest_of(given)}, given
