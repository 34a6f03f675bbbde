"""What a lab may trust: nothing acknowledged is ever lost, and no crash changes what follows."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from designer.campaign.campaign import Campaign
from designer.campaign.log.events import Withdrawn
from designer.campaign.log.store import open_store
from tests.campaign import workers
from tests.campaign.zygote import Zygote

KILLS = 200
RESULTS = 24
EACH = 4


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as zygote:
        yield zygote


def write(folder: Path, text: str = workers.FILE) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "the worker does nothing"
        time.sleep(0.002)


def story(campaign: Campaign) -> list[tuple[str, Any, Any]]:
    """Return what was suggested and what came out, in the order of the suggestions."""
    return [
        (each.id, each.design, [result.values for result in campaign.state.of(each.id)])
        for each in campaign.state.suggestions.values()
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Any, Any]]:
    """The story of a campaign that nothing happened to."""
    path = write(tmp_path_factory.mktemp("undisturbed"))
    workers.loop(str(path), str(path.with_suffix(".acknowledged")), str(RESULTS))
    return story(Campaign.open(path))


def check(path: Path, undisturbed: list[tuple[str, Any, Any]]) -> int:
    """Check a campaign whose process was killed; return the number of its results."""
    database, acknowledged = path.with_suffix(".db"), path.with_suffix(".acknowledged")
    if not database.exists():
        assert not acknowledged.exists()
        return 0
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    campaign = Campaign.open(path)
    names = acknowledged.read_text(encoding="utf-8").split() if acknowledged.exists() else []
    assert len(names) == len(set(names)), "no experiment is made twice"
    for name in names:
        (result,) = campaign.state.of(name)
        assert result.values == {"y": workers.value_of(dict(result.design))}
    for (name, design, values), (twin, twin_design, twin_values) in zip(story(campaign), undisturbed, strict=False):
        assert (name, design) == (twin, twin_design)
        assert values in ([], twin_values)
    return len(campaign.state.results)


@pytest.mark.slow
def test_killed_at_any_instant_nothing_is_lost_and_the_next_suggestion_is_the_same(
    tmp_path: Path, zygote: Zygote, undisturbed: list[tuple[str, Any, Any]]
) -> None:
    chance = random.Random(20260501)
    path, campaigns, finished = write(tmp_path / "0"), 1, 0
    for _ in range(KILLS):
        acknowledged = path.with_suffix(".acknowledged")
        before = size(acknowledged)
        worker = zygote.spawn("loop", path, acknowledged, RESULTS)
        if chance.random() < 0.5:  # anywhere, its beginning included
            time.sleep(chance.uniform(0, 0.1))
        else:  # anywhere in an experiment that follows on one, however slow the machine is
            wait_for(lambda before=before, file=acknowledged: size(file) > before)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.05))
        zygote.kill(worker)
        if check(path, undisturbed) >= RESULTS:
            assert story(Campaign.open(path)) == undisturbed
            finished += 1
            path, campaigns = write(tmp_path / str(campaigns)), campaigns + 1
    assert finished >= 3, "the workers get somewhere between the kills"
    assert zygote.wait(zygote.spawn("loop", path, path.with_suffix(".acknowledged"), RESULTS)) == 0
    assert story(Campaign.open(path)) == undisturbed


def test_killed_while_a_model_decides(tmp_path: Path, zygote: Zygote) -> None:
    file = workers.FILE.replace("initial: 1000", "initial: 3")
    path, twin = write(tmp_path / "killed", file), write(tmp_path / "undisturbed", file)
    zygote.wait(zygote.spawn("loop", twin, twin.with_suffix(".acknowledged"), 10))
    undisturbed = story(Campaign.open(twin))
    assert len(undisturbed) == 10
    chance = random.Random(7)
    for _ in range(10):
        worker = zygote.spawn("loop", path, path.with_suffix(".acknowledged"), 10)
        time.sleep(chance.uniform(0, 1.5))
        zygote.kill(worker)
        check(path, undisturbed)
    assert zygote.wait(zygote.spawn("loop", path, path.with_suffix(".acknowledged"), 10)) == 0
    again = Campaign.open(path)
    assert story(again) == undisturbed
    assert [each.how for each in again.state.suggestions.values()].count("model") == 6


def test_killed_while_a_campaign_is_created(tmp_path: Path, zygote: Zygote) -> None:
    chance = random.Random(1)
    for i in range(20):
        location = tmp_path / f"{i}.db"
        worker = zygote.spawn("create_once", location, tmp_path / f"{i}.acknowledged")
        time.sleep(chance.uniform(0, 0.02))
        zygote.kill(worker)
        events = open_store(location).read("run")
        assert len(events) <= 1
        if (tmp_path / f"{i}.acknowledged").exists():
            assert len(events) == 1
        elif not events:
            workers.create_once(str(location), str(tmp_path / f"{i}.acknowledged"))
            assert len(open_store(location).read("run")) == 1


def test_eight_processes_ask_and_record_at_once(tmp_path: Path, zygote: Zygote, store_location: str) -> None:
    path, acknowledged = write(tmp_path), tmp_path / "acknowledged"
    together = [zygote.spawn("ask_and_record", path, store_location, acknowledged, EACH) for _ in range(8)]
    assert [zygote.wait(worker) for worker in together] == [0] * 8
    lines = acknowledged.read_text(encoding="utf-8").splitlines()
    names, given = zip(*(line.split(" ", 1) for line in lines), strict=True)
    assert sorted(names) == [f"S{i:04d}" for i in range(1, 8 * EACH + 1)]
    assert len(set(given)) == 8 * EACH, "every process got a design of its own"
    campaign = Campaign.open(path, store=store_location)
    assert len(campaign.state.results) == 8 * EACH
    for result in campaign.state.results:
        assert result.values == {"y": workers.value_of(dict(result.design))}


class TestStore:
    def test_all_appends_of_eight_processes_arrive_once(
        self, zygote: Zygote, tmp_path: Path, store_location: str
    ) -> None:
        workers.create_once(store_location, str(tmp_path / "acknowledged"))
        together = [zygote.spawn("append_many", store_location, number, EACH) for number in range(1, 9)]
        assert [zygote.wait(worker) for worker in together] == [0] * 8
        events = open_store(store_location).read("run")
        subjects = [event.subject for event in events if isinstance(event, Withdrawn)]
        assert sorted(subjects) == sorted(f"S{1000 * n + i:04d}" for n in range(1, 9) for i in range(EACH))
        assert [event.position for event in events] == list(range(1, 8 * EACH + 2))

    def test_one_of_eight_processes_creates(self, zygote: Zygote, tmp_path: Path, store_location: str) -> None:
        acknowledged = tmp_path / "acknowledged"
        together = [zygote.spawn("create_once", store_location, acknowledged) for _ in range(8)]
        assert [zygote.wait(worker) for worker in together] == [0] * 8
        assert sorted(acknowledged.read_text(encoding="utf-8").split()) == ["conflict"] * 7 + ["created"]
        assert len(open_store(store_location).read("run")) == 1
