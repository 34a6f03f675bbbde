"""MAML and Meta-SGD on the sinusoids of Finn et al. (2017), compared with the published errors.

``python -m benchmarks.studies.maml_sinusoid`` writes ``benchmarks/results/maml-sinusoid.md``, in at most three CPU
minutes.

Tasks are y = A sin(x + p), A in [0.1, 5], p in [0, pi], x in [-5, 5]; a network of two layers of 40 (ReLU) is adapted
to K points by one gradient step and scored by its mean squared error at 100 others (Finn et al. 2017, section 5.1;
errors after one step: Li et al., Meta-SGD, 2017, table 1). The published networks were trained for many more steps.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from designer.priors.networks.gradient import Beginning, GradientSettings, Variant, adapted_loss
from designer.priors.networks.training import generator, seeded
from designer.threads import one_thread

PAGE = Path(__file__).parents[1] / "results" / "maml-sinusoid.md"
PUBLISHED: dict[tuple[Variant, int], str] = {
    ("maml", 5): "1.13 ± 0.18",
    ("maml", 10): "0.77 ± 0.11",
    ("meta-sgd", 10): "0.53 ± 0.09",
}
STEPS = 7_000
_TASKS = 600
_BATCH = 25

Rows = tuple[Tensor, Tensor, Tensor]


def sinusoids(tasks: int, rows: int, random: torch.Generator) -> Rows:
    """Return inputs (``tasks x rows x 1``), values and a mask of ones for random sinusoids."""
    amplitude = 0.1 + 4.9 * torch.rand(tasks, 1, generator=random)
    phase = math.pi * torch.rand(tasks, 1, generator=random)
    x = 10.0 * torch.rand(tasks, rows, generator=random) - 5.0
    return x[..., None], amplitude * torch.sin(x + phase), torch.ones(tasks, rows)


def split(rows: Rows, shots: int) -> tuple[Rows, Rows]:
    """Return the first `shots` rows of each task, and the others."""
    x, y, there = rows
    return (x[:, :shots], y[:, :shots], there[:, :shots]), (x[:, shots:], y[:, shots:], there[:, shots:])


def trained(variant: Variant, shots: int, steps: int, seed: int, *, adapted: bool = True) -> dict[str, Tensor]:
    """Return trained weights; without adaptation in training ("pretrained") where `adapted` is False."""
    random = generator(seed)
    settings = GradientSettings(variant=variant, inner_rate=0.01)
    network = seeded(lambda: Beginning(1, settings), random)
    parameters = [p for name, p in network.named_parameters() if p.requires_grad and name != "noise"]
    optimiser = torch.optim.Adam(parameters, lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        optimiser.zero_grad(set_to_none=True)
        measured, asked = split(sinusoids(_BATCH, 2 * shots, random), shots)
        weights = dict(network.named_parameters())
        loss = adapted_loss(
            weights, measured, asked, variant=variant, steps=1 if adapted else 0, activation=nn.functional.relu
        ).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 10.0)
        optimiser.step()
        schedule.step()
    return {name: value.detach() for name, value in network.named_parameters()}


def errors(weights: dict[str, Tensor], variant: Variant, shots: int, steps: int) -> Tensor:
    """Return the mean squared error of each of 600 new sinusoids after `steps` of adaptation to `shots` points."""
    measured, asked = split(sinusoids(_TASKS, shots + 100, generator(999)), shots)
    found: Tensor = adapted_loss(
        weights, measured, asked, variant=variant, steps=steps, activation=nn.functional.relu
    ).detach()
    return found


def interval(found: Tensor) -> str:
    """Return the mean and the half width of its 95 % interval over tasks."""
    return f"{float(found.mean()):.2f} ± {1.96 * float(found.std()) / math.sqrt(len(found)):.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, evaluate, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.maml_sinusoid", description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS, help=f"training steps of each method (default: {STEPS})")
    parser.add_argument("--out", type=Path, default=PAGE, help="page of results to write")
    given = parser.parse_args(arguments)
    steps, out = given.steps, given.out
    start = time.process_time()
    lines = []
    with one_thread():
        for (variant, shots), published in PUBLISHED.items():
            weights = trained(variant, shots, steps, seed=0)
            cells = [interval(errors(weights, variant, shots, n)) for n in (0, 1, 5)]
            lines.append(f"| {variant} | {shots} | {' | '.join(cells)} | {published} |")
            print(lines[-1], flush=True)
        pretrained = trained("maml", 10, steps // 4, seed=0, adapted=False)
        cells = [interval(errors(pretrained, "maml", 10, n)) for n in (0, 1, 5)]
        lines.append(f"| pretrained on all tasks | 10 | {' | '.join(cells)} | |")
    minutes = (time.process_time() - start) / 60
    out.write_text(page(lines, steps, minutes), encoding="utf-8")
    print(out.read_text(encoding="utf-8"))


def page(lines: list[str], steps: int, minutes: float) -> str:
    """Return the results page."""
    return "\n".join(
        [
            "# MAML on sinusoids",
            "",
            "Mean squared error at 100 new points of 600 new sinusoids (95 % interval over sinusoids), after 0, 1",
            "and 5 gradient steps on the points given; made by `python -m benchmarks.studies.maml_sinusoid`.",
            f"{steps:,} steps of training each; {minutes:.1f} CPU minutes in all. Published: Li et al., Meta-SGD,",
            "2017, table 1, after one step; those networks were trained for tens of thousands of steps.",
            "",
            "| method | points | 0 steps | 1 step | 5 steps | published, 1 step |",
            "|---|---|---|---|---|---|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    main()
