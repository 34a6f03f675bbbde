"""The commands `tasks publish`, `search`, `preview` and `pull`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Designer

CAMPAIGN = """\
designer: 1
name: films
space:
  - {name: T, kind: numeric, unit: degC, bounds: [300, 600], step: 25}
  - {name: gas, kind: categorical, choices: [N2, Ar]}
targets:
  - {name: loss, unit: mV, goal: minimize}
batch_size: 2
initial: 2
"""


@pytest.fixture
def lab(designer: Designer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished campaign, and another that begins."""
    monkeypatch.setenv("DESIGNER_REGISTRY", str(folder / "registry"))
    (folder / "films.yaml").write_text(CAMPAIGN)
    rows = [f"{t},{gas},{abs(t - 425) / 10 + (gas == 'Ar')}" for t in range(300, 600, 50) for gas in ("N2", "Ar")]
    (folder / "past.csv").write_text("T,gas,loss\n" + "\n".join(rows))
    assert designer("attach", "films.yaml", "past.csv").code == 0
    (folder / "next.yaml").write_text(CAMPAIGN.replace("name: films", "name: next"))
    return folder


def test_finished_campaign_is_published_found_and_pulled(designer: Designer, lab: Path) -> None:
    refused = designer("tasks", "publish", "films.yaml")
    assert (refused.code, "states no licence" in refused.err) == (2, True)
    published = designer("tasks", "publish", "films.yaml", "--license", "internal use only", "--json")
    assert (published.code, published.data["provenance"]) == (0, "campaign films, 12 results")
    assert "was published before" in designer("tasks", "publish", "films.yaml", "--license", "internal use only").out
    assert "1 version in" in designer("tasks", "search").out
    found = designer("tasks", "search", "next.yaml")
    assert "1 past family is like this campaign; 'designer tasks preview next.yaml NAME'" in found.out
    assert "measured loss; 100 % of the parameters in common" in found.out
    pulled = designer("tasks", "pull", "films", "--json")
    assert (pulled.data["folder"], pulled.data["license"]) == ("films", "internal use only")
    (lab / "next.yaml").write_text((lab / "next.yaml").read_text() + "prior: {tasks: [films]}\n")
    assert designer("validate", "next.yaml").code == 0
    assert designer("tasks", "pull", "films").code == 2


def test_preview_records_nothing(designer: Designer, lab: Path) -> None:
    designer("tasks", "publish", "films.yaml", "--license", "internal use only")
    seen = designer("tasks", "preview", "next.yaml", "films", "-n", "1", "--json")
    assert seen.code == 0
    assert len(seen.data["without"]) == len(seen.data["with"]) == 1
    assert seen.data["changed"] == int(seen.data["without"] != seen.data["with"])
    assert seen.data["with"][0]["T"] == pytest.approx(425, abs=50)  # where the past task is best
    assert not list(lab.glob("next.db*"))


def test_a_registry_must_be_named(designer: Designer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DESIGNER_REGISTRY", raising=False)
    assert "no registry is named; give --registry FOLDER" in designer("tasks", "search").err
    assert "there is no such registry" in designer("tasks", "search", "--registry", "none").err
