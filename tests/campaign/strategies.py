"""Hypothesis strategies for events."""

from __future__ import annotations

from datetime import UTC

from hypothesis import strategies as st

from designer.campaign.log import events as ev

numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
moments = st.datetimes(timezones=st.just(UTC))
suggestion_ids = st.integers(1, 10**6).map(lambda i: f"S{i:04d}")
measurement_ids = st.integers(1, 10**6).map(lambda i: f"M{i:04d}")
comparison_ids = st.integers(1, 10**6).map(lambda i: f"C{i:04d}")
designs = st.dictionaries(words, numbers | words, min_size=1, max_size=4)
values = st.dictionaries(words, numbers, max_size=3)
observed = st.dictionaries(words, st.none() | numbers, max_size=2)
sides = st.dictionaries(words, st.sampled_from(["<", ">"]), max_size=2)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
settings = st.dictionaries(words, plain, max_size=3)

recordings = st.builds(
    ev.Recorded,
    at=moments,
    measurement=measurement_ids,
    suggestion=st.none() | suggestion_ids,
    design=designs,
    values=values,
    noise=values,
    replicate=st.none() | st.integers(1, 9),
    censored=sides,
    observed=observed,
)
events: st.SearchStrategy[ev.Event] = st.one_of(
    st.builds(ev.Created, at=moments, name=words, spec=settings, pool_digest=st.none() | words),
    st.builds(
        ev.Suggested,
        at=moments,
        designs=st.lists(
            st.builds(ev.SuggestedDesign, id=suggestion_ids, design=designs, score=st.none() | numbers),
            min_size=1,
            max_size=3,
        ).map(tuple),
        based_on=st.integers(1, 10**6),
        how=st.sampled_from(["initial", "model", "replicate"]),
        notes=st.lists(words, max_size=2).map(tuple),
    ),
    recordings,
    st.builds(
        ev.Compared,
        at=moments,
        comparison=comparison_ids,
        target=words,
        better=measurement_ids,
        worse=measurement_ids,
        tie=st.booleans(),
    ),
    st.builds(ev.Failed, at=moments, suggestion=st.none() | suggestion_ids, design=designs, reason=words),
    st.builds(ev.Withdrawn, at=moments, subject=suggestion_ids | measurement_ids | comparison_ids, reason=words),
    st.builds(
        ev.Amended,
        at=moments,
        measurement=measurement_ids,
        values=st.dictionaries(words, st.none() | numbers, max_size=2),
        noise=st.dictionaries(words, st.none() | numbers, max_size=2),
        design=st.none() | designs,
        reason=words,
        censored=sides,
        observed=observed,
    ),
    st.builds(
        ev.Undone,
        at=moments,
        undoes=st.lists(st.integers(2, 99), min_size=1, max_size=2).map(tuple),
        withdraws=st.lists(measurement_ids | comparison_ids, max_size=2).map(tuple),
        restores=st.lists(suggestion_ids | measurement_ids, max_size=2).map(tuple),
        becomes=st.lists(recordings, max_size=1).map(tuple),
    ),
    st.builds(
        ev.SpaceChanged,
        at=moments,
        space=st.lists(settings, max_size=2),
        constraints=st.lists(words, max_size=2),
        changes=st.lists(words, max_size=2).map(tuple),
    ),
    st.builds(ev.SettingsChanged, at=moments, settings=settings),
)
