"""The sample's made-up rates are read as the ECB's own, and are the same for the same day in every sample."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pricing_lake.sample.rates import write_rates
from pricing_lake.sample.sales import CURRENCIES
from pricing_lake.sources.fx import EcbRates
from pricing_lake.sources.window import Window, read_whole


def rates_of(folder: Path, first: date, last: date) -> list[dict[str, object]]:
    lo, hi = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last))
    rows, control = read_whole(EcbRates(folder.as_uri()), Window(lo, hi))
    assert control.rows == rows.num_rows
    return rows.to_pylist()


def test_weekdays_have_the_currencies_of_the_shops_near_what_prices_were_made_with(tmp_path: Path) -> None:
    write_rates(tmp_path, date(2026, 3, 2), date(2026, 3, 31))
    found = rates_of(tmp_path, date(2026, 3, 2), date(2026, 4, 1))
    wanted = {currency.code: currency.per_euro for currency in CURRENCIES if currency.code != "EUR"}
    assert len(found) == 22 * len(wanted)
    assert all(float(str(row["rate"])) == pytest.approx(wanted[str(row["ccy"])], rel=0.03) for row in found)


def test_a_sample_that_begins_on_a_saturday_has_rates_for_it(tmp_path: Path) -> None:
    write_rates(tmp_path, date(2026, 2, 28), date(2026, 3, 2))
    found = rates_of(tmp_path, date(2026, 2, 28), date(2026, 3, 3))
    assert {row["as_of_date"] for row in found} == {date(2026, 2, 28), date(2026, 3, 2)}


def test_a_day_has_the_same_rates_in_every_sample(tmp_path: Path) -> None:
    write_rates(tmp_path / "long", date(2025, 1, 1), date(2026, 3, 6))
    write_rates(tmp_path / "short", date(2026, 3, 4), date(2026, 3, 4))
    wednesday = (date(2026, 3, 4), date(2026, 3, 5))
    assert rates_of(tmp_path / "long", *wednesday) == rates_of(tmp_path / "short", *wednesday) != []
