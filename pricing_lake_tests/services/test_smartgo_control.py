"""What a PostgreSQL or MariaDB shop says of a window beside its rows, and that the gate finds the same in the rows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pricing_lake.sources.changed_days import ChangedDays
from pricing_lake_tests.services.mariadb_shop import MariaDbShop, mariadb_shop
from pricing_lake_tests.services.postgres_shop import PostgresShop, postgres_shop
from pricing_lake_tests.sources.sales import DAY, NEXT_DAY, control_of, judged_control

pytestmark = pytest.mark.services

Shop = PostgresShop | MariaDbShop
ODD_PRICES = ["cheap", "NaN", " 7 ", "1e2", "", "12.50", None]


@pytest.fixture(params=["postgres", "mariadb"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    url = request.getfixturevalue(f"{request.param}_url")
    opened = postgres_shop if request.param == "postgres" else mariadb_shop
    with opened(url) as shop:
        yield shop


def test_the_extremes_are_those_of_the_window(shop: Shop) -> None:
    for moment, price in (
        ("2026-11-01T00:00:00Z", "9"),
        ("2026-11-01T12:00:00Z", "10.50"),
        ("2026-11-02T00:00:00Z", "99"),
    ):
        shop.add(sold_at=moment, updated_at=moment, sold_price=price)
    ranges = control_of(shop.source()).ranges
    assert ranges["sold_price"] == (Decimal(9), Decimal("10.50"))
    first, last = (str(moment)[:19] for moment in ranges["sold_at"])
    assert (first, last) == ("2026-11-01 00:00:00", "2026-11-01 12:00:00")


def test_no_rows_have_no_extremes_and_no_times(shop: Shop) -> None:
    control = control_of(shop.source(), NEXT_DAY)
    assert (control.rows, control.total, dict(control.ranges), control.updates) == (0, Decimal(0), {}, None)


def test_clean_rows_are_held_against_every_figure(shop: Shop) -> None:
    for price in ("1.10", "2.20", "0.05"):
        shop.add(sold_price=price)
    with shop.source().read(DAY) as read:
        assert judged_control(read) == dict.fromkeys(
            (
                "count_law",
                "control_total_sold_price",
                "control_min_sold_price",
                "control_max_sold_price",
                "control_min_sold_at",
                "control_max_sold_at",
            ),
            True,
        )


@pytest.mark.parametrize("price", ODD_PRICES)
def test_whatever_price_a_text_column_holds_the_gate_agrees(request: pytest.FixtureRequest, price: str | None) -> None:
    for server, opened in (("postgres", postgres_shop), ("mariadb", mariadb_shop)):
        with opened(request.getfixturevalue(f"{server}_url"), sold_price="varchar(40)") as shop:
            shop.add(sold_price=price)
            shop.add(sold_price="3.00")
            with shop.source().read(DAY) as read:
                assert set(judged_control(read).values()) == {True}


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "5000-01-01 00:00:00+00", None])
def test_moments_beyond_any_calendar_are_the_same_to_the_gate(postgres_url: str, moment: str | None) -> None:
    with postgres_shop(postgres_url) as shop:
        shop.add(sold_at=moment)
        shop.add(updated_at=moment)
        with shop.source().read(DAY) as read:
            assert set(judged_control(read).values()) == {True}
        assert control_of(shop.source()).updates is not None


@pytest.mark.parametrize("moment", ["0000-00-00", "2026-11-00", "2026-02-31", None])
def test_days_of_no_calendar_are_the_same_to_the_gate(mariadb_url: str, moment: str | None) -> None:
    for kind in ("datetime", "datetime(3)", "date"):
        with mariadb_shop(mariadb_url, sold_at=f"{kind} NULL", updated_at="datetime(6) NULL") as shop:
            shop.add(sold_at=moment)
            shop.add(updated_at=moment)
            with shop.source().read(DAY) as read:
                assert set(judged_control(read).values()) == {True}


def test_an_update_within_the_same_second_changes_the_figures(shop: Shop) -> None:
    shop.add(sale_id="a", updated_at="2026-11-01T12:00:00.000001Z")
    shop.add(sale_id="b")
    before = shop.source().control(DAY).figures
    table = "{shop}.sales" if isinstance(shop, PostgresShop) else "sales"
    shop.execute(f"UPDATE {table} SET updated_at = '2026-11-01 12:00:00.000002' WHERE sale_id = 'a'")
    after = shop.source().control(DAY).figures
    assert {name for name in before if before[name] != after[name]} == {"updates"}


def test_a_wider_type_alone_changes_no_figure(shop: Shop) -> None:
    shop.add()
    before = shop.source().control(DAY).figures
    if isinstance(shop, PostgresShop):
        shop.execute("ALTER TABLE {shop}.sales ALTER COLUMN sold_price TYPE numeric(14,4)")
    else:
        shop.execute("ALTER TABLE sales MODIFY sold_price decimal(14,4)")
    assert shop.source().control(DAY).figures == before


def test_columns_are_told_in_full_and_the_unread_ones_by_name(shop: Shop) -> None:
    table = "{shop}.sales" if isinstance(shop, PostgresShop) else "sales"
    shop.execute(f"ALTER TABLE {table} ADD COLUMN tier varchar(7)")
    control = control_of(shop.source())
    kinds = (
        ("numeric(10,2)", "character varying(7)") if isinstance(shop, PostgresShop) else ("decimal(10,2)", "varchar(7)")
    )
    assert (control.columns["sold_price"], control.columns["tier"]) == kinds
    assert control.unread == ("tier",)


def test_the_clock_is_the_server_s_and_can_be_asked(shop: Shop) -> None:
    source = shop.source()
    assert isinstance(source, ChangedDays)
    assert abs((source.now() - datetime.now(UTC)).total_seconds()) < 5
    assert source.now().tzinfo is UTC
    shop.add()
    assert source.control(DAY) == control_of(source)
