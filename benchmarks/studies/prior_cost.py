"""What a prior costs: fitting it, and one suggestion with it: ``python -m benchmarks.studies.prior_cost``.

The past tasks are those of the analytic family ``process-window`` (a power, a pressure, a gas), every one at designs of
its own. Each figure comes from a fresh interpreter with one thread, in CPU seconds, which a loaded machine hardly
changes; imports are left out, and memory is the peak resident set, libraries included. A suggestion is what a campaign
computes between two experiments: the posterior given the measurements so far, and the best of 1,000 candidates.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.report.sections import Section, Table, markdown
from benchmarks.suite import fresh_process
from benchmarks.suite.provenance import provenance

FAMILY = "process-window"
SIZES = ((5, 200), (20, 50), (20, 200), (40, 200))
MEASURED, CANDIDATES, REPEATS = 20, 1000, 5
WANTED = (
    "Wanted of `auto`, the default: fitted on 40 tasks of 200 rows in under 60 s, a suggestion with 20 tasks in under "
    "1 s, and the same for 50 and for 200 rows a task."
)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the page, and write it where asked."""
    from designer.priors.kinds import campaign_kinds

    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.prior_cost", description=__doc__)
    parser.add_argument("--kinds", nargs="+", choices=campaign_kinds(), default=list(campaign_kinds()))
    parser.add_argument("--out", type=Path, help="the Markdown file to write")
    parser.add_argument("--one", nargs=3, metavar=("KIND", "TASKS", "ROWS"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        kind, tasks, rows = options.one
        print(json.dumps(measure(kind, int(tasks), int(rows))))
        return 0
    text = page(options.kinds)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    return 0


def measure(kind: str, tasks: int, rows: int) -> dict[str, float]:
    """Return CPU seconds of fitting and of a suggestion (minimum of several runs), and the peak memory."""
    import torch

    from designer.acquisition.propose import Observed, propose
    from designer.objective import Objective
    from designer.priors import robust_conditioning
    from designer.priors.kinds import fit_prior
    from designer.space import DesignSpace
    from designer.space.pool import Pool
    from designer.surrogates.data import Quantity, TaskData
    from designer.tasks.analytic import analytic_family

    family = analytic_family(FAMILY, number=tasks + 1, rows=CANDIDATES)
    new, *rest = family.tasks
    past = [replace(task, data=task.data.head(rows)) for task in rest]
    begun = time.process_time()
    prior = fit_prior(past, kind, seed=0)
    fitting = time.process_time() - begun

    space = DesignSpace(parameters=new.space.parameters, pool=Pool(new.coordinates))
    target = new.targets[0]
    values = new.data[[target.name]].to_numpy(copy=True)[:MEASURED]
    features = torch.as_tensor(space.encoder.encode(new.coordinates[:MEASURED]))
    quantities = (Quantity(target.name, target.unit),)
    data = TaskData(features, torch.as_tensor(values), space.encoder.columns, quantities=quantities)
    known = Observed(new.coordinates[:MEASURED], values)
    took = []
    for seed in range(REPEATS):
        begun = time.process_time()
        propose(
            robust_conditioning.condition(prior, data).model,
            space,
            Objective(targets=(target,)),
            known,
            new.coordinates[:0],
            1,
            seed,
        )
        took.append(time.process_time() - begun)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"fit": fitting, "suggestion": min(took), "memory_mb": memory}


def page(kinds: Sequence[str]) -> str:
    """Return the figures as Markdown."""
    names = ["prior", "tasks", "rows a task", "fit, CPU s", "suggestion, CPU s", "peak memory, MB"]
    body = []
    for kind in kinds:
        for tasks, rows in SIZES:
            found = fresh_process.measured("benchmarks.studies.prior_cost", "--one", kind, tasks, rows)
            figures = [f"{found['fit']:.1f}", f"{found['suggestion']:.3f}", f"{found['memory_mb']:.0f}"]
            body.append([kind, str(tasks), str(rows), *figures])
    assert __doc__ is not None
    description = " ".join(__doc__.split("\n\n", 1)[1].split())
    stated = provenance("python", "-m", "benchmarks.studies.prior_cost", "--kinds", *kinds)
    table = Table(["", ""], [[key, value] for key, value in stated.items()])
    return markdown([Section(1, "What a prior costs", (description, WANTED, Table(names, body), table))])


if __name__ == "__main__":
    sys.exit(main())
