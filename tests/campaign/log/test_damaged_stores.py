"""A damaged store: one clear line with code 1, never an endless loop, a traceback or a wrong state."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

import pytest

from designer.campaign.campaign import Campaign
from designer.cli.main import main
from designer.errors import DesignerError, StoreError

CAMPAIGN = """\
designer: 1
name: glass
space:
  - {name: temperature, kind: numeric, unit: degC, bounds: [900, 1500], step: 10}
  - {name: gas, kind: categorical, choices: [N2, Ar, air]}
targets:
  - {name: strength, unit: MPa, goal: maximize}
initial: 6
"""


@pytest.fixture
def folder(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a campaign of ten events, which a test may damage."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DESIGNER_STORE", raising=False)
    monkeypatch.delenv("DESIGNER_DEBUG", raising=False)
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return begun(tmp_path_factory.mktemp("sound"))


def begun(folder: Path) -> Path:
    """Make a campaign of ten events in a folder."""
    (folder / "glass.yaml").write_text(CAMPAIGN)
    campaign = Campaign.open(folder / "glass.yaml")
    campaign.suggest(5)
    campaign.record({"S0001": {"strength": 100}, "S0002": {"strength": 110}, "S0003": {"strength": 90}})
    campaign.record_failure("S0004", "cracked")
    campaign.withdraw("S0005", "too dear")
    campaign.amend("M0001", {"strength": 101})
    campaign.amend_space(bounds={"temperature": [900, 1600]})
    campaign.attach([{"temperature": 950, "gas": "N2", "strength": 80}])
    return folder


def change(folder: Path, *statements: tuple[str, tuple[object, ...]] | str) -> None:
    with sqlite3.connect(folder / "glass.db") as connection:
        for each in statements:
            if isinstance(each, str):
                connection.execute(each)
            else:
                connection.execute(*each)
    connection.close()


def payloads(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "glass.db") as connection:
        rows = connection.execute("SELECT payload FROM designer_events ORDER BY position").fetchall()
    connection.close()
    return [row[0] for row in rows]


def replace_event(folder: Path, position: int, payload: object) -> None:
    change(folder, ("UPDATE designer_events SET payload = ? WHERE position = ?", (payload, position)))


def edited(folder: Path, position: int, **changes: object) -> str:
    return json.dumps({**json.loads(payloads(folder)[position - 1]), **changes})


DAMAGES = {
    "empty schema": (lambda f: change(f, "DELETE FROM designer_schema"), "its table designer_schema is empty"),
    "schema of words": (
        lambda f: change(f, "DROP TABLE designer_schema", "CREATE TABLE designer_schema (version)",
                         "INSERT INTO designer_schema VALUES ('x')"),
        "holds schema version 'x'",
    ),
    "campaign without events": (lambda f: change(f, "DELETE FROM designer_events"), "campaign 'glass' has no events"),
    "no table of events": (lambda f: change(f, "DROP TABLE designer_events"), "no such table: designer_events"),
    "no first event": (lambda f: change(f, "DELETE FROM designer_events WHERE position = 1"), "event 1"),
    "a gap": (lambda f: change(f, "DELETE FROM designer_events WHERE position = 4"), "event 4 of 'glass' is missing"),
    "nested list": (lambda f: replace_event(f, 3, "[" * 100_000), "event 3 is not JSON"),
    "nested event": (
        lambda f: replace_event(f, 1, edited(f, 1, spec=json.loads('{"a":' * 80 + "1" + "}" * 80))),
        "event 1 is nested deeper than 50 levels",
    ),
    "a blob": (lambda f: replace_event(f, 3, b"\xff\xfe"), "event 3 is not JSON"),
    "not a number": (lambda f: replace_event(f, 3, '{"v":1,"kind":"recorded","x":NaN}'), "event 3 is not JSON"),
    "infinite": (
        lambda f: replace_event(f, 3, edited(f, 3, values={"strength": "?"}).replace('"?"', "1e999")),
        "event 3 holds a number that is not finite",
    ),
    "far too large": (
        lambda f: replace_event(f, 4, edited(f, 4, values={"strength": -1e200})),
        "M0002 has a value beyond 1e+100",
    ),
    "unknown choice": (
        lambda f: replace_event(f, 3, edited(f, 3, design={"temperature": 950.0, "gas": "He"})),
        "M0001 has a design that is none of the space (temperature 950.0, gas 'He')",
    ),
    "word for a number": (
        lambda f: replace_event(f, 3, edited(f, 3, design={"temperature": "hot", "gas": "N2"})),
        "M0001 has a design that is none of the space",
    ),
    "a column less": (lambda f: replace_event(f, 3, edited(f, 3, design={"gas": "N2"})), "M0001 has a design"),
    "no space": (
        lambda f: replace_event(f, 1, edited(f, 1, spec={"designer": 1, "name": "glass"})),
        "cannot be read from its store",
    ),
    "no such suggestion": (lambda f: replace_event(f, 3, edited(f, 3, suggestion="S0099")), "names S0099"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("command", ["status", "suggest", "record S0001 strength=5", "best"])
def test_one_line_with_code_1(folder: Path, capsys: pytest.CaptureFixture[str], name: str, command: str) -> None:
    damage, words = DAMAGES[name]
    damage(folder)
    before = payloads(folder) if name != "no table of events" else None
    capsys.readouterr()
    assert main(command.split()) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("designer: ")
    assert len(captured.err.splitlines()) == 1
    assert words in captured.err
    assert "set DESIGNER_DEBUG" not in captured.err
    assert before is None or payloads(folder) == before


def test_events_that_vanish_while_it_is_open(folder: Path) -> None:
    campaign = Campaign.open(folder / "glass.yaml")
    change(folder, "DELETE FROM designer_events WHERE position > 3")
    with pytest.raises(StoreError, match="damaged"):
        campaign.withdraw("S0001")


SEEDS = range(60)  # `python -m tests.campaign.log.test_damaged_stores 2000` tries more


@pytest.mark.parametrize("seed", SEEDS)
def test_any_change_of_an_event_is_read_or_refused(folder: Path, seed: int) -> None:
    attempt(folder, seed)


@pytest.mark.parametrize("old", [b"position INTEGER", b"payload TEXT", b"CREATE TABLE d"])
def test_definition_of_a_table_that_is_no_text(folder: Path, old: bytes) -> None:
    """SQLite repeats it in a message that cannot be decoded."""
    store = folder / "glass.db"
    data = store.read_bytes()
    assert old in data
    store.write_bytes(data.replace(old, old[:2] + b"\xff" + old[3:]))
    with pytest.raises(StoreError, match=r"glass\.db") as caught:
        Campaign.open(folder / "glass.yaml").status()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("seed", range(40))
def test_any_bytes_of_the_file_are_read_or_refused(folder: Path, seed: int) -> None:
    rng = random.Random(seed)
    store = folder / "glass.db"
    data = bytearray(store.read_bytes())
    for _ in range(rng.randint(1, 60)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    store.write_bytes(data)
    try:
        campaign = Campaign.open(folder / "glass.yaml")
        campaign.status()
        campaign.suggest(1)
    except DesignerError as error:
        assert len(str(error)) < 3000  # noqa: PT017  both ends are right


def attempt(folder: Path, seed: int) -> None:
    """Change one event at random, and ask for all that a reader asks: a fault of designer's own, or an answer."""
    rng = random.Random(seed)
    position = rng.randrange(1, len(payloads(folder)) + 1)
    text = payloads(folder)[position - 1]
    if rng.random() < 0.3:
        place = rng.randrange(len(text))
        replace_event(folder, position, text[:place] + rng.choice(_TEXTS) + text[place + rng.randrange(4) :])
    else:
        replace_event(folder, position, json.dumps(_mutated(rng, json.loads(text))))
    try:
        campaign = Campaign.open(folder / "glass.yaml")
        campaign.status()
        campaign.best()
        campaign.measurements()
        campaign.suggest(1)
    except DesignerError as error:
        refused = str(error)
    else:
        refused = ""
    assert len(refused) < 3000


