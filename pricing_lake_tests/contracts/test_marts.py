"""Rules of the marts' contracts that hold several values against each other: each is broken by one small wrong."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from pricing_lake.contracts.all import table_called
from pricing_lake.contracts.model import Rule, Scope

OCT = date(2025, 10, 1)


def _shares(name: str, *values: float) -> list[dict[str, Any]]:
    whole = {"month": OCT, "tenant_id": "acme", "currency": "EUR", "category": "bag"}
    return [whole | {name: value} for value in values]


def _ranks(*ranks: int) -> list[dict[str, Any]]:
    sale = {"day": OCT, "tenant_id": "acme", "source": "smartgo", "sale_id": "a1"}
    return [sale | {"rank": rank} for rank in ranks]


def _quantiles(*values: float) -> list[dict[str, Any]]:
    return [dict(zip(("min_price", "p05", "p25", "p50", "p75", "p95", "max_price"), values, strict=True))]


def _counts(rows_in: int, good: int) -> list[dict[str, Any]]:
    others = {"quarantined_rows": 2, "duplicate_rows": 1, "excluded_rows": None}
    return [{"rows_in": rows_in, "good_rows": good} | others]


CASES = [
    (
        "sales_by_category_month",
        "share_of_month_sum_not_1",
        _shares("share_of_month", 0.8, 0.2),
        _shares("share_of_month", 0.8, 0.1),
    ),
    ("condition_impact", "share_sum_not_1", _shares("share", 0.1, 0.2, 0.7), _shares("share", 1.0, 1.0)),
    (
        "category_brand_matrix",
        "share_of_category_sum_not_1",
        _shares("share_of_category", 1.0),
        _shares("share_of_category", 0.5),
    ),
    ("comparables", "rank_has_gaps", _ranks(2, 1, 3), _ranks(1, 3)),
    ("comparables", "comp_not_earlier", [{"age_days": 1}], [{"age_days": 0}]),
    ("comparables", "similarity_outside_minus_1_1", [{"similarity": -1.0}], [{"similarity": 1.1}]),
    (
        "price_distribution",
        "quantiles_out_of_order",
        _quantiles(1, 1, 2, 3, 3, 4, 5),
        _quantiles(1, 1, 3, 2, 3, 4, 5),
    ),
    ("price_distribution", "histogram_not_20_buckets", [{"histogram": [0] * 20}], [{"histogram": [0] * 19}]),
    (
        "monthly_sales_trend",
        "rolling_3m_revenue_below_revenue",
        [{"revenue": 5, "rolling_3m_revenue": 5}],
        [{"revenue": 5, "rolling_3m_revenue": 4}],
    ),
    (
        "tenant_month_sales",
        "files_scanned_above_total",
        [{"files_scanned": 2, "files_total": 2}],
        [{"files_scanned": 3, "files_total": 2}],
    ),
    (
        "season_performance",
        "year_not_of_month",
        [{"month": OCT, "year": 2025}],
        [{"month": OCT, "year": 2024}],
    ),
    ("season_performance", "month_not_first_day", [{"month": OCT}], [{"month": date(2025, 10, 2)}]),
    ("data_quality_daily", "row_counts_do_not_add_up", _counts(10, 7), _counts(10, 8)),
]


@pytest.mark.parametrize(("mart", "rule", "good", "bad"), CASES, ids=lambda case: case if isinstance(case, str) else "")
def test_rule_tells_good_from_bad(mart: str, rule: str, good: list[dict[str, Any]], bad: list[dict[str, Any]]) -> None:
    judge = next(candidate for candidate in table_called(f"marts/{mart}").all_rules if candidate.name == rule)
    assert _holds(judge, good)
    assert not _holds(judge, bad)


def _holds(rule: Rule, rows: list[dict[str, Any]]) -> bool:
    """The rule's answer, seeing no more columns than it names."""
    frame = pl.DataFrame(rows).select(sorted(set(rule.expression.meta.root_names())))
    answers = frame.select(rule.expression.fill_null(value=True)).to_series()
    assert rule.scope is Scope.ROW or answers.len() == 1
    return bool(answers.all())
