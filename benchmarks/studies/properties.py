"""Few measurements of a property that past tasks never measured: `python -m benchmarks.studies.properties` writes its
page and picture.

A prior over properties is learned from `composition_property_dft` (16 properties of formulas, 600 to 28,000 rows). 30 %
of all compositions are held out (by a hash of the composition) from all past tasks. Each property in turn is the new
one: k of its held-out values are given (5 random draws), and up to 500 other held-out values are predicted.

*Honest*: all tasks of the new property's group are left out: with the bulk modulus of one source also those of the
other sources and its logarithm, and likewise for the shear modulus and the band gap.
*Easy*: only the task itself is left out, so that one property of 16 is new; of four of them another task measured the
same quantity. Beside it: a random forest and a Gaussian process on matminer's magpie features (each as scikit-learn has
them: 100 trees of all features; Matern 5/2 with one lengthscale and noise, by maximum likelihood), the mean of the k
values, and the same models of ours without past tasks. Where another task measured the same quantity, the others also
learn from its values (*pooled*).

Settings were chosen on the shear moduli, the thermal expansion and the refractive index (5 tasks, 3 quantities); all
others were evaluated only here. The unit of replication is the quantity (11 of them; tasks of a group are averaged).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.studies.properties_page import PAGE, figure, page
from benchmarks.studies.properties_work import ROWS, WORK, done, read, run
from designer.errors import DesignerError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing, and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.studies.properties", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--seeds", type=int, default=5, help="draws of the values that are given")
    parser.add_argument("--tasks", nargs="+", default=[], help="only these")
    parser.add_argument("--no-full", action="store_true", help="leave out the comparison with all values")
    parser.add_argument("--rows", type=Path, default=ROWS)
    parser.add_argument("--work", type=Path, default=WORK, help="folder of the learned prior")
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    data = Path(os.environ.get("DESIGNER_DATA", "../shared/data"))
    torch.set_num_threads(1)
    seconds = run(data, given.rows, given.work, given.tasks, given.seeds, not given.no_full)
    properties, _ = read(data)
    words = sys.argv[1:] if arguments is None else arguments
    training = sum(int((~new.aside).sum()) for new in properties), seconds
    rows, subjects = done(given.rows), {new.name: new.subject for new in properties}
    given.out.write_text(page(rows, subjects, training, words, __doc__ or ""), encoding="utf-8")
    given.out.with_suffix(".svg").write_text(figure(rows, subjects), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except DesignerError as error:
        sys.exit(str(error))
