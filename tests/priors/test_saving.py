"""Saved priors: what was written is read, and what was damaged is refused in one line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from designer.errors import InvalidPrior
from designer.priors import saving
from designer.priors.baseline import BaselinePrior
from designer.priors.kinds import fit_prior, load_prior, prior_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    saving.write(tmp_path / "prior", {"kind": "none", "tasks": ["a"]}, {"w": torch.arange(3.0)})
    return tmp_path / "prior"


def test_what_is_written_is_read(folder: Path) -> None:
    card, tensors = saving.read(folder)
    assert card["tasks"] == ["a"]
    assert tensors["w"].tolist() == [0, 1, 2]
    assert saving.is_saved(folder)
    assert not list(folder.glob("*.part"))


def fault_of(folder: Path) -> str:
    with pytest.raises(InvalidPrior) as caught:
        load_prior(folder)
    (fault,) = caught.value.faults
    text = str(fault)
    assert "\n" not in text
    assert text.startswith(str(folder))
    return text


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "there is no saved prior here" in fault_of(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"designer_prior": 2}', b"\xff\xfe"])
def test_a_card_that_is_none(folder: Path, content: bytes) -> None:
    (folder / saving.CARD).write_bytes(content)
    assert "JSON" in fault_of(folder) or "format" in fault_of(folder)


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_weights_that_were_cut_off(folder: Path, cut: int) -> None:
    weights = folder / saving.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:cut])
    assert "damaged" in fault_of(folder)


def test_weights_that_are_gone(folder: Path) -> None:
    (folder / saving.WEIGHTS).unlink()
    assert "cannot be read" in fault_of(folder)


def test_an_unknown_kind(folder: Path) -> None:
    card = json.loads((folder / saving.CARD).read_text())
    del card[saving.SEAL]  # as cards of version 0.1 have none
    (folder / saving.CARD).write_text(json.dumps({**card, "kind": "magic"}))
    assert "'magic' is not known" in fault_of(folder)


def test_the_plain_prior(tmp_path: Path) -> None:
    BaselinePrior().save(tmp_path)
    assert load_prior(tmp_path) == BaselinePrior()
    assert fit_prior([], "none") == BaselinePrior()
    with pytest.raises(InvalidPrior, match="'magic' is not known; known: auto, none"):
        prior_of("magic")


def test_digest_of_another_packages_prior_is_that_of_version_0_1() -> None:
    """It is recorded in campaigns that began with such a prior; the entry that files have since is no part of it."""

    class Foreign:
        def save(self, path: Path) -> None:
            saving.write(path, {"kind": "foreign", "tasks": ["a"]}, {"w": torch.arange(3.0)})

    weights = hashlib.sha256(save({"w": torch.arange(3.0)})).hexdigest()
    card = {"designer_prior": 1, "kind": "foreign", "tasks": ["a"], "weights": weights}
    written = (json.dumps(card, indent=1) + "\n").encode()
    assert saving.digest_of(Foreign()) == hashlib.sha256(written).hexdigest()[:16]
