"""gold/dim_customer: versions of customers against a model that follows each of them change by change."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.contracts.split import split_rows
from pricing_lake.gold.dim_customer import dim_customer
from pricing_lake.lake.gate import Candidate, judge
from pricing_lake_tests.gold.silver_days import WHOLE, Row, SilverDays, at, stored

STATE = (
    "tenant_id", "email_token", "full_name_token", "country", "segment", "salesforce_account_id",
    "salesforce_lead_id", "created_at",
)  # fmt: skip


def state(day: int, clock: str = "12:00:00", customer: str = "c1", **change: object) -> Row:
    """A customer as of a day of March."""
    return {"day": date(2026, 3, day), "changed_at": at(day, clock), "customer_id": customer, **change}


def versions(days: SilverDays) -> list[tuple[object, ...]]:
    """Country, from, to, current of every version."""
    return [tuple(r[n] for n in ("country", "valid_from", "valid_to", "is_current")) for r in days.rows(DIM_CUSTOMER)]


def test_a_change_closes_a_version_and_opens_the_next(days: SilverDays) -> None:
    days.tell(CUSTOMERS, state(1), state(3, "08:00:00", country="SE"))
    days.make(dim_customer)
    assert versions(days) == [
        ("FI", at(1), at(3, "08:00:00"), False),
        ("SE", at(3, "08:00:00"), None, True),
    ]


def test_a_row_holds_the_state_exactly(days: SilverDays) -> None:
    told = {
        "tenant_id": "bolt",
        "email_token": f"k1:{7:032x}",
        "full_name_token": f"k1:{8:032x}",
        "country": None,
        "segment": "vip",
        "salesforce_account_id": "001000000000000001",
        "salesforce_lead_id": None,
        "created_at": at(1, "00:00:00"),
    }
    days.tell(CUSTOMERS, state(2, "23:59:59.999999", **told))
    days.make(dim_customer)
    [row] = days.rows(DIM_CUSTOMER)
    assert isinstance(row.pop("customer_sk"), int)
    begins = told["created_at"]
    assert row == {"customer_id": "c1", **told, "valid_from": begins, "valid_to": None, "is_current": True}


def test_a_state_told_again_opens_no_version(days: SilverDays) -> None:
    days.tell(CUSTOMERS, state(1), state(2), state(3, country="SE"), state(4, country="SE"))
    days.make(dim_customer)
    assert [row[:2] for row in versions(days)] == [("FI", at(1)), ("SE", at(3))]
    days.tell(CUSTOMERS, state(5, country="SE"))
    days.make(dim_customer)
    assert days.snapshots(DIM_CUSTOMER) == 1


SIGNED_UP = at(1, "09:30:00")
LONG_AGO, NEVER = (datetime.fromisoformat(f"{text}+00:00") for text in ("0001-01-01T00:00:00", "9999-12-31T23:59:59"))


@pytest.mark.parametrize(
    ("created_at", "begins"),
    [
        pytest.param(SIGNED_UP, SIGNED_UP, id="at the sign-up"),
        pytest.param(at(3), at(3), id="which may be the change itself"),
        pytest.param(at(3, "12:00:00.000001"), at(3), id="but is not after it"),
        pytest.param(NEVER, at(3), id="however late"),
        pytest.param(None, at(3), id="at the change without one"),
        pytest.param(LONG_AGO, WHOLE.start, id="a sign-up before all tables' beginning is at that beginning"),
    ],
)
def test_the_first_known_state_holds_since_the_customer_signed_up(
    days: SilverDays, created_at: datetime | None, begins: datetime
) -> None:
    days.tell(CUSTOMERS, state(3, created_at=created_at), state(5, country="SE", created_at=created_at))
    days.make(dim_customer)
    assert versions(days) == [("FI", begins, at(5), False), ("SE", at(5), None, True)]


def test_a_return_after_a_deletion_reaches_back_to_no_sign_up(days: SilverDays) -> None:
    days.tell(CUSTOMERS, state(3, created_at=SIGNED_UP), state(5, is_deleted=True, created_at=SIGNED_UP))
    days.tell(CUSTOMERS, state(7, created_at=SIGNED_UP))
    days.tell(CUSTOMERS, state(8, customer="c2", is_deleted=True), state(9, customer="c2", created_at=SIGNED_UP))
    days.make(dim_customer)
    assert versions(days) == [
        ("FI", SIGNED_UP, at(5), False),
        ("FI", at(7), None, True),
        ("FI", at(9), None, True),
    ]


def test_of_several_sign_up_times_the_first_states_counts(days: SilverDays) -> None:
    days.tell(CUSTOMERS, state(3, created_at=at(2)), state(5, created_at=SIGNED_UP))
    days.make(dim_customer)
    assert [row[1:3] for row in versions(days)] == [(at(2), at(5)), (at(5), None)]


def test_an_earlier_state_that_comes_late_takes_the_beginning_over(days: SilverDays) -> None:
    days.tell(CUSTOMERS, state(9, country="SE", created_at=SIGNED_UP))
    days.make(dim_customer)
    assert versions(days) == [("SE", SIGNED_UP, None, True)]
    days.tell(CUSTOMERS, state(5, created_at=SIGNED_UP))
    days.make(dim_customer)
    assert versions(days) == [("FI", SIGNED_UP, at(9), False), ("SE", at(9), None, True)]


@pytest.mark.parametrize("name", STATE)
def test_any_attribute_opens_a_version_and_so_does_its_loss(days: SilverDays, name: str) -> None:
    value: dict[str, object] = {"tenant_id": "bolt", "created_at": at(1), "email_token": f"k1:{1:032x}"}
    value["full_name_token"] = value["email_token"]
    days.tell(CUSTOMERS, state(1), state(2, **{name: value.get(name, "other")}), state(3))
    days.make(dim_customer)
    assert [row[1] for row in versions(days)] == [at(1), at(2), at(3)]


def test_a_deletion_closes_and_a_return_opens_even_unchanged(days: SilverDays) -> None:
    days.tell(CUSTOMERS, state(1), state(3, is_deleted=True), state(4, is_deleted=True, country="SE"), state(6))
    days.make(dim_customer)
    assert versions(days) == [("FI", at(1), at(3), False), ("FI", at(6), None, True)]


def test_a_deleted_customer_has_no_current_version_and_one_only_known_as_deleted_none(days: SilverDays) -> None:
    days.tell(CUSTOMERS, state(1), state(2, is_deleted=True), state(2, customer="c2", is_deleted=True))
    days.make(dim_customer)
    assert versions(days) == [("FI", at(1), at(2), False)]


def test_a_late_day_splits_the_version_it_falls_into(days: SilverDays) -> None:
    days.tell(CUSTOMERS, state(1), state(9, country="SE"))
    days.make(dim_customer)
    before = {row["valid_from"]: row["customer_sk"] for row in days.rows(DIM_CUSTOMER)}
    days.tell(CUSTOMERS, state(5, country="NO"))
    days.make(dim_customer)
    assert versions(days) == [("FI", at(1), at(5), False), ("NO", at(5), at(9), False), ("SE", at(9), None, True)]
    after = {row["valid_from"]: row["customer_sk"] for row in days.rows(DIM_CUSTOMER)}
    assert {moment: after[moment] for moment in before} == before


def test_a_corrected_day_takes_its_version_back(days: SilverDays) -> None:
    days.tell(CUSTOMERS, state(1), state(5, country="NO"), state(9))
    days.make(dim_customer)
    days.tell(CUSTOMERS, state(5))
    days.make(dim_customer)
    assert versions(days) == [("FI", at(1), None, True)]


def test_customers_do_not_mix(days: SilverDays) -> None:
    """The last state of one equals the first of the next in order of their ids."""
    days.tell(CUSTOMERS, state(1, customer="c1"), state(2, customer="c2"), state(3, customer="c3", is_deleted=True))
    days.make(dim_customer)
    assert versions(days) == [("FI", at(1), None, True), ("FI", at(2), None, True)]


def test_without_customers_the_dimension_is_published_empty(days: SilverDays) -> None:
    assert days.make(dim_customer).good_rows == 0


def test_keys_are_the_same_in_another_process(days: SilverDays) -> None:
    days.tell(CUSTOMERS, state(1))
    days.make(dim_customer)
    program = """
