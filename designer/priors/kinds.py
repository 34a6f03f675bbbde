"""The kinds of prior by the words of campaign files; each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from designer.errors import Fault, InvalidPrior
from designer.priors import saving

if TYPE_CHECKING:
    from designer.priors.base import FittedPrior, Prior
    from designer.tasks import Task

# The class of the prior, and that of the fitted one, whose `from_saved(card, tensors)` reads what its `save` wrote.
_CLASSES = {
    "none": ("designer.priors.plain", "PlainPrior", "PlainPrior"),
    "auto": ("designer.priors.auto", "AutoPrior", "FittedAuto"),
    "transfer-gp": ("designer.priors.transfer", "TransferPrior", "FittedTransfer"),
