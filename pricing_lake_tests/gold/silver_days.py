"""A lake whose silver days a test makes itself, published for real, and gold made of them by the real assets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.contracts.cast import cast_rows
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import Publication, publish
from pricing_lake.lake.verdicts import Verdict
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset import TableAsset

Row = dict[str, object]
WHOLE = PartitionWindow.whole()
SHOP_SALE: Row = {
    "tenant_id": "acme",
    "product_id": "p1",
    "category": "shoes",
    "condition": "good",
    "sold_price": "10.00",
    "currency": "EUR",
}
SOUND: Mapping[str, Row] = {
    CUSTOMERS.id: {"tenant_id": "acme", "country": "FI", "segment": "new", "is_deleted": False},
    SALES_HISTORY.id: {
        "tenant_id": "acme",
        "category": "shoes",
        "condition": "good",
        "sold_price": "10.00",
        "season": "Q1",
        "source": "smartgo",
        "currency": "EUR",
    },
    ORDERS.id: {
        "tenant_id": "acme",
        "customer_id": "c1",
        "amount": "10.00",
        "currency": "EUR",
        "status": "PLACED",
        "source": "kafka",
    },
    FX_RATES.id: {"base_ccy": "EUR"},
    RAW_SMARTGO_SALES.id: SHOP_SALE,
    RAW_CAROUSEL_SALES.id: SHOP_SALE,
    RAW_REDSHIFT_BEHAVIOR.id: {"tenant_id": "acme", "event_type": "view"},
}
"""What a row of each table holds unless a test says otherwise."""


def at(day: int, clock: str = "12:00:00") -> datetime:
    """A moment of March 2026."""
    return datetime.fromisoformat(f"2026-03-{day:02}T{clock}+00:00")


def table_of(contract: Table, rows: Iterable[Row]) -> pa.Table:
    """Rows as received: what a test leaves out is sound, else null; money and rates are text."""
    complete = [{**dict.fromkeys(contract.names), **SOUND[contract.id], **row} for row in rows]
    return pa.table(
        {
            item.name: pa.array(
                [row[item.name] for row in complete], pa.string() if pa.types.is_decimal(item.type) else item.type
            )
            for item in own_arrow_schema(contract)
        }
    )


def stored(contract: Table, rows: Iterable[Row]) -> pa.Table:
    """The same rows in the types that the table holds them in, as a transform is given them."""
    cast = cast_rows(contract, table_of(contract, rows))
    assert not cast.broken
    return cast.rows


@dataclass
class SilverDays:
    """A lake in `home`."""

    home: Path

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        catalog = SqlCatalog("test", uri=f"sqlite:///{self.home}/catalog.db", warehouse=f"file://{self.home}/warehouse")
        self.lake = Lake(catalog, "lake", f"file://{self.home}/warehouse")

    def tell(self, contract: Table, *rows: Row) -> None:
        """Publish the days that `rows` lie in, whole: what a day held before is replaced."""
        days: dict[date, list[Row]] = {}
        for row in rows:
            days.setdefault(_day(row[contract.window]), []).append(row)
        for day, told in days.items():
            self.publish_day(contract, day, told)

    def publish_day(self, contract: Table, day: date, rows: Iterable[Row]) -> None:
        """Publish one day of a silver table; every row must be good."""
        received = table_of(contract, rows)
        result = publish(self.lake, contract, [PartitionWindow.of_day(day)], lambda _: Candidate(received), "silver")
        assert [verdict.explain() for verdict in result.refused] == []
        assert result.verdicts[0].good_rows == received.num_rows

    def make(self, asset: TableAsset, **resources: object) -> Verdict:
        """Publish a gold table that is one whole, by the asset's own transform; it must pass with every row."""
        made = self.publication(asset, **resources).verdicts[0]
        assert made.passed, made.explain()
        assert made.quarantined_rows == 0, made.reasons
        return made

    def publication(self, asset: TableAsset, **resources: object) -> Publication:
        """What publishing the whole of a gold table came to."""
        produce = asset.producer(self.lake, [WHOLE], SimpleNamespace(**resources))
        return publish(self.lake, asset.contract, [WHOLE], produce, "gold")

    def rows(self, contract: Table) -> list[Row]:
        """All stored rows, own columns only, in order of the window and the key."""
        found = self.lake.table(contract).scan(selected_fields=contract.names).to_arrow().to_pylist()
        return sorted(found, key=lambda row: tuple(str(row[name]) for name in (contract.window, *contract.key)))

    def snapshots(self, contract: Table) -> int:
        """How often the table changed."""
        return len(self.lake.table(contract).snapshots())


def _day(moment: object) -> date:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    assert isinstance(moment, date)
    return moment
