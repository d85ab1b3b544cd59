"""A SmartGo shop of a test's own making, and the lake that reads it through the real assets."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import pyarrow as pa
from PIL import Image, ImageDraw

from pricing_lake.contracts.all import table_called
from pricing_lake.definitions import build_defs
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.resources import resources_for
from pricing_lake.stage import Stage, load_stage, write_settings

COLUMNS = (
    "sale_id", "tenant_id", "product_id", "category", "brand", "condition", "sold_price", "currency", "sold_at",
    "image_url", "description", "customer_id", "quantity", "updated_at", "deleted_at",
)  # fmt: skip
BRONZE_SALES = ("bronze/raw_smartgo_sales", "bronze/raw_carousel_sales")
CHAIN = (*BRONZE_SALES, "bronze/raw_product_images", "silver/embeddings", "silver/sales_history")


@dataclass
class Shop:
    """A shop with an empty `sales` table, and a lake beside it that starts on `first_day`."""

    home: Path
    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        self.pictures.mkdir(parents=True)
        with sqlite3.connect(self.database) as connection:
            connection.execute(f"CREATE TABLE sales ({', '.join(COLUMNS)})")
        write_settings(
            self.home,
            {
                "PRICING_LAKE_START_DATE": self.first_day.isoformat(),
                "PRICING_LAKE_END_DATE": self.last_day.isoformat(),
                "SMARTGO_URL": f"sqlite:///{self.database}",
            },
        )

    @property
    def pictures(self) -> Path:
        return self.home / "sample"

    @property
    def database(self) -> Path:
        return self.pictures / "smartgo.db"

    @property
    def stage(self) -> Stage:
        return load_stage({"PRICING_LAKE_HOME": str(self.home)})

    @property
    def lake(self) -> Lake:
        return resources_for(self.stage)["lake"].open()

    def sell(self, sale_id: str | None, day: str, **change: object) -> None:
        """One sale at noon of `day`, sound unless changed."""
        row: dict[str, object] = dict.fromkeys(COLUMNS)
        row |= {
            "sale_id": sale_id,
            "tenant_id": "acme",
            "product_id": "p1",
            "category": "shoes",
            "condition": "good",
            "sold_price": "10.00",
            "currency": "EUR",
            "sold_at": f"{day}T12:00:00Z",
            "quantity": 1,
            "updated_at": f"{day}T12:00:05Z",
        }
        self.execute(f"INSERT INTO sales VALUES ({', '.join('?' * len(COLUMNS))})", tuple((row | change).values()))

    def execute(self, sql: str, values: Sequence[object] = ()) -> None:
        with sqlite3.connect(self.database) as connection:
            connection.execute(sql, values)

    def picture(self, name: str, colour: str = "teal") -> str:
        """Draw a picture; its URL."""
        path = self.pictures / name
        image = Image.new("RGB", (96, 96), "white")
        ImageDraw.Draw(image).ellipse((12, 20, 80, 70), fill=colour, outline="black")
        image.save(path, "PNG")
        return path.as_uri()

    def run(self, days: Sequence[str], tables: Sequence[str] = CHAIN, **resources: object) -> dg.ExecuteInProcessResult:
        """One Dagster run over a range of days, as a backfill from the UI would be."""
        definitions = build_defs(self.stage, **resources)
        return dg.materialize(
            definitions.resolve_asset_graph().assets_defs,
            selection=list(tables),
            instance=dg.DagsterInstance.ephemeral(),
            tags={
                "dagster/asset_partition_range_start": days[0],
                "dagster/asset_partition_range_end": days[-1],
            },
            raise_on_error=False,
        )

    def rows(self, name: str, *columns: str) -> list[dict[str, object]]:
        """All stored rows of a table, own columns only unless named."""
        table = table_called(name)
        stored: pa.Table = self.lake.table(table).scan(selected_fields=columns or table.names).to_arrow()
        return stored.to_pylist()

    def verdict(self, name: str, day: str) -> Verdict:
        table = table_called(name)
        return VerdictStore(self.lake.proofs).latest(table.id, [day])[day]

    def reasons(self, name: str, day: str) -> Mapping[str, int]:
        return dict(self.verdict(name, day).reasons)
