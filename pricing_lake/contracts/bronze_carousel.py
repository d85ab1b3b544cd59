"""The bronze table of Carousel's sales: SmartGo's columns, rule for rule, so that silver can take both as one."""

from dataclasses import replace

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES

_OWN_COLUMNS = {
    "updated_at": replace(RAW_SMARTGO_SALES.column("updated_at"), doc="When Carousel last changed the item, UTC."),
    "deleted_at": replace(
        RAW_SMARTGO_SALES.column("deleted_at"), doc="When Carousel cancelled the sale, UTC; null while it stands."
    ),
}

RAW_CAROUSEL_SALES = replace(
    RAW_SMARTGO_SALES,
    name="raw_carousel_sales",
    grain="One row per sale of Carousel, returns and cancellations included.",
    # A lake without Carousel publishes its days empty.
    allow_empty=True,
    columns=tuple(_OWN_COLUMNS.get(column.name, column) for column in RAW_SMARTGO_SALES.columns),
)
