"""What `@table_asset` derives from a contract and a transform, and which errors it lets Dagster try again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from pricing_lake.contracts.columns import MONTH
from pricing_lake.contracts.model import Column, Grain, Layer, Owner, Pii, Table
from pricing_lake.contracts.types import LONG, TEXT
from pricing_lake.errors import ConfigurationError, ContractError, SourceUnavailableError
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset import TableAsset, policies, table_asset
from pricing_lake_tests.table_asset.tiny_table import CALENDAR, DAYS, GOOD, TINY, lake_resource, tiny

BUYERS = Table(
    layer=Layer.SILVER,
    name="buyers",
    grain="One row per buyer and month.",
    owner=Owner.PRICING,
    key=("buyer",),
    window="month",
    every=Grain.MONTH,
    columns=(
        MONTH,
        Column("buyer", TEXT, "The buyer's e-mail address.", required=True, pii=Pii.DIRECT),
        Column("note", TEXT, "What the buyer wrote.", pii=Pii.FREE_TEXT),
        TINY.column("amount"),
    ),
)


@table_asset(BUYERS, reads=(TINY,), pool="crm")
def buyers(tiny: pa.Table, window: PartitionWindow, crm: object) -> pa.Table:
    """Who bought for these amounts."""
    raise NotImplementedError


DAILY = tiny.definition(CALENDAR, "pricing_intelligence_local", backfill_days=7)
MONTHLY = buyers.definition(CALENDAR, "pricing_intelligence_local", backfill_days=3)
DAILY_SPEC = DAILY.specs_by_key[dg.AssetKey(["bronze", "tiny"])]
MONTHLY_SPEC = MONTHLY.specs_by_key[dg.AssetKey(["silver", "buyers"])]


def test_names_come_from_the_contract() -> None:
    assert DAILY.keys == {DAILY_SPEC.key}
    assert (DAILY_SPEC.group_name, MONTHLY_SPEC.group_name) == ("bronze", "silver")
    assert MONTHLY_SPEC.metadata["dagster/table_name"] == "pricing_intelligence_local.buyers"
    assert MONTHLY_SPEC.metadata["key"] == "buyer"


def test_kinds_owners_and_tags_come_from_the_contract() -> None:
    assert DAILY_SPEC.kinds == {"iceberg", "python", "bronze"}
    assert list(MONTHLY_SPEC.owners) == ["team:pricing"]
    assert {name: DAILY_SPEC.tags[name] for name in ("layer", "every", "pii")} == {
        "layer": "bronze",
        "every": "day",
        "pii": "none",
    }
    assert (MONTHLY_SPEC.tags["every"], MONTHLY_SPEC.tags["pii"]) == ("month", "direct")


def test_the_description_is_the_grain_then_the_transform() -> None:
    assert MONTHLY_SPEC.description == "One row per buyer and month.\n\nWho bought for these amounts."


def test_the_column_schema_has_types_constraints_and_tags_of_personal_data() -> None:
    columns = {column.name: column for column in MONTHLY_SPEC.metadata["dagster/column_schema"].columns}
    assert {name: column.tags for name, column in columns.items() if column.tags} == {
        "buyer": {"pii": "direct"},
        "note": {"pii": "free_text"},
    }
    assert columns["amount"].type == LONG.athena
    assert (columns["buyer"].constraints.nullable, columns["note"].constraints.nullable) == (False, True)
    assert {"_ingest_ts", "_batch_id", "_source_system", "_run_date"} <= columns.keys()


def test_lineage_follows_columns_of_the_same_name_and_type() -> None:
    lineage = MONTHLY_SPEC.metadata["dagster/column_lineage"].deps_by_column
    assert lineage == {"amount": [dg.TableColumnDep(DAILY_SPEC.key, "amount")]}
    assert [dep.asset_key for dep in MONTHLY_SPEC.deps] == [DAILY_SPEC.key]


def test_a_day_table_has_days_and_a_month_table_months() -> None:
    assert DAILY.partitions_def == CALENDAR.days
    assert MONTHLY.partitions_def == CALENDAR.months
    mapping = MONTHLY.get_partition_mapping(DAILY_SPEC.key)
    assert isinstance(mapping, dg.TimeWindowPartitionMapping)
    assert mapping.allow_nonexistent_upstream_partitions


def test_only_month_tables_follow_by_themselves_and_only_day_tables_can_be_late() -> None:
    assert DAILY_SPEC.automation_condition is None
    assert MONTHLY_SPEC.automation_condition == policies.MONTHS_WHOSE_DAYS_CHANGED
    assert DAILY_SPEC.freshness_policy == dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=30))
    assert MONTHLY_SPEC.freshness_policy is None


def test_backfills_checks_retries_and_pools_are_set() -> None:
    assert DAILY.backfill_policy == dg.BackfillPolicy.multi_run(7)
    assert {(check.name, check.blocking) for check in DAILY.check_specs} == {("gate", True), ("quarantine", False)}
    assert all(check.partitions_def == CALENDAR.days for check in DAILY.check_specs)
    assert DAILY.op.retry_policy is policies.RETRY_TRANSIENT
    assert (MONTHLY.op.pool, DAILY.op.pool) == ("crm", None)


def test_a_parameter_is_a_table_the_window_or_a_resource() -> None:
    assert buyers.resources == {"lake", "crm"}


def test_the_code_version_changes_with_the_contract() -> None:
    newer = replace(tiny, contract=replace(TINY, version=2))
    stricter = replace(tiny, contract=replace(TINY, columns=(*TINY.columns[:-1], replace(TINY.columns[-1], rules=()))))
    assert len({tiny.code_version, newer.code_version, stricter.code_version}) == 3
    assert DAILY_SPEC.code_version == tiny.code_version == replace(tiny).code_version


def test_the_code_version_changes_with_the_transform() -> None:
    def other() -> TableAsset:
        @table_asset(TINY)
        def tiny(window: PartitionWindow) -> pa.Table:
            """The amounts of the day."""
            return pa.table({"day": [window.first_day], "amount": [1]})

        return tiny

    assert other().code_version == other().code_version != tiny.code_version


def test_a_transform_under_another_name_is_refused() -> None:
    def huge(window: PartitionWindow) -> pa.Table:
        raise NotImplementedError

    with pytest.raises(ContractError, match=r"bronze/tiny: its transform is called huge; give it the table's name"):
        table_asset(TINY)(huge)


Answer = tuple[int, ...] | Exception


@table_asset(replace(TINY, name="answered"))
def answered(window: PartitionWindow, answers: list[Answer]) -> pa.Table:
    """The next answer, raised when it is an error."""
    answer = answers.pop(0)
    if isinstance(answer, Exception):
        raise answer
    return pa.table({"day": [window.first_day] * len(answer), "amount": answer})


def run(home: Path, *answers: Answer) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [answered.definition(CALENDAR, "lake", backfill_days=7)],
        resources={"lake": lake_resource(home), "answers": list(answers)},
        partition_key=DAYS[0],
        raise_on_error=False,
    )


def retries(result: dg.ExecuteInProcessResult) -> int:
    return len(result.filter_events(lambda event: event.is_step_up_for_retry))


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once: the pause of the real policy is Dagster's to keep."""
    monkeypatch.setattr(policies, "RETRY_TRANSIENT", dg.RetryPolicy(max_retries=policies.RETRY_TRANSIENT.max_retries))


@pytest.mark.usefixtures("_no_pause")
def test_a_permanent_error_fails_at_once_with_its_own_words(tmp_path: Path) -> None:
    result = run(tmp_path, ConfigurationError("SMARTGO_URL is empty; set it"), GOOD)
    assert not result.success
    assert retries(result) == 0
    [failure] = result.filter_events(lambda event: event.is_step_failure)
    assert failure.step_failure_data.user_failure_data is not None
    assert failure.step_failure_data.user_failure_data.description == "SMARTGO_URL is empty; set it"


@pytest.mark.usefixtures("_no_pause")
def test_a_transient_error_is_tried_again(tmp_path: Path) -> None:
    result = run(tmp_path, SourceUnavailableError("refused"), SourceUnavailableError("timed out"), GOOD)
    assert result.success
    assert retries(result) == 2


@pytest.mark.usefixtures("_no_pause")
def test_a_transient_error_that_stays_fails_after_three_retries(tmp_path: Path) -> None:
    result = run(tmp_path, *[SourceUnavailableError("refused") for _ in range(9)])
    assert not result.success
    assert retries(result) == 3
