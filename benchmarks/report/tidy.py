"""Everything that was measured as tidy tables: one row an experiment, and one row a campaign."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.report.one_step_ahead import AFTER
from benchmarks.report.results import Campaign, Results
from benchmarks.suite.measures import REGRET_AT
from designer.errors import MissingExtra

KEYS = ("family", "task", "method", "track", "control")


def experiments(found: Results) -> pd.DataFrame:
    """Return one row an experiment: what was chosen, its value, what was predicted, what it cost, the regret then."""
    parts = [_experiments(campaign, found) for _, campaign in sorted(found.campaigns.items())]
    table = pd.concat(parts, ignore_index=True)
    return table.astype(dict.fromkeys([*KEYS, "split"], "category"))


def _experiments(campaign: Campaign, found: Results) -> pd.DataFrame:
    row = campaign.row
    n = len(row.chosen)
    seconds, mean, deviation = (np.full(n, np.nan) for _ in range(3))
    spent = row.seconds[: n - row.initial]
    seconds[row.initial : row.initial + len(spent)] = spent
    for i, prediction in enumerate(row.predictions[: n - row.initial], start=row.initial):
        if prediction is not None:
            mean[i], deviation[i] = prediction
    return pd.DataFrame(
        {
            **{name: getattr(row, name) for name in KEYS},
            "split": found.suite.split(row.family),
            "seed": np.int16(row.seed),
            "number": np.arange(1, n + 1, dtype=np.int16),
            "design": np.array(row.chosen, dtype=np.int32),
            "value": np.array(row.y, dtype=float),
            "regret": campaign.regret[:n],
            "cpu_s": seconds,
            "predicted_mean": mean,
            "predicted_sd": deviation,
        }
    )


def campaigns(found: Results) -> pd.DataFrame:
    """Return one row a campaign with all its measures."""
    return pd.DataFrame([_campaign(campaign, found) for _, campaign in sorted(found.campaigns.items())])


def _campaign(campaign: Campaign, found: Results) -> dict[str, object]:
    row, measures, seen = campaign.row, campaign.measures, campaign.one_step_ahead
    line: dict[str, object] = {name: getattr(row, name) for name in KEYS}
    line |= {"split": found.suite.split(row.family), "seed": row.seed, "designs": campaign.pool}
    line |= {"to_top": measures.to_top, "to_gap": measures.to_gap, "mean_regret": measures.mean_regret}
    for i, n in enumerate(REGRET_AT):
        line |= {f"regret_{n}": measures.regret[i], f"share_{n}": measures.share[i]}
    for i, n in enumerate(AFTER):
        line |= {f"nlpd_{n}": seen.nlpd[i], f"covered_{n}": seen.covered[i]}
    line |= {"cpu_s": float(np.sum(row.seconds)), "memory_mb": row.memory_mb, "error": row.error}
    return line


def write(found: Results, folder: Path) -> list[Path]:
    """Write ``measurements.parquet`` (an experiment a row) and ``campaigns.csv.gz`` (a campaign a row).

    Raises
    ------
    MissingExtra
        If pyarrow is not installed.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise MissingExtra("pyarrow", "bench") from None
    parquet, csv = folder / "measurements.parquet", folder / "campaigns.csv.gz"
    experiments(found).to_parquet(parquet, index=False, compression="zstd")
    text = campaigns(found).to_csv(index=False, float_format="%.6g")
    csv.write_bytes(_packed(text))
    return [parquet, csv]


def _packed(text: str) -> bytes:
    """Return text compressed, without the time of day: the same results give the same file."""
    import gzip

    return gzip.compress(text.encode(), mtime=0)
