"""Every file in campaigns/ runs as it is, from a copy: campaigns keep their results beside their file."""

import csv
import json
import os
import shutil
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer.campaign.campaign import Campaign
from designer.campaign.file.past_work_formats import FAMILY
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Suggested
from designer.campaign.past_work import CACHE
from designer.campaign.proposing import proposals, proposed_molecules
from designer.chemistry.formulas import parse_formula
from designer.cli.main import main
from designer.documents import load_document
from designer.oracles.simulators import SIMULATORS

CAMPAIGNS = Path(__file__).parents[1] / "campaigns"
FILES = sorted(path.relative_to(CAMPAIGNS).as_posix() for path in CAMPAIGNS.rglob("*.yaml") if path.name != FAMILY)
SIMULATED = [name for name in FILES if name.startswith("simulated/")]
PAST = [name for name in FILES if name.startswith("past-tasks/")]
SLOW = {"simulated/ageing.yaml"}  # seconds an experiment: one is enough to see that it runs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "checkout" / "campaigns"
    shutil.copytree(CAMPAIGNS, copy, ignore=shutil.ignore_patterns("*.db*", "*.html", "__pycache__"))
    (copy.parent / "benchmarks").mkdir()
    (copy.parent / "benchmarks" / "data").symlink_to(CAMPAIGNS.parent / "benchmarks" / "data")
    data = Path(os.environ.get("DESIGNER_DATA", CAMPAIGNS.parents[1] / "shared" / "data"))
    if data.is_dir():
        (tmp_path / "shared").mkdir()
        (tmp_path / "shared" / "data").symlink_to(data)
    monkeypatch.chdir(copy)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return copy


def test_there_are_at_least_four() -> None:
    assert len(FILES) >= 4
    assert {"alloy-process-by-hand.yaml", "two-targets.yaml", "command-oracle.yaml"} <= set(FILES)


