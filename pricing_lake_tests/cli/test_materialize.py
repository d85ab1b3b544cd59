import json
import os
import signal
import subprocess
import sys

import pytest

from pricing_lake_tests.cli.conftest import type_in

BAD_SAMPLE = ("--days", "2", "--sales-per-day", "30", "--tenants", "1", "--last-day", "2026-03-02")
QUICK = ("materialize", "--select", "raw_smartgo_sales", "--select", "quality", "--select", "data_quality_daily")


def test_a_refused_day_stops_only_itself_and_is_told_at_the_end(pricing_lake):
    pricing_lake("sample", *BAD_SAMPLE, "--bad-day", "2026-03-01")
    result = pricing_lake(*QUICK)
    assert result.exit_code == 1
    lines = {line.split()[0]: line.split()[-1] for line in result.stdout.splitlines()[1:3]}
    assert lines == {"2026-03-01": "REFUSED", "2026-03-02": "passed"}
    assert "2026-03-01 REFUSED: bronze/raw_smartgo_sales 2026-03-01 refused: bad_share: 30 of 30" in result.stdout
    assert "1 of 2 days" in result.stdout
    assert [line.partition(" 2026")[0] for line in result.stderr.splitlines()] == [
        "days 1/2", "days 2/2", "days, continued 1/2", "days, continued 2/2"
    ]  # fmt: skip

    words = ("query", "data_quality_daily", "--from", "2026-03-01", "--to", "2026-03-02", "--format", "json")
    verdicts = {row["day"]: row["verdict"] for row in json.loads(pricing_lake(*words).stdout)}
    assert verdicts == {"2026-03-01": "refused", "2026-03-02": "passed"}

    again = json.loads(pricing_lake(*QUICK, "--json").stdout)
    assert [(day["partition"], day["verdict"]) for day in again["days"]] == [
        ("2026-03-01", "REFUSED"),
        ("2026-03-02", "passed"),
    ]
    assert not any(day["changed"] for day in again["days"])
    assert not again["done"]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("sqlite:////nowhere/smartgo.db", "does not exist"),
        ("oracle://reader:s3cr3t@db/shop", "use one of"),
        ("postgresql://reader:s3cr3t@127.0.0.1:1/shop", "cannot be reached"),
    ],
)
def test_a_source_that_cannot_be_read_is_one_line_and_no_run(pricing_lake, home, url, text):
    result = pricing_lake("materialize", SMARTGO_URL=url, PRICING_LAKE_START_DATE="2026-03-01")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert text in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "s3cr3t" not in result.stderr
    assert not (home / "dagster").exists()


def test_a_table_without_a_needed_column_is_told_before_any_run(shop, pricing_lake):
    shop.execute("ALTER TABLE sales DROP COLUMN category")
    result = pricing_lake("materialize", PRICING_LAKE_HOME=str(shop.home))
    assert result.exit_code == 1
    assert "no column category" in result.stderr
    assert not (shop.home / "dagster").exists()


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--from", "2026-02-28"), 2, "2026-03-01 to 2026-03-05"),
        (("--from", "2026-03-04", "--to", "2026-03-02"), 2, "swap"),
        (("--from", "yesterday"), 2, "write it as 2026-01-31"),
        (("--select", "silvr"), 1, "did you mean silver?"),
    ],
)
def test_what_cannot_be_meant_is_refused(shop, pricing_lake, words, code, text):
    result = pricing_lake("materialize", *words, PRICING_LAKE_HOME=str(shop.home))
    assert result.exit_code == code
    assert text in result.stderr


def test_ctrl_c_says_what_is_done_and_the_next_run_goes_on(shop):
    for day in range(1, 6):
        shop.sell("s1", f"2026-03-0{day}")
    words = [
        sys.executable,
        "-c",
        "from pricing_lake.cli import main; main()",
        "materialize",
        "--select",
        "raw_smartgo_sales",
    ]
    environment = {**os.environ, "PRICING_LAKE_HOME": str(shop.home)}
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("days 1/5 2026-03-01 passed")
        process.send_signal(signal.SIGINT)
        told, noted = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in noted
    assert "Traceback" not in noted
    done = [line.split()[0] for line in told.splitlines() if line.endswith("passed")]
    assert "2026-03-01" in done
    assert len(done) < 5
    finished = type_in(shop.home, "materialize", "--select", "raw_smartgo_sales")
    assert finished.exit_code == 0, finished.stderr
    assert len(shop.rows("raw_smartgo_sales")) == 5
