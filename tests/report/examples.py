"""A small report's content, with every kind of experiment in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from designer.objective import Target
from designer.report.content import Content, Experiment, PosteriorBest, Prediction

STRENGTH = Target(name="strength", unit="MPa", goal="maximize", reach=900)
LEACHING = Target(name="leaching", unit="percent", at_most=2)


def experiment(number: int | None, value: float | None = None, **more: Any) -> Experiment:
    values = {} if value is None else {"strength": value}
    row = Experiment(f"S{number or 99:04d}", number, "measured", "model", ("Ni 60, Fe 40", "450"), values)
    return replace(row, **more)


def content(**more: Any) -> Content:
    rows = (
        experiment(1, 500.0, how="first design"),
        experiment(2, 700.0, predicted={"strength": Prediction(650.0, 40.0)}),
        experiment(3, outcome="failed", notes=("it cracked",)),
        experiment(4, 950.0, feasible=False, predicted={"strength": Prediction(720.0, 20.0)}),
        experiment(5, 800.0, best=True, how="attached"),
        experiment(None, outcome="open", predicted={"strength": Prediction(830.0, 30.0)}),
    )
    base = Content(
        name="alloys",
        made_at="2026-01-02 03:04 UTC",
        summary=("Best so far: 800 MPa.",),
        facts=(("Experiments", "5 of 20", "1 failed"),),
        parameters=("composition [at.%]", "temperature [degC]"),
        targets=(STRENGTH, LEACHING),
        experiments=rows,
        posterior_best=(
            PosteriorBest(2, {"strength": Prediction(690.0, 30.0)}),
            PosteriorBest(5, {"strength": Prediction(790.0, 20.0)}),
        ),
        versions=(("designer", "0.1.0"),),
    )
    return replace(base, **more)
