"""The quarantine split: every broken rule named, nothing lost, keep-first by a stated order, and equal to pandera."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandera.errors
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.contracts.as_pandera import pandera_schema
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.cast import REASON_COLUMN, cast_rows
from pricing_lake.contracts.model import Mode
from pricing_lake.contracts.split import REASONS, split_rows
from pricing_lake.errors import ContractError, SourceSchemaError

GOOD = {
    "sale_id": "s1",
    "tenant_id": "acme",
    "product_id": "p1",
    "category": "shoes",
    "brand": "Kestrel",
    "condition": "good",
    "sold_price": "12.50",
    "currency": "EUR",
    "sold_at": "2026-03-02T10:00:00Z",
    "image_url": "file:///p.jpg",
    "description": "worn once",
    "customer_id": "c1",
    "quantity": "1",
    "updated_at": "2026-03-02T10:00:05Z",
    "deleted_at": None,
}


def received(*changes: dict[str, object]) -> pa.Table:
    """Rows as a text source delivers them: GOOD with the changes, each under a sale id of its own."""
    rows = [GOOD | {"sale_id": f"s{number}"} | change for number, change in enumerate(changes)]
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in GOOD})


def reasons_of(change: dict[str, object]) -> list[str]:
    split = split_rows(RAW_SMARTGO_SALES, received(change))
    return [] if split.good.num_rows else split.quarantined.column(REASONS).to_pylist()[0]


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"sold_price": "abc"}, ["sold_price_unparseable"]),
        ({"sold_price": "12,50"}, ["sold_price_unparseable"]),
        ({"sold_price": "NaN"}, ["sold_price_unparseable"]),
        ({"sold_price": "Infinity"}, ["sold_price_unparseable"]),
        ({"sold_price": ""}, ["sold_price_unparseable"]),
        ({"sold_price": None}, ["sold_price_missing"]),
        ({"sold_price": "0"}, ["sold_price_not_positive"]),
        ({"sold_price": "-3.00"}, ["sold_price_not_positive"]),
        ({"sold_price": "1000000000.0"}, ["sold_price_out_of_range"]),
        ({"sold_price": "1e9"}, ["sold_price_out_of_range"]),
        ({"sold_price": "12.345"}, ["sold_price_out_of_range"]),
        ({"sold_at": "yesterday"}, ["sold_at_unparseable"]),
        ({"sold_at": "2026-02-30T10:00:00Z"}, ["sold_at_unparseable"]),
        ({"sold_at": None}, ["sold_at_missing"]),
        ({"sold_at": "2099-01-01T00:00:00Z"}, ["sold_at_in_future"]),
        ({"sale_id": None}, ["sale_id_missing"]),
        ({"sale_id": " "}, ["sale_id_blank"]),
        ({"product_id": None}, ["product_id_missing"]),
        ({"product_id": ""}, ["product_id_blank"]),
        ({"tenant_id": None}, ["tenant_id_missing"]),
        ({"tenant_id": "a/b"}, ["tenant_id_malformed"]),
        ({"tenant_id": ".."}, ["tenant_id_malformed"]),
        ({"tenant_id": "acme\n"}, ["tenant_id_malformed"]),
        ({"tenant_id": "Acme"}, ["tenant_id_malformed"]),
        ({"condition": "mint-ish"}, ["condition_unknown"]),
        ({"currency": "EURO"}, ["currency_malformed"]),
        ({"description": "x" * 100_000}, ["description_too_long"]),
        ({"description": "bell \x07"}, ["description_control_characters"]),
        ({"description": "c1 \x85"}, ["description_control_characters"]),
        ({"quantity": "two"}, ["quantity_unparseable"]),
        ({"quantity": "99999999999"}, ["quantity_out_of_range"]),
        ({"sold_price": "-1", "condition": "?"}, ["condition_unknown", "sold_price_not_positive"]),
    ],
)
def test_each_kind_of_dirt_has_its_reason(change: dict[str, object], reasons: list[str]) -> None:
    assert reasons_of(change) == reasons


@pytest.mark.parametrize(
    "change",
    [
        {"description": "größe 38 — 靴 👢\ttabs\nand lines"},
        {"sold_price": "12.500000"},
        {"sold_price": "99999999.99"},
        {"sold_at": "2026-03-02 10:00:00"},
        {"sold_at": "2026-03-02T10:00:00.123456+00:00"},
        {"sold_at": "2026-03-02T12:00:00+02:00"},
        {"brand": None, "quantity": None, "image_url": None},
    ],
)
def test_unusual_but_sound_rows_pass(change: dict[str, object]) -> None:
    assert reasons_of(change) == []


def test_text_becomes_the_exact_value() -> None:
    split = split_rows(RAW_SMARTGO_SALES, received({"sold_price": "2.550000", "sold_at": "2026-03-02T12:00:00+02:00"}))
    row = split.good.to_pylist()[0]
    assert row["sold_price"] == Decimal("2.55")
    assert row["sold_at"] == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_equal_repeats_are_dropped_and_different_ones_quarantined_newest_first() -> None:
    rows = received(
        {"sale_id": "twice", "sold_price": "5"},
        {"sale_id": "twice", "sold_price": "5"},
        {"sale_id": "corrected", "sold_price": "5", "updated_at": "2026-03-02T10:00:00Z"},
        {"sale_id": "corrected", "sold_price": "6", "updated_at": "2026-03-02T11:00:00Z"},
        {"sale_id": "corrected", "sold_price": "7", "updated_at": None},
        {"sale_id": "corrected", "sold_price": "-1"},
    )
    for table in (rows, rows.take([5, 4, 3, 2, 1, 0])):
        split = split_rows(RAW_SMARTGO_SALES, table)
        kept = {row["sale_id"]: row["sold_price"] for row in split.good.to_pylist()}
        assert kept == {"twice": Decimal("5.00"), "corrected": Decimal("6.00")}
        assert split.duplicates == 1
        assert split.reasons == {"sale_id_repeated": 2, "sold_price_not_positive": 1}


def test_repeats_are_found_however_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pricing_lake.contracts.split._ROWS_AT_ONCE", 3)
    changes: list[dict[str, object]] = [{} for _ in range(20)]
    changes[0] = changes[19] = {"sale_id": "twice"}
    changes[1] = changes[10] = {"sale_id": "thrice"}
    changes[18] = {"sale_id": "thrice", "sold_price": "6", "updated_at": None}
    split = split_rows(RAW_SMARTGO_SALES, received(*changes))
    assert (split.good.num_rows, split.duplicates, split.reasons) == (17, 2, {"sale_id_repeated": 1})


def test_rows_of_another_day_are_set_aside() -> None:
    low = datetime(2026, 3, 2, tzinfo=UTC)
    bounds = tuple(pa.scalar(moment, pa.timestamp("us", "UTC")) for moment in (low, low + timedelta(days=1)))
    split = split_rows(RAW_SMARTGO_SALES, received({"sold_at": "2026-03-03T00:00:00Z"}, {}), (bounds[0], bounds[1]))
    assert split.good.num_rows == 1
    assert split.reasons == {"sold_at_outside_partition": 1}


def test_a_reason_the_producer_knows_stands_first_and_hides_missing_values() -> None:
    rows = received({"product_id": None}, {}).append_column(REASON_COLUMN, pa.array(["image_not_found", None]))
    split = split_rows(RAW_SMARTGO_SALES, rows)
    assert split.quarantined.column(REASONS).to_pylist() == [["image_not_found"]]
    assert REASON_COLUMN not in split.quarantined.column_names


def test_quarantined_rows_are_as_received() -> None:
    split = split_rows(RAW_SMARTGO_SALES, received({"sold_price": "12,50", "description": "as typed"}))
    row = split.quarantined.to_pylist()[0]
    assert (row["sold_price"], row["description"]) == ("12,50", "as typed")


@pytest.mark.parametrize("every", [2, 7, 350])
def test_good_rows_keep_their_order_however_many_are_cut_out(every: int) -> None:
    rows = received(*({"condition": "mint-ish"} if number % every == 1 else {} for number in range(700)))
    split = split_rows(RAW_SMARTGO_SALES, rows)
    kept = [f"s{number}" for number in range(700) if number % every != 1]
    assert split.good.column("sale_id").to_pylist() == kept
    assert split.quarantined.column(REASONS).to_pylist() == [["condition_unknown"]] * (700 - len(kept))


def test_wrong_columns_are_one_clear_error() -> None:
    with pytest.raises(SourceSchemaError, match="received no column sold_price"):
        split_rows(RAW_SMARTGO_SALES, received({}).drop_columns(["sold_price"]))
    with pytest.raises(ContractError, match="unknown column colour"):
        split_rows(
            replace(RAW_SMARTGO_SALES, mode=Mode.FREEZE), received({}).append_column("colour", pa.array(["red"]))
        )


def test_an_unknown_column_costs_no_row_where_the_contract_says_so() -> None:
    rows = received({}, {"sold_price": "abc"}).append_column("colour", pa.array(["red", "blue"]))
    split = split_rows(RAW_SMARTGO_SALES, rows)
    assert split.good.column_names == list(RAW_SMARTGO_SALES.names)
    assert split.quarantined.column("colour").to_pylist() == ["blue"]


def test_no_rows_is_no_problem() -> None:
    split = split_rows(RAW_SMARTGO_SALES, received({}).slice(0, 0))
    assert (split.good.num_rows, split.quarantined.num_rows, dict(split.reasons)) == (0, 0, {})


ANY_ROW = st.fixed_dictionaries(
    {
        "sale_id": st.sampled_from(["a", "b", None]),
        "tenant_id": st.sampled_from(["acme", "a/b", "..", "acme\n", None]),
        "condition": st.sampled_from(["good", "new", "mint", None]),
        "sold_price": st.sampled_from(["1", "0", "-1", "x", "NaN", "1e9", "1.234", None]),
        "currency": st.sampled_from(["EUR", "eur", "EURO", None]),
        "sold_at": st.sampled_from(["2026-03-02T10:00:00Z", "2099-01-01", "soon", None]),
        "description": st.one_of(st.none(), st.text(max_size=5)),
        "quantity": st.sampled_from(["1", "0", "-2", "many", None]),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY_ROW, max_size=12))
def test_nothing_is_lost_and_every_refusal_has_a_reason(changes: list[dict[str, object]]) -> None:
    rows = received(*changes)
    split = split_rows(RAW_SMARTGO_SALES, rows)
    assert split.good.num_rows + split.quarantined.num_rows + split.duplicates == rows.num_rows
    assert all(split.quarantined.column(REASONS).to_pylist())
    keys = split.good.select(["tenant_id", "sale_id"]).to_pylist()
    assert len({tuple(key.values()) for key in keys}) == len(keys)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY_ROW, min_size=1, max_size=12))
def test_the_split_and_pandera_refuse_the_same_rows(changes: list[dict[str, object]]) -> None:
    """Both are rendered from the same rules: on typed rows their verdicts must be equal, row by row."""
    numbered = [
        change | {"sale_id": f"s{n}" if change["sale_id"] else None, "customer_id": str(n)}
        for n, change in enumerate(changes)
    ]
    typed = cast_rows(RAW_SMARTGO_SALES, received(*numbered)).rows
    frame = pl.DataFrame(pl.from_arrow(typed))
    by_pandera = set()
    for number in range(frame.height):
        try:
            pandera_schema(RAW_SMARTGO_SALES).validate(frame.slice(number, 1), lazy=True)
        except pandera.errors.SchemaErrors:
            by_pandera.add(str(number))
    assert set(split_rows(RAW_SMARTGO_SALES, typed).quarantined.column("customer_id").to_pylist()) == by_pandera
