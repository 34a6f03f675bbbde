"""A generator that is trained on formulas with their values, and proposes formulas of the best quantile.

Training takes about a minute for five thousand formulas. It can be stopped and resumed, and is the same for the same
formulas, values and seed. The trained network is stored as safetensors with a JSON card.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.generator_settings import BASELINE, MIN_FORMULAS
from designer.chemistry.symbols import SYMBOLS
from designer.chemistry.whole_formulas import Amounts, exact_amounts, formula_text, reduced
from designer.counting import count
from designer.documents import read_json
from designer.errors import Fault, InvalidData
from designer.generation.base import GENERATORS, Accept, Generator, Proposal
from designer.generation.formula_network import MAX_LENGTH, QUANTILES, FormulaNetwork, as_arrays, tokens
from designer.generation.known_formulas import KnownFormulas
from designer.whole_files import write_over

CARD, WEIGHTS = "generator.json", "generator.safetensors"
STEPS, BATCH, RATE, BLOCK = 1_500, 128, 3e-3, 100
MAX_PASSES = 500
"""Of the training over its formulas: fewer steps for a few formulas, which it would only learn by heart."""
_DRAWS, _RANKED, _DRAWN, _MIN_ROUNDS = 10, 0.7, 1024, 4
_MIN_SHARE = 1 / 10
"""The share of usable formulas among those drawn down to which all that are wanted are drawn."""
_FEW_NEW = 0.02
"""Where a round draws a smaller share of new formulas, no more are drawn than are wanted."""


@dataclass(frozen=True, eq=False)
class TrainedFormulas:
    """A trained network.

    Parameters
    ----------
    network
        Its weights are those of the last step.
    card
        What it was trained on: the number of formulas and a digest of them and their values, seed, steps, and the mean
        negative log-likelihood of a formula at the end.
    """

    network: FormulaNetwork
    card: Mapping[str, Any]

    def save(self, folder: Path | str) -> None:
        """Write card and weights into a folder."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        _write(Path(folder), self.network.state_dict(), self.card)

    @classmethod
    def load(cls, folder: Path | str) -> TrainedFormulas:
        """Read what `save` has written.

        Raises
        ------
        InvalidData
            If there is no such network, or its files are damaged.
        """
        card, tensors = _read(Path(folder))
        network = FormulaNetwork()
        try:
            network.load_state_dict({name[2:]: each for name, each in tensors.items() if name.startswith("w.")})
        except RuntimeError:
            raise _damaged(Path(folder) / WEIGHTS) from None
        return cls(network.eval(), {key: value for key, value in card.items() if key != "done"})

    def generator(self, rules: FormulaRules, known: KnownFormulas) -> LearnedGenerator:
        """Return the generator of formulas that keep rules and are not known."""
        return LearnedGenerator(rules, known, self)


def train(
    values: Mapping[str, float],
    *,
    seed: int = 0,
    steps: int | None = None,
    folder: Path | str | None = None,
) -> TrainedFormulas:
    """Return a network that is trained on formulas with their values, of which larger ones are better.

    Parameters
    ----------
    values
        The value of each formula.
    steps
        Of 128 formulas each; 1,500 unless given, and fewer where these are more than 500 passes over the formulas.
    folder
        Where the state of the training is written every hundred steps. If it holds that of the same training, which was
        stopped, it is resumed, with the same result as without the stop.

    Raises
    ------
    InvalidData
        If there are fewer than 50 formulas, a text is none, or the folder holds another training.
    """
    elements, counts, quantiles = _data(values)
    steps = min(STEPS, math.ceil(MAX_PASSES * len(elements) / BATCH)) if steps is None else steps
    digest = hashlib.sha256(json.dumps(sorted(values.items())).encode()).hexdigest()
    card: dict[str, Any] = {"formulas": len(elements), "digest": digest, "seed": seed, "steps": steps}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = FormulaNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE)
    done = _resumed(folder, card, network, optimizer) if folder is not None else 0
    loss = float("nan")
    for start in range(done, steps, BLOCK):
        loss = _block(
            network, optimizer, (elements, counts, quantiles), (start, min(start + BLOCK, steps), steps), seed
        )
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            state = {**network.state_dict(), **_moments(optimizer, network)}
            _write(Path(folder), state, {**card, "loss": loss, "done": min(start + BLOCK, steps)})
    if folder is not None and done >= steps:
        return TrainedFormulas.load(folder)
    return TrainedFormulas(network.eval(), {**card, "loss": loss})


