"""A campaign of another program, in the grammar of a campaign file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from designer.campaign.file.reserved_columns import OWN
from designer.space.parameters.fields import GRAMMAR_WORDS

Cell = str | int | float | None


@dataclass(frozen=True)
class ImportedCampaign:
    """What a file of another program holds.

    Parameters
    ----------
    name, program
        The campaign's name, and the program that wrote the file, with its version where the file states it.
    space, constraints, targets
        As in a campaign file.
    combine
        As in a campaign file; None for the default.
    candidates
        The only designs there are, one mapping from column to cell each; None where the space has all designs.
    results
        Results with their designs, one mapping from column to cell each; a failed experiment has ``failed``.
    pending
        Designs without a result yet.
    remarks
        What was translated with a difference, in words.
    left_out
        What could not be translated, in words.
    """

    name: str
    program: str
    space: Sequence[Mapping[str, Any]]
    targets: Sequence[Mapping[str, Any]]
    constraints: Sequence[str] = ()
    combine: str | None = None
    candidates: Sequence[Mapping[str, Cell]] | None = None
    results: Sequence[Mapping[str, Cell]] = ()
    pending: Sequence[Mapping[str, Cell]] = ()
    remarks: Sequence[str] = ()
    left_out: Sequence[str] = ()


@dataclass
class Names:
    """Names that a campaign file accepts, for the names of another program.

    Examples
    --------
    >>> names = Names()
    >>> names.of("Solvent type"), names.of("solvent-type"), names.of("temperature")
    ('Solvent_type', 'solvent_type', 'temperature')
    >>> names.of("Solvent type")
    'Solvent_type'
    """

    given: dict[str, str] = field(default_factory=dict)

    def of(self, text: str) -> str:
        """Return the name for a text, the same one each time."""
        if text not in self.given:
            self.given[text] = self._new(text)
        return self.given[text]

    def key(self, text: str) -> dict[str, str]:
        """Return the keys that name a parameter or a target: the name, and its own header where that is another."""
        name = self.of(text)
        keeps = name != text and text == text.strip() and text.isprintable() and not re.search(r"[\[\](){}/|,;]", text)
        return {"name": name, "column": text} if keeps and text not in OWN else {"name": name}

    def remarks(self) -> list[str]:
        """Return which names were changed, in words."""
        return [f"{text!r} is called {name!r} here" for text, name in self.given.items() if text != name]

    def _new(self, text: str) -> str:
        name = re.sub(r"\W+", "_", text).strip("_") or "x"
        name = name if name.isidentifier() else f"x_{name}"
        while name in GRAMMAR_WORDS or name in OWN or name in self.given.values():
            name += "_"
        return name


def choice_text(value: Any) -> str:
    """Return a choice as text, whole numbers without a point.

    >>> [choice_text(value) for value in ("N2", 5.0, 0.5, True, None)]
    ['N2', '5', '0.5', 'True', 'None']
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def numeric_keys(values: Sequence[float]) -> dict[str, Any]:
    """Return the keys of a numeric parameter with these values: bounds and a step where they are evenly spaced.

    >>> numeric_keys([300, 350, 400, 450]), numeric_keys([1, 10, 100])
    ({'bounds': [300, 450], 'step': 50}, {'values': [1, 10, 100]})
    """
    values = sorted(values)
    steps = {round(b - a, 12) for a, b in pairwise(values)}
    if len(values) > 3 and len(steps) == 1:
        return {"bounds": [values[0], values[-1]], "step": steps.pop()}
    return {"values": values}