_TEXTS = ['"', "}", "]", ",", "1e400", "null", "-", "[[", "\x00", "é", "\\ud800"]
_VALUES: list[object] = [
    None,
    "",
    "x",
    -1,
    0,
    1e308,
    True,
    [],
    {},
    [[]],
    "S0001",
    "M0001",
    10**400,
    "N2",
    {"a": {"b": [1]}},
    "\ud800",
]


def _mutated(rng: random.Random, value: object) -> object:
    """Return plain data with one value replaced, left out or repeated somewhere."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(sorted(value))
        kind = rng.random()
        if kind < 0.2:
            return {name: each for name, each in value.items() if name != key}
        if kind < 0.3:
            return {**value, str(rng.choice(_VALUES)): value[key]}
        return {**value, key: _mutated(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        i = rng.randrange(len(value))
        if rng.random() < 0.3:
            return [*value, value[i]]
        return [*value[:i], _mutated(rng, value[i]), *value[i + 1 :]]
    return rng.choice(_VALUES)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        whole = begun(Path(place))
        for number in range(int(sys.argv[1])):
            with tempfile.TemporaryDirectory() as copy:
                shutil.copytree(whole, copy, dirs_exist_ok=True)
                attempt(Path(copy), number)
    sys.stdout.write(f"{sys.argv[1]} damaged stores: each was read, or refused by an error of designer's own\n")
