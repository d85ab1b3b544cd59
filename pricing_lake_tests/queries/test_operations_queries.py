"""Queries about the lake itself: figures done on paper, and what Iceberg and the disk say of the small star's files."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pricing_lake_tests.queries.small_star import APRIL, MARCH, SmallStar, assert_rows
from pricing_lake_tests.queries.small_star_rows import instant


def sizes(star: SmallStar, table_id: str, partition: str = "") -> list[int]:
    """Bytes on disk of the live files of a table, or of those below one folder."""
    paths = [task.file.file_path.removeprefix("file://") for task in star.tables[table_id].scan().plan_files()]
    return [Path(path).stat().st_size for path in paths if partition in path]


def test_file_sizes(star: SmallStar) -> None:
    # One file per append, tenant and month. March of acme's sales and January of its history were appended to twice.
    facts, history = "gold/fact_sales", "silver/sales_history"

    def row(table_id: str, tenant: str, month: int, rows: int, files: int) -> tuple[object, ...]:
        found = sizes(star, table_id, f"tenant_id={tenant}/sold_date_month=2026-{month:02}/")
        assert len(found) == files
        mean = sum(found) // files
        return (table_id, tenant, date(2026, month, 1), rows, files, sum(found), mean, files > 1, 4, 4)

    expected = [
        row(facts, "acme", 3, 2, 2), row(facts, "acme", 4, 1, 1), row(facts, "bolt", 3, 1, 1),
        row(history, "acme", 1, 2, 2), row(history, "acme", 2, 1, 1), row(history, "bolt", 1, 1, 1),
    ]  # fmt: skip
    assert_rows(star.ask("file_sizes"), expected)
    assert_rows(star.ask("file_sizes", tenant_id="bolt"), [expected[2], expected[5]])


def test_no_file_is_small_where_no_size_is(star: SmallStar) -> None:
    assert {row[7:] for row in star.ask("file_sizes", small_megabytes=0)} == {(False, 4, 0)}


def test_snapshot_history(star: SmallStar) -> None:
    # Facts: appends of 1 and 3 rows. History: appends of 1, 2 and 1. Nothing was ever written to silver/embeddings.
    day = datetime.now(UTC).replace(tzinfo=None)
    rows = star.ask("snapshot_history", period_start=day - timedelta(days=2), period_end=day + timedelta(days=1))
    totals = {table: sum(sizes(star, table)) for table in ("gold/fact_sales", "silver/sales_history")}
    assert {row[0] for row in rows} <= {day.date(), (day - timedelta(days=1)).date()}
    assert_rows(
        [row[1:] for row in rows],
        [
            ("gold/fact_sales", 2, 4, 0, 4, 4, totals["gold/fact_sales"], totals["gold/fact_sales"]),
            ("silver/sales_history", 3, 4, 0, 4, 4, totals["silver/sales_history"], totals["silver/sales_history"]),
        ],
    )


def test_snapshots_after_the_period_are_not_known(star: SmallStar) -> None:
    assert star.ask("snapshot_history", period_start=MARCH, period_end=APRIL) == []


def test_ingestion_lag(star: SmallStar) -> None:
    # SmartGo's days came 3, 40 and 5 hours after their ends; the 4th was refused. March has 31 days.
    judged = instant("2026-03-05T03:00")
    assert_rows(
        star.ask("ingestion_lag", period_start=MARCH, period_end=APRIL, today=datetime(2026, 4, 15)),
        [
            ("bronze/raw_smartgo_sales", 3, 1, date(2026, 3, 3), 28, 5.0, 40.0, 1, judged),
            ("silver/sales_history", 2, 0, date(2026, 3, 2), 29, 3.5, 41.0, 1, judged),
        ],
    )
    on_the_5th = star.ask("ingestion_lag", period_start=MARCH, period_end=APRIL, today=datetime(2026, 3, 5))
    assert [row[4] for row in on_the_5th] == [1, 2]  # of March the 4th is the last day that is over
    late = star.ask("ingestion_lag", period_start=MARCH, period_end=APRIL, late_hours=40)
    assert [row[7] for row in late] == [0, 1]
