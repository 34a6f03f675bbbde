"""A campaign file without its database: a notice, and a refusal where the campaign is known to have begun."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from designer.campaign.campaign import Campaign
from designer.campaign.file.beginnings import id_of
from designer.campaign.log.events import Created
from designer.cli.main import main
from designer.errors import InvalidCampaign
from tests.campaign.postgres import PASSWORD, QUOTED

TEXT = """\
designer: 1
name: oer
space:
  - {name: x, kind: numeric, bounds: [0, 9], step: 1}
targets:
  - {name: y, goal: maximize}
"""
NEW = "New campaign 'oer' in oer.db. If oer.yaml was moved here, bring its database oer.db along."


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DESIGNER_STORE", raising=False)
    (tmp_path / "oer.yaml").write_text(TEXT)
    return tmp_path / "oer.yaml"


def test_new_campaign_is_noticed_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    assert NEW in capsys.readouterr().out
    assert [path.name for path in file.parent.iterdir()] == ["oer.yaml"]  # looking at it writes nothing
    assert main(["suggest"]) == 0
    assert NEW in capsys.readouterr().out
    assert main(["suggest"]) == 0
    assert "New campaign" not in capsys.readouterr().out
    first = Campaign.open(file).events[0]
    assert isinstance(first, Created)
    (entry,) = json.loads(file.with_name("oer.db.id").read_text())["campaigns"]
    assert (entry["campaign"], entry["id"]) == ("oer", id_of(first))


@pytest.mark.parametrize("words", ["status", "suggest", "record S0001 y=3", "attach t.csv", "best"])
def test_a_missing_database_is_named(file: Path, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    campaign = Campaign.open(file)
    campaign.suggest(1)
    first = campaign.events[0]
    assert isinstance(first, Created)
    file.with_name("oer.db").rename(file.with_name("elsewhere"))
    file.with_name("t.csv").write_text("x,y\n1,2\n")
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"oer.yaml: campaign 'oer' ({id_of(first)}) began on ")
    assert "in oer.db, which is missing; bring oer.db back, or delete oer.db.id to begin a new campaign" in error
    assert not file.with_name("oer.db").exists()
    file.with_name("elsewhere").rename(file.with_name("oer.db"))
    assert main(["status"]) == 0


def test_folder_moved_without_its_database_is_refused(file: Path, tmp_path: Path) -> None:
    Campaign.open(file).suggest(1)
    (tmp_path / "new").mkdir()
    for name in ("oer.yaml", "oer.db.id"):
        file.with_name(name).rename(tmp_path / "new" / name)
    with pytest.raises(InvalidCampaign, match=r"in oer\.db, which is missing"):
        Campaign.open(tmp_path / "new" / "oer.yaml")


def test_file_moved_alone_gets_a_notice(file: Path, tmp_path: Path) -> None:
    Campaign.open(file).suggest(1)
    (tmp_path / "new").mkdir()
    file.rename(tmp_path / "new" / "oer.yaml")
    assert Campaign.open(tmp_path / "new" / "oer.yaml").notices == (NEW,)


def test_renamed_file_names_the_database_beside_it(file: Path) -> None:
    Campaign.open(file).suggest(1)
    file.rename(file.with_name("second.yaml"))
    (notice,) = Campaign.open(file.with_name("second.yaml")).notices
    assert notice == (
        "New campaign 'oer' in second.db, though oer.db in this folder holds one of this name. To go on with that one, "
        "write 'store: oer.db' into second.yaml."
    )


def test_a_campaign_of_version_0_1_gets_its_id_with_the_next_event(file: Path) -> None:
    Campaign.open(file).suggest(1)
    file.with_name("oer.db.id").unlink()
    Campaign.open(file).status()
    assert not file.with_name("oer.db.id").exists()
    Campaign.open(file).suggest(1)
    assert file.with_name("oer.db.id").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"campaigns": 3}', '{"campaigns": [{}]}', "[" * 99999, "\xff"])
def test_unreadable_id_is_written_again(file: Path, text: str) -> None:
    file.with_name("oer.db.id").write_text(text, encoding="latin-1")
    assert Campaign.open(file).notices == (NEW,)
    Campaign.open(file).suggest(1)
    assert json.loads(file.with_name("oer.db.id").read_text())["campaigns"][0]["campaign"] == "oer"


def test_given_store_writes_no_id(file: Path, tmp_path: Path) -> None:
    campaign = Campaign.open(file, store=tmp_path / "lab.db")
    campaign.suggest(1)
    assert (campaign.notices, sorted(path.suffix for path in tmp_path.iterdir())) == ((), [".db", ".yaml"])


def test_database_of_another_folder_is_named_from_the_folder_of_the_file(file: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    file.write_text(TEXT + "store: data/lab.db\n")
    Campaign.open(file).suggest(1)
    assert (tmp_path / "lab.db.id").exists()
    (tmp_path / "data" / "lab.db").unlink()
    with pytest.raises(InvalidCampaign, match=r"in data/lab\.db, which is missing; bring data/lab\.db back"):
        Campaign.open(file)


def test_another_campaign_of_the_same_database_begins(file: Path) -> None:
    file.write_text(TEXT + "store: lab.db\n")
    Campaign.open(file).suggest(1)
    second = file.with_name("her.yaml")
    second.write_text(TEXT.replace("name: oer", "name: her") + "store: lab.db\n")
    Campaign.open(second).suggest(1)
    entries = json.loads(file.with_name("lab.db.id").read_text())["campaigns"]
    assert [entry["campaign"] for entry in entries] == ["oer", "her"]
    assert Campaign.open(file).notices == Campaign.open(second).notices == ()


def test_new_campaign_on_a_server_is_noticed_once(file: Path, tmp_path: Path, postgres_url: str) -> None:
    file.write_text(TEXT + f"store: {json.dumps(postgres_url)}\n")
    campaign = Campaign.open(file)
    (notice,) = campaign.notices
    assert notice.startswith("New campaign 'oer' in postgresql://")
    assert notice.endswith("If it began in another store, name that one with 'store'.")
    assert PASSWORD not in notice
    assert QUOTED not in notice
    campaign.suggest(1)
    (tmp_path / "new").mkdir()
    file.rename(tmp_path / "new" / "oer.yaml")
    moved = Campaign.open(tmp_path / "new" / "oer.yaml")
    assert moved.notices == ()
    assert len(moved.state.suggestions) == 1


def forget(postgres_url: str) -> None:
    """Empty the store, as a database that was set up anew is empty."""
    engine = sa.create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for table in ("designer_events", "designer_campaigns"):
            connection.execute(sa.text(f"DELETE FROM {table}"))
    engine.dispose()


@pytest.mark.parametrize("given", ["in the file", "as an option", "in the environment"])
def test_a_server_that_lost_the_campaign_is_named(
    file: Path, postgres_url: str, given: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    option = ["--store", postgres_url] if given == "as an option" else []
    if given == "in the file":
        file.write_text(TEXT + f"store: {json.dumps(postgres_url)}\n")
    if given == "in the environment":
        monkeypatch.setenv("DESIGNER_STORE", postgres_url)
    assert main(["suggest", *option]) == 0
    (marker,) = file.parent.glob("*.postgresql.id")
    assert main(["status", *option]) == 0
    capsys.readouterr()
    forget(postgres_url)
    for words in ("status", "suggest", "best"):
        assert main([words, *option]) == 2
        error = capsys.readouterr().err
        assert error.startswith("oer.yaml: campaign 'oer' (")
        assert "which does not hold it any more" in error
        assert f"or delete {marker.name} to begin a new campaign" in error
        assert PASSWORD not in error + marker.read_text()
        assert QUOTED not in error + marker.read_text()
    marker.unlink()
    assert main(["suggest", *option]) == 0


def test_a_campaign_that_began_on_another_server_is_refused(file: Path, postgres_url: str) -> None:
    file.write_text(TEXT + f"store: {json.dumps(postgres_url)}\n")
    Campaign.open(file).suggest(1)
    (marker,) = file.parent.glob("*.postgresql.id")
    content = json.loads(marker.read_text())
    content["campaigns"][0]["database"] = "postgresql://lab@old.example/lab"
    marker.write_text(json.dumps(content))
    forget(postgres_url)
    with pytest.raises(
        InvalidCampaign, match=r"in postgresql://lab@old\.example/lab, and postgresql://.* does not hold"
    ):
        Campaign.open(file)
