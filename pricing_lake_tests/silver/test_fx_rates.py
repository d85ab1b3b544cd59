"""silver/fx_rates: the rates of each day exactly as published, and none on a day without a fixing."""

from datetime import date
from decimal import Decimal

from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.silver.fx_rates import fx_rates
from pricing_lake_tests.silver.bronze_days import BronzeDays


def rates(days: BronzeDays, day: int, **by_currency: str) -> None:
    for ccy, rate in by_currency.items():
        days.tell(RAW_FX_RATES, as_of_date=date(2026, 3, day), ccy=ccy, rate=rate)


def test_rates_are_kept_to_the_last_digit_and_carried_nowhere(days: BronzeDays) -> None:
    rates(days, 2, USD="1.0823", IDR="17654.12345678", JPY="161.5")
    rates(days, 4, USD="1.0791")
    days.build([fx_rates], [2, 3, 4])
    assert [(r["as_of_date"].day, r["ccy"], r["rate"], r["base_ccy"]) for r in days.rows(FX_RATES)] == [  # type: ignore[attr-defined]
        (2, "IDR", Decimal("17654.12345678"), "EUR"),
        (2, "JPY", Decimal("161.50000000"), "EUR"),
        (2, "USD", Decimal("1.08230000"), "EUR"),
        (4, "USD", Decimal("1.07910000"), "EUR"),
    ]
    assert days.verdict(FX_RATES, 3).passed


def test_a_day_without_the_dollar_warns(days: BronzeDays) -> None:
    rates(days, 2, JPY="161.5")
    days.build([fx_rates], [2])
    assert days.warned(FX_RATES, 2) == {"usd_missing": 0}


def test_a_corrected_fixing_replaces_the_day_and_an_equal_one_changes_nothing(days: BronzeDays) -> None:
    rates(days, 2, USD="1.08")
    days.build([fx_rates], [2])
    days.sources[RAW_FX_RATES.id][0]["rate"] = "1.09"
    days.build([fx_rates], [2])
    assert [row["rate"] for row in days.rows(FX_RATES)] == [Decimal("1.09")]
    assert days.make(fx_rates, [2]).snapshot_id is None
    assert len(days.lake.table(FX_RATES).snapshots()) == 2


def test_a_day_whose_bronze_is_missing_is_refused(days: BronzeDays) -> None:
    refused = days.make(fx_rates, [2]).refused
    assert "bronze/raw_fx_rates 2026-03-02 is not published" in refused[0].explain()
