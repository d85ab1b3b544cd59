"""A lake whose dimensions are made by their real assets, and facts of single days made of them; what their rows say."""

from datetime import date, datetime
from decimal import Decimal

from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER, DIM_PRODUCT
from pricing_lake.gold.dim_customer import dim_customer
from pricing_lake.gold.dim_date import dim_date
from pricing_lake.gold.dim_fx import dim_fx
from pricing_lake.gold.dim_product import dim_product
from pricing_lake.lake.publish import Publication, publish
from pricing_lake.lake.verdicts import Verdict
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.calendar import CalendarResource
from pricing_lake.table_asset import TableAsset
from pricing_lake_tests.gold.silver_days import Row, SilverDays, at

CALENDAR = CalendarResource.of(date(2026, 3, 1), date(2026, 3, 31))
UNKNOWN = -1


def fixing(day: int, **rates: str) -> list[Row]:
    """What the bank published on a day of March, per euro."""
    return [{"as_of_date": date(2026, 3, day), "ccy": ccy, "rate": rate} for ccy, rate in rates.items()]


def customer(day: int, clock: str = "12:00:00", customer_id: str = "c1", **change: object) -> Row:
    """A customer's state from a moment of March on."""
    return {"day": date(2026, 3, day), "changed_at": at(day, clock), "customer_id": customer_id, **change}


class StarDays(SilverDays):
    """A lake in `home`; dimensions are made when a test says so, as a run would."""

    def make_dimensions(self) -> None:
        """All four dimensions from what silver holds now."""
        for asset in (dim_customer, dim_product):
            self.make(asset)
        for asset in (dim_date, dim_fx):
            self.make(asset, calendar=CALENDAR)

    def fact(self, asset: TableAsset, *days: int) -> Publication:
        """Publish these days of March of a fact table, in this order, by the asset's own transform."""
        windows = [PartitionWindow.of_day(date(2026, 3, day)) for day in days]
        return publish(self.lake, asset.contract, windows, asset.producer(self.lake, windows, None), "gold")

    def facts(self, asset: TableAsset, *days: int) -> list[Row]:
        """All rows of the fact table after these days are published; every day must pass with every row."""
        publication = self.fact(asset, *days)
        assert [verdict.explain() for verdict in publication.refused] == []
        assert [verdict.reasons for verdict in publication.verdicts if verdict.reasons] == []
        return self.rows(asset.contract)

    def version(self, moment: datetime, customer_id: str = "c1") -> object:
        """`customer_sk` of the version that begins at `moment`."""
        [key] = [
            row["customer_sk"]
            for row in self.rows(DIM_CUSTOMER)
            if (row["customer_id"], row["valid_from"]) == (customer_id, moment)
        ]
        return key

    def product(self, product_id: str = "p1", tenant_id: str = "acme") -> object:
        """`product_sk` of a product."""
        [key] = [
            row["product_sk"]
            for row in self.rows(DIM_PRODUCT)
            if (row["product_id"], row["tenant_id"]) == (product_id, tenant_id)
        ]
        return key


def warned(verdict: Verdict) -> dict[str, int]:
    """Rules that do not hold and only warn, with how many rows break them."""
    assert verdict.passed, verdict.explain()
    return {result.rule: result.failed_rows for result in verdict.results if not result.passed}


def told(rows: list[Row], *names: str) -> list[tuple[object, ...]]:
    """Some columns of rows."""
    return [tuple(row[name] for name in names) for row in rows]


def money(text: str) -> Decimal:
    """An exact amount."""
    return Decimal(text)
