"""Would settings drawn with a formula help? `python -m benchmarks.studies.generation_settings` prints a table.

The learned generator draws formulas, and the search tries all settings with each of them. Another one would draw pairs
of formula and setting, conditioned on good values. This asks, on measured alloys (`mpea_mechanical`), which of the two
chooses the better processing method for a formula. The formulas are those that were measured after two methods or more;
each is left out together with all formulas of the same elements.

- `drawn`: the method that a random forest finds most likely for the formula among the best quarter of the others, which
  is what a generator of pairs conditioned on good values would draw most often;
- `searched`: the method of the largest value by a random forest of formula and method, as the acquisition function
  searches all settings;
- `frequent`: the most frequent method among the best quarter; `any`: each with the same chance.

*Right* is the share of formulas for which the measured best is chosen, *lost* the mean share of the way from the best
(0) to the worst (1) measured method. Differences are by formula, with a 90 % interval (bootstrap over formulas).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from benchmarks.suite.provenance import provenance
from designer.arrays import FloatArray
from designer.chemistry.descriptors import descriptors
from designer.chemistry.elements import element_table
from designer.chemistry.formulas import formula_fractions, parse_formula

TABLES = {
    "hardness_HV": "HV",
    "yield_strength_RT": "yield_strength_MPa",
    "uts_RT": "uts_MPa",
    "elongation_RT": "elongation_pct",
}
METHOD = "processing_method"
CHOOSERS = ("drawn", "searched", "frequent", "any")
BEST, FOLDS, TREES, RESAMPLES = 0.75, 10, 100, 2000


def losses(frame: pd.DataFrame, column: str, trees: int = TREES) -> Iterator[dict[str, float]]:
    """Yield, for each formula with several methods, what each chooser loses: 0 for the best method, 1 for the worst."""
    rows = frame[["formula", METHOD, column]].dropna().groupby(["formula", METHOD], as_index=False)[column].mean()
    elements = rows["formula"].map(lambda text: "-".join(sorted(parse_formula(text))))
    fold = elements.map({name: i % FOLDS for i, name in enumerate(sorted(set(elements)))}).to_numpy()
    features = descriptors(formula_fractions(rows["formula"].tolist()), element_table().values)
    methods = sorted(rows[METHOD].unique())
    for part in range(FOLDS):
        chosen, inside = rows[fold == part], fold != part
        several = chosen[chosen.groupby("formula")[METHOD].transform("size") > 1]
        if not several.empty:
            yield from _of_part(rows[inside], features[inside], several, features[several.index], methods, trees)


def _of_part(
    rows: pd.DataFrame, known: FloatArray, several: pd.DataFrame, X: FloatArray, methods: Sequence[str], trees: int
) -> Iterator[dict[str, float]]:
    column = rows.columns[-1]
    values = rows[column].to_numpy(dtype=np.float64)
    best = values >= np.quantile(values, BEST)
    drawn = RandomForestClassifier(trees, random_state=0, n_jobs=1).fit(known[best], rows[METHOD][best])
    model = RandomForestRegressor(trees, random_state=0, n_jobs=1).fit(_with(known, rows, methods), values)
    chance = dict(zip(drawn.classes_, drawn.predict_proba(X).T, strict=True))
    share = rows[METHOD][best].value_counts(normalize=True)
    predicted = model.predict(_with(X, several, methods))
    scores = pd.DataFrame(
        {
            "drawn": [chance[m][i] if m in chance else 0.0 for i, m in enumerate(several[METHOD])],
            "searched": predicted,
            "frequent": [float(share.get(m, 0.0)) for m in several[METHOD]],
        },
        index=several.index,
    )
    for _, group in several.groupby("formula"):
        made = group[column]
        width = made.max() - made.min()
        if width > 0:
            lost = (made.max() - made) / width
            found = {name: float(lost[scores.loc[group.index, name].idxmax()]) for name in CHOOSERS[:-1]}
            yield {**found, "any": float(lost.mean())}


def _with(X: FloatArray, rows: pd.DataFrame, methods: Sequence[str]) -> FloatArray:
    coded = np.array([[method == each for each in methods] for method in rows[METHOD]], dtype=np.float64)
    return np.column_stack([X, coded])


def _interval(values: FloatArray) -> str:
    rng = np.random.default_rng(0)
    low, high = np.quantile(rng.choice(values, (RESAMPLES, len(values))).mean(axis=1), [0.05, 0.95])
    return f"{values.mean():+.2f} ({low:+.2f} to {high:+.2f})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.generation_settings", description=__doc__)
    parser.parse_args(arguments)
    begun = time.process_time()
    folder = Path(os.environ.get("DESIGNER_DATA", "../shared/data")) / "mpea_mechanical"
    parts = {name: pd.DataFrame(losses(pd.read_csv(folder / f"{name}.csv"), y)) for name, y in TABLES.items()}
    print("\n".join(report(parts)))
    about = provenance("python", "-m", "benchmarks.studies.generation_settings")
    about["CPU time"] = f"{time.process_time() - begun:.0f} s"
    print("\n" + "\n".join(f"- {key}: {value}" for key, value in about.items()))
    return 0


def report(parts: dict[str, pd.DataFrame]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| table | formulas | " + " | ".join(f"{name}: right, lost" for name in CHOOSERS) + " |"
    yield "|---|---:|" + "---:|" * len(CHOOSERS)
    every = pd.concat(list(parts.values()), ignore_index=True)
    for name, found in {**parts, "all": every}.items():
        cells = [f"{(found[each] == 0).mean():.0%}, {found[each].mean():.2f}" for each in CHOOSERS[:-1]]
        cells.append(f"{found['any'].mean():.2f}")
        yield f"| {name} | {len(found)} | {' | '.join(cells)} |"
    yield ""
    yield f"`drawn` loses {_interval((every['drawn'] - every['searched']).to_numpy())} more than `searched`."


if __name__ == "__main__":
    sys.exit(main())
