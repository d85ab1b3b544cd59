"""An UNLOAD that goes wrong: statements that fail, requests that are refused, files that are not as told."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from pricing_lake.errors import (
    ConfigurationError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)
from pricing_lake.sources.window import Window
from pricing_lake_tests.sources.redshift_warehouse import (
    BUCKET,
    RedshiftWarehouse,
    Refused,
    behavior,
    events,
    running_warehouse,
    stop_clock,
)

DAY = Window.of_day(date(2026, 3, 1))


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Iterator[RedshiftWarehouse]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    stop_clock(monkeypatch, datetime(2026, 3, 5, 1, tzinfo=UTC))
    with running_warehouse() as warehouse:
        yield warehouse


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "text", "error", "told"),
        [
            ("ABORTED", "Query cancelled by user 1234567", SourceUnavailableError, r"stopped the statement \(Query"),
            ("FAILED", "", SourceUnavailableError, "could not run the statement: try again later"),
            (
                "FAILED",
                'ERROR: relation "public.behavior_events" does not exist',
                SourceSchemaError,
                r'relation "public.behavior_events" does not exist\): fix \[redshift_mapping\]',
            ),
            (
                "FAILED",
                "ERROR: permission denied for relation behavior_events",
                ConfigurationError,
                "grant USAGE on the schema and SELECT",
            ),
            (
                "FAILED",
                "ERROR: User arn:aws:redshift:eu-west-1:123456789012:dbuser:shop/reader is not authorized to assume "
                "IAM Role arn:aws:iam::123456789012:role/unload",
                ConfigurationError,
                "attach the role of REDSHIFT_IAM_ROLE",
            ),
            (
                "FAILED",
                "ERROR: S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 0A1B\nDetail: secret",
                ConfigurationError,
                "allow the warehouse's role s3:PutObject on REDSHIFT_UNLOAD_URI",
            ),
            (
                "FAILED",
                "ERROR: S3ServiceException:The bucket you are attempting to access must be addressed using the "
                "specified endpoint,Status 301,Error PermanentRedirect",
                ConfigurationError,
                "a bucket in the warehouse's own region",
            ),
            (
                "FAILED",
                "ERROR: invalid input syntax for integer: \"secret 'value'\"",
                SourceUnavailableError,
                "invalid input syntax for integer",
            ),
        ],
    )
    def test_how_a_statement_can_end_is_one_line_without_values(
        self, warehouse: RedshiftWarehouse, status: str, text: str, error: type[Exception], told: str
    ) -> None:
        warehouse.failures.append((status, text))
        with pytest.raises(error, match=told) as refused:
            events(behavior(warehouse), DAY)
        line = str(refused.value)
        assert "\n" not in line
        assert not {word for word in ("secret", "123456789012", "arn:", "1234567") if word in line}

    @pytest.mark.parametrize(
        ("code", "error", "told"),
        [
            ("AccessDeniedException", ConfigurationError, "allow redshift-data:ExecuteStatement"),
            ("ValidationException", ConfigurationError, "check REDSHIFT_WORKGROUP or REDSHIFT_CLUSTER"),
            ("ActiveStatementsExceededException", SourceUnavailableError, "too busy or unwell"),
            ("BatchExecuteStatementException", SourceUnavailableError, "too busy or unwell"),
        ],
    )
    def test_a_request_that_is_refused(
        self, warehouse: RedshiftWarehouse, code: str, error: type[Exception], told: str
    ) -> None:
        warehouse.refusals.append(Refused(code))
        with pytest.raises(error, match=told) as refused:
            events(behavior(warehouse), DAY)
        assert "123456789012" not in str(refused.value)

    def test_throttling_and_server_faults_are_tried_again_with_the_same_token(
        self, warehouse: RedshiftWarehouse
    ) -> None:
        warehouse.add({})
        source = behavior(warehouse)
        source.probe()
        warehouse.refusals += [Refused("ThrottlingException"), Refused("InternalServerException", 500)]
        assert events(source, DAY).keys() == {"e-1"}
        asked = [asked["ClientToken"] for asked in warehouse.requests if asked["operation"] == "BatchExecuteStatement"]
        assert (len(asked), len(set(asked)), len(warehouse.batches)) == (3, 1, 1)

    def test_a_warehouse_out_of_reach(self, warehouse: RedshiftWarehouse) -> None:
        with pytest.raises(SourceUnavailableError, match="cannot be reached"):
            behavior(warehouse, endpoint="http://127.0.0.1:9").now()

    def test_storage_that_fails_midway_is_transient_and_the_files_are_used_again(
        self, warehouse: RedshiftWarehouse
    ) -> None:
        warehouse.add({"event_id": "a"}, {"event_id": "b"}, {"event_id": "c"})
        with behavior(warehouse).read(DAY) as read:
            next(read.batches)
            warehouse.storage_down = True
            with pytest.raises(SourceUnavailableError, match=r"0001_part_00.parquet cannot be used"):
                list(read.batches)
        warehouse.storage_down = False
        assert events(behavior(warehouse), DAY).keys() == {"a", "b", "c"}
        assert len(warehouse.batches) == 1

    def test_a_bucket_that_is_not_there(self, warehouse: RedshiftWarehouse) -> None:
        with pytest.raises(ConfigurationError, match="REDSHIFT_UNLOAD_URI must be a bucket in the warehouse's own"):
            events(behavior(warehouse, unload_uri="s3://nowhere-at-all/x"), DAY)

    def test_a_missing_table_or_column(self, warehouse: RedshiftWarehouse) -> None:
        with pytest.raises(SourceSchemaError, match=r"shows no table public.nowhere: create it, grant SELECT"):
            events(behavior(warehouse, mapping={"table": "nowhere"}), DAY)
        with pytest.raises(SourceSchemaError, match="has no column medium; it has event_id, event_ts"):
            events(behavior(warehouse, mapping={"columns": {"channel": "medium"}}), DAY)
        assert warehouse.batches == []


class TestFiles:
    """An unload that is not as its manifest says; each is met once, then unloaded anew."""

    def spoil(self, warehouse: RedshiftWarehouse, ending: str, body: bytes | None, name: str = "") -> None:
        with behavior(warehouse).read(DAY):
            pass
        [key] = [key for key in warehouse.stored() if key.endswith(ending)]
        if body is None:
            warehouse.s3.delete_object(Bucket=BUCKET, Key=key)
        else:
            warehouse.s3.put_object(Bucket=BUCKET, Key=key.rpartition("/")[0] + f"/{name}" if name else key, Body=body)

    @pytest.mark.parametrize(
        ("ending", "body", "name", "error", "told"),
        [
            ("manifest", None, "", SourceUnavailableError, "manifest is missing: run again to unload anew"),
            ("0001_part_00.parquet", None, "", SourceUnavailableError, "0001_part_00.parquet is missing"),
            ("0001_part_00.parquet", b"PAR1", "", SourceDataError, "has 4 bytes, its manifest says"),
            ("manifest", b"x", "0002_part_00.parquet", SourceDataError, "0002_part_00.parquet is not in the manifest"),
            ("manifest", b"[]", "", SourceDataError, "no manifest of an UNLOAD"),
            ("manifest", b'{"entries": [', "", SourceDataError, "is not JSON"),
            (
                "manifest",
                b'{"entries": [{"url": "s3://x/y"}]}',
                "",
                SourceDataError,
                "no verbose manifest of an UNLOAD .KeyError",
            ),
        ],
    )
    def test_what_contradicts_the_manifest_is_refused_and_unloaded_anew(
        self,
        warehouse: RedshiftWarehouse,
        ending: str,
        body: bytes | None,
        name: str,
        error: type[Exception],
        told: str,
    ) -> None:
        warehouse.add({"event_id": "a"}, {"event_id": "b"}, {"event_id": "c"})
        self.spoil(warehouse, ending, body, name)
        with pytest.raises(error, match=told):
            events(behavior(warehouse), DAY)
        assert len(warehouse.batches) == 1
        assert events(behavior(warehouse), DAY).keys() == {"a", "b", "c"}
        assert len(warehouse.batches) == 2
