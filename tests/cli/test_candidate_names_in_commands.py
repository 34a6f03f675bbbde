"""`designer record` and `designer fail` take the names that the lab has for its candidates."""

from __future__ import annotations

from pathlib import Path

from designer import Campaign
from tests.campaign.results.test_candidate_names import FILE, TABLE, names_of
from tests.cli.conftest import Designer


def test_the_command_line_takes_names(designer: Designer, folder: Path) -> None:
    (folder / "films.yaml").write_text(FILE)
    (folder / "films.csv").write_text(TABLE)
    assert designer("suggest", "films.yaml", "-n", "3").code == 0
    campaign = Campaign.open(folder / "films.yaml")
    first, second, third = names_of(campaign).values()
    assert "recorded: M0001" in designer("record", "films.yaml", first, "strength=230").out
    assert "recorded: M0002" in designer("record", "films.yaml", first, "strength=230", "--replicate").out
    (folder / "made.csv").write_text(f"sample,strength\n{second},120\n")
    assert "recorded: M0003" in designer("record", "films.yaml", "made.csv").out
    assert designer("fail", "films.yaml", third, "peeled").code == 0
    campaign = Campaign.open(folder / "films.yaml")
    assert [each.status for each in campaign.state.suggestions.values()] == ["recorded", "recorded", "failed"]