def _data(values: Mapping[str, float]) -> tuple[Tensor, Tensor, Tensor]:
    numbers = np.array(list(values.values()), dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise InvalidData(Fault("a value is not a finite number", "leave the formula out"))
    sequences = [tokens(exact_amounts(text)) for text in values]
    kept = [row for row, each in enumerate(sequences) if each is not None]
    if len(kept) < MIN_FORMULAS:
        what = f"{count(len(kept), 'formula', 'formulas')} of at most {MAX_LENGTH} elements: too few to learn from"
        raise InvalidData(Fault(what, f"give at least {MIN_FORMULAS}"))
    elements, counts = as_arrays([each for each in sequences if each is not None])
    limits = np.quantile(numbers, QUANTILES)
    quantiles = torch.as_tensor(np.searchsorted(limits, numbers[kept], side="right"))
    return elements, counts, quantiles


def _block(
    network: FormulaNetwork,
    optimizer: torch.optim.Optimizer,
    data: tuple[Tensor, Tensor, Tensor],
    span: tuple[int, int, int],
    seed: int,
) -> float:
    """Train from one step to another and return the mean loss; each block has random numbers of its own."""
    start, end, steps = span
    random = torch.Generator().manual_seed(seed * 1_000_003 + start)
    losses = []
    for step in range(start, end):
        rows = torch.randint(0, len(data[0]), (BATCH,), generator=random)
        for group in optimizer.param_groups:
            group["lr"] = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
        optimizer.zero_grad()
        loss = network.loss(*(each[rows] for each in data))
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses))


# The state of a training


def _moments(optimizer: torch.optim.Optimizer, network: FormulaNetwork) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name, parameter in network.named_parameters():
        for key, value in optimizer.state[parameter].items():
            found[f"{key}|{name}"] = value
    return found


def _resumed(folder: Path | str, card: Mapping[str, Any], network: FormulaNetwork, optimizer: Any) -> int:
    """Restore the state of a training that was stopped and return the number of its steps; 0 where there is none."""
    if not (Path(folder) / CARD).exists():
        return 0
    known, tensors = _read(Path(folder))
    other = [key for key in card if known.get(key) != card[key]]
    if other:
        what = f"the folder holds a training with another {other[0]}"
        raise InvalidData(Fault(what, "give an empty folder", file=str(Path(folder) / CARD)))
    try:
        network.load_state_dict({name[2:]: each for name, each in tensors.items() if name.startswith("w.")})
        for name, parameter in network.named_parameters():
            keys = ("step", "exp_avg", "exp_avg_sq")
            optimizer.state[parameter] = {key: tensors[f"o.{key}|{name}"] for key in keys}
    except (KeyError, RuntimeError):
        raise _damaged(Path(folder) / WEIGHTS) from None
    return int(known.get("done", 0))


def _write(folder: Path, state: Mapping[str, Tensor], card: Mapping[str, Any]) -> None:
    tensors = {("o." if "|" in name else "w.") + name: each.contiguous() for name, each in state.items()}
    weights = save(tensors)
    write_over(folder / WEIGHTS, weights)
    whole = {**card, "weights": hashlib.sha256(weights).hexdigest()}
    write_over(folder / CARD, json.dumps(whole, indent=1) + "\n")


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    path = folder / CARD
    if not path.is_file() or not (folder / WEIGHTS).is_file():
        raise InvalidData(Fault("there is no trained generator", f"train one, which writes {CARD}", file=str(folder)))
    try:
        card = read_json(path.read_text(encoding="utf-8"))
    except ValueError:
        raise _damaged(path) from None
    weights = (folder / WEIGHTS).read_bytes()
    if not isinstance(card, dict) or hashlib.sha256(weights).hexdigest() != card.pop("weights", None):
        raise _damaged(path)
    try:
        return card, load(weights)
    except SafetensorError:
        raise _damaged(folder / WEIGHTS) from None


def _damaged(path: Path) -> InvalidData:
    return InvalidData(Fault("the trained generator is damaged", "train it again in an empty folder", file=str(path)))


# Proposals


