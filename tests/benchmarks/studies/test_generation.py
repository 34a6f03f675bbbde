"""The recall study: what is hidden, what is left out as a near copy, and what is scored."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.studies.generation import Table, score, split, values_of
from designer.chemistry.whole_formulas import exact_amounts

TABLE = Table("gaps", "*.csv", "gap")


def test_the_best_formulas_and_their_near_copies_are_hidden(tmp_path: Path) -> None:
    metals = ("Li", "Na", "K", "Rb", "Cs", "Mg", "Ca", "Sr", "Ba", "Zn")
    ordinary = [f"{a}{b}O3" for a in metals for b in ("Ti", "Zr", "Hf", "Sn", "Si", "Ge", "V", "Nb", "Ta", "Mo")]
    formulas = [*ordinary, "LiAlF4", "Li11Al10F40", "LiAlCl4"]
    values = [*(i / 100 for i in range(100)), 9.0, 5.0, 4.0]
    pd.DataFrame({"formula": formulas, "gap": values}).to_csv(tmp_path / "a.csv", index=False)
    made = split(TABLE, values_of(tmp_path, TABLE))
    assert made.hidden == (exact_amounts("LiAlF4"),)
    assert made.near_copies == 1
    assert "Li11Al10F40" not in made.left
    assert "LiAlCl4" in made.left
    assert made.reachable == 0  # nothing that is left has fluorine
    assert next(iter(made.best())) == "LiAlCl4"
    found = score(made, "substitution", best=False, seed=0, elsewhere=frozenset())
    assert found.found == 0
    assert found.balanced == 1