import pyarrow as pa
from datetime import UTC, datetime
from pricing_lake.contracts.surrogate_key import surrogate_keys
rows = pa.table({"customer_id": ["c1"], "valid_from": pa.array([datetime(2026, 3, 1, 12, tzinfo=UTC)])})
print(surrogate_keys(rows, ("customer_id", "valid_from"))[0])
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    [row] = days.rows(DIM_CUSTOMER)
    assert int(answer.stdout) == row["customer_sk"]


CHANGES = st.lists(
    st.fixed_dictionaries(
        {
            "customer": st.sampled_from(["c1", "c2", "c3"]),
            "day": st.integers(1, 6),
            # Few values, so that states repeat and customers come back as they were.
            "clock": st.sampled_from(["00:00:00", "12:00:00", "23:59:59.999999"]),
            "country": st.sampled_from(["FI", "SE", None]),
            "segment": st.sampled_from(["new", None]),
            "created_at": st.sampled_from([None, LONG_AGO, at(1, "06:00:00"), at(3), NEVER]),
            "is_deleted": st.booleans(),
        }
    ),
    max_size=30,
)


def once_a_day(changes: Iterable[Row]) -> list[Row]:
    """What silver/customers holds of such a stream: the last change of each customer and day."""
    latest: dict[tuple[object, object], Row] = {}
    for change in sorted(changes, key=lambda change: str(change["clock"])):
        latest[change["customer"], change["day"]] = change
    return [state(**change) for change in latest.values()]  # type: ignore[arg-type]


