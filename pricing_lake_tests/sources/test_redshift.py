"""Events by UNLOAD: boto3 and S3 over HTTP against a warehouse with the Data API's states, tokens and manifests."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from pricing_lake.errors import (
    SourceUnavailableError,
)
from pricing_lake.sources.window import Window
from pricing_lake_tests.sources.redshift_warehouse import (
    ROLE,
    URI,
    RedshiftWarehouse,
    behavior,
    events,
    running_warehouse,
    stop_clock,
)

DAY, NEXT_DAY = Window.of_day(date(2026, 3, 1)), Window.of_day(date(2026, 3, 2))


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Iterator[RedshiftWarehouse]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    stop_clock(monkeypatch, datetime(2026, 3, 5, 1, tzinfo=UTC))
    with running_warehouse() as warehouse:
        yield warehouse


class TestReading:
    def test_a_window_takes_its_first_microsecond_and_leaves_its_last(self, warehouse: RedshiftWarehouse) -> None:
        warehouse.add(
            {"event_id": "before", "event_ts": "2026-02-28T23:59:59.999999Z"},
            {"event_id": "first", "event_ts": "2026-03-01T00:00:00Z"},
            {
                "event_id": "zoned",
                "event_ts": "2026-03-02T01:59:59.999999+02:00",
                "channel": None,
                "customer_id": "'\\",
            },
            {"event_id": "after", "event_ts": "2026-03-02T00:00:00Z"},
        )
        found = events(behavior(warehouse), DAY)
        assert {name: row["event_ts"] for name, row in found.items()} == {
            "first": DAY.lo,
            "zoned": DAY.hi - timedelta.resolution,
        }
        assert (found["zoned"]["channel"], found["zoned"]["customer_id"]) == (None, "'\\")

    @pytest.mark.parametrize("files", [1, 3, 7])
    def test_every_file_and_row_group_is_read_once(self, warehouse: RedshiftWarehouse, files: int) -> None:
        warehouse.add(*({"event_id": f"e-{number}"} for number in range(20)))
        warehouse.files = files
        assert events(behavior(warehouse), DAY).keys() == {f"e-{number}" for number in range(20)}

    @pytest.mark.parametrize("looks", [1, 3])
    def test_a_statement_is_waited_for_through_its_states(self, warehouse: RedshiftWarehouse, looks: int) -> None:
        warehouse.add({})
        warehouse.looks = looks
        assert events(behavior(warehouse), DAY).keys() == {"e-1"}
        assert [found.looks for found in warehouse.executions] == [looks + 1] * 2

    def test_an_empty_window_is_an_empty_read(self, warehouse: RedshiftWarehouse) -> None:
        assert events(behavior(warehouse), DAY) == {}

    def test_times_without_a_zone_are_utc(self, warehouse: RedshiftWarehouse) -> None:
        warehouse.sql(
            "CREATE TABLE public.naive AS SELECT * REPLACE (TIMESTAMP '2026-03-01 23:00' AS event_ts) "
            "FROM (SELECT * FROM public.behavior_events UNION ALL SELECT 'a', NULL, 'acme', '', '', '', '', '', NULL)"
        )
        [row] = events(behavior(warehouse, mapping={"table": "naive"}), DAY).values()
        assert row["event_ts"] == datetime(2026, 3, 1, 23, tzinfo=UTC)

    def test_an_event_without_a_time_comes_on_the_day_it_arrived(self, warehouse: RedshiftWarehouse) -> None:
        warehouse.add({"event_id": "timeless", "event_ts": None})
        assert events(behavior(warehouse), DAY) == {}
        assert events(behavior(warehouse, mapping={"arrived_at": "loaded_at"}), DAY).keys() == {"timeless"}

    def test_the_table_is_looked_up_once_for_many_windows(self, warehouse: RedshiftWarehouse) -> None:
        source = behavior(warehouse)
        for window in (DAY, NEXT_DAY):
            events(source, window)
        assert len([found for found in warehouse.executions if "svv_columns" in found.parts[0].sql]) == 1

    def test_a_role_and_a_cluster_reach_the_request(self, warehouse: RedshiftWarehouse) -> None:
        change = {"workgroup": "", "cluster": "shop", "db_user": "reader"}
        events(behavior(warehouse, **change, iam_role=ROLE, max_file_megabytes=64), DAY)
        [asked] = [asked for asked in warehouse.requests if asked["operation"] == "BatchExecuteStatement"]
        assert (asked["ClusterIdentifier"], asked["DbUser"], asked["Database"]) == ("shop", "reader", "analytics")
        assert f"IAM_ROLE '{ROLE}' FORMAT AS PARQUET MANIFEST VERBOSE MAXFILESIZE 64 MB" in asked["Sqls"][1]
        assert "WorkgroupName" not in asked


class TestTokens:
    def test_a_read_that_was_broken_off_is_taken_up_where_it_was(self, warehouse: RedshiftWarehouse) -> None:
        warehouse.add({"event_id": "a"}, {"event_id": "b"}, {"event_id": "c"})
        with behavior(warehouse).read(DAY) as read:
            assert next(read.batches).num_rows == 2
        warehouse.add({"event_id": "came later"})
        assert events(behavior(warehouse), DAY).keys() == {"a", "b", "c"}
        assert len(warehouse.batches) == 1

    def test_a_read_to_the_end_is_not_repeated_from_old_files(self, warehouse: RedshiftWarehouse) -> None:
        warehouse.add({"event_id": "a"})
        events(behavior(warehouse), DAY)
        warehouse.add({"event_id": "late"})
        assert events(behavior(warehouse), DAY).keys() == {"a", "late"}
        assert len(warehouse.batches) == 2

    def test_a_deadline_leaves_the_statement_running_for_the_next_run(self, warehouse: RedshiftWarehouse) -> None:
        source = behavior(warehouse, timeout_seconds=1)
        warehouse.held = True
        with pytest.raises(SourceUnavailableError, match="has not finished after 1 s: run again to go on waiting"):
            events(source, DAY)
        warehouse.held = False
        assert events(behavior(warehouse), DAY) == {}
        assert [found.status for found in warehouse.batches] == ["FINISHED"]

    def test_after_hours_an_unload_is_another_and_elsewhere(
        self, warehouse: RedshiftWarehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The Data API forgets a token after 8 hours; the old files would then be in the new statement's way."""
        warehouse.add({"event_id": "a"})
        for hour in (1, 3, 10):
            stop_clock(monkeypatch, datetime(2026, 3, 5, hour, tzinfo=UTC))
            warehouse.hours = hour
            with behavior(warehouse).read(DAY) as read:
                assert read.control.rows == 1
        tokens = [found.token for found in warehouse.batches]
        assert len(tokens) == len(set(tokens)) == 2

    def test_other_windows_tables_and_options_have_other_tokens(self, warehouse: RedshiftWarehouse) -> None:
        warehouse.sql("CREATE TABLE public.others AS FROM public.behavior_events")
        for source, window in (
            (behavior(warehouse), DAY),
            (behavior(warehouse), NEXT_DAY),
            (behavior(warehouse, mapping={"table": "others"}), DAY),
            (behavior(warehouse, iam_role=ROLE), DAY),
            (behavior(warehouse, workgroup="other-wg"), DAY),
            (behavior(warehouse, unload_uri=f"{URI}/deeper"), DAY),
        ):
            with source.read(window):
                pass
        assert len({found.token for found in warehouse.batches}) == len(warehouse.batches) == 6

    def test_a_failed_statement_is_not_found_again(self, warehouse: RedshiftWarehouse) -> None:
        warehouse.failures.append(("FAILED", "ERROR: disk full"))
        with pytest.raises(SourceUnavailableError):
            events(behavior(warehouse), DAY)
        assert events(behavior(warehouse), DAY) == {}
        assert [found.status for found in warehouse.batches] == ["FAILED", "FINISHED"]


class TestProbe:
    def test_the_clock_and_what_is_there(self, warehouse: RedshiftWarehouse) -> None:
        source = behavior(warehouse)
        assert abs(source.now() - datetime.now(UTC)) < timedelta(seconds=5)
        facts = source.probe()
        assert (facts.way, facts.server_version, facts.has_table) == ("unload", "Redshift 1.0.77467", True)
        assert facts.missing_columns == ()
        assert 0 < facts.latency_seconds < 5
        assert abs(facts.clock_skew_seconds) < 5

    def test_a_missing_column_or_table_is_reported(self, warehouse: RedshiftWarehouse) -> None:
        assert behavior(warehouse, mapping={"columns": {"channel": "medium"}}).probe().missing_columns == ("medium",)
        facts = behavior(warehouse, mapping={"table": "nowhere"}).probe()
        assert (facts.has_table, len(facts.missing_columns)) == (False, 8)
