"""tenant_month_sales against sums done on paper and the file sizes that Iceberg itself lists."""

from pathlib import Path

from pricing_lake_tests.marts.small_lake import (
    DECEMBER,
    NOV,
    NOVEMBER,
    OCT,
    OCTOBER,
    SmallLake,
    assert_each_month_alone,
    assert_rows,
    money,
)

MART = "tenant_month_sales"


# One file per tenant and month: acme has 7 months, bolt 3, and November of acme was appended to once more.
FILES_TOTAL = 7 + 3 + 1


def test_figures_of_october(lake: SmallLake) -> None:
    acme, bolt = _bytes(lake, "acme", 2025, 10), _bytes(lake, "bolt", 2025, 10)
    assert_rows(
        lake.ask(MART, OCTOBER, NOVEMBER),
        [
            (OCT, "acme", "EUR", 5, money("500.00"), 1, acme, FILES_TOTAL),
            (OCT, "acme", "USD", 1, money("500.00"), 1, acme, FILES_TOTAL),
            (OCT, "bolt", "EUR", 1, money("30.00"), 1, bolt, FILES_TOTAL),
        ],
    )


def test_every_file_of_a_month_counts(lake: SmallLake) -> None:
    acme = _bytes(lake, "acme", 2025, 11)
    assert_rows(
        lake.ask(MART, NOVEMBER, DECEMBER, tenant_id="acme"),
        [(NOV, "acme", "EUR", 4, money("600.00"), 2, acme, FILES_TOTAL)],
    )


def _bytes(lake: SmallLake, tenant: str, year: int, month: int) -> int:
    """Sizes on disk of the files in one partition, months counted from January 1970."""
    partition = {"tenant_id": tenant, "sold_date_month": (year - 1970) * 12 + month - 1}
    files = lake.tables["silver/sales_history"].inspect.files().to_pylist()
    paths = [Path(file["file_path"].removeprefix("file://")) for file in files if file["partition"] == partition]
    assert paths
    return sum(path.stat().st_size for path in paths)


def test_two_months_at_once_are_the_two_alone(lake: SmallLake) -> None:
    assert_each_month_alone(lake, MART)
