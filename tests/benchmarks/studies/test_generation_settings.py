"""The study of settings drawn with formulas: what each chooser loses."""

from __future__ import annotations

import pandas as pd

from benchmarks.studies import generation_settings as study


def test_what_depends_on_the_formula_is_learned_by_both() -> None:
    """Alloys with nickel are better wrought, the others cast; the most frequent method is right for half of them."""
    rows = []
    for i, other in enumerate(("Al", "Cr", "Co", "Fe", "Mn", "Ti", "V", "Cu", "Mo", "Zr")):
        for main in ("Ni", "Nb"):
            for method in ("CAST", "WROUGHT"):
                good = (main == "Ni") == (method == "WROUGHT")
                rows.append((f"{main}3{other}", method, 100 * good + i))
    found = pd.DataFrame(study.losses(pd.DataFrame(rows, columns=["formula", study.METHOD, "y"]), "y", trees=20))
    assert len(found) == 20
    assert found["searched"].mean() < 0.2
    assert found["drawn"].mean() < 0.2
    assert (found["any"] == 0.5).all()
    lines = list(study.report({"alloys": found}))
    assert lines[2].startswith("| alloys | 20 |")
    assert "more than `searched`" in lines[-1]
