"""Damaged priors are read, or refused by an error of designer's own: never by another exception, and in one line.

The priors are those that version 0.1 wrote, whose cards hold no digest of themselves. `python -m
tests.priors.test_damaged_priors 2000` tries more of them.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from designer import load_prior, load_properties
from designer.cli.main import main
from designer.errors import DesignerError, InvalidPrior
from designer.priors.saving import CARD, read_card
from tests.golden.keep import KEPT
from tests.priors.damage import damaged
from tests.priors.use import use, use_properties

KINDS = sorted(path.name for path in (KEPT / "priors").iterdir())


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of numpy, about the values of damaged tensors
@pytest.mark.parametrize("seed", range(54))
def test_a_damaged_prior_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    attempt(tmp_path, seed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_prior_is_used_and_shown(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    apply(KEPT / "priors" / kind)
    assert main(["prior", "show", str(KEPT / "priors" / kind)]) == 0
    assert f"A prior of kind {read_card(KEPT / 'priors' / kind)['kind']!r}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "it is no JSON"),
        ('{"designer_prior": 1, "seed": NaN}', "it is no JSON"),
        ('{"designer_prior": 1, "seed": 1' + "0" * 5000 + "}", "it is no JSON"),
        ("[]", "its format is None"),
        ('{"designer_prior": 1, "kind": ["auto"]}', "it cannot be read"),
    ],
)
def test_cards_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / CARD).write_text(text)
    with pytest.raises(InvalidPrior, match=message):
        load_prior(tmp_path)


def attempt(folder: Path, seed: int) -> None:
    """Damage a prior of version 0.1, then read its card, show it and use it."""
    place = folder / KINDS[seed % len(KINDS)]
    damaged(KEPT / "priors" / place.name, place, seed)
    with contextlib.suppress(DesignerError):
        read_card(place)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["prior", "show", str(place)])
    assert (code, len(err.getvalue().splitlines())) in ((0, 0), (2, 1)), err.getvalue()
    with contextlib.suppress(DesignerError):
        apply(place)


def apply(place: Path) -> None:
    """Predict from a saved prior."""
    if place.name.startswith("properties"):
        use_properties(load_properties(place), place.name)
    else:
        use(load_prior(place))


if __name__ == "__main__":
    warnings.simplefilter("ignore", RuntimeWarning)
    for number in range(int(sys.argv[1])):
        with tempfile.TemporaryDirectory() as copy:
            attempt(Path(copy), number)
    sys.stdout.write(f"{sys.argv[1]} damaged priors: each was read, or refused by an error of designer's own\n")
