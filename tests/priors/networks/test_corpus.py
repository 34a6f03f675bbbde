"""Past tasks as networks see them: signs, what is hidden, and which are left out together."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from designer.objective import Target
from designer.priors.networks.corpus import Corpus
from designer.priors.networks.episodes import draw
from designer.priors.networks.training import generator
from designer.priors.sources import gather
from designer.space import DesignSpace
from designer.surrogates.data import Quantity
from designer.tasks import Task

X = {"name": "x", "kind": "numeric", "bounds": [0, 1]}
T = {"name": "t", "kind": "numeric", "bounds": [0, 1]}


def task(name: str, sign: float = 1.0, *, target: str = "y", has: tuple[dict[str, object], ...] = (X, T)) -> Task:  # type: ignore[assignment]
    space = DesignSpace(parameters=list(has))
    coordinates = space.sample(25, np.random.default_rng(len(name)))
    data = space.frame(coordinates)
    data[target] = sign * (np.exp(2 * coordinates[:, 0]) + coordinates[:, -1])
    return Task(space=space, targets=[Target(name=target, goal="maximize")], data=data, name=name)


def corpus(*tasks: Task) -> Corpus:
    common, sources = gather(tasks)
    return Corpus.of(common, sources, {})


def test_a_task_that_runs_the_other_way_is_turned() -> None:
    made = corpus(task("a"), task("bb"), task("ccc", -1.0))
    assert made.signs == (1.0,)
    assert [float(m.z @ m.source.z.float()) > 0 for m in made.members] == [True, True, False]


def test_negatives_of_all_tasks_are_learned_from_as_the_very_same() -> None:
    one, other = (corpus(*(task(name, sign) for name in ("a", "bb", "ccc"))) for sign in (1.0, -1.0))
    assert (one.signs, other.signs) == ((1.0,), (-1.0,))
    assert all(torch.equal(a.z, b.z) and torch.equal(a.X, b.X) for a, b in zip(one.members, other.members, strict=True))


def test_each_quantity_has_a_number_and_a_sign_of_its_own() -> None:
    made = corpus(task("a"), task("b", -1.0, target="loss"))
    assert [quantity.name for quantity in made.inputs.quantities] == ["y", "loss"]
    assert made.signs == (1.0, -1.0)
    assert made.inputs.number(Quantity("loss")) == 1
    assert made.inputs.number(Quantity("other")) is None
    assert made.inputs.number(None) is None


def test_what_a_task_does_not_have_is_flagged_and_does_not_count() -> None:
    made = corpus(task("a"), task("b", has=(X,)))  # type: ignore[arg-type]
    has, lacks = made.members
    assert (has.flags.tolist(), lacks.flags.tolist()) == ([True, True], [True, False])
    inputs = made.inputs.of(lacks.X, lacks.flags, 0)
    assert inputs[:, 1].abs().max() == 0
    assert inputs[0, 2:].tolist() == [1, 0, 1]


def test_episodes_hide_at_times_the_quantity_or_a_parameter() -> None:
    made = corpus(task("a"), task("bb"))
    batch = draw(made, 300, 30, generator(0))
    assert batch.there.sum(1).tolist() == [25.0] * 300
    hidden = batch.inputs[:, 0, -1] == 0
    without = (batch.inputs[:, 0, 2:4] == 0).any(-1)
    assert 0.1 < hidden.float().mean() < 0.3
    assert 0.05 < without.float().mean() < 0.25
    pairs = [torch.stack([z[:25], inputs[:25, 0]]) for z, inputs in zip(batch.z, batch.inputs, strict=True)]
    risen = torch.stack([torch.corrcoef(pair)[0, 1] > 0 for pair in pairs])
    full = ~without
    assert bool(risen[~hidden & full].all())
    assert 0.3 < risen[hidden & full].float().mean() < 0.7


@pytest.mark.parametrize(("most", "folds"), [(4, 2), (1, 0)])
def test_near_copies_are_left_out_together(most: int, folds: int) -> None:
    common, sources = gather([task("a"), task("bb"), task("ccc")])
    made = Corpus.of(common, sources, {"a": "same", "bb": "same"})
    found = made.folds(most)
    assert len(found) == folds
    if found:
        assert {tuple(made.members[i].source.name for i in fold) for fold in found} == {("a", "bb"), ("ccc",)}
        assert [m.source.name for m in made.without(found[0]).members] == [
            made.members[i].source.name for i in found[1]
        ]
