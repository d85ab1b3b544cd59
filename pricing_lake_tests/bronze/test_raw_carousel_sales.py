"""bronze/raw_carousel_sales: what Carousel holds, accounted for item by item, by queries and out of exports alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pricing_lake.bronze.raw_carousel_sales import raw_carousel_sales
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.partitions import Calendar
from pricing_lake.resources.carousel import CarouselResource
from pricing_lake.resources.progress import ProgressResource
from pricing_lake.sources.dynamodb import dynamodb_client
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.sources.carousel_shop import REGION, Carousel, ExportFolder, endpoint, item
from pricing_lake_tests.table_asset.tiny_table import lake_resource

DAY, NEXT = "2026-03-01", "2026-03-02"


@dataclass
class CarouselLake:
    """A lake that reads Carousel alone; `settings` are those of its resource."""

    home: Path
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lake(self) -> Lake:
        return lake_resource(self.home).open()

    def run(self, first: str, last: str = "", **settings: Any) -> dg.ExecuteInProcessResult:
        asset = raw_carousel_sales.definition(Calendar(date(2026, 3, 1), date(2026, 3, 5)), "lake", 7)
        return dg.materialize(
            [asset],
            instance=dg.DagsterInstance.ephemeral(),
            resources={
                "progress": ProgressResource(),
                "lake": lake_resource(self.home),
                "carousel": CarouselResource(**{**self.settings, **settings}),
            },
            tags={
                "dagster/asset_partition_range_start": first,
                "dagster/asset_partition_range_end": last or first,
            },
            raise_on_error=False,
        )

    def rows(self) -> dict[str, dict[str, Any]]:
        stored = self.lake.table(RAW_CAROUSEL_SALES).scan(selected_fields=RAW_CAROUSEL_SALES.names).to_arrow()
        return {row["sale_id"]: row for row in stored.to_pylist()}

    def verdict(self, day: str = DAY) -> Verdict:
        return VerdictStore(self.lake.proofs).latest(RAW_CAROUSEL_SALES.id, [day])[day]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture
def carousel() -> Carousel:
    return Carousel(dynamodb_client(REGION, endpoint(), 8)).create()


@pytest.fixture
def lake(tmp_path: Path, carousel: Carousel) -> CarouselLake:
    settings = {"table": carousel.name, "tenants": ["acme"], "shards": 4, "region": REGION, "endpoint": endpoint()}
    return CarouselLake(tmp_path, settings)


def test_a_day_arrives_typed_returns_and_cancellations_included(lake: CarouselLake, carousel: Carousel) -> None:
    carousel.put(
        item("a", sold_price={"N": "2.55"}, brand={"S": "Kestrel"}, shard=3),
        item("b", quantity={"N": "-1"}),
        item("c", deleted_at={"S": "2026-03-01T13:00:00Z"}),
        item("other", "2026-03-02T00:00:00Z"),
    )
    assert lake.run(DAY).success
    rows = lake.rows()
    assert rows.keys() == {"a", "b", "c"}
    assert (rows["a"]["sold_price"], rows["a"]["brand"], rows["a"]["product_id"]) == (Decimal("2.55"), "Kestrel", "p1")
    assert rows["b"]["quantity"] == -1
    assert rows["c"]["deleted_at"].isoformat() == "2026-03-01T13:00:00+00:00"


DIRT: dict[str, dict[str, Any]] = {
    "sold_price_missing": {"sold_price": None},
    "sold_price_wrong_type": {"sold_price": {"BOOL": True}},
    "sold_price_unparseable": {"sold_price": {"S": "abc"}},
    "sold_price_out_of_range": {"sold_price": {"N": "12.345"}},
    "sold_price_not_positive": {"sold_price": {"N": "0"}},
    "category_missing": {"category": {"NULL": True}},
    "category_wrong_type": {"category": {"L": [{"S": "shoes"}]}},
    "condition_unknown": {"condition": {"S": "worn"}},
    "currency_wrong_type": {"currency": {"B": b"EUR"}},
    "sold_at_missing": {"sold_at": None},
    "sold_at_unparseable": {"sold_at": {"N": "1772366400"}},
    "sold_at_outside_partition": {
        "sold_at": {"S": "2026-03-04T12:00:00Z"},
        "updated_at": {"S": "2026-03-04T12:00:00Z"},
    },
    "quantity_unparseable": {"quantity": {"S": "two"}},
    "partition_key_malformed": {"PK": {"S": "acme/p1"}},
    "sort_key_malformed": {"SK": {"S": "2026-03-01/x"}},
    "tenant_id_malformed": {"PK": {"S": "TENANT#../etc#PRODUCT#p1"}},
}


def test_dirt_is_set_aside_with_reasons_and_the_day_goes_on(lake: CarouselLake, carousel: Carousel) -> None:
    spoilt = [{**item(reason), **change} for reason, change in DIRT.items()]
    carousel.put(item("good"), *({name: value for name, value in each.items() if value} for each in spoilt))
    assert lake.run(DAY).success
    verdict = lake.verdict()
    expected = dict.fromkeys(DIRT, 1)
    # What has the wrong type breaks its column's own rules too, and a key that is not taken apart is no tenant.
    expected |= {"sold_price_unparseable": 2, "tenant_id_malformed": 2, "currency_malformed": 1}
    assert verdict.reasons == expected
    assert (verdict.source_rows, verdict.good_rows, verdict.quarantined_rows) == (17, 1, 16)
    assert lake.rows().keys() == {"good"}


def test_a_late_edit_shows_when_its_day_runs_again(lake: CarouselLake, carousel: Carousel) -> None:
    carousel.put(item("a"), item("b"))
    lake.run(DAY)
    carousel.put(item("a", sold_price={"N": "9"}, updated_at={"S": "2026-03-20T08:00:00Z"}))
    carousel.client.delete_item(TableName=carousel.name, Key={name: item("b")[name] for name in ("PK", "SK")})
    for _ in range(2):
        assert lake.run(DAY).success
    assert {name: row["sold_price"] for name, row in lake.rows().items()} == {"a": Decimal("9")}
    assert len(lake.lake.table(RAW_CAROUSEL_SALES).snapshots()) == 2


def test_queries_and_exports_publish_the_same(tmp_path: Path, lake: CarouselLake, carousel: Carousel) -> None:
    carousel.put(*(item(f"s{n}", f"2026-03-0{1 + n % 3}T0{n}:00:00Z", shard=n % 4) for n in range(9)))
    assert lake.run(DAY, "2026-03-03").success
    folder = ExportFolder(tmp_path / "bucket")
    folder.full("2026-03-04T00:00:00Z", carousel.client.scan(TableName=carousel.name)["Items"])
    exported = CarouselLake(tmp_path / "exported", {"export_uri": f"file://{folder.root}", "table": "not asked"})
    assert exported.run(DAY, "2026-03-03").success
    days = (DAY, NEXT, "2026-03-03")
    assert [exported.verdict(day).content_hash for day in days] == [lake.verdict(day).content_hash for day in days]
    assert len(lake.rows()) == 9


def test_attributes_of_other_names_are_found_both_ways(tmp_path: Path, lake: CarouselLake, carousel: Carousel) -> None:
    named = item("a", sold_price=None, amount={"N": "7"})
    carousel.put(named)
    assert lake.run(DAY, attributes={"sold_price": "amount"}).success
    folder = ExportFolder(tmp_path / "bucket")
    folder.full("2026-03-04T00:00:00Z", [named])
    settings = {"export_uri": f"file://{folder.root}", "attributes": {"sold_price": "amount"}}
    exported = CarouselLake(tmp_path / "exported", settings)
    assert exported.run(DAY).success
    assert [found.rows()["a"]["sold_price"] for found in (lake, exported)] == [Decimal("7")] * 2


def test_without_settings_every_day_is_empty(tmp_path: Path) -> None:
    bare = CarouselLake(tmp_path)
    assert bare.run(DAY, NEXT).success
    assert (bare.verdict().passed, bare.verdict().source_rows, bare.rows()) == (True, 0, {})


def test_a_wrong_table_is_one_clear_line_and_is_not_retried(lake: CarouselLake) -> None:
    result = lake.run(DAY, table="nowhere")
    assert (
        failure_of(result)
        .strip()
        .endswith("there is no DynamoDB table nowhere in this region; check CAROUSEL_TABLE and AWS_REGION")
    )
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)


def test_the_contract_is_smartgos_but_for_empty_days() -> None:
    assert RAW_CAROUSEL_SALES.names == RAW_SMARTGO_SALES.names
    assert [column.type for column in RAW_CAROUSEL_SALES.columns] == [c.type for c in RAW_SMARTGO_SALES.columns]
    assert [rule.name for rule in RAW_CAROUSEL_SALES.all_rules] == [rule.name for rule in RAW_SMARTGO_SALES.all_rules]
    assert (RAW_CAROUSEL_SALES.key, RAW_CAROUSEL_SALES.allow_empty) == (("tenant_id", "sale_id"), True)
