from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from designer.objective import Target
from designer.priors.evidence import PriorEvidence
from designer.report import figures
from designer.report.content import Z90, Prediction
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


def test_best_so_far_of_no_experiments_is_empty() -> None:
    assert figures.best_so_far([experiment(1, outcome="failed")], STRENGTH) == []


def test_progress_names_every_kind_of_experiment() -> None:
    shown = words(figures.progress(content(), STRENGTH).svg())
    for label in ("first designs", "chosen by the model", "attached", "outside a limit", "failed", "target to reach"):
        assert label in shown
    assert "best measured so far" in shown
    assert "best by the model, 90 % interval" in shown
    assert "strength [MPa]" in shown


def test_points_have_their_values_as_titles() -> None:
    found = ET.fromstring(figures.progress(content(), STRENGTH).svg())
    circles = [each for each in found.iter("{http://www.w3.org/2000/svg}circle") if each.get("class") == "point"]
    titles = [each[0].text for each in circles]
    assert titles[:2] == ["S0001: 500 MPa", "S0002: 700 MPa"]
    failed = [(each, text) for each, text in zip(circles, titles, strict=True) if "failed" in str(text)]
    assert [text for _, text in failed] == ["S0003 failed: it cracked"]
    _, _, width, height = map(float, found.attrib["viewBox"].split())
    x, y = ([float(each.attrib[key]) for each in circles] for key in ("cx", "cy"))
    assert x == sorted(x)
    assert all(0 < each < width for each in x)
    assert all(0 < each < height for each in y)
    assert max(y) == float(failed[0][0].attrib["cy"]), "failures are marked at the bottom"
    assert y[1] < y[0], "a larger value is higher"


def test_target_without_a_goal_has_no_best() -> None:
    rows = (experiment(1, values={"leaching": 1.5}), experiment(2, values={"leaching": 2.5}, feasible=False))
    shown = words(figures.progress(content(experiments=rows), LEACHING).svg())
    assert "limit" in shown
    assert "best" not in shown


def test_coverage_counts_measurements_inside_their_interval() -> None:
    # 700 lies 1.25 spreads from 650; 950 lies 11.5 spreads from 720.
    assert figures.covered(content(), STRENGTH) == (1, 2)
    assert figures.covered(content(), LEACHING) == (0, 0)


def test_interval_of_90_percent_holds_90_percent() -> None:
    from scipy.stats import norm

    low, high = Prediction(10.0, 2.0).interval(Z90)
    assert norm.cdf(high, 10, 2) - norm.cdf(low, 10, 2) == pytest.approx(figures.COVERAGE, abs=1e-12)


def test_calibration_marks_values_outside_their_interval() -> None:
    shown = words(figures.calibration(content(), STRENGTH).svg())
    assert "inside its 90 % interval" in shown
    assert "outside" in shown


def test_same_content_gives_the_same_figure_and_two_figures_share_no_ids() -> None:
    first, again = figures.progress(content(), STRENGTH).svg(), figures.progress(content(), STRENGTH).svg()
    assert first == again
    other = figures.calibration(content(), STRENGTH).svg()

    def clips(svg: str) -> set[str]:
        return {node.attrib["id"] for node in ET.fromstring(svg).iter() if node.tag.endswith("clipPath")}

    assert clips(first)
    assert not clips(first) & clips(other)


def test_names_are_text_and_never_markup() -> None:
    odd = Target(name='<b>"$x$ & y', goal="maximize")
    svg = figures.progress(content(targets=(odd,), experiments=(experiment(1, values={odd.name: 1.0}),)), odd).svg()
    assert odd.name in words(svg)
    assert "<b>" not in svg


def test_figures_leave_matplotlib_as_it_was() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    figures.progress(content(), STRENGTH).svg()
    assert dict(mpl.rcParams) == before


def test_trade_off_shows_the_front() -> None:
    cost = Target(name="cost", goal="minimize")
    rows = (
        experiment(1, values={"strength": 5.0, "cost": 1.0}, best=True),
        experiment(2, values={"strength": 4.0, "cost": 0.5}, best=True),
        experiment(3, values={"strength": 4.0, "cost": 2.0}),
        experiment(4, values={"strength": 4.0}),
    )
    drawn = figures.trade_off(content(experiments=rows), STRENGTH, cost)
    shown = words(drawn.svg())
    assert "best trade-offs" in shown
    assert "strength [MPa]" in shown
    assert drawn.caption.endswith("the Pareto front is blue.")
    alone = figures.trade_off(content(experiments=(rows[0], *rows[2:])), STRENGTH, cost)
    assert "trade-offs" not in words(alone.svg())
    assert alone.caption.endswith("the best design is blue.")


def test_coverage_names_the_range_expected_of_calibrated_intervals() -> None:
    def of(hits: int, total: int) -> str:
        predicted = {"strength": Prediction(0.0, 1.0)}
        rows = tuple(experiment(i, 0.0 if i <= hits else 9.0, predicted=predicted) for i in range(1, total + 1))
        return figures.coverage(content(experiments=rows), STRENGTH)

    assert of(18, 20) == (
        "strength: 18 of 20 measurements (90 %) lie inside their 90 % interval; 16 to 20 are expected of "
        "calibrated intervals."
    )
    assert of(12, 20).endswith("16 to 20 are expected of calibrated intervals. The model is overconfident.")


def test_errors_are_in_predicted_deviations_and_compared_with_a_baseline() -> None:
    drawing = figures.errors(content(), STRENGTH)
    shown = words(drawing.svg())
    assert "90 % should lie here" in shown
    # |700 - 650| and |950 - 720| against |700 - 500| and |950 - 600|.
    assert drawing.caption == (
        "strength: the mean absolute error is 140 MPa. Predicting the mean of all earlier results would give 275 MPa."
    )


def test_evidence_over_time() -> None:
    rows = (
        (4, PriorEvidence((("gp", 1.0),), (("plate 1", 0.4), ("plate 2", 0.6)), 0.5)),
        (8, PriorEvidence((("gp", 1.0),), (("plate 2", 1.0),), -3.0, rejected_at=8)),
    )
    shown = words(figures.evidence(content(evidence=rows)).svg())
    for text in ("plate 1", "plate 2", "prior rejected", "log evidence"):
        assert text in shown


@pytest.mark.parametrize("goals", [("maximize", "maximize"), ("minimize", "maximize"), ("maximize", "minimize")])
def test_front_is_drawn_on_the_dominated_side(goals: tuple[str, str]) -> None:
    """Between two designs of the front, the line is at the value of the one that is better in the first goal."""
    first, second = (Target(name=name, goal=goal) for name, goal in zip("ab", goals, strict=True))
    rising = goals[0] != goals[1]
    rows = tuple(experiment(i, values={"a": float(i), "b": float(i if rising else -i)}, best=True) for i in range(1, 4))
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    figures.trade_off(content(targets=(first, second), experiments=rows), first, second).paint(figure)
    (line,) = figure.axes[0].get_lines()
    assert line.get_drawstyle() == ("steps-pre" if goals[0] == "maximize" else "steps-post")
