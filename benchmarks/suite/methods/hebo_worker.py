"""HEBO as a program of an interpreter of its own: a JSON object a line in, one a line out. Imports nothing of designer.

In: first ``{"settings": [...], "first": n, "seed": s}``; then, for each suggestion, ``{"add": [[design, value], ...],
"suggest": true}``, values to be minimised. Out: ``{"versions": {...}}``, then the suggested design and the CPU seconds.
"""

import json
import sys
import time
import warnings
from importlib.metadata import version


def main() -> None:
    """Answer until standard input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
    warnings.simplefilter("ignore")

    import numpy as np
    import pandas as pd
    import torch
    from hebo.design_space.design_space import DesignSpace
    from hebo.optimizers.hebo import HEBO

    torch.set_num_threads(1)
    begin = json.loads(sys.stdin.readline())
    np.random.seed(begin["seed"])  # HEBO draws from the global generators
    torch.manual_seed(begin["seed"])
    space = DesignSpace().parse(begin["settings"])
    optimizer = HEBO(space, rand_sample=begin["first"], scramble_seed=begin["seed"])

    def answer(content: dict[str, object]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    answer({"versions": {name: version(name) for name in ("HEBO", "numpy", "torch", "gpytorch")}})
    for line in sys.stdin:
        began = time.process_time()
        added = json.loads(line)["add"]
        if added:
            designs = pd.DataFrame([design for design, _ in added])
            optimizer.observe(designs, np.array([[value] for _, value in added]))
        suggested = optimizer.suggest(n_suggestions=1).iloc[0].to_dict()
        design = {name: value if isinstance(value, str) else float(value) for name, value in suggested.items()}
        answer({"design": design, "seconds": time.process_time() - began})


if __name__ == "__main__":
    main()
