"""Progress of exports: what is stored, what is read back, and that a table which is down changes nothing."""

import json
import socket
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pricing_lake.aws.ensure_progress_table import ensure_progress_table
from pricing_lake.aws.findings import Change
from pricing_lake.aws.progress import Counters, Export, Progress, record
from pricing_lake.aws.progress_history import ProgressHistory
from pricing_lake.aws.progress_table import keys_of
from pricing_lake.contracts.model import Severity
from pricing_lake.errors import ConfigurationError
from pricing_lake.lake.verdicts import RuleResult, Verdict
from pricing_lake.resources.progress import ProgressResource
from pricing_lake_tests.aws.stage.conftest import NAMES, Dev

DAY = "2026-03-01"


@pytest.fixture
def table(dev: Dev) -> Dev:
    for step in ensure_progress_table(dev.account, dev.names):
        if isinstance(step, Change):
            step.apply()
    return dev


def progress(dev: Dev) -> Progress:
    return Progress.at(dev.names.region, "", dev.names.progress_table, "dev")


def history(dev: Dev) -> ProgressHistory:
    return ProgressHistory(dev.account, dev.names.progress_table)


def item(dev: Dev, export: Export) -> dict[str, Any]:
    key = {name: {"S": value} for name, value in keys_of(export.tenant, export.source, export.day).items()}
    found: dict[str, Any] = dev.client("dynamodb").get_item(TableName=dev.names.progress_table, Key=key)["Item"]
    return found


def metric(dev: Dev, name: str) -> float:
    now = datetime.now(UTC)
    found = dev.client("cloudwatch").get_metric_statistics(
        Namespace="PricingLake",
        MetricName=name,
        Dimensions=[{"Name": "Stage", "Value": "dev"}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7_200,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])


def verdict(day: str = DAY, good: int = 90, quarantined: int = 10, broken: str = "") -> Verdict:
    results = (RuleResult(broken, Severity.CRITICAL, False),) if broken else ()
    moment = datetime.now(UTC)
    return Verdict(
        "bronze/raw_smartgo_sales", day, "batch", "run-1", 1, moment, results, good + quarantined, good, quarantined
    )


def test_an_export_goes_from_started_to_completed(table: Dev) -> None:
    writer, export = progress(table), Export("smartgo", DAY, "run-1", "acme")
    assert writer.start(export)
    (entry,) = history(table).of_day(date(2026, 3, 1))
    assert (entry.status, entry.attempts, entry.finished_at) == ("STARTED", 1, "")
    assert writer.count(export, Counters(images_ok=3, embeddings_made=2))
    assert writer.count(export, Counters(images_ok=2, embeddings_reused=1))
    (entry,) = history(table).of_day(date(2026, 3, 1))
    assert [entry.counters[name] for name in ("images_ok", "embeddings_made", "embeddings_reused")] == [5, 2, 1]
    assert writer.complete(export, Counters(rows_read=7, rows_good=7))
    (entry,) = history(table).of_day(date(2026, 3, 1))
    assert (entry.status, entry.tenant, entry.counters["rows_good"]) == ("COMPLETED", "acme", 7)
    assert entry.finished_at >= entry.started_at > ""


def test_an_entry_expires_after_ninety_days(table: Dev) -> None:
    progress(table).start(Export("smartgo", DAY, "run-1"))
    expires = int(item(table, Export("smartgo", DAY, "run-1"))["expires_at"]["N"])
    assert expires == pytest.approx(time.time() + 90 * 86_400, abs=120)


def test_what_has_expired_is_not_read_though_it_is_still_there(table: Dev) -> None:
    """DynamoDB deletes late; the reader must not wait for it."""
    writer = progress(table)
    for day in ("2026-03-01", "2026-03-02"):
        writer.start(Export("smartgo", day, "run-1"))
    old = item(table, Export("smartgo", "2026-03-02", "")) | {"expires_at": {"N": str(int(time.time()) - 1)}}
    table.client("dynamodb").put_item(TableName=table.names.progress_table, Item=old)
    assert [entry.day for entry in history(table).last(5)] == ["2026-03-01"]
    assert history(table).of_day(date(2026, 3, 2)) == []


def test_a_day_with_rows_set_aside_is_partial_and_a_refused_one_failed(table: Dev) -> None:
    days = [verdict(), verdict("2026-03-02", quarantined=0), verdict("2026-03-03", broken="too_many_bad_rows")]
    record(progress(table), "smartgo", days, "run-1")
    found = {entry.day: entry for entry in history(table).last(10)}
    assert {day: entry.status for day, entry in found.items()} == {
        "2026-03-01": "PARTIAL",
        "2026-03-02": "COMPLETED",
        "2026-03-03": "FAILED",
    }
    assert "refused: too_many_bad_rows" in found["2026-03-03"].errors[-1]["text"]
    assert metric(table, "ExportsCompleted") == 2
    assert metric(table, "ExportsFailed") == 1
    assert metric(table, "RowsQuarantined") == 10


def test_recording_a_day_twice_changes_nothing_but_the_time(table: Dev) -> None:
    for _ in range(2):
        record(progress(table), "smartgo", [verdict()], "run-1")
    (entry,) = history(table).last(10)
    assert entry.counters["rows_good"] == 90


def test_a_day_that_did_not_change_is_completed_by_the_run_that_looked(table: Dev) -> None:
    """Its verdict is that of the run which published it first."""
    writer = progress(table)
    writer.start(Export("smartgo", DAY, "run-2"))
    record(writer, "smartgo", [verdict()], "run-2")
    (entry,) = history(table).of_day(date(2026, 3, 1))
    assert (entry.status, entry.run_id) == ("PARTIAL", "run-2")