def need(name: str, folder: Path) -> None:
    """Skip where the file asks for a simulator whose package is not installed, or for tables that are not there."""
    content = load_document(CAMPAIGNS / name).data
    for path in (content.get("prior") or {}).get("tasks", ()):
        if not ((folder / name).parent / path).is_dir():
            pytest.skip(f"{name} needs the measured tasks; set DESIGNER_DATA to their folder")
    if any(parameter["kind"] == "molecule" for parameter in content["space"]):
        pytest.importorskip("rdkit", reason=f"{name} needs the extra 'molecules'")
    measure = content.get("measure") or {}
    if measure.get("kind") == "simulator":
        simulator = SIMULATORS[measure["name"]]
        pytest.importorskip(simulator.package, reason=f"{name} needs the extra '{simulator.extra}'")


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_valid_and_says_what_it_is(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    need(name, folder)
    assert main(["validate", name]) == 0, capsys.readouterr().err
    assert "can run." in capsys.readouterr().out
    text = (folder / name).read_text()
    assert text.startswith("# ")
    assert CampaignSpec.from_file(folder / name).name == Path(name).stem


def test_by_hand_with_a_sheet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One arc-melting session: a sheet goes out, is filled in, and comes back; one button cracked."""
    name = "alloy-process-by-hand.yaml"
    assert main(["suggest", name, "--csv", "next.csv"]) == 0
    with Path("next.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    spec = CampaignSpec.from_file(name)
    for row in rows:
        amounts = [
            float(row[f"composition.{element} [at.%]"]) for element in ("Al", "Co", "Cr", "Cu", "Fe", "Ni", "Ti")
        ]
        assert sum(amounts) == 100
        assert all(amount == 0 or (5 <= amount <= 40 and amount % 5 == 0) for amount in amounts)
        assert 3 <= sum(amount > 0 for amount in amounts) <= 5
    for i, row in enumerate(rows):
        row["hardness [HV]"], row["density [g/cm^3]"] = str(400 + 10 * i), "7.9"
    rows[3]["hardness [HV]"] = rows[3]["density [g/cm^3]"] = ""
    with Path("next.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert main(["record", name, "next.csv"]) == 0
    assert main(["fail", name, "S0004", "cracked on cooling"]) == 0
    campaign = Campaign.open(name)
    assert [campaign.space.violations(each.design) for each in campaign.state.results] == [[], [], []]
    assert [each.status for each in campaign.state.suggestions.values()] == 3 * ["recorded"] + ["failed"]
    capsys.readouterr()
    assert main(["status", name, "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["spent"], status["stop"]) == (4, False)
    assert spec.settings.measure is None


def test_two_targets_runs_past_its_first_designs_and_keeps_the_limit(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "two-targets.yaml"
    assert main(["run", name, "--max-experiments", "10", "--json"]) == 0
    ended = json.loads(capsys.readouterr().out)
    assert len(ended["experiments"]) == 10
    hows = {each.how for each in Campaign.open(name).state.suggestions.values()}
    assert hows == {"initial", "model"}
    assert main(["best", name, "--json"]) == 0
    best = json.loads(capsys.readouterr().out)["best"]
    assert len(best) > 1
    assert all(row["measured"]["cost"] <= 1.6 for row in best if "measured" in row["best_by"])


def test_contexts_are_drawn_and_the_best_is_shown_for_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "humid-coating.yaml"
    assert main(["run", name, "--max-experiments", "8", "--json"]) == 0
    ended = json.loads(capsys.readouterr().out)
    contexts = {(each["design"]["humidity"], each["design"]["lot"]) for each in ended["experiments"]}
    assert len(contexts) == 8
    assert all(20 <= humidity <= 80 for humidity, _ in contexts)
    assert main(["best", name, "--context", "humidity=75,lot=B8", "--json"]) == 0
    (best,) = json.loads(capsys.readouterr().out)["best"]
    assert best["design"]["temperature"] <= 160


def test_goals_are_reached_in_their_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "priorities.yaml"
    assert main(["run", name, "--max-experiments", "14", "--json"]) == 0
    capsys.readouterr()
    assert main(["best", name, "--json"]) == 0
    best = json.loads(capsys.readouterr().out)["best"]
    assert best[0]["measured"]["strength"] > 1400
    assert "strength ≥ 1500 MPa" in best[0]["why"]
    assert main(["best", name]) == 0
    assert "strength ≥ 1500 MPa (" in capsys.readouterr().out


def test_films_are_compared_by_a_program(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import runpy

    program = runpy.run_path(str(folder / "compare_films.py"))
    program["main"](6)
    assert "comparisons of 6 results" in capsys.readouterr().out
    assert main(["best", "preferred-film.yaml", "--json"]) == 0
    (best,) = json.loads(capsys.readouterr().out)["best"]
    assert best["best_by"] == "posterior"


def test_batches_share_the_furnace(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "one-furnace.yaml"
    assert main(["run", name, "--max-experiments", "12", "--json"]) == 0
    ended = json.loads(capsys.readouterr().out)
    temperatures = [each["design"]["temperature"] for each in ended["experiments"]]
    assert [len(set(temperatures[i : i + 4])) for i in (0, 4, 8)] == [1, 1, 1]
    assert len(set(temperatures)) > 1


def test_formulas_on_no_list_are_measured_and_explained(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "PROPOSALS", 30)
    proposals._proposed.cache_clear()
    name = "open-formula.yaml"
    assert main(["run", name, "--max-experiments", "5", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)["experiments"]
    proposals._proposed.cache_clear()
    oxides = [parse_formula(each["design"]["oxide"]) for each in made]
    assert len(oxides) == 5
    for oxide, each in zip(oxides, made, strict=True):
        assert oxide["O"] >= sum(oxide.values()) / 2
        assert "Hf" not in oxide or each["design"]["temperature"] >= 1200
    assert main(["explain", name, "S0001"]) == 0
    words = capsys.readouterr().out
    assert "generated from" in words
    assert "charges balance; nearest known:" in words


def test_molecules_on_no_list_are_measured_and_explained(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposed_molecules, "PROPOSALS", 20)
    proposed_molecules._proposed.cache_clear()
    name = "new-dyes.yaml"
    need(name, folder)
    assert main(["run", name, "--max-experiments", "4", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)["experiments"]
    proposed_molecules._proposed.cache_clear()
    assert len({each["design"]["dye"] for each in made}) == 4
    assert all("[N+](=O)[O-]" not in each["design"]["dye"] for each in made)
    assert main(["explain", name, "S0004"]) == 0
    words = capsys.readouterr().out
    assert "generated from" in words
    assert "synthetic accessibility" in words
    assert "nearest known:" in words


def test_a_network_learns_from_past_ceramics_and_draws_formulas(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "PROPOSALS", 30)
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    proposals._proposed.cache_clear()
    name = "learned-formulas.yaml"
    assert main(["validate", name]) == 0
    assert "drawn by a network, which is trained on 82 formulas of 1 past task" in capsys.readouterr().out
    assert main(["run", name, "--max-experiments", "3", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["experiments"]) == 3
    campaign = Campaign.open(name)
    notes = [each.note for each in campaign.state.suggestions.values()]
    assert any("drawn by a trained network" in note for note in notes), notes
    digests = {event.versions["generator of oxide"] for event in campaign.events if isinstance(event, Suggested)}
    assert len(digests) == 1
    proposals._proposed.cache_clear()


def test_a_command_is_led_to_its_target(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "command-oracle.yaml"
    assert main(["run", name, "--json"]) == 0
    ended = json.loads(capsys.readouterr().out)
    assert ended["rule"] == "reach", ended["reason"]
    values = [each["values"]["thickness"] for each in ended["experiments"] if not each["failed"]]
    assert any(abs(value - 200) <= 5 for value in values)


def test_amounts_satisfy_their_equalities_exactly(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "slurry.yaml"
    assert main(["run", name, "--max-experiments", "8", "--json"]) == 0
    designs = [each["design"] for each in json.loads(capsys.readouterr().out)["experiments"]]
    assert len(designs) == 8
    for design in designs:
        amounts = {key: Fraction(repr(value)) for key, value in design.items() if key != "temperature"}
        assert sum(amounts.values()) == 100
        assert amounts["binder"] == 2 * amounts["thickener"]
        assert amounts["carbon_black"] == 0 or 1 <= amounts["carbon_black"] <= 4
    assert Campaign.open(name).space.within(Campaign.open(name).space.sample(50, np.random.default_rng(0))).all()


def test_a_cost_budget_is_spent_and_not_exceeded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "priced-methods.yaml"
    assert main(["run", name, "--json"]) == 0
    ended = json.loads(capsys.readouterr().out)
    assert ended["rule"] == "cost", ended["reason"]
    found = Campaign.open(name).spending
    assert found is not None
    assert 200 < found.spent <= 400
    assert main(["status", name]) == 0
    assert "of 400 spent" in capsys.readouterr().out


def test_designs_are_simulated_before_they_are_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "two-fidelities.yaml"
    assert main(["run", name, "--json", "--max-experiments", "20"]) == 0
    made = json.loads(capsys.readouterr().out)["experiments"]
    levels = [each["design"]["method"] for each in made]
    assert levels[:12] == ["simulation"] * 12, "until they show whether simulations predict each other"
    assert "bulk" in levels
    assert main(["best", name]) == 0
    assert main(["status", name]) == 0
    assert "results by level of method: simulation" in capsys.readouterr().out


def test_the_best_of_each_method_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "each-method.yaml"
    assert main(["run", name, "--json"]) == 0
    ended = json.loads(capsys.readouterr().out)
    assert ended["rule"] == "reach", ended["reason"]
    best = {design["method"]: value for design, value in _made(ended)}
    assert set(best) == {"thin_film", "bulk"}
    assert min(best.values()) >= 97
    for command in (["best", name], ["explain", name, "S0012"], ["report", name], ["status", name]):
        assert main(command) == 0, capsys.readouterr().err


def _made(ended: dict[str, Any]) -> list[tuple[dict[str, Any], float]]:
    """Return designs and conductivities, the best of each method last."""
    found = [(each["design"], each["values"]["conductivity"]) for each in ended["experiments"]]
    return sorted(found, key=lambda pair: pair[1])


def test_settings_exist_only_on_their_route(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "two-routes.yaml"
    assert main(["run", name, "--max-experiments", "8", "--json"]) == 0
    designs = [each["design"] for each in json.loads(capsys.readouterr().out)["experiments"]]
    assert {design["route"] for design in designs} == {"solid state", "hydrothermal"}
    for design in designs:
        dry = design["route"] == "solid state"
        assert (design["furnace_temperature"] is None) == (design["milling_time"] is None) == (not dry)
        assert (design["autoclave_temperature"] is None) == (design["mineraliser"] is None) == dry
        assert (design["washings"] is None) == (design["mineraliser"] not in ("NaOH", "KOH"))
    for command in (["best", name], ["explain", name, "S0008"], ["report", name], ["export", name, "out.csv"]):
        assert main(command) == 0, capsys.readouterr().err
    assert main(["suggest", name, "--csv", "next.csv"]) == 0
    with Path("next.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    made = "solid state" if rows[0]["route"] == "hydrothermal" else "hydrothermal"
    other = {"solid state": ("furnace_temperature [degC]", "800", "milling_time [h]", "10"),
             "hydrothermal": ("autoclave_temperature [degC]", "150", "mineraliser", "NH3")}[made]  # fmt: skip
    rows[0] |= {key: "" for key in rows[0] if key not in ("suggestion", "dopant [mol%]")}
    rows[0] |= {"route": made, other[0]: other[1], other[2]: other[3], "conductivity [mS/cm]": "3.1"}
    with Path("next.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows[:1])
    assert main(["record", name, "next.csv"]) == 0, capsys.readouterr().err
    assert Campaign.open(name).state.results[-1].design["route"] == made


def test_every_simulator_has_a_campaign() -> None:
    asked = {load_document(CAMPAIGNS / name).data["measure"]["name"] for name in SIMULATED}
    assert asked == set(SIMULATORS)


@pytest.mark.parametrize("name", SIMULATED)
def test_a_simulated_campaign_runs(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The first experiments are made, nothing else is printed by what simulates, and the run goes on where it ended."""
    need(name, folder)
    limit = 1 if name in SLOW else 3
    assert main(["run", name, "--max-experiments", str(limit), "--json"]) == 0
    ended = json.loads(capsys.readouterr().out)
    assert len(ended["experiments"]) == limit
    wanted = {target.name for target in CampaignSpec.from_file(name).objective.targets}
    made = [each["values"] for each in ended["experiments"] if not each["failed"]]
    assert made
    assert all(set(values) == wanted for values in made)
    assert main(["run", name, "--max-experiments", "1", "--json"]) == 0
    assert len(Campaign.open(name).state.suggestions) == max(limit + 1, 2)


@pytest.mark.parametrize("name", PAST)
def test_a_campaign_with_past_tasks_begins_well(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its first experiments, made before anything was measured, are better than most of the space."""
    need(name, folder)
    assert main(["run", name, "--max-experiments", "3", "--json"]) == 0
    ended = json.loads(capsys.readouterr().out)
    values = [next(iter(each["values"].values())) for each in ended["experiments"] if not each["failed"]]
    assert {each.how for each in Campaign.open(name).state.suggestions.values()} == {"model"}
    if name == "past-tasks/oxygen-evolution.yaml":
        assert min(values) < 0.40  # V; the median of the plate is 0.43
    else:
        assert max(values) > 1.0  # um/h; the median of the reactor's table is 0.3
    assert main(["status", name]) == 0
    assert "past tasks predict these" in capsys.readouterr().out


def test_the_synthetic_surface_has_a_trade_off_and_a_limit_that_binds(folder: Path) -> None:
    """The file shows what it says: no design is best at all, and the cost excludes what would be."""
    sys.path.append(str(folder))
    from two_targets_surface import measure

    soft = measure(0.2, 1.0, 1.0, 640, 480, "oil")
    hard = measure(0.2, 1.0, 1.0, 150, 10, "oil")
    assert hard["strength"] > soft["strength"]
    assert hard["elongation"] < soft["elongation"]
    rich = measure(0.2, 1.0, 4.0, 400, 60, "oil")
    poor = measure(0.2, 1.0, 0.0, 400, 60, "oil")
    assert rich["strength"] > poor["strength"]
    assert rich["elongation"] > poor["elongation"]
    assert rich["cost"] > 1.6 > poor["cost"]
