"""A lake whose bronze days a test makes itself, published for real, and silver made of them by the real assets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.bronze_customers import (
    RAW_REDSHIFT_BEHAVIOR,
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
    RAW_SNOWFLAKE_CUSTOMERS,
)
from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM, RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.model import Severity, Table
from pricing_lake.contracts.split import split_rows
from pricing_lake.lake.gate import Candidate, judge
from pricing_lake.lake.publish import Publication, publish
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.lake import LakeResource
from pricing_lake.resources.masking import MaskingResource
from pricing_lake.table_asset import TableAsset

Row = dict[str, object]
DAYS = (1, 2, 3)
"""The days that lakes are compared over."""
ORDER: Row = {"tenant_id": "acme", "customer_id": "c1", "amount": "10.00", "currency": "EUR", "category": "shoes"}
SOUND: Mapping[str, Row] = {
    RAW_ORDERS_STREAM.id: {**ORDER, "topic": "orders", "partition": 0},
    RAW_SNOWFLAKE_ORDERS.id: ORDER,
    RAW_SNOWFLAKE_CUSTOMERS.id: {"tenant_id": "acme", "country": "FI", "segment": "new", "is_deleted": False},
    RAW_SALESFORCE_ACCOUNTS.id: {"is_deleted": False},
    RAW_SALESFORCE_LEADS.id: {"is_deleted": False, "is_converted": False},
    RAW_REDSHIFT_BEHAVIOR.id: {"tenant_id": "acme", "channel": "web"},
    RAW_FX_RATES.id: {"base_ccy": "EUR"},
}
"""What a row of each table holds unless a test says otherwise."""


def at(day: int, clock: str = "12:00:00") -> datetime:
    """A moment of March 2026."""
    return datetime.fromisoformat(f"2026-03-{day:02}T{clock}+00:00")


def record_id(number: int) -> str:
    """A Salesforce id."""
    return f"001{number:015}"


def window_of(day: int) -> PartitionWindow:
    return PartitionWindow.of_day(date(2026, 3, day))


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


@dataclass
class BronzeDays:
    """A lake in `home`, and the bronze rows that its sources hold."""

    home: Path
    sources: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        place = {"catalog_uri": f"sqlite:///{self.home}/catalog.db", "warehouse": f"{self.home}/warehouse"}
        self.resource = LakeResource(**place, namespace="lake", embedding_encoding="PLAIN")
        self.lake = self.resource.open()
        self.masking = MaskingResource(home=str(self.home))

    def tell(self, contract: Table, **values: object) -> None:
        """One more row in the source of a bronze table."""
        self.sources.setdefault(contract.id, []).append(values)

    def load(self, contract: Table, days: Sequence[int]) -> None:
        """Publish these days of a bronze table from its source, empty ones too."""
        for day in days:
            window = window_of(day)
            told = self.sources.get(contract.id, [])
            rows = table_of(contract, [row for row in told if _is_of(row[contract.window], window)])
            result = publish(self.lake, contract, [window], lambda _, rows=rows: Candidate(rows), "bronze")
            assert [verdict.explain() for verdict in result.refused] == []
            assert [verdict.reasons for verdict in result.verdicts if verdict.reasons] == []

    def make(self, asset: TableAsset, days: Sequence[int]) -> Publication:
        """Publish these days of a silver table, in this order, by the asset's own transform."""
        windows = [window_of(day) for day in days]
        produce = asset.producer(self.lake, windows, SimpleNamespace(masking=self.masking))
        return publish(self.lake, asset.contract, windows, produce, "silver")

    def build(self, assets: Sequence[TableAsset], days: Sequence[int]) -> None:
        """Day by day, everything that the assets read of bronze, then the assets."""
        made = {asset.contract.id for asset in assets}
        read = {table.id: table for asset in assets for table in asset.reads if table.id not in made}
        for day in days:
            for contract in read.values():
                self.load(contract, [day])
            for asset in assets:
                assert [verdict.explain() for verdict in self.make(asset, [day]).refused] == []

    def rows(self, contract: Table) -> list[Row]:
        """All stored rows, own columns only, in order of the partition and the key."""
        found = self.lake.table(contract).scan(selected_fields=contract.names).to_arrow().to_pylist()
        return sorted(found, key=lambda row: tuple(str(row[name]) for name in (contract.window, *contract.key)))

    def verdict(self, contract: Table, day: int) -> Verdict:
        key = window_of(day).key
        return VerdictStore(self.lake.proofs).latest(contract.id, [key])[key]

    def warned(self, contract: Table, day: int) -> dict[str, int]:
        """Broken rules of a published day that only warn, with how many rows break them."""
        results = self.verdict(contract, day).results
        return {result.rule: result.failed_rows for result in results if not result.passed}

    def all_days(self, asset: TableAsset) -> Row:
        """What two lakes must agree on: per day the content and the counts, and every row."""
        contract = asset.contract
        verdicts = {day: self.verdict(contract, day) for day in DAYS}
        told = {day: (v.content_hash, v.source_rows, v.good_rows, v.excluded) for day, v in verdicts.items()}
        return {"days": told, "rows": self.rows(contract)}


def bronze_of(contract: Table, told: Iterable[Row], day: int) -> tuple[pa.Table, pa.Table]:
    """What a transform is given of a bronze table: the rows of a day, and all rows up to its end."""
    window, every = window_of(day), list(told)
    own = [row for row in every if _is_of(row[contract.window], window)]
    until = [row for row in every if row[contract.window] < window.end]  # type: ignore[operator]
    rows, history = (split_rows(contract, table_of(contract, part)) for part in (own, until))
    assert not rows.quarantined.num_rows
    return rows.good, history.good


def published(contract: Table, candidate: Candidate, day: int) -> list[Row]:
    """The rows of a day as they would be published; every critical rule must hold."""
    split = split_rows(contract, candidate.rows, window_of(day).bounds(contract))
    results = judge(contract, candidate, split)
    assert [result.rule for result in results if not result.passed and result.severity is Severity.CRITICAL] == []
    assert not split.quarantined.num_rows
    rows: list[Row] = split.good.to_pylist()
    return rows


def _is_of(moment: object, window: PartitionWindow) -> bool:
    if isinstance(moment, datetime):
        return window.start <= moment < window.end
    assert isinstance(moment, date)
    return window.start <= datetime(moment.year, moment.month, moment.day, tzinfo=UTC) < window.end