@dataclass(frozen=True, eq=False)
class LearnedGenerator:
    """Proposes formulas that the network draws for the best quantile.

    Of ten times as many formulas as are wanted, seven tenths of the proposals are the most likely ones, as with the
    baseline; the others are the first ones drawn.
    """

    rules: FormulaRules
    known: KnownFormulas
    trained: TrainedFormulas

    def propose(
        self,
        n: int,
        *,
        seed: int,
        parents: Mapping[str, float] | None = None,
        taken: frozenset[Amounts] = frozenset(),
        accept: Accept | None = None,
    ) -> tuple[Proposal, ...]:
        """Return up to `n` proposals; `parents` are not used, since the network has learned from values."""
        random = torch.Generator().manual_seed(seed)
        seen = set(self.known.keys | taken)
        drawn: list[tuple[Amounts, str, float]] = []
        for _ in range(max(_MIN_ROUNDS, math.ceil(n * _DRAWS / (_MIN_SHARE * _DRAWN)))):
            before = len(seen)
            drawn += self._draw(seen, random, accept)
            few_new = len(seen) - before < _FEW_NEW * _DRAWN
            if len(drawn) >= n * _DRAWS or (few_new and len(drawn) >= n):
                break
        chosen = _ranked(drawn[: n * _DRAWS], n)
        nearest = self.known.nearest([amounts for amounts, _, _ in chosen])
        return tuple(
            Proposal(text, "drawn by a trained network", None, self.rules.is_balanced(amounts), near, distance)
            for (amounts, text, _), (near, distance) in zip(chosen, nearest, strict=True)
        )

    def _draw(
        self, seen: set[Amounts], random: torch.Generator, accept: Accept | None
    ) -> list[tuple[Amounts, str, float]]:
        """Return formulas that are new, keep the rules and are accepted, with their log-likelihoods."""
        allowed = torch.tensor([symbol in self.rules.allowed for symbol in SYMBOLS])
        network, best = self.trained.network, len(QUANTILES)
        elements, counts, likely = network.draw(_DRAWN, best, allowed, self.rules.max_elements, random)
        found: list[tuple[Amounts, str, float]] = []
        for row in range(len(elements)):
            pairs = zip(elements[row].tolist(), counts[row].tolist(), strict=True)
            amounts = reduced({SYMBOLS[e]: c for e, c in pairs if e < len(SYMBOLS)})
            if amounts in seen or not self.rules.allows(amounts):
                continue
            seen.add(amounts)
            try:
                found.append((amounts, formula_text(amounts), float(likely[row])))
            except InvalidData:  # no text is read as these amounts
                continue
        fine = [True] * len(found) if accept is None else accept([text for _, text, _ in found])
        return [each for each, good in zip(found, fine, strict=True) if good]


def _ranked(drawn: Sequence[tuple[Amounts, str, float]], n: int) -> list[tuple[Amounts, str, float]]:
    ordered = sorted(drawn, key=lambda each: -each[2])
    chosen = ordered[: round(_RANKED * n)]
    keys = {amounts for amounts, _, _ in chosen}
    return [*chosen, *(each for each in drawn if each[0] not in keys)][:n]


def _keys(found: Sequence[Proposal]) -> frozenset[Amounts]:
    return frozenset(exact_amounts(each.formula) for each in found)


@dataclass(frozen=True, eq=False)
class BesideBaseline:
    """Proposes formulas of the baseline and of a trained network, half of each."""

    baseline: Generator
    learned: LearnedGenerator

    @classmethod
    def of(cls, trained: TrainedFormulas, rules: FormulaRules, known: KnownFormulas) -> BesideBaseline:
        """Return the generator under rules."""
        return cls(GENERATORS.load(BASELINE)(rules, known), trained.generator(rules, known))

    def propose(
        self,
        n: int,
        *,
        seed: int,
        parents: Mapping[str, float] | None = None,
        taken: frozenset[Amounts] = frozenset(),
        accept: Accept | None = None,
    ) -> tuple[Proposal, ...]:
        """Return up to `n` proposals; where the network draws too few, more of them are the baseline's."""
        first = self.baseline.propose(n - n // 2, seed=seed, parents=parents, taken=taken, accept=accept)
        second = self.learned.propose(n // 2, seed=seed, taken=taken | _keys(first), accept=accept)
        if len(second) < n // 2:
            rest = n - len(second)
            first = self.baseline.propose(rest, seed=seed, parents=parents, taken=taken | _keys(second), accept=accept)
        return (*first, *(replace(each, parent=None) for each in second))
