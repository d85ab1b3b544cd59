"""What is said to Redshift: bounds from datetimes alone, names checked and quoted, the UNLOAD one safe literal."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.redshift import RedshiftBehavior, RedshiftSettings
from pricing_lake.sources.redshift_errors import trimmed
from pricing_lake.sources.redshift_mapping import COLUMNS, OPTIONAL, RedshiftMapping
from pricing_lake.sources.redshift_sql import BehaviorSql, LiteralForm, text_of
from pricing_lake.sources.redshift_statements import Warehouse
from pricing_lake.sources.redshift_unload_place import Place, UnloadOptions, next_place, unload_statement, window_folder
from pricing_lake.sources.window import Window

DAY = Window.of_day(date(2026, 3, 1))
TYPES = dict.fromkeys((*COLUMNS, "loaded_at"), "character varying") | {"event_ts": "timestamp with time zone"}


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-01' OR 1=1 --",
        date(2026, 3, 1),
        datetime(2026, 3, 1),
        datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=1))),
        None,
    ],
)
def test_only_a_datetime_in_utc_becomes_text(moment: object) -> None:
    with pytest.raises(ConfigurationError, match="must be made of datetimes in UTC"):
        text_of(moment, "TIMESTAMPTZ")


def test_a_bound_is_digits_and_punctuation() -> None:
    moment = datetime(2026, 3, 1, 4, 5, 6, 7, tzinfo=UTC)
    assert text_of(moment, "TIMESTAMPTZ") == "2026-03-01 04:05:06.000007+00:00"
    assert text_of(moment, "TIMESTAMP") == "2026-03-01 04:05:06.000007"


def test_the_window_compares_the_column_itself_so_that_blocks_are_skipped() -> None:
    sql = BehaviorSql(RedshiftMapping(), TYPES).count(LiteralForm(DAY))
    assert sql.endswith(
        "WHERE \"event_ts\" >= TIMESTAMPTZ '2026-03-01 00:00:00.000000+00:00'"
        " AND \"event_ts\" < TIMESTAMPTZ '2026-03-02 00:00:00.000000+00:00'"
    )
    naive = BehaviorSql(RedshiftMapping(), TYPES | {"event_ts": "timestamp without time zone"})
    assert "\"event_ts\" >= TIMESTAMP '2026-03-01 00:00:00.000000' AND" in naive.count(LiteralForm(DAY))


def test_no_text_is_cast_to_a_length_at_which_redshift_would_cut_it_off() -> None:
    """A plain VARCHAR is 256 bytes in Redshift and endless in every stand-in, so the words themselves are looked at."""
    sql = BehaviorSql(RedshiftMapping(), TYPES).rows(LiteralForm(DAY))
    assert sql.count("AS VARCHAR(65535))") == sql.count("VARCHAR") == len(COLUMNS) - 1


def test_an_unload_is_one_literal_whose_quotes_are_doubled() -> None:
    statement = unload_statement("SELECT 'a''b'", Place("bucket/x", "token"), UnloadOptions("s3://bucket/x"))
    assert statement == (
        "UNLOAD ('SELECT ''a''''b''') TO 's3://bucket/x/token/' IAM_ROLE default"
        " FORMAT AS PARQUET MANIFEST VERBOSE MAXFILESIZE 256 MB"
    )
    with pytest.raises(ConfigurationError, match="must not hold a backslash"):
        unload_statement("SELECT '\\'", Place("bucket/x", "token"), UnloadOptions("s3://bucket/x"))


@pytest.mark.parametrize(
    "uri",
    ["", "s3://bucket", "s3://bucket/", "s3://bucket//", "https://bucket/x", "s3://bucket/x'y", "s3://bucket/x y",
     "s3://bucket/x\\y", "s3://Bucket/x", "s3://bucket/x\n", "s3://b/x", "s3://bucket/ü"],
)  # fmt: skip
def test_a_place_that_is_none_is_refused(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="REDSHIFT_UNLOAD_URI must be s3://bucket/prefix"):
        UnloadOptions(uri)


@pytest.mark.parametrize(
    "role", ["", "Default", "default'", "arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:role/x'", "x"]
)
def test_a_role_that_is_none_is_refused(role: str) -> None:
    with pytest.raises(ConfigurationError, match="REDSHIFT_IAM_ROLE must be default or the ARN"):
        UnloadOptions("s3://bucket/x", role)


def test_roles_may_be_chained_and_sizes_are_redshifts() -> None:
    chain = "arn:aws:iam::123456789012:role/a,arn:aws:iam::210987654321:role/b"
    assert f"IAM_ROLE '{chain}'" in unload_statement("SELECT 1", Place("b/x", "t"), UnloadOptions("s3://bbb/x", chain))
    for size in (4, 6_201):
        with pytest.raises(ConfigurationError, match="REDSHIFT_MAX_FILE_MB"):
            UnloadOptions("s3://bucket/x", max_file_megabytes=size)


def test_places_follow_what_is_unloaded_when_and_what_is_done() -> None:
    folder = window_folder(UnloadOptions("s3://bucket//x/y/"), "public.events", DAY)
    assert folder == "bucket/x/y/public.events/20260301T000000-20260302T000000"
    early, later = datetime(2026, 3, 5, 3, 59, tzinfo=UTC), datetime(2026, 3, 5, 4, tzinfo=UTC)
    first = next_place(folder, ("a", "b"), early, ())
    assert next_place(folder, ("a", "b"), early - timedelta(hours=3), ()) == first
    assert 1 <= len(first.token) <= 64
    second = next_place(folder, ("a", "b"), early, {first.closed})
    others = {
        next_place(folder, ("a", "b"), later, ()),
        next_place(folder, ("a", "b"), early + timedelta(days=1), ()),
        next_place(folder, ("ab",), early, ()),
        next_place(folder, ("a", "b"), early, {first.closed, second.closed}),
    }
    assert len({first, second, *others}) == 6


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({"table": "a.b.c"}, "table 'a.b.c' must be a plain name"),
        ({"table": 'x"; DROP TABLE y'}, "must be a plain name"),
        ({"columns": {"event_id": 'x"'}}, "which is not a plain column name"),
        ({"columns": {"colour": "x"}}, "'colour' is not an event column; they are event_id,"),
        ({"columns": {"event_id": ""}}, "event_id must not be empty"),
        ({"columns": ["x"]}, "columns must be a table"),
        ({"arrived_at": "x y"}, "arrived_at is 'x y'"),
        ({"tables": "x"}, "'tables' is no field; fields are table, columns, arrived_at"),
    ],
)
def test_a_mapping_that_is_none_names_what_is_wrong(mapping: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"fix \[redshift_mapping\]: .*{told}"):
        RedshiftMapping.from_mapping(mapping)


def test_what_an_event_may_lack_is_what_the_contract_does_not_require() -> None:
    assert OPTIONAL == ("customer_id", "session_id", "product_id", "channel")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"database": ""}, "REDSHIFT_DATABASE is empty"),
        ({}, "set one of REDSHIFT_WORKGROUP"),
        ({"workgroup": "w", "cluster": "c"}, "set one of REDSHIFT_WORKGROUP"),
        ({"workgroup": "w", "db_user": "u"}, "REDSHIFT_DB_USER is for a cluster"),
        ({"cluster": "c", "db_user": "u", "secret_arn": "s"}, "REDSHIFT_DB_USER is for a cluster"),
    ],
)
def test_settings_that_do_not_name_one_database_and_one_user(given: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Warehouse(**{"database": "d"} | given)


def test_settings_say_which_way_is_read_and_hide_the_url() -> None:
    unload = {"unload_uri": "s3://bucket/x", "database": "d", "workgroup": "wg-1"}
    settings = RedshiftSettings(url="redshift://u:hidden@h/d", **unload)
    assert "hidden" not in repr(settings)
    assert RedshiftBehavior(settings)._way == "unload"
    assert RedshiftBehavior(RedshiftSettings(url="redshift://u:hidden@h/d"))._way == "wire"
    with pytest.raises(ConfigurationError, match="Redshift is off"):
        RedshiftBehavior(RedshiftSettings())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('ERROR: column "Channel" does not exist in events', 'ERROR: column "Channel" does not exist in events'),
        ("ERROR: invalid value 'Jane' for \"x\"\n  Detail: Jane", "ERROR: invalid value … for …"),
        ("ERROR: bad value \"Jane's", "ERROR: bad value …"),
        ("to jane@example.com by arn:aws:iam::1:role/x at s3://b/k (12345)", "to … by … at … (…)"),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_message_keeps_our_names_and_loses_values(text: str, line: str) -> None:
    assert trimmed(text, ("channel",)) == line
