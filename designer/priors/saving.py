"""Saved priors: a folder with a JSON card and the weights as safetensors. Reading one runs no code."""

from __future__ import annotations

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from designer.errors import Fault, InvalidPrior
from designer.priors import provenance

Serialized = tuple[Mapping[str, Any], Mapping[str, Tensor]]
"""The card of a prior and its tensors."""


class Savable(Protocol):
    """What can be written into a folder."""

    def save(self, path: Path) -> None:
        """Write itself into the folder `path`."""
        ...


class SavedPrior(ABC):
    """Base of the fitted priors that are stored as a card and tensors: they implement `serialize`."""

    @abstractmethod
    def serialize(self) -> Serialized:
        """Return the card and the tensors from which the prior can be restored."""

    def save(self, path: Path) -> None:
        """Write the card and the tensors into the folder `path`."""
        write(path, *self.serialize())


CARD = "prior.json"
WEIGHTS = "weights.safetensors"
VERSION = 1

_digests: WeakKeyDictionary[Savable, str] = WeakKeyDictionary()


def write(folder: Path | str, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write a prior into a folder, the card last: a folder without a card is no prior.

    The card says which version of this format it is, and the digest of the weights.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    content, weights = _encoded(card, tensors)
    _replace(folder / WEIGHTS, weights)
    _replace(folder / CARD, content)


def annotate(folder: Path | str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Add entries to the card of a saved prior, with the version and the digest of the code that made it.

    What a prior needs itself stays as it is. Returns the whole card.
    """
    card = read_card(folder)
    whole = {**more, "version": provenance.version(), "code": provenance.code(), **card}
    _replace(Path(folder) / CARD, (json.dumps(whole, indent=1, allow_nan=False) + "\n").encode())
    return whole


def read(folder: Path | str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the card and the weights of a saved prior.

    Raises
    ------
    InvalidPrior
        If the folder holds none, or it is damaged, of another version or not as its card says: one fault.
    """
    card = read_card(folder)
    path = Path(folder) / WEIGHTS
    try:
        weights = path.read_bytes()
    except OSError as error:
        raise _refused(path, f"it cannot be read ({error.strerror})", "copy the whole folder again") from None
    if hashlib.sha256(weights).hexdigest() != card.get("weights"):
        raise _refused(path, "it is damaged: its digest is not the card's", "copy the whole folder again")
    try:
        return card, load(weights)
    except SafetensorError as error:
        raise _refused(path, f"it is no safetensors file ({error})", "save the prior again") from None


def read_card(folder: Path | str) -> dict[str, Any]:
    """Return the card of a saved prior alone; see `read`."""
    path = Path(folder) / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        what = f"there is no saved prior here ({error.strerror})"
        raise _refused(path, what, "name a folder that 'designer prior fit' wrote") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise _refused(path, "it is no JSON", "save the prior again") from None
    if not isinstance(card, dict) or card.get("designer_prior") != VERSION:
        found = card.get("designer_prior") if isinstance(card, dict) else None
        raise _refused(path, f"its format is {found!r}, not {VERSION}", "save the prior again with this version")
    return card


def digest_of(prior: Savable) -> str:
    """Return a digest of all that a prior writes when it is saved: what tells it from any other.

    A fitted prior never changes, so that it is computed once.
    """
    if prior not in _digests:
        card = _encoded(*prior.serialize())[0] if isinstance(prior, SavedPrior) else _card_as_saved(prior)
        _digests[prior] = hashlib.sha256(card).hexdigest()[:16]
    return _digests[prior]


def _encoded(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> tuple[bytes, bytes]:
    """Return the content of the card's file, which holds the digest of the weights, and that of the weights' file."""
    weights = save({name: tensor.detach().contiguous() for name, tensor in tensors.items()})
    whole = {"designer_prior": VERSION, **card, "weights": hashlib.sha256(weights).hexdigest()}
    return (json.dumps(whole, indent=1, allow_nan=False) + "\n").encode(), weights


def _card_as_saved(prior: Savable) -> bytes:
    """Return the card that a prior of another package writes."""
    with TemporaryDirectory() as folder:
        prior.save(Path(folder))
        return (Path(folder) / CARD).read_bytes()


def is_saved(folder: Path | str) -> bool:
    """Whether a folder holds a saved prior."""
    return (Path(folder) / CARD).is_file()


def _refused(path: Path, what: str, remedy: str) -> InvalidPrior:
    return InvalidPrior(Fault(what, remedy, file=str(path)))


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    waiting = path.with_name(path.name + ".part")
    with waiting.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
