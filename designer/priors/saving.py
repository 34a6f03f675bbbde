"""Saved priors: a folder with a JSON card and the weights as safetensors. Reading one runs no code."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from designer.documents import read_json
from designer.errors import Fault, InvalidPrior
from designer.priors import provenance
from designer.whole_files import part_folder, publish, sync_folder, write_over

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
SEAL = "card_digest"
"""The card's entry with the digest of its other entries; cards of version 0.1 have none."""
VERSION = 1
MAX_NUMBER = 1e100
"""The largest value of a saved tensor: squares of larger ones could not be computed with."""

_digests: WeakKeyDictionary[Savable, str] = WeakKeyDictionary()


def write(folder: Path | str, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write a prior into a folder, in the place of an older one if there is one.

    The card says which version of this format it is, and the digest of the weights. At any instant the folder holds
    the older prior or this one: see `_replace_prior`.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    content, weights = _encoded(card, tensors)
    _replace_prior(folder, _sealed(json.loads(content)), weights)


def annotate(folder: Path | str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Add entries to the card of a saved prior, with the version and the digest of the code that made it.

    What a prior needs itself stays as it is. Returns the whole card.
    """
    card = read_card(folder)
    whole = {**more, "version": provenance.version(), "code": provenance.code(), **card}
    write_over(Path(folder) / CARD, _sealed(whole))
    return read_card(folder)


def save_whole(prior: Savable, folder: Path, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Save a prior as a folder that is there whole or not at all, and return its card.

    An older prior in the folder is replaced; a program that is killed leaves that one or this one.

    Parameters
    ----------
    more
        Further entries of the card; see `annotate`.

    Raises
    ------
    OSError
        If the folder cannot be written; then it is as it was.
    """
    with part_folder(folder) as part:
        prior.save(part)
        card = annotate(part, more) if more is not None else read_card(part)
        if not folder.is_dir() or not any(folder.iterdir()):
            publish(part, folder)
        elif {path.name for path in part.iterdir()} <= {CARD, WEIGHTS}:
            weights = part / WEIGHTS
            _replace_prior(folder, (part / CARD).read_bytes(), weights.read_bytes() if weights.exists() else None)
        else:
            _replace_folder(part, folder)
    return card


def _replace_prior(folder: Path, card: bytes, weights: bytes | None) -> None:
    """Write card and weights so that each instant leaves a readable prior: writing the card is the one step.

    The weights are first written under the name of their digest, by which `read` finds them as long as
    ``weights.safetensors`` is that of the older card.
    """
    waiting = None
    if weights is not None:
        waiting = folder / _weights_name(hashlib.sha256(weights).hexdigest())
        write_over(waiting, weights)
    write_over(folder / CARD, card)
    if waiting is not None:
        waiting.replace(folder / WEIGHTS)
    for left in folder.glob("weights-*.safetensors"):  # of a program that was killed
        left.unlink(missing_ok=True)
    sync_folder(folder)


def _weights_name(digest: str) -> str:
    return f"weights-{digest[:16]}.safetensors"


def _replace_folder(part: Path, folder: Path) -> None:
    """Put a folder of another package's files in the place of an older one, which is moved aside first."""
    with part_folder(folder.with_name(f"{folder.name}.old")) as aside:
        folder.rename(aside / folder.name)
        try:
            publish(part, folder)
        except OSError:
            (aside / folder.name).rename(folder)
            raise


def read(folder: Path | str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the card and the weights of a saved prior.

    Raises
    ------
    InvalidPrior
        If the folder holds none, or it is damaged, of another version or not as its card says: one fault.
    """
    card = read_card(folder)
    path = Path(folder) / WEIGHTS
    weights = _weights_of(Path(folder), card.get("weights"))
    try:
        tensors = load(weights)
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:  # KeyError: a type that torch does not have
        raise _refused(path, f"it is no safetensors file ({error})", "save the prior again") from None
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool((tensor.abs() <= MAX_NUMBER).all()):
            what = f"its tensor {name[:80]!r} has values that are not finite or above {MAX_NUMBER:g}"
            raise _refused(path, what, "save the prior again")
    return card, tensors


def _weights_of(folder: Path, digest: object) -> bytes:
    """Return the weights that a card names by their digest."""
    path, problem = folder / WEIGHTS, None
    for each in (path, folder / _weights_name(str(digest)) if _is_digest(digest) else path):
        try:
            weights = each.read_bytes()
        except OSError as error:
            problem = problem or f"it cannot be read ({error.strerror})"
            continue
        if hashlib.sha256(weights).hexdigest() == digest:
            return weights
        problem = "it is damaged: its digest is not the card's"
    raise _refused(path, str(problem), "copy the whole folder again")


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and len(text) == 64 and all(sign in "0123456789abcdef" for sign in text)


def read_card(folder: Path | str) -> dict[str, Any]:
    """Return the card of a saved prior alone; see `read`."""
    path = Path(folder) / CARD
    try:
        card = read_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        what = f"there is no saved prior here ({error.strerror})"
        raise _refused(path, what, "name a folder that 'designer prior fit' wrote") from None
    except (ValueError, RecursionError):
        raise _refused(path, "it is no JSON", "save the prior again") from None
    if not isinstance(card, dict) or card.get("designer_prior") != VERSION:
        found = card.get("designer_prior") if isinstance(card, dict) else None
        shown = repr(found)[:40]
        raise _refused(path, f"its format is {shown}, not {VERSION}", "save the prior again with this version")
    if card.get(SEAL) not in (None, _seal(card)):
        raise _refused(path, "it is damaged: its content is not what was saved", "copy the whole folder again")
    return card


def _sealed(card: Mapping[str, Any]) -> bytes:
    """Return the content of a card's file, with the digest of all other entries: damage is seen when it is read."""
    return _card_content({**card, SEAL: _seal(card)})


def _card_content(card: Mapping[str, Any]) -> bytes:
    return (json.dumps(card, indent=1, allow_nan=False) + "\n").encode()


def _seal(card: Mapping[str, Any]) -> str:
    card = {key: value for key, value in card.items() if key != SEAL}
    try:
        text = json.dumps(card, sort_keys=True, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


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
    return _card_content(whole), weights


def _card_as_saved(prior: Savable) -> bytes:
    """Return the card that a prior of another package writes, without the entry that `write` adds to the file."""
    with TemporaryDirectory() as folder:
        prior.save(Path(folder))
        content = (Path(folder) / CARD).read_bytes()
    card = json.loads(content)
    return content if card.pop(SEAL, None) is None else _card_content(card)


def is_saved(folder: Path | str) -> bool:
    """Whether a folder holds a saved prior."""
    return (Path(folder) / CARD).is_file()


def is_unfinished(folder: Path | str) -> bool:
    """Whether a folder holds nothing but what version 0.1 left when it was killed while it saved a prior."""
    names = [path.name for path in Path(folder).iterdir()]
    return CARD not in names and all(name == WEIGHTS or name in (f"{WEIGHTS}.part", f"{CARD}.part") for name in names)


def _refused(path: Path, what: str, remedy: str) -> InvalidPrior:
    return InvalidPrior(Fault(what, remedy, file=str(path)))
