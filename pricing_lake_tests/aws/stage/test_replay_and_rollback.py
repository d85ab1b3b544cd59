"""Replay, rollback, housekeeping and reading the past where tables lie in Glue and files on S3, by their commands."""

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from click.testing import Result

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.model import Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.increment import collect
from pricing_lake.lake.increment_lanes import IncrementLanes
from pricing_lake.lake.replay_feed import FeedReplay
from pricing_lake.lake.rollback import Rollback
from pricing_lake.lake.settle import settle
from pricing_lake.lake.verdicts import VerdictStore
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.aws.stage.conftest import NAMES, Dev
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges, at
from pricing_lake_tests.lake.test_replay_feed import RELAXED
from pricing_lake_tests.shop import Shop
from pricing_lake_tests.yesterday import judged_by

SALES, DAYS = RAW_SMARTGO_SALES, ("2026-03-01", "2026-03-02")
DAY = ("--day", DAYS[0])


@pytest.fixture
def lake(dev: Dev) -> Lake:
    """A lake on the empty account."""
    dev.client("s3").create_bucket(Bucket=NAMES.bucket, CreateBucketConfiguration={"LocationConstraint": NAMES.region})
    return dev.lake()


@pytest.fixture
def shop(dev: Dev, lake: Lake) -> Shop:
    """A shop whose two days are published, judged by a rule that is laxer today, so that two sales lie in the lane."""
    shop = Shop(dev.home, date(2026, 3, 1), date(2026, 3, 10))
    for day in DAYS:
        for number in range(3):
            shop.sell(f"{day}-{number}", day)
    for number in range(2):
        shop.sell(f"dear-{number}", DAYS[0], sold_price="60.00")
    with judged_by(SALES, "sold_price_not_positive", pl.col("sold_price") < 50):
        result = typed(dev, shop, "materialize", "--to", DAYS[1], "--select", SALES.name)
    assert result.exit_code == 0, result.output
    return shop


def typed(dev: Dev, shop: Shop, *words: str) -> Result:
    return dev.type(*words, PRICING_LAKE_STAGE="dev", SMARTGO_URL=f"sqlite:///{shop.database}")


def sold(lake: Lake) -> int:
    return int(lake.table(SALES).scan().to_arrow().num_rows)


def test_rows_are_regained_read_as_they_were_and_taken_back(dev: Dev, shop: Shop, lake: Lake) -> None:
    first = lake.table(SALES).current_snapshot()
    assert first
    planned = json.loads(typed(dev, shop, "replay", SALES.id, *DAY, "--dry-run", "--json").stdout)
    assert [(day["regained"], day["still_aside"]) for day in planned["days"]] == [(2, {})]
    shop.database.unlink()
    assert typed(dev, shop, "replay", SALES.id, *DAY).exit_code == 0
    assert sold(lake) == 8
    for when in (str(first.snapshot_id), datetime.fromtimestamp(first.timestamp_ms / 1_000, UTC).isoformat()):
        then = typed(dev, shop, "rows", SALES.id, "--as-of", when, "--columns", "sale_id", "--format", "json")
        assert len(json.loads(then.stdout)) == 6, then.output
    saved = typed(dev, shop, "rows", SALES.id, "--as-of", str(first.snapshot_id), "--save", "csv")
    bucket, _, key = saved.stdout.strip().removeprefix("s3://").partition("/")
    assert len(dev.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()) == 7, saved.output
    back = typed(dev, shop, "rollback", SALES.id, "--to", str(first.snapshot_id), "--yes", "--json")
    assert json.loads(back.stdout)["proved_again"] == [DAYS[0]], back.output
    assert sold(lake) == 6
    assert typed(dev, shop, "replay", SALES.id, *DAY).exit_code == 0
    assert sold(lake) == 8


def test_housekeeping_tidies_what_is_old_and_the_days_stay_readable(dev: Dev, shop: Shop, lake: Lake) -> None:
    assert typed(dev, shop, "replay", SALES.id, *DAY).exit_code == 0
    looked = typed(dev, shop, "housekeeping", "--select", SALES.id)
    assert (looked.exit_code, looked.stdout) == (0, "nothing to tidy\n"), looked.output
    done = typed(dev, shop, "housekeeping", "--select", SALES.id, "--yes")
    assert done.exit_code == 0, done.output
    assert sold(lake) == 8


FILES = 120


def customers(lake: Lake, table: Table = RAW_SNOWFLAKE_CUSTOMERS) -> int:
    return int(lake.table(table).scan().to_arrow().num_rows)


@pytest.mark.services  # nothing is missing on a laptop, but it takes a minute
def test_a_lane_of_many_files_is_replayed_and_rolled_back(
    dev: Dev, lake: Lake, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each increment of one day sets a row aside in a file of its own, as a feed that runs every few minutes does."""
    table = RAW_SNOWFLAKE_CUSTOMERS
    changes = CustomerChanges(tmp_path_factory.mktemp("feed") / "changes.db")
    for number in range(FILES):
        changes.change(f"odd{number:03}", at(2, 1) + timedelta(minutes=10 * number), email="no address")
        changes.now = at(2, 1, 6) + timedelta(minutes=10 * number)
        collect(lake, table, changes.feed(), CALENDAR, "run", 100)
    taken = [PartitionWindow.of_day(at(day).date()) for day in (2,)]
    lanes = IncrementLanes(lake.proofs, table.id)
    [verdict] = settle(lake, table, taken, "close")
    assert verdict.quarantined_rows == len(lanes.of_day(taken[0].first_day)) > 100
    before = lake.table(table).current_snapshot()
    assert before
    _, [day] = FeedReplay(lake, RELAXED, taken, CALENDAR).run("replay")
    assert (day.regained, customers(lake), lanes.of_day(taken[0].first_day)) == (
        verdict.quarantined_rows,
        day.regained,
        [],
    )
    Rollback(lake, table, before.snapshot_id).run("back")
    assert (customers(lake), len(lanes.of_day(taken[0].first_day))) == (0, verdict.quarantined_rows)
    assert VerdictStore(lake.proofs).latest(table.id, [taken[0].key])[taken[0].key].reasons == verdict.reasons
