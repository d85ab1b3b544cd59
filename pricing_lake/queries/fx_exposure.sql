-- question: How much of the revenue is in which currency, and what would a fall of that currency cost?
-- reads: gold/fact_orders, gold/dim_fx
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- param fall: 0.10 — part of its value that a currency is supposed to lose against the dollar
-- example: period_start=2026-01-01 period_end=2026-04-01 tenant_id=acme
-- answer: tenant_id | currency | revenue | revenue_usd | share_of_revenue | cost_of_fall_usd | lowest_rate | highest_rate
-- answer: acme | EUR | 450.00 | 537.50 | 0.7105 | 53.75 | 1.05 | 1.25
-- answer: acme | GBP | 90.00 | 139.00 | 0.1837 | 13.9 | 1.45 | 1.6
-- answer: acme | USD | 80.00 | 80.00 | 0.1058 | 0 | null | null
-- answer: acme | XTS | 30.00 | null | null | null | null | null

WITH revenue AS (
    SELECT
        tenant_id,
        currency,
        sum(CASE WHEN status = 'PAID' THEN amount ELSE -amount END) AS revenue,
        sum(CASE WHEN status = 'PAID' THEN amount_usd ELSE -amount_usd END) AS revenue_usd
    FROM fact_orders
    WHERE event_ts >= :period_start
        AND event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND (
            (status = 'PAID' AND previous_status IS DISTINCT FROM 'PAID')
            OR (status = 'CANCELLED' AND previous_status IN ('PAID', 'SHIPPED'))
        )
    GROUP BY tenant_id, currency
),

rates AS (
    SELECT
        ccy,
        min(rate_to_usd) AS lowest_rate,
        max(rate_to_usd) AS highest_rate
    FROM dim_fx
    WHERE as_of_date >= CAST(:period_start AS date)
        AND as_of_date < CAST(:period_end AS date)
    GROUP BY ccy
)

SELECT
    revenue.tenant_id,
    revenue.currency,
    CAST(revenue.revenue AS decimal(18, 2)) AS revenue,
    CAST(revenue.revenue_usd AS decimal(18, 2)) AS revenue_usd,
    CAST(revenue.revenue_usd AS double)
        / nullif(CAST(sum(revenue.revenue_usd) OVER (PARTITION BY revenue.tenant_id) AS double), 0) AS share_of_revenue,
    CASE
        WHEN revenue.currency = 'USD' THEN 0e0
        ELSE CAST(revenue.revenue_usd AS double) * CAST(:fall AS double)
    END AS cost_of_fall_usd,
    CAST(rates.lowest_rate AS double) AS lowest_rate,
    CAST(rates.highest_rate AS double) AS highest_rate
FROM revenue
LEFT JOIN rates ON rates.ccy = revenue.currency
ORDER BY revenue.tenant_id, revenue.revenue_usd DESC, revenue.currency
