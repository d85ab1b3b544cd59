"""Offsets as text and as a value, shares of a batch, and where reading may go on."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing_lake.errors import ConfigurationError, SourceDataError
from pricing_lake.sources.orders_stream_offsets import BatchPlan, Offsets, Watermarks, fair_shares, starts

POSITIONS = st.dictionaries(st.integers(0, 50), st.integers(0, 2**63 - 1), max_size=8)
NOW = Offsets.of("orders", "cluster", "id-1", {})


def stored(positions: dict[int, int], topic_id: str = "id-1") -> Offsets:
    return Offsets.of("orders", "cluster", topic_id, positions)


@given(st.text(), st.text(), st.text(), POSITIONS)
def test_offsets_survive_being_text(topic: str, cluster_id: str, topic_id: str, positions: dict[int, int]) -> None:
    offsets = Offsets.of(topic, cluster_id, topic_id, positions)
    text = offsets.to_json()
    assert "\n" not in text
    assert Offsets.from_json(text) == offsets
    assert hash(Offsets.from_json(text)) == hash(offsets)
    shuffled = Offsets.of(topic, cluster_id, topic_id, dict(reversed(positions.items())))
    assert shuffled.to_json() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"topic":"orders","cluster_id":"c","topic_id":"","next":[]}',
        '{"topic":"orders","cluster_id":"c","topic_id":"","next":{"a":1}}',
        '{"topic":"orders","cluster_id":"c","topic_id":"","next":{"0":"1"}}',
        '{"topic":"orders","cluster_id":"c","topic_id":"","next":{"0":1.5}}',
        '{"topic":"orders","cluster_id":"c","topic_id":"","next":{"0":true}}',
        '{"topic":"orders","cluster_id":"c","topic_id":"","next":{"0":-1}}',
        '{"topic":null,"cluster_id":"c","topic_id":"","next":{}}',
    ],
)
def test_text_that_somebody_changed_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="offsets"):
        Offsets.from_json(text)


def test_partitions_come_in_order_and_once() -> None:
    with pytest.raises(ConfigurationError, match="once, in order"):
        Offsets("orders", "c", "", ((1, 0), (0, 0)))
    with pytest.raises(ConfigurationError, match="once, in order"):
        Offsets("orders", "c", "", ((0, 0), (0, 1)))


def test_offsets_move_forward_only_and_learn_new_partitions() -> None:
    offsets = stored({0: 5, 1: 7})
    assert offsets.advanced({1: 9, 2: 3}).by_partition == {0: 5, 1: 9, 2: 3}
    assert offsets.advanced({}) == offsets
    with pytest.raises(SourceDataError, match=r"would go back.*\{1: \(7, 6\)\}"):
        offsets.advanced({0: 6, 1: 6})


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 1_000), min_size=1), st.integers(1, 5_000))
def test_shares_use_the_whole_budget_and_starve_nobody(lags: dict[int, int], most: int) -> None:
    shares = fair_shares(lags, most)
    assert shares.keys() == lags.keys()
    assert all(0 <= shares[one] <= lags[one] for one in lags)
    assert sum(shares.values()) == min(most, sum(lags.values()))
    fair = most // len(lags)
    assert all(shares[one] >= min(lags[one], fair) for one in lags)


def test_a_plan_leaves_out_what_has_nothing_to_read() -> None:
    plan = BatchPlan(stored({0: 5, 1: 7}), stored({0: 5, 1: 9}))
    assert (plan.ranges, plan.most_messages, plan.is_empty) == ({1: (7, 9)}, 2, False)
    assert BatchPlan(plan.since, plan.since).is_empty


MARKS = {0: Watermarks(10, 20), 1: Watermarks(0, 5)}


def test_reading_begins_as_stored_or_at_the_first_message() -> None:
    assert starts(None, NOW, MARKS, {}).by_partition == {0: 10, 1: 0}
    assert starts(stored({0: 12}), NOW, MARKS, {}).by_partition == {0: 12, 1: 0}
    assert starts(stored({0: 10, 1: 5}), NOW, MARKS, {}).by_partition == {0: 10, 1: 5}
    assert starts(stored({0: 20, 1: 5}), NOW, MARKS, {1: 2}).by_partition == {0: 20, 1: 2}


@pytest.mark.parametrize(
    ("before", "complaint", "resume"),
    [
        (stored({0: 9, 1: 0}), "begins at 10, after the stored offset 9: 1 messages were deleted unread", {"0": 10}),
        (stored({0: 21, 1: 0}), "partition 0 ends at 20, before the stored offset 21", {"0": 10}),
        (stored({0: 9, 1: 6}), "partition 1 ends at 5", {"0": 10, "1": 0}),
        (stored({0: 10, 1: 0}, "id-0"), "deleted and created again", {"0": 10, "1": 0}),
        (stored({0: 10, 2: 0}), r"partitions \[2\] are gone", {"0": 10, "1": 0}),
        (Offsets.of("orders", "", "id-1", {}), "the cluster was unnamed and now is cluster", {"0": 10, "1": 0}),
    ],
)
def test_what_would_lose_or_repeat_messages_is_refused_with_what_to_do(
    before: Offsets, complaint: str, resume: dict[str, int]
) -> None:
    with pytest.raises(SourceDataError, match=complaint) as caught:
        starts(before, NOW, MARKS, {})
    advice = str(caught.value).partition("resume_at ")[2]
    assert json.loads(advice) == resume
    resumed = starts(before, NOW, MARKS, {int(partition): offset for partition, offset in resume.items()})
    assert {str(p): offset for p, offset in resumed.next}.items() >= resume.items()
    assert (resumed.cluster_id, resumed.topic_id) == ("cluster", "id-1")


def test_resuming_one_partition_does_not_silence_another() -> None:
    with pytest.raises(SourceDataError, match="partition 1 ends at 5"):
        starts(stored({0: 9, 1: 6}), NOW, MARKS, {0: 10})
    with pytest.raises(SourceDataError, match="deleted and created again"):
        starts(stored({0: 10, 1: 0}, "id-0"), NOW, MARKS, {0: 10})


def test_a_topic_id_that_is_not_told_this_time_is_kept() -> None:
    untold = Offsets.of("orders", "cluster", "", {})
    assert starts(stored({0: 10, 1: 0}), untold, MARKS, {}).topic_id == "id-1"
    assert starts(stored({0: 10, 1: 0}, ""), NOW, MARKS, {}).topic_id == "id-1"
