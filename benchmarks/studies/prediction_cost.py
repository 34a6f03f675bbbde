"""What 100,000 predicted properties cost: ``python -m benchmarks.studies.prediction_cost``.

A prior learned from `composition_property_dft` (16 properties, computed by density-functional theory) predicts the bulk
modulus of 100,000 distinct formulas of three elements, drawn at random, from some values measured beforehand. A time is
that of the whole question: formulas are read and described, and each gets a value and a 90 % interval. Each figure
comes from a fresh interpreter with one thread, in CPU seconds, imports left out; memory is the peak resident set,
libraries and the benchmark's own tables included. The prior is learned once and saved in `build/properties`, as
`python -m benchmarks.studies.properties` keeps it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.report.sections import Section, Table, markdown
from benchmarks.studies.properties_work import WORK, Property, learned, read
from benchmarks.suite import fresh_process
from benchmarks.suite.provenance import provenance
from designer.priors.stacking.property_prior import FittedProperties

NEW, COUNT, MEASURED = "mp_bulk_modulus", 100_000, (5, 20, 100, 6000)
ELEMENTS = (
    "Li Na K Mg Ca Sr Ba Al Ga In Si Ge Sn Ti Zr Hf V Nb Ta Cr Mo W Mn Fe Co Ni Cu Zn Ag B C N O F P S Cl Se Te Sb"
)
WANTED = "Wanted: 100,000 predictions in under 10 s."


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.prediction_cost", description=__doc__)
    parser.add_argument("--out", type=Path, help="the Markdown file to write")
    parser.add_argument("--one", type=int, metavar="MEASURED", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    data = Path(os.environ.get("DESIGNER_DATA", "../shared/data"))
    properties, tasks = read(data)
    prior, seconds = learned(tasks, WORK)
    if options.one:
        new = next(each for each in properties if each.name == NEW)
        print(json.dumps(measure(new, prior, options.one, COUNT)))
        return 0
    text = page(seconds)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    return 0


def measure(new: Property, prior: FittedProperties, measured: int, count: int) -> dict[str, float]:
    """Return CPU seconds of learning from so many values and of `count` predictions, and the peak memory."""
    from designer import PropertyPredictor

    header = f"{new.quantity.name} [{new.quantity.unit}]"
    rows = np.random.default_rng(0).permutation(len(new.formulas))[:measured]
    given = pd.DataFrame({"formula": [new.formulas[row] for row in rows], header: new.y[rows]})
    asked = pd.DataFrame({"formula": formulas(count)})
    begun = time.process_time()
    predictor = PropertyPredictor(prior, given)
    learning = time.process_time() - begun
    begun = time.process_time()
    (found,) = predictor.predict(asked)
    predicting = time.process_time() - begun
    if len(found.value) != count or not np.isfinite([found.value, found.lower, found.upper]).all():
        raise ValueError("a formula has no prediction")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"learning": learning, "predicting": predicting, "memory_mb": memory}


def formulas(count: int) -> list[str]:
    """Return distinct formulas of three elements with amounts from 1 to 6, always the same ones.

    >>> len(set(formulas(1000)))
    1000
    """
    rng, elements = np.random.default_rng(1), ELEMENTS.split()
    found: dict[str, None] = {}
    while len(found) < count:
        chosen = sorted(rng.choice(len(elements), 3, replace=False))
        amounts = rng.integers(1, 7, 3)
        found["".join(f"{elements[i]}{n}" for i, n in zip(chosen, amounts, strict=True))] = None
    return list(found)


def page(seconds: float) -> str:
    """Return the figures as Markdown."""
    body = []
    for measured in MEASURED:
        found = fresh_process.measured("benchmarks.studies.prediction_cost", "--one", measured)
        figures = [f"{found[name]:.2f}" for name in ("learning", "predicting")]
        body.append([str(measured), *figures, f"{found['memory_mb']:.0f}"])
    assert __doc__ is not None
    description = " ".join(__doc__.split("\n\n", 1)[1].split())
    names = ["values measured", "learning from them, CPU s", "100,000 predictions, CPU s", "peak memory, MB"]
    stated = provenance("python", "-m", "benchmarks.studies.prediction_cost") | {
        "learning the prior": f"{seconds:.0f} CPU s, once"
    }
    provenance_table = Table(["", ""], [[key, value] for key, value in stated.items()])
    return markdown(
        [Section(1, "What predicted properties cost", (description, WANTED, Table(names, body), provenance_table))]
    )


if __name__ == "__main__":
    sys.exit(main())
