from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from designer.objective import Target
from designer.report import figures
from designer.report.content import Prediction
from tests.report.examples import LEACHING, STRENGTH, content, experiment


def words(svg: str) -> str:
    return " ".join(text for text in ET.fromstring(svg).itertext() if text.strip())


def test_best_so_far_counts_only_feasible_values() -> None:
    assert figures.best_so_far(content().done, STRENGTH) == [(1, 500), (2, 700), (3, 700), (4, 700), (5, 800)]


@pytest.mark.parametrize(
    ("target", "best"),
    [
        (Target(name="strength", goal="maximize"), [3, 3, 9, 9]),
        (Target(name="strength", goal="minimize"), [3, 1, 1, 1]),
        (Target(name="strength", goal="match", value=5, tolerance=1), [3, 3, 3, 6]),
    ],
)
def test_best_so_far_follows_the_goal(target: Target, best: list[float]) -> None:
    done = [experiment(i, value) for i, value in enumerate([3.0, 1.0, 9.0, 6.0], start=1)]
    assert [value for _, value in figures.best_so_far(done, target)] == best


def test_best_so_far_of_nothing_is_nothing() -> None:
    assert figures.best_so_far([experiment(1, outcome="failed")], STRENGTH) == []


def test_progress_names_every_kind_of_experiment() -> None:
    said = words(figures.progress(content(), STRENGTH))
    for label in ("first designs", "chosen by the model", "attached", "outside a limit", "failed", "to be reached"):
        assert label in said
    assert "best measured so far" in said
    assert "best by the model (90 %)" in said
    assert "strength [MPa]" in said


def test_a_limited_target_has_no_best() -> None:
    rows = (experiment(1, values={"leaching": 1.5}), experiment(2, values={"leaching": 2.5}, feasible=False))
    said = words(figures.progress(content(experiments=rows), LEACHING))
    assert "limit" in said
    assert "best" not in said


def test_coverage_counts_measurements_inside_their_interval() -> None:
    # 700 lies 1.25 spreads from 650; 950 lies 11.5 spreads from 720.
    assert figures.covered(content(), STRENGTH) == (1, 2)
    assert figures.covered(content(), LEACHING) == (0, 0)


def test_an_interval_of_90_percent_holds_90_percent() -> None:
    from scipy.stats import norm

    low, high = Prediction(10.0, 2.0).interval(figures.Z)
    assert norm.cdf(high, 10, 2) - norm.cdf(low, 10, 2) == pytest.approx(figures.COVERAGE, abs=1e-12)


def test_calibration_tells_inside_from_outside() -> None:
    said = words(figures.calibration(content(), STRENGTH))
    assert "inside its 90 % interval" in said
    assert "outside" in said


def test_the_same_content_gives_the_same_figure_and_two_figures_share_no_ids() -> None:
    first, again = figures.progress(content(), STRENGTH), figures.progress(content(), STRENGTH)
    assert first == again
    other = figures.calibration(content(), STRENGTH)

    def clips(svg: str) -> set[str]:
        return {node.attrib["id"] for node in ET.fromstring(svg).iter() if node.tag.endswith("clipPath")}

    assert clips(first)
    assert not clips(first) & clips(other)


def test_names_are_text_and_never_markup() -> None:
    odd = Target(name='<b>"$x$ & y', goal="maximize")
    svg = figures.progress(content(targets=(odd,), experiments=(experiment(1, values={odd.name: 1.0}),)), odd)
    assert odd.name in words(svg)
    assert "<b>" not in svg


def test_figures_leave_matplotlib_as_it_was() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    figures.progress(content(), STRENGTH)
    assert dict(mpl.rcParams) == before


def test_trade_off_shows_the_front() -> None:
    cost = Target(name="cost", goal="minimize")
    rows = (
        experiment(1, values={"strength": 5.0, "cost": 1.0}, best=True),
        experiment(2, values={"strength": 4.0, "cost": 2.0}),
        experiment(3, values={"strength": 4.0}),
    )
    said = words(figures.trade_off(content(experiments=rows), STRENGTH, cost))
    assert "best trade-offs" in said
    assert "strength [MPa]" in said
