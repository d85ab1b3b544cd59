import csv
import io
import json

import dagster as dg
import pyarrow.parquet as pq
import pytest

from pricing_lake.cli.instance import dagster_instance
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.lake.history import history, moment_of
from pricing_lake_tests.cli.conftest import type_in
from pricing_lake_tests.shop import Shop

DAY, LATER = "2026-03-01", "2026-03-02"
SALES = ("--select", "raw_smartgo_sales")


@pytest.fixture
def days(shop: Shop) -> Shop:
    """Two days in two snapshots, then the first one corrected in a third."""
    for day, price in ((DAY, "10.00"), (LATER, "20.00")):
        shop.sell(f"s-{day}", day, sold_price=price)
        type_in(shop.home, "materialize", "--from", day, "--to", day, *SALES)
    shop.execute("UPDATE sales SET sold_price = '11.00' WHERE sale_id = ?", (f"s-{DAY}",))
    type_in(shop.home, "materialize", "--from", DAY, "--to", DAY, *SALES)
    return shop


def prices(shop: Shop, *words: str) -> list[float]:
    result = type_in(shop.home, "rows", "raw_smartgo_sales", "--columns", "sold_price", "--format", "json", *words)
    assert result.exit_code == 0, result.stderr
    return sorted(row["sold_price"] for row in json.loads(result.stdout))


def test_rows_are_shown_as_they_are_and_as_they_were(days: Shop) -> None:
    newest, second, first = history(days.lake.table(RAW_SMARTGO_SALES))
    assert prices(days) == [11, 20]
    assert prices(days, "--as-of", str(first.snapshot_id)) == [10]
    assert prices(days, "--as-of", moment_of(second).isoformat()) == [10, 20]
    assert prices(days, "--as-of", f"raw_smartgo_sales={newest.snapshot_id}") == [11, 20]
    assert prices(days, "--as-of", "2026-01-01") == []


def test_a_condition_narrows_and_csv_has_a_header(days: Shop) -> None:
    assert prices(days, "--where", "sold_price > 15 and tenant_id = 'acme'") == [20]
    text = type_in(days.home, "rows", "raw_smartgo_sales", "--format", "csv", "--limit", "1").stdout
    [row] = csv.DictReader(io.StringIO(text))
    assert row["tenant_id"] == "acme"


def test_a_query_reads_every_table_as_it_was(on_demo) -> None:
    words = ("query", "brand_performance", "--month", "2026-03", "--format", "json")
    now = json.loads(on_demo(*words).stdout)
    assert now
    assert json.loads(on_demo(*words, "--as-of", "2020-01-01").stdout) == []
    assert json.loads(on_demo(*words, "--as-of", "2120-01-01").stdout) == now


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("rows", "sales_histor"), 1, "did you mean sales_history?"),
        (("rows", "silver"), 1, "no table 'silver'"),
        (("rows", "sales_history", "--as-of", "yesterday"), 2, "write it as 2026-01-31T12:00Z, UTC"),
        (("rows", "sales_history", "--as-of", "12345"), 1, "sales_history has no snapshot 12345"),
        (("rows", "sales_history", "--where", "sold_price >"), 1, "cannot be read; write it as"),
        (("rows", "sales_history", "--where", "colour = 'red'"), 1, "cannot be applied to silver/sales_history"),
        (("rows", "sales_history", "--columns", "sale_id,colour"), 1, "has no column colour; it has product_id"),
        (("rows", "sales_history", "--columns", "embedding.element"), 1, "has no column embedding.element"),
        (
            ("rows", "fact_behavior"),
            1,
            "no source of gold/fact_behavior is set up (REDSHIFT_UNLOAD_URI or REDSHIFT_URL)",
        ),
        (("query", "brand_performance", "--as-of", "orders=1"), 1, "--as-of names orders, which brand_performance"),
        (("query", "brand_performance", "--as-of", "2026-01-01", "--as-of", "2026-01-02"), 2, "is a second time"),
        (("query", "brand_performance", "--as-of", "sales_history=x"), 2, "a snapshot id is a number"),
    ],
)
def test_what_cannot_be_read_is_one_line(on_demo, words, code, text) -> None:
    result = on_demo(*words)
    assert (result.exit_code, text in " ".join(result.stderr.split())) == (code, True), result.stderr


def test_rows_and_answers_are_kept_in_a_file_by_a_run_that_dagit_shows(days: Shop) -> None:
    oldest = list(history(days.lake.table(RAW_SMARTGO_SALES)))[-1]
    words = ("rows", "raw_smartgo_sales", "--as-of", str(oldest.snapshot_id), "--save", "parquet")
    result = type_in(days.home, *words)
    assert result.exit_code == 0, result.stderr
    assert pq.read_table(result.stdout.strip()).column("sale_id").to_pylist() == [f"s-{DAY}"]
    assert f"1 rows of raw_smartgo_sales at {oldest.snapshot_id}" in result.stderr
    with dagster_instance(days.stage) as instance:
        [run] = instance.get_runs(dg.RunsFilter(job_name="read_as_of"))
    assert run.is_success
    asked = type_in(days.home, "query", "brand_performance", "--as-of", "2026-01-01", "--save", "csv")
    assert (asked.exit_code, "not published yet" in asked.stderr) == (1, True), asked.stderr
    narrowed = type_in(days.home, *words, "--where", "sold_price > 1")
    assert (narrowed.exit_code, "--save keeps every row" in narrowed.stderr) == (2, True)


def test_an_answer_in_a_file_is_the_answer_that_is_printed(on_demo) -> None:
    words = ("query", "brand_performance", "--month", "2026-03")
    printed = json.loads(on_demo(*words, "--format", "json").stdout)
    kept = pq.read_table(on_demo(*words, "--as-of", "2120-01-01", "--save", "parquet").stdout.strip())
    assert kept.num_rows == len(printed) > 0
    assert kept.column_names == list(printed[0])