def test_the_last_twenty_errors_are_kept_and_long_ones_cut(table: Dev) -> None:
    writer = progress(table)
    for number in range(25):
        assert writer.fail(Export("smartgo", DAY, f"run-{number}"), f"error {number}\n" + "x" * 900)
    (entry,) = history(table).of_day(date(2026, 3, 1))
    assert [error["text"].split()[1] for error in entry.errors] == [str(number) for number in range(5, 25)]
    assert max(len(error["text"]) for error in entry.errors) == 500
    assert entry.errors[-1]["run_id"] == "run-24"


def test_a_run_that_was_overtaken_changes_nothing(table: Dev) -> None:
    writer, older, newer = progress(table), Export("smartgo", DAY, "run-1"), Export("smartgo", DAY, "run-2")
    writer.start(older)
    assert not writer.start(older)
    writer.start(newer)
    assert not writer.complete(older, Counters(rows_good=1))
    assert not writer.count(older, Counters(images_ok=1))
    (entry,) = history(table).of_day(date(2026, 3, 1))
    assert (entry.status, entry.run_id, entry.attempts, entry.counters["rows_good"]) == ("STARTED", "run-2", 2, 0)
    assert writer.dropped == 0


def test_tenants_and_sources_of_a_day_are_entries_of_their_own(table: Dev) -> None:
    writer = progress(table)
    for source, tenant in (("smartgo", "acme"), ("smartgo", "bolt"), ("carousel", "acme")):
        writer.complete(Export(source, DAY, "run-1", tenant), Counters(rows_good=1))
    assert [(entry.source, entry.tenant) for entry in history(table).of_day(date(2026, 3, 1))] == [
        ("carousel", "acme"),
        ("smartgo", "acme"),
        ("smartgo", "bolt"),
    ]


def test_a_summary_adds_up_days_and_names_those_without_an_export(table: Dev) -> None:
    record(progress(table), "smartgo", [verdict(f"2026-03-{number:02}") for number in (1, 2, 4, 9)], "run-1")
    summary = history(table).summary(4, date(2026, 3, 5))
    assert (summary.first, summary.last) == (date(2026, 3, 2), date(2026, 3, 5))
    assert summary.by_status["PARTIAL"] == 2
    assert summary.counters["rows_good"] == 180
    assert summary.missing == (date(2026, 3, 3), date(2026, 3, 5))


@pytest.mark.parametrize("server", ["refuses", "is silent", "has no such table"])
def test_a_table_that_is_down_changes_nothing(dev: Dev, monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    """Nothing is raised, nothing waits for long, and what was lost is counted and logged."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if server == "is silent":
            silent.listen()
        if server != "has no such table":
            port = silent.getsockname()[1] if server == "is silent" else 9
            monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{port}")
        writer, began = progress(dev), time.monotonic()
        record(writer, "smartgo", [verdict(f"2026-03-{number:02}") for number in range(1, 31)], "run-1")
        assert time.monotonic() - began < 15
    assert writer.dropped == 30
    assert metric(dev, "ProgressWritesDropped") == 30
    assert metric(dev, "ExportsCompleted") == 30


def test_a_cloudwatch_that_is_down_changes_nothing_either(table: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", "http://127.0.0.1:9")
    record(progress(table), "smartgo", [verdict()], "run-1")
    assert [entry.status for entry in history(table).last(1)] == ["PARTIAL"]


def test_missing_credentials_stop_no_run(dev: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    writer = progress(dev)
    record(writer, "smartgo", [verdict()], "run-1")
    assert writer.dropped == 1


def test_the_resource_is_off_without_a_table_and_writes_with_one(table: Dev) -> None:
    ProgressResource().published("smartgo", [verdict()], "run-1")
    on = ProgressResource(table=NAMES.progress_table, region=NAMES.region, stage="dev")
    on.started("smartgo", [DAY, "2026-03-02"], "run-1")
    on.published("smartgo", [verdict()], "run-1")
    on.failed("smartgo", ["2026-03-02"], "run-1", "the shop is down")
    assert [(entry.day, entry.status) for entry in history(table).last(10)] == [
        ("2026-03-02", "FAILED"),
        (DAY, "PARTIAL"),
    ]


def test_the_command_shows_a_day_the_last_ones_and_a_summary(table: Dev) -> None:
    record(progress(table), "smartgo", [verdict(), verdict("2026-03-02", broken="too_many_bad_rows")], "run-1")
    one = json.loads(table.type("progress", "--stage", "dev", "--day", DAY, "--json").stdout)
    assert [(entry["day"], entry["status"], entry["counters"]["rows_read"]) for entry in one] == [(DAY, "PARTIAL", 100)]
    shown = table.type("progress", "--stage", "dev", "--last", "1").stdout
    assert "2026-03-02  smartgo  all     FAILED" in shown
    assert "too_many_bad_rows" in shown
    days = json.loads(table.type("progress", "--stage", "dev", "--summary", "90", "--json").stdout)
    assert set(days) == {"first", "last", "by_status", "counters", "missing"}
    assert table.type("progress", "--stage", "dev", "--day", "2025-01-01").stdout == "no export is recorded\n"


def test_a_reader_is_told_when_there_is_no_table(dev: Dev) -> None:
    with pytest.raises(ConfigurationError, match="pricing-lake ensure makes it"):
        history(dev).last(1)
    assert dev.type("progress", "--stage", "dev", "--day", DAY, "--last", "3").exit_code == 2
