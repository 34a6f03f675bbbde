"""Words of a command line: none is dropped, and none is taken for something else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from designer.campaign.campaign import Campaign
from designer.campaign.log.store import SqlStore
from designer.cli.main import app
from tests.cli.conftest import CAMPAIGN, Designer


def commands(group: Any = None, path: Any = ()) -> Iterator[Any]:
    """Go through every command, with the words that call it."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = dict(commands())


OPTIONS = [
    pytest.param(words, name, id=f"{' '.join(words)} {name}")
    for words, command in ALL.items()
    for each in command.params
    if each.param_type_name == "option" and not each.is_flag
    for name in each.opts
]


@pytest.mark.parametrize(("words", "option"), OPTIONS)
def test_an_option_never_takes_another_option_for_its_value(
    designer: Designer, folder: Path, words: Any, option: Any
) -> None:
    before = sorted(folder.iterdir())
    done = designer(*words, option, "--help")
    assert (done.code, done.out) == (2, "")
    assert f"Option '{option}' has no value: '--help' is an option too" in done.err
    assert sorted(folder.iterdir()) == before


# What is wrong with words that a command has no use for, for every command.
SURPLUS = [
    ("init t.csv u.csv", "unexpected extra argument"),
    ("init --maximize strength haze t.csv", "unexpected extra argument"),
    ("validate glass.yaml other.yaml", "unexpected extra argument"),
    ("validate glass.yaml -c other.yaml", "two campaign files are given"),
    ("compare S0001 S0002 S0003 --tie", "3 results to compare instead of two"),
    ("compare table.csv S0001", "2 arguments instead of one table"),
    ("suggest 3", "'3' is not a campaign file"),
    ("import-campaign a.json b.json", "unexpected extra argument"),
    ("suggest S0001", "'S0001' is not a campaign file"),
    ("suggest glass.yaml 3", "unexpected extra argument"),
    ("suggest --replicate-of S0001 S0002", "'S0002' is not a campaign file"),
    ("suggest -n 2 --replicate-of S0001", "-n and --replicate-of are both given"),
    ("record next.csv other.csv", "2 arguments instead of one table"),
    ("record next.csv S0001 strength=5", "3 arguments instead of one table"),
    ("record next.csv --set temperature=900", "--set and --replicate cannot be used with a table"),
    ("record S0001 strength=5 S0002 strength=6", "'S0002' cannot be read"),
    ("record S0001 S0002 strength=5", "'S0002' cannot be read"),
    ("record S0001 strength 5", "'strength' cannot be read"),
    ("record S0001 strength=5 --ignore haze", "--ignore is for a table"),
    ("record S0001 strength=5 --partial", "--partial is for a table"),
    ("record S0001", "no result is given"),
    ("fail S0001 S0002", "a failure needs a reason"),
    ("fail S0001 broken --reason cracked", "the reason is given twice"),
    ("fail S0001 broken S0002", "'S0002' stands after the reason"),
    ("fail broken glass", "there is no suggestion 'broken'; ids run to S0002"),
    ("attach next.csv other.csv", "2 arguments instead of one table"),
    ("amend M0001 M0002 strength=5", "'M0002' cannot be read"),
    ("amend M0001", "no correction of M0001 is given"),
    ("amend M0001 --reason slip", "no correction of M0001 is given"),
    ("amend M0001 strength=5 --space", "these changes cannot be made by one command"),
    ("amend --bounds temperature=900,1600 gas=N2", "these changes cannot be made by one command"),
    ("amend --bounds temperature=900,1600 --reason hotter", "--reason is for a measurement"),
    ("undo glass.yaml S0001", "unexpected extra argument"),
    ("prune lab other", "unexpected extra argument"),
    ("withdraw S0001 broken --reason cracked", "the reason is given twice"),
    ("withdraw S0001 broken S0002", "'S0002' stands after the reason"),
    ("withdraw S0001 S0001", "S0001 is given twice"),
    ("withdraw S0001 S0077 S0078", "there is no suggestion 'S0078'"),
    ("withdraw glass.yaml -c other.yaml S0001", "two campaign files are given"),
    ("status S0001", "'S0001' is not a campaign file"),
    ("best glass.yaml S0001", "unexpected extra argument"),
    ("explain S0001 S0002", "exactly one suggestion must be given"),
    ("report report.html glass.yaml", "unexpected extra argument"),
    ("export a.csv b.csv", "exactly one file must be given"),
    ("predict temperature=900 gas", "'gas'"),
    ("predict next.csv temperature=900", "cannot be read"),
    ("run 5", "'5' is not a campaign file"),
    ("run glass.yaml 5", "unexpected extra argument"),
    ("run-sheet glass.yaml x", "unexpected extra argument"),
    ("prior fit past", "Missing option"),
    ("prior show a b", "unexpected extra argument"),
    ("prior evaluate past --kind auto --max-tasks 2 --most 2", "are the same option"),
    ("prior compare past --max-tasks 2 --most 2", "are the same option"),
    ("tasks import", "there is nothing to import"),
    ("tasks check a b", "unexpected extra argument"),
    ("tasks map a b", "unexpected extra argument"),
    ("tasks publish a b", "unexpected extra argument"),
    ("tasks search a.yaml b", "unexpected extra argument"),
    ("tasks preview a.yaml b c", "unexpected extra argument"),
    ("tasks pull a b", "unexpected extra argument"),
    ("generate glass.yaml other.csv", "another file cannot be used with a campaign file"),
    ("serve a b", "unexpected extra argument"),
    ("backup a b --output c.zip", "unexpected extra argument"),
    ("restore a.zip b c", "unexpected extra argument"),
    ("token create a b --role read", "unexpected extra argument"),
    ("token list a", "unexpected extra argument"),
    ("token revoke a b", "unexpected extra argument"),
    ("mcp a", "unexpected extra argument"),
]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: Any) -> Path:
    """A folder with a campaign of two open suggestions, which no test changes."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "glass.yaml").write_text(CAMPAIGN)
    Campaign.open(folder / "glass.yaml").suggest(2)
    return folder


@pytest.mark.parametrize(("line", "message"), SURPLUS)
def test_a_word_without_use_is_a_fault(
    designer: Designer, begun: Any, monkeypatch: pytest.MonkeyPatch, line: Any, message: Any
) -> None:
    monkeypatch.chdir(begun)
    store = SqlStore(begun / "glass.db")
    before = {path.name for path in begun.iterdir()}
    done = designer(*line.split())
    assert (done.code, done.out) == (2, ""), done
    assert message in done.err
    assert store.positions() == {"glass": 2}
    assert {path.name for path in begun.iterdir()} == before


def test_every_command_is_in_the_table() -> None:
    assert {words for words in ALL if not any(line.startswith(" ".join(words)) for line, _ in SURPLUS)} == set()


class TestSeveralIds:
    def test_all_are_withdrawn_for_one_reason(self, designer: Designer, folder: Path) -> None:
        designer("suggest", "-n", "4")
        done = designer("withdraw", "S0001", "S0002,S0003", "the furnace", "is broken", "--json")
        assert (done.code, done.data["withdrawn"]) == (0, ["S0001", "S0002", "S0003"])
        state = Campaign.open(folder / "glass.yaml").state
        assert {each.withdrawn_because for each in state.suggestions.values() if each.id != "S0004"} == {
            "the furnace is broken"
        }
        assert [each.id for each in state.open] == ["S0004"]
        assert designer("withdraw", "S0003", "S0004").out == (
            "S0003: unchanged, it was withdrawn before\nS0004: withdrawn\n"
        )

    def test_the_withdrawal_is_undone(self, designer: Designer, folder: Path) -> None:
        designer("suggest", "-n", "2")
        designer("withdraw", "S0001", "S0002", "broken")
        done = designer("undo", "--json")
        assert (done.code, done.data["undone"]) == (0, "2 withdrawals: S0001, S0002")
        assert designer("undo").out == "nothing can be undone\n"

    def test_suggestions_and_measurements_are_withdrawn_together(self, designer: Designer, folder: Path) -> None:
        designer("suggest", "-n", "2")
        designer("record", "S0001", "strength=100")
        assert designer("withdraw", "M0001", "S0002", "--reason", "wrong batch").code == 0
        state = Campaign.open(folder / "glass.yaml").state
        assert state.measurements["M0001"].withdrawn
        assert state.suggestions["S0002"].withdrawn_because == "wrong batch"

    def test_all_fail_for_one_reason(self, designer: Designer, folder: Path) -> None:
        designer("suggest", "-n", "3")
        assert designer("fail", "S0001", "S0003", "film", "peeled").out == "recorded as failed: S0001, S0003\n"
        state = Campaign.open(folder / "glass.yaml").state
        assert [(each.suggestion, each.reason) for each in state.failures] == [
            ("S0001", "film peeled"), ("S0003", "film peeled"),
        ]  # fmt: skip

    def test_one_unknown_id_leaves_the_others_as_they_are(self, designer: Designer, folder: Path) -> None:
        designer("suggest", "-n", "2")
        for verb in ("withdraw", "fail"):
            assert designer(verb, "S0001", "S0099", "S0002", "--reason", "x").code == 2
        assert Campaign.open(folder / "glass.yaml").state.position == 2
