"""Bulk decoding: which messages become rows, with which values, and that no message ever changes another's fate."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from pricing_lake.sources import orders_stream_decode
from pricing_lake.sources.orders_stream_bulk import Failure, splice
from pricing_lake.sources.orders_stream_decode import decode_json
from pricing_lake.sources.orders_stream_fields import FIELDS
from pricing_lake_tests.sources.order_messages import ORDER, order, written

SOUND = {**ORDER, "event_ts": datetime(2026, 3, 1, 12, tzinfo=UTC), "amount": Decimal("12.50")}


def outcome(message: bytes) -> dict[str, Any] | str:
    """What becomes of one message among sound neighbours: its row, or its reason."""
    decoded = decode_json([order(order_id="before"), message, order(order_id="after")])
    assert decoded.rows.schema.equals(FIELDS)
    rows = dict(zip(decoded.positions.tolist(), decoded.rows.to_pylist(), strict=True))
    assert (rows.pop(0)["order_id"], rows.pop(2)["order_id"]) == ("before", "after")
    if rows:
        assert not decoded.refused
        return dict(rows[1])
    [refused] = decoded.refused
    assert refused.position == 1
    return refused.reason


def changed(**values: Any) -> dict[str, Any]:
    return {**SOUND, **values}


def test_an_order_is_a_typed_row() -> None:
    assert outcome(order()) == SOUND


def test_no_messages_are_no_rows() -> None:
    decoded = decode_json([])
    assert (decoded.rows.num_rows, decoded.refused, len(decoded.positions)) == (0, (), 0)
    assert decoded.rows.schema.equals(FIELDS)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b" ",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b"[" + order() + b"]",
        b"{",
        b"}",
        b"nonsense",
        order()[:-1],
        order() + b"x",
        order() + b"}",
        order() + b",",
        order() + b"\x00",
        order() + b"\x00garbage",
        b"\x00" + order(),
        order() + order(),
        order() + b"\n" + order(),
        order() + b"null",
        order() + b"{}",
        order() + b" // comment",
        order()[:-1] + b",}",
        b"\xef\xbb\xbf" + order(),
        order().decode().encode("utf-16"),
        order(category="\u00e4").replace(b"\\u00e4", b"\xe4"),
        order(note="\u00e4").replace(b"\\u00e4", b"\xff"),
        order(note="\u00e4").replace(b"\\u00e4", b"\xed\xa0\x80"),
        order(category="a\nb").replace(b"\\n", b"\n"),
        order(note="a\nb").replace(b"\\n", b"\x01"),
        b"{'order_id':'o'}",
        written(note="NaN"),
        written(note="-Infinity"),
        written(note="[1, Infinity]"),
        written(amount="NaN"),
        written(amount="01"),
        written(amount="1."),
        written(amount="+1"),
        order()[:-1] + b',"order_id":"o-2"}',
        b'{"order_id":null,' + order()[1:],
        b'{"order\\u005fid":"o-2",' + order()[1:],
    ],
)
def test_what_is_not_one_json_object_is_malformed(message: bytes) -> None:
    assert outcome(message) == "message_malformed"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"{}", dict.fromkeys(ORDER)),
        (b" { } ", dict.fromkeys(ORDER)),
        (b'{"unknown":1}', dict.fromkeys(ORDER)),
        (b" \t\r\n" + order() + b"\n ", SOUND),
        (json.dumps(ORDER, indent=2).encode(), SOUND),
        (order(product_id=None, category=...), changed(product_id=None, category=None)),
        (order(note={"order_id": "inner", "list": [1, {"a": [None, True]}]}), SOUND),
        (b'{"x":{"order_id":"a"},"x":2,' + order()[1:], SOUND),
        (order(note="a: NaN, [Infinity]"), SOUND),
        (order(category="Inf\u00e4nt \U0001f600"), changed(category="Inf\u00e4nt \U0001f600")),
        (order(category="\u00e4").replace(b"\\u00e4", "\u00e4".encode()), changed(category="\u00e4")),
        (order(category="\x00\n"), changed(category="\x00\n")),
        (order().replace(b"order_id", b"order\\u005fid"), SOUND),
        (written(note="1e400"), SOUND),
        (written(note="9" * 5_000), SOUND),
        (written(note="\ud800".encode("unicode-escape").decode().join('""')), SOUND),
    ],
)
def test_what_json_allows_is_a_row(message: bytes, expected: dict[str, Any]) -> None:
    assert outcome(message) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ('"12.50"', "12.50"),
        ("12.5", "12.50"),
        ("12", "12.00"),
        ("12.500", "12.50"),
        ('" 12.5 "', "12.50"),
        ('"+12.5"', "12.50"),
        ('".5"', "0.50"),
        ("-0.01", "-0.01"),
        ("-0", "0.00"),
        ("1.25e1", "12.50"),
        ("1250e-2", "12.50"),
        ("0e99999", "0.00"),
        ("9999999999999999.99", "9999999999999999.99"),
        ("0.1", "0.10"),
        ("null", None),
        ("12.345", "amount_out_of_range"),
        ("10000000000000000", "amount_out_of_range"),
        ("1e16", "amount_out_of_range"),
        ("-99999999999999999", "amount_out_of_range"),
        ("123456789012345678", "amount_out_of_range"),
        ("1e400", "amount_out_of_range"),
        ("1e-400", "amount_out_of_range"),
        # Of these pyarrow makes 0.00, from whatever lies beside its table of powers of ten.
        ("1e-77", "amount_out_of_range"),
        ("12.5e-60", "amount_out_of_range"),
        ('"0.1E-84"', "amount_out_of_range"),
        ('"\\u0031e-77"', "amount_out_of_range"),
        ('"1\\u0065-77"', "amount_out_of_range"),
        ('"\\u002B1e-77"', "amount_out_of_range"),
        ("1e99999999999999999999", "amount_out_of_range"),
        ("9" * 5_000, "amount_out_of_range"),
        ('"NaN"', "amount_unparseable"),
        ('"Infinity"', "amount_unparseable"),
        ('"12,50"', "amount_unparseable"),
        ('"1_000"', "amount_unparseable"),
        ('"\u0661"', "amount_unparseable"),
        ('""', "amount_unparseable"),
        ('"-"', "amount_unparseable"),
        ("true", "amount_unparseable"),
        ("[1]", "amount_unparseable"),
        ('{"value":1}', "amount_unparseable"),
    ],
)
def test_amounts_are_exact_or_have_a_reason(amount: str, expected: str | None) -> None:
    reason = expected if expected and expected.startswith("amount") else None
    value = None if expected is None or reason else Decimal(expected)
    found = outcome(written(amount=amount))
    assert found == (reason or changed(amount=value))
    assert isinstance(found, str) or str(found["amount"]) == str(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12)),
        ("2026-03-01T12:00:00+01:00", datetime(2026, 3, 1, 11)),
        ("2026-03-01T12:00:00-0130", datetime(2026, 3, 1, 13, 30)),
        ("2026-03-01T12:00:00+14", datetime(2026, 2, 28, 22)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12)),
        ("2026-03-01 12:00", datetime(2026, 3, 1, 12)),
        ("2026-03-01T12Z", datetime(2026, 3, 1, 12)),
        ("2026-03-01", datetime(2026, 3, 1)),
        ("2026-03-01t12:00:00z", datetime(2026, 3, 1, 12)),
        (" 2026-03-01T12:00:00Z ", datetime(2026, 3, 1, 12)),
        ("2026-03-01T12:00:00.5Z", datetime(2026, 3, 1, 12, 0, 0, 500_000)),
        ("2026-03-01T12:00:00.123456789Z", datetime(2026, 3, 1, 12, 0, 0, 123_456)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1)),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999)),
        ("0001-01-01T00:00:00+00:01", "event_ts_out_of_range"),
        ("9999-12-31T23:59:59-01:00", "event_ts_out_of_range"),
        ("0000-03-01T12:00:00Z", "event_ts_unparseable"),
        ("2026-02-30T12:00:00Z", "event_ts_unparseable"),
        ("2026-03-01T24:00:00Z", "event_ts_unparseable"),
        ("2026-03-01T23:59:60Z", "event_ts_unparseable"),
        ("2026-03-01T12:00:00+24:00", "event_ts_unparseable"),
        ("2026-03-01T12:00:00.Z", "event_ts_unparseable"),
        ("2026-03-01Z", "event_ts_unparseable"),
        ("20260301T120000Z", "event_ts_unparseable"),
        ("1 March 2026", "event_ts_unparseable"),
        ("", "event_ts_unparseable"),
        ("\u0662026-03-01", "event_ts_unparseable"),
        (1772366400000, "event_ts_unparseable"),
        (True, "event_ts_unparseable"),
    ],
)
def test_times_are_utc_or_have_a_reason(text: object, expected: datetime | str) -> None:
    wanted = expected if isinstance(expected, str) else changed(event_ts=expected.replace(tzinfo=UTC))
    assert outcome(order(event_ts=text)) == wanted


@pytest.mark.parametrize("value", [7, 1.5, True, ["a"], {"a": 1}])
def test_ids_that_are_no_text_have_a_reason(value: object) -> None:
    assert outcome(order(customer_id=value)) == "customer_id_unparseable"


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert outcome(written(customer_id='"\\ud800"')) == "customer_id_unparseable"


def test_the_first_bad_field_in_the_contract_names_the_reason() -> None:
    assert outcome(order(amount="x", order_id=5)) == "order_id_unparseable"


@pytest.mark.parametrize("depth", [500, 50_000])
def test_nesting_does_not_matter_unless_something_else_is_wrong(depth: int) -> None:
    nest = b"[" * depth + b"]" * depth
    assert outcome(order()[:-1] + b',"note":' + nest + b"}") == SOUND
    worse = outcome(order(customer_id=7)[:-1] + b',"note":' + nest + b"}")
    assert worse == ("customer_id_unparseable" if depth < 900 else "message_malformed")


def test_errors_never_tell_what_the_message_holds() -> None:
    private = "Rumpelstilzchen"
    messages = [
        order(order_id=[private]),
        order(amount=private),
        order(event_ts=private),
        written(note=private),
        f'{{"{private}":1,}}'.encode(),
        order(note=private) + b"\xff",
        private.encode(),
    ]
    decoded = decode_json(messages)
    assert len(decoded.refused) == len(messages)
    assert not [one for one in decoded.refused if private in one.error or "\n" in one.error]


def test_many_bad_messages_are_all_found_and_no_good_one_is_lost() -> None:
    messages = [b"{" if place % 7 == 3 else order(order_id=f"o-{place}") for place in range(20_000)]
    decoded = decode_json(messages)
    bad = [place for place in range(20_000) if place % 7 == 3]
    assert [one.position for one in decoded.refused] == bad
    assert decoded.positions.tolist() == [place for place in range(20_000) if place % 7 != 3]
    assert decoded.rows.column("order_id").to_pylist() == [f"o-{place}" for place in decoded.positions]


def test_one_bad_message_among_many_is_found() -> None:
    messages = [order(order_id=f"o-{place}") for place in range(20_000)]
    messages[12_345] = b'{"order_id":'
    decoded = decode_json(messages)
    assert [one.position for one in decoded.refused] == [12_345]
    assert decoded.rows.num_rows == 19_999


def test_a_message_larger_than_a_group_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_stream_decode, "GROUP_BYTES", 10_000)
    messages = [order(), order(note="x" * 50_000), order(), order(note="y" * 9_000), order(note="z" * 9_000)]
    assert decode_json(messages).rows.num_rows == 5
    monkeypatch.undo()
    assert decode_json([order(note="x" * (20 << 20)), order()]).rows.num_rows == 2


def test_documents_that_would_forge_the_place_of_their_neighbours_do_not() -> None:
    """Two broken messages that together are two sound documents, as a reader of a stream would have it."""
    pair = [order() + b'{"order_id":"forged","x":[', order() + b"]}"]
    decoded = decode_json(pair)
    assert [one.position for one in decoded.refused] == [0, 1]
    assert decoded.rows.num_rows == 0
    assert isinstance(splice(pair).rows(0, 2), Failure)


def test_offsets_of_any_zone_come_out_the_same() -> None:
    moment = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
    zones = [timezone(timedelta(minutes=minutes)) for minutes in range(-840, 841, 15)]
    decoded = decode_json([order(event_ts=moment.astimezone(zone).isoformat()) for zone in zones])
    assert set(decoded.rows.column("event_ts").to_pylist()) == {moment}
