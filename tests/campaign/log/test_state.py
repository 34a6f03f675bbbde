from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.campaign.log.events import (
    Amended,
    Created,
    Event,
    Failed,
    Recorded,
    SettingsChanged,
    SpaceChanged,
    Suggested,
    SuggestedDesign,
    Withdrawn,
    placed,
)
from designer.campaign.log.ids import measurement_id, suggestion_id
from designer.campaign.log.state import CampaignState, advance, fold
from designer.errors import StoreError

AT = datetime(2026, 5, 1, tzinfo=UTC)
SPEC: dict[str, Any] = {"name": "run", "space": [{"name": "x"}], "budget": 10}
N = 5


def design(number: int) -> dict[str, float | str]:
    return {"x": float(number)}


def beginning() -> list[Event]:
    designs = tuple(SuggestedDesign(id=suggestion_id(i), design=design(i)) for i in range(1, N + 1))
    return [
        Created(at=AT, name="run", spec=SPEC),
        Suggested(at=AT, designs=designs, based_on=1, how="initial"),
    ]


def at_positions(events: Sequence[Event]) -> list[Event]:
    """Return events as a store would give them back, each at a moment of its own."""
    moved = [event.model_copy(update={"at": AT + timedelta(seconds=i)}) for i, event in enumerate(events)]
    return [placed(event, i) for i, event in enumerate(moved, start=1)]


def after(*events: Event) -> CampaignState:
    return fold(at_positions([*beginning(), *events]))


def recorded(number: int, suggestion: int | None = 1, measurement: int = 1, **values: float) -> Recorded:
    which = None if suggestion is None else suggestion_id(suggestion)
    return Recorded(
        at=AT, measurement=measurement_id(measurement), suggestion=which, design=design(number), values=values
    )


class TestStatus:
    def test_suggestions_are_open_until_something_happens(self) -> None:
        state = after()
        assert [each.id for each in state.open] == ["S0001", "S0002", "S0003", "S0004", "S0005"]
        assert state.next_suggestion == 6
        assert state.next_measurement == 1

    def test_each_outcome(self) -> None:
        state = after(
            recorded(1, 1, 1, y=3.0),
            Failed(at=AT, suggestion="S0002", design=design(2), reason="film peeled"),
            Withdrawn(at=AT, subject="S0003", reason="too costly"),
        )
        assert [each.status for each in state.suggestions.values()] == [
            "recorded", "failed", "withdrawn", "open", "open",
        ]  # fmt: skip
        assert state.suggestions["S0002"].failed_because == ("film peeled",)
        assert state.suggestions["S0003"].withdrawn_because == "too costly"

    def test_a_retry_that_works_counts_as_recorded_and_the_failure_is_kept(self) -> None:
        state = after(
            Failed(at=AT, suggestion="S0001", design=design(1), reason="film peeled"), recorded(1, 1, 1, y=3.0)
        )
        assert state.suggestions["S0001"].status == "recorded"
        assert [each.reason for each in state.failures] == ["film peeled"]

    def test_a_late_result_of_a_withdrawn_suggestion_is_kept(self) -> None:
        state = after(Withdrawn(at=AT, subject="S0001"), recorded(1, 1, 1, y=3.0))
        assert state.suggestions["S0001"].status == "recorded"
        assert state.suggestions["S0001"].withdrawn_because == ""
        assert len(state.results) == 1

    def test_withdrawing_a_measurement_opens_its_suggestion_again(self) -> None:
        state = after(recorded(1, 1, 1, y=3.0), Withdrawn(at=AT, subject="M0001", reason="wrong sample"))
        assert state.suggestions["S0001"].status == "open"
        assert state.results == ()
        assert state.measurements["M0001"].reason == "wrong sample"
        assert state.next_measurement == 2, "ids are never given again"


class TestMeasurements:
    def test_missing_targets_are_filled_in(self) -> None:
        state = after(recorded(1, 1, 1, y=3.0), recorded(1, 1, 1, z=4.0))
        assert state.measurements["M0001"].values == {"y": 3.0, "z": 4.0}
        assert len(state.results) == 1

    def test_replicates_are_measurements_of_their_own(self) -> None:
        state = after(recorded(1, 1, 1, y=3.0), recorded(1, 1, 2, y=3.1))
        assert [each.id for each in state.of("S0001")] == ["M0001", "M0002"]

    def test_what_was_executed_is_kept_beside_what_was_suggested(self) -> None:
        state = after(recorded(99, 1, 1, y=3.0))
        assert state.suggestions["S0001"].design == design(1)
        assert state.measurements["M0001"].design == design(99)

    def test_attached_results_belong_to_no_suggestion(self) -> None:
        state = after(recorded(99, None, 1, y=3.0))
        assert state.results[0].suggestion is None
        assert len(state.open) == N

    def test_an_amendment_changes_only_what_it_names(self) -> None:
        first = recorded(1, 1, 1, y=3.0, z=4.0)
        state = after(first, Amended(at=AT, measurement="M0001", values={"y": 5.0}, noise={"y": 0.1}))
        assert state.measurements["M0001"].values == {"y": 5.0, "z": 4.0}
        assert state.measurements["M0001"].noise == {"y": 0.1}
        assert state.measurements["M0001"].design == design(1)
        assert state.measurements["M0001"].amended

    def test_an_amendment_can_take_a_value_back(self) -> None:
        state = after(recorded(1, 1, 1, y=3.0), Amended(at=AT, measurement="M0001", values={"y": None}))
        assert state.measurements["M0001"].values == {}
        assert state.results == ()
        assert state.suggestions["S0001"].status == "open"


