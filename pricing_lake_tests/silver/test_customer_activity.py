"""silver/customer_activity: what each customer did on a day, each thing once, every event accounted for."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.bronze_customers import EVENT_TYPES, RAW_REDSHIFT_BEHAVIOR, RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.silver_people import CUSTOMER_ACTIVITY, CUSTOMERS
from pricing_lake.silver.customer_activity import customer_activity
from pricing_lake.silver.customers import customers
from pricing_lake_tests.silver.bronze_days import DAYS, BronzeDays, Row, at, bronze_of, published, window_of

BOTH = [customers, customer_activity]


def event(days: BronzeDays, event_id: str, when: datetime, kind: str = "view", **change: object) -> None:
    row: Row = {"event_id": event_id, "event_ts": when, "event_type": kind, "customer_id": "c1", "session_id": "s1"}
    days.tell(RAW_REDSHIFT_BEHAVIOR, **{**row, "product_id": "p1", **change})


def customer(days: BronzeDays, name: str, when: datetime, **change: object) -> None:
    days.tell(RAW_SNOWFLAKE_CUSTOMERS, **{"customer_id": name, "updated_at": when, **change})


def test_a_day_of_a_customer_is_counted(days: BronzeDays) -> None:
    customer(days, "c1", at(1))
    kinds = ["view", "view", "search", "like", "add_to_cart", "checkout", "purchase", "view"]
    for number, kind in enumerate(kinds):
        session = "s1" if number < 5 else "s2"
        event(days, f"e{number}", at(2, f"1{number}:00:00"), kind, session_id=session)
    days.build(BOTH, [1, 2])
    assert days.rows(CUSTOMER_ACTIVITY) == [
        {
            "customer_id": "c1",
            "activity_date": date(2026, 3, 2),
            "tenant_id": "acme",
            "sessions": 2,
            "views": 3,
            "searches": 1,
            "likes": 1,
            "carts": 1,
            "checkouts": 1,
            "purchases": 1,
            "first_event_ts": at(2, "10:00:00"),
            "last_event_ts": at(2, "17:00:00"),
            "is_known_customer": True,
        }
    ]


def test_an_event_at_most_two_seconds_after_the_same_one_is_left_out(days: BronzeDays) -> None:
    for number, clock in enumerate(["10:00:00", "10:00:02", "10:00:04.000001", "10:00:06", "10:00:09"]):
        event(days, f"e{number}", at(1, clock))
    days.build(BOTH, [1])
    row = days.rows(CUSTOMER_ACTIVITY)[0]
    # 0 s counts, 2 s repeats it, 4.000001 s counts, 6 s repeats that, 9 s counts.
    assert (row["views"], row["last_event_ts"]) == (3, at(1, "10:00:09"))
    verdict = days.verdict(CUSTOMER_ACTIVITY, 1)
    assert verdict.excluded == {"repeated_within_2s": 2, "summed_up": 2}
    assert verdict.source_rows == 5


def test_what_differs_in_anything_is_another_thing(days: BronzeDays) -> None:
    event(days, "first", at(1))
    event(days, "session", at(1), session_id="s2")
    event(days, "kind", at(1), "like")
    event(days, "product", at(1), product_id="p2")
    event(days, "no product", at(1), product_id=None)
    event(days, "no product either", at(1), product_id=None)
    event(days, "customer", at(1), customer_id="c2")
    days.build(BOTH, [1])
    rows = {row["customer_id"]: row for row in days.rows(CUSTOMER_ACTIVITY)}
    assert (rows["c1"]["views"], rows["c1"]["likes"], rows["c1"]["sessions"], rows["c2"]["views"]) == (4, 1, 2, 1)
    assert days.verdict(CUSTOMER_ACTIVITY, 1).excluded == {"repeated_within_2s": 1, "summed_up": 4}


def test_who_is_not_signed_in_is_excluded_and_counted(days: BronzeDays) -> None:
    event(days, "e1", at(1), customer_id=None)
    event(days, "e2", at(1), customer_id=" ")
    event(days, "e3", at(1), session_id=None)
    days.build(BOTH, [1, 2])
    row = days.rows(CUSTOMER_ACTIVITY)[0]
    assert (row["views"], row["sessions"]) == (1, 0)
    assert days.verdict(CUSTOMER_ACTIVITY, 1).excluded == {"anonymous": 2}
    assert days.verdict(CUSTOMER_ACTIVITY, 2).passed


def test_a_customer_is_known_from_the_day_they_came_in_their_own_shop(days: BronzeDays) -> None:
    customer(days, "c1", at(2, "23:00:00"))
    customer(days, "c1", at(3), is_deleted=True)
    for day in DAYS:
        event(days, f"e{day}", at(day))
        event(days, f"other{day}", at(day), customer_id="c2")
    days.build(BOTH, DAYS)
    found = [(r["activity_date"].day, r["customer_id"], r["is_known_customer"]) for r in days.rows(CUSTOMER_ACTIVITY)]  # type: ignore[attr-defined]
    assert found == [
        (1, "c1", False),
        (1, "c2", False),
        (2, "c1", True),
        (2, "c2", False),
        (3, "c1", True),
        (3, "c2", False),
    ]


def test_a_customer_of_another_shop_is_not_known(days: BronzeDays) -> None:
    customer(days, "c1", at(1), tenant_id="bolt")
    event(days, "e1", at(1))
    days.build(BOTH, [1])
    assert [row["is_known_customer"] for row in days.rows(CUSTOMER_ACTIVITY)] == [False]


def test_an_id_of_two_shops_on_one_day_is_one_row_and_one_quarantined(days: BronzeDays) -> None:
    """Customer ids are meant to be one namespace: a shop that breaks it is seen, and nothing is mixed."""
    event(days, "e1", at(1))
    event(days, "e2", at(1), tenant_id="bolt")
    days.build(BOTH, [1])
    verdict = days.verdict(CUSTOMER_ACTIVITY, 1)
    assert (verdict.good_rows, verdict.reasons) == (1, {"activity_date_repeated": 1})


def test_a_day_waits_for_its_customers(days: BronzeDays) -> None:
    days.load(RAW_REDSHIFT_BEHAVIOR, [1])
    refused = days.make(customer_activity, [1]).refused
    assert "silver/customers 2026-03-01 is not published" in refused[0].explain()


EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "event_ts": st.builds(
                lambda day, clock, gap: at(day, clock) + timedelta(milliseconds=gap),
                st.sampled_from(DAYS),
                st.sampled_from(["00:00:00", "23:59:50"]),
                st.sampled_from([0, 1_000, 2_000, 2_001, 4_000, 9_000]),
            ),
            "event_type": st.sampled_from(EVENT_TYPES[:3]),
            "customer_id": st.sampled_from(["c1", "c2", None]),
            "session_id": st.sampled_from(["s1", "s2", None]),
            "product_id": st.sampled_from(["p1", None]),
        }
    ),
    max_size=30,
).map(lambda events: [{**row, "event_id": f"e{number}"} for number, row in enumerate(events)])
COMING = st.lists(
    st.fixed_dictionaries(
        {"customer_id": st.sampled_from(["c1", "c2"]), "updated_at": st.builds(at, st.sampled_from(DAYS))}
    ),
    max_size=3,
    unique_by=str,
)


@settings(max_examples=3, deadline=None)
@given(events=EVENTS, coming=COMING, first=st.permutations(DAYS), second=st.permutations(DAYS))
def test_days_in_any_order_twice_give_the_same_table(
    events: list[Row], coming: list[Row], first: list[int], second: list[int]
) -> None:
    sources = {RAW_REDSHIFT_BEHAVIOR.id: events, RAW_SNOWFLAKE_CUSTOMERS.id: coming}
    with TemporaryDirectory() as folder:
        straight = BronzeDays(Path(folder) / "straight", sources)
        straight.build(BOTH, DAYS)
        shuffled = BronzeDays(Path(folder) / "shuffled", {name: rows[::-1] for name, rows in sources.items()})
        shuffled.masking = straight.masking
        shuffled.build(BOTH, first)
        shuffled.build(BOTH, second)
        assert shuffled.all_days(customer_activity) == straight.all_days(customer_activity)
        assert shuffled.make(customer_activity, first).snapshot_id is None


@settings(max_examples=150, deadline=None)
@given(events=EVENTS)
def test_every_event_counts_once_or_is_excluded(events: list[Row]) -> None:
    nobody = own_arrow_schema(CUSTOMERS).empty_table()
    for day in DAYS:
        own, _ = bronze_of(RAW_REDSHIFT_BEHAVIOR, events, day)
        candidate = customer_activity.transform(own, nobody, nobody, window_of(day))
        made = {
            str(row["customer_id"]): (row["views"], row["searches"], row["likes"], row["sessions"])
            for row in published(CUSTOMER_ACTIVITY, candidate, day)
        }
        counts, excluded = counted(own.to_pylist())
        assert made == counts
        assert candidate.excluded == excluded


def counted(events: list[Row]) -> tuple[dict[str, tuple[int, ...]], dict[str, int]]:
    """The counts and the exclusions of a day, worked out event by event."""
    kinds: defaultdict[str, Counter[object]] = defaultdict(Counter)
    sessions: defaultdict[str, set[object]] = defaultdict(set)
    last: dict[tuple[object, ...], datetime] = {}
    excluded: Counter[str] = Counter()
    for row in sorted(events, key=lambda row: str(row["event_ts"])):
        who, when = row["customer_id"], row["event_ts"]
        assert isinstance(when, datetime)
        if who is None:
            excluded["anonymous"] += 1
            continue
        same = (who, row["session_id"], row["event_type"], row["product_id"])
        if same in last and when - last[same] <= timedelta(seconds=2):
            excluded["repeated_within_2s"] += 1
        else:
            excluded["summed_up"] += 1 if str(who) in kinds else 0
            kinds[str(who)][row["event_type"]] += 1
            sessions[str(who)] |= {row["session_id"]} - {None}
        last[same] = when
    counts = {who: (*(kinds[who][kind] for kind in EVENT_TYPES[:3]), len(sessions[who])) for who in kinds}
    return counts, {reason: count for reason, count in excluded.items() if count}
