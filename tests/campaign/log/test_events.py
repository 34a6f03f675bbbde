from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings

from designer.campaign.log import events as ev
from designer.errors import InvalidInput, StoreError
from designer.observations.curves.curve import Curve
from tests.campaign import strategies

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "golden" / "v1.jsonl"


@settings(max_examples=150)
@given(strategies.events)
def test_json_and_back_is_the_same_event(event: ev.Event) -> None:
    text = ev.to_json(event)
    assert "\n" not in text
    assert ev.from_json(text) == event


def test_the_position_is_the_stores_and_not_in_the_payload() -> None:
    event = ev.placed(ev.Withdrawn(at=AT, subject="S0001"), 7)
    assert event.position == 7
    assert "position" not in json.loads(ev.to_json(event))
    assert ev.from_json(ev.to_json(event), 7) == event


def test_an_undone_curve_has_the_version_of_curves() -> None:
    curve = Curve(x=(6, 12, 24), y=(11, 30, 41))
    earlier = ev.Recorded(at=AT, measurement="M0001", design={"x": 1.0}, values={}, observed={"release": curve})
    event = ev.Undone(at=AT, undoes=(4,), becomes=(earlier,))
    text = ev.to_json(event)
    assert json.loads(text)["v"] == ev.CURVE_GRAMMAR
    assert ev.from_json(text) == event
    assert json.loads(ev.to_json(ev.Undone(at=AT, undoes=(4,))))["v"] == ev.UNDO_GRAMMAR


def test_kinds_are_all_listed() -> None:
    assert {get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(ev.Event)} == set(ev.KINDS)


def contains(new: Any, old: Any) -> bool:
    """Whether `new` says all that `old` says; later versions may say more."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and contains(new[key], old[key]) for key in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(new) == len(old) and all(map(contains, new, old))
    return bool(new == old)


class TestGolden:
    """Files that version 1 wrote are read by every later version, and mean the same."""

    def test_every_kind_is_there(self) -> None:
        kinds = {json.loads(line)["kind"] for line in GOLDEN.read_text(encoding="utf-8").splitlines()}
        assert kinds == set(ev.KINDS)

    def test_old_lines_are_read_and_say_the_same(self) -> None:
        for position, line in enumerate(GOLDEN.read_text(encoding="utf-8").splitlines(), start=1):
            event = ev.from_json(line, position)
            old, new = json.loads(line), json.loads(ev.to_json(event))
            assert contains(new, old)

    def test_what_they_mean(self) -> None:
        lines = GOLDEN.read_text(encoding="utf-8").splitlines()
        created, settings_changed, suggested, recorded, *_ = (ev.from_json(line) for line in lines)
        assert isinstance(created, ev.Created)
        assert created.name == "oer"
        assert isinstance(settings_changed, ev.SettingsChanged)
        assert settings_changed.settings == {"budget": 30, "stop": None}
        assert isinstance(suggested, ev.Suggested)
        assert suggested.designs[0].id == "S0001"
        assert suggested.designs[0].design == {"T": 350.0, "atmosphere": "N₂"}
        assert isinstance(recorded, ev.Recorded)
        assert recorded.values == {"overpotential": 372.25}
        assert recorded.at == datetime(2026, 11, 23, 8, 30, 0, 250000, tzinfo=UTC)


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "event 4 is not JSON: the store is damaged"),
            ('"S0001"', "event 4 is not a JSON object: the store is damaged"),
            ('{"kind":"failed"}', "event 4 has version None; this designer reads versions 1 to 8: update designer"),
            ('{"v":9,"kind":"failed"}', "event 4 has version 9; this designer reads versions 1 to 8: update designer"),
            ('{"v":1,"kind":"dreamt"}', "event 4 is of kind 'dreamt', which this version does not know"),
            ('{"v":1,"kind":"withdrawn","at":"2026-01-01T00:00:00Z"}', r"event 4 \(withdrawn\) is damaged: .*subject"),
            ('{"v":1,"kind":"withdrawn","at":"2026-01-01","subject":"S0001"}', "is damaged: .*at"),
            ('{"v":1,"kind":"withdrawn","at":"2026-01-01T00:00:00Z","subject":"x"}', "is damaged: .*subject"),
        ],
    )
    def test_damaged_or_unknown_text(self, text: str, message: str) -> None:
        with pytest.raises(StoreError, match=message) as caught:
            ev.from_json(text, 4)
        assert "\n" not in str(caught.value)

    def test_numbers_that_are_none(self) -> None:
        text = ev.to_json(ev.Recorded(at=AT, measurement="M0001", design={"x": 1.0}, values={"y": 1.0}))
        with pytest.raises(StoreError, match="damaged"):
            ev.from_json(text.replace('"y":1.0', '"y":NaN'))
        with pytest.raises(InvalidInput):
            ev.Recorded(at=AT, measurement="M0001", design={"x": 1.0}, values={"y": float("inf")})

    def test_events_do_not_change(self) -> None:
        event = ev.Withdrawn(at=AT, subject="S0001")
        with pytest.raises(ValueError, match="frozen"):
            event.subject = "S0002"  # type: ignore[misc]