def followed(states: Iterable[Row]) -> list[Row]:
    """The versions, worked out customer by customer and change by change."""
    by_customer: defaultdict[str, list[Row]] = defaultdict(list)
    for told in states:
        by_customer[str(told["customer_id"])].append(told)
    found: list[Row] = []
    for told_of_one in by_customer.values():
        standing: Row | None = None
        seen = False
        for told in sorted(told_of_one, key=_moment):
            attributes = {name: told[name] for name in ("country", "segment", "created_at")}
            if standing is not None and (told["is_deleted"] or attributes.items() - standing.items()):
                found.append({**standing, "valid_to": told["changed_at"], "is_current": False})
                standing = None
            if standing is None and not told["is_deleted"]:
                begins = told["changed_at"] if seen else _since_sign_up(told)
                standing = {"customer_id": told["customer_id"], "valid_from": begins, **attributes}
            seen = True
        if standing is not None:
            found.append({**standing, "valid_to": None, "is_current": True})
    return sorted(found, key=_place)


def _since_sign_up(told: Row) -> datetime:
    """When the first thing that is known of a customer began to hold."""
    changed, created = _moment(told), told["created_at"]
    if not isinstance(created, datetime) or created > changed:
        return changed
    return WHOLE.start if created < WHOLE.start else created


def _moment(row: Row) -> datetime:
    moment = row["changed_at"]
    assert isinstance(moment, datetime)
    return moment


def _place(row: Row) -> tuple[str, str]:
    return str(row["customer_id"]), str(row["valid_from"])


@settings(max_examples=300, deadline=None)
@given(changes=CHANGES, shuffle=st.randoms(use_true_random=False))
def test_versions_are_those_of_a_model_that_follows_each_customer(changes: list[Row], shuffle: Random) -> None:
    states = once_a_day(changes)
    shuffle.shuffle(states)
    made = dim_customer.transform(customers=stored(CUSTOMERS, states))
    split = split_rows(DIM_CUSTOMER, made, WHOLE.bounds(DIM_CUSTOMER))
    assert [r.rule for r in judge(DIM_CUSTOMER, Candidate(made), split) if not r.passed] == []
    expected = followed(states)
    rows = sorted(split.good.to_pylist(), key=_place)
    assert [{name: row[name] for name in expected[0]} for row in rows] == expected if expected else rows == []
    assert len({row["customer_sk"] for row in rows}) == len(rows)


@settings(max_examples=8, deadline=None)
@given(changes=CHANGES, first=st.permutations(range(1, 7)), second=st.permutations(range(1, 7)))
def test_days_in_any_order_twice_give_the_same_dimension(
    changes: list[Row], first: list[int], second: list[int]
) -> None:
    states = once_a_day(changes)
    with TemporaryDirectory() as folder:
        straight, shuffled = SilverDays(Path(folder) / "straight"), SilverDays(Path(folder) / "shuffled")
        straight.tell(CUSTOMERS, *sorted(states, key=_moment))
        straight.make(dim_customer)
        for day in (*first, *second):
            moved = date(2026, 3, 1) + timedelta(days=day - 1)
            shuffled.publish_day(CUSTOMERS, moved, [row for row in states if row["day"] == moved][::-1])
            shuffled.make(dim_customer)
        assert shuffled.rows(DIM_CUSTOMER) == straight.rows(DIM_CUSTOMER)
        assert shuffled.publication(dim_customer).snapshot_id is None
        assert shuffled.make(dim_customer).content_hash == straight.make(dim_customer).content_hash


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"valid_to": at(6)}, "versions_overlap"),
        ({"valid_to": None, "is_current": True}, "current_versions_many"),
        ({"valid_to": None, "is_current": True}, "versions_overlap"),
    ],
)
def test_the_contract_refuses_versions_that_contradict_each_other(days: SilverDays, change: Row, broken: str) -> None:
    days.tell(CUSTOMERS, state(1), state(5, country="SE"))
    days.make(dim_customer)
    first, second = days.rows(DIM_CUSTOMER)
    for rows in ([first | change, second], [second, first | change]):
        made = table_from(rows)
        results = judge(DIM_CUSTOMER, Candidate(made), split_rows(DIM_CUSTOMER, made))
        assert broken in [result.rule for result in results if not result.passed]


def table_from(rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, own_arrow_schema(DIM_CUSTOMER))