class TestSpec:
    def test_settings_change_and_may_be_taken_out(self) -> None:
        state = after(
            SettingsChanged(at=AT, settings={"budget": 20, "stop": {"reach": True}}),
            SettingsChanged(at=AT, settings={"budget": None}),
        )
        assert state.spec == {"name": "run", "space": [{"name": "x"}], "stop": {"reach": True}}

    def test_the_space_changes_and_the_earlier_one_is_remembered(self) -> None:
        state = after(SpaceChanged(at=AT, space=[{"name": "x", "bounds": [0, 1]}], constraints=["x < 1"]))
        assert state.spec["space"] == [{"name": "x", "bounds": [0, 1]}]
        assert state.spec["constraints"] == ["x < 1"]
        assert state.earlier_spaces == ({"space": [{"name": "x"}], "constraints": []},)

    @pytest.mark.parametrize(
        ("event", "moves"),
        [
            (recorded(1, 1, 1, y=1.0), False),
            (Failed(at=AT, design=design(3), reason="?"), False),
            (Withdrawn(at=AT, subject="S0001"), True),
            (SpaceChanged(at=AT, space=[]), True),
            (SettingsChanged(at=AT, settings={}), True),
            (Suggested(at=AT, designs=(SuggestedDesign(id="S0006", design=design(6)),), based_on=2, how="model"), True),
        ],
    )
    def test_the_last_choice_is_what_bars_a_suggestion_computed_before_it(self, event: Event, moves: bool) -> None:
        assert after(event).last_choice == (3 if moves else 2)


class TestDamage:
    def test_a_gap(self) -> None:
        events = at_positions(beginning())
        with pytest.raises(StoreError, match="event 3 follows on event 1"):
            fold([events[0], placed(events[1], 3)])

    def test_no_creation(self) -> None:
        with pytest.raises(StoreError, match="where the campaign's creation should"):
            fold(at_positions(beginning()[1:]))

    def test_a_second_creation(self) -> None:
        with pytest.raises(StoreError, match="event 3 creates the campaign again"):
            after(Created(at=AT, name="run", spec={}))

    @pytest.mark.parametrize(
        ("event", "message"),
        [
            (recorded(1, 9, 1, y=1.0), r"event 3 \(recorded\) names S0009"),
            (Failed(at=AT, suggestion="S0009", design=design(9), reason="?"), r"event 3 \(failed\) names S0009"),
            (Withdrawn(at=AT, subject="M0009"), r"event 3 \(withdrawn\) names M0009"),
            (Amended(at=AT, measurement="M0009"), r"event 3 \(amended\) names M0009"),
            (beginning()[1], "event 3 suggests S0001 again"),
        ],
    )
    def test_ids_that_nothing_introduced(self, event: Event, message: str) -> None:
        with pytest.raises(StoreError, match=message):
            after(event)

    def test_a_measurement_of_two_suggestions(self) -> None:
        with pytest.raises(StoreError, match="another suggestion"):
            after(recorded(1, 1, 1, y=1.0), recorded(1, 2, 1, z=1.0))


outcomes = st.lists(
    st.one_of(
        st.tuples(st.just("recorded"), st.integers(1, N), st.integers(0, 3)),
        st.tuples(st.just("attached"), st.integers(1, N), st.integers(0, 3)),
        st.tuples(st.just("failed"), st.integers(1, N), st.integers(0, 1)),
        st.tuples(st.just("withdrawn"), st.integers(1, N), st.just(0)),
    ),
    max_size=12,
)


def events_of(steps: Sequence[tuple[str, int, int]]) -> list[Event]:
    """Return events in the order of `steps`; measurement ids are given as they come, as a campaign does."""
    events: list[Event] = []
    for kind, number, value in steps:
        count = sum(isinstance(event, Recorded) for event in events)
        match kind:
            case "recorded":
                events.append(recorded(number, number, count + 1, y=float(value)))
            case "attached":
                events.append(recorded(number, None, count + 1, y=float(value)))
            case "failed":
                name = suggestion_id(number)
                events.append(Failed(at=AT, suggestion=name, design=design(number), reason=str(value)))
            case _:
                events.append(Withdrawn(at=AT, subject=suggestion_id(number)))
    return events


def data_of(state: CampaignState) -> Any:
    """Return what a model sees: results in their order, statuses, failures; no ids of arrival, no times."""
    return (
        [(each.suggestion, each.design, each.values, each.noise) for each in state.results],
        [(each.id, each.status, each.withdrawn_because, each.failed_because) for each in state.suggestions.values()],
        sorted((each.suggestion, each.reason, str(each.design)) for each in state.failures),
    )


@settings(max_examples=100)
@given(outcomes.flatmap(lambda steps: st.tuples(st.just(steps), st.permutations(steps))))
def test_results_in_any_order_give_the_same_data(orders: tuple[list[Any], list[Any]]) -> None:
    first, second = orders
    assert data_of(after(*events_of(first))) == data_of(after(*events_of(second)))


@settings(max_examples=100)
@given(outcomes, st.lists(st.integers(1, 14), max_size=3))
def test_folding_piece_by_piece_is_folding_at_once(steps: list[Any], cuts: list[int]) -> None:
    events = at_positions([*beginning(), *events_of(steps)])
    places = sorted({min(cut, len(events)) for cut in cuts} | {1})
    state = fold(events[: places[0]])
    for start, end in zip(places, [*places[1:], len(events)], strict=True):
        state = advance(state, events[start:end])
    assert state == fold(events)
