-- question: On which days did a currency that orders use have no rate, or an old one?
-- reads: gold/fact_orders, gold/dim_date, gold/dim_fx
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param max_staleness_days: 4 — days that a rate may be old; over Easter the newest one is four days old
-- param lookback_days: 90 — a currency is in use when an order of so many days before the period's end had it
-- example: period_start=2026-03-04 period_end=2026-03-07 lookback_days=7
-- answer: day | currency | problem | rate_date | staleness_days | orders_of_day
-- answer: 2026-03-04 | GBP | missing | null | null | 0
-- answer: 2026-03-06 | EUR | stale | 2026-03-01 | 5 | 0
-- answer: 2026-03-06 | GBP | missing | null | null | 0

WITH orders AS (
    SELECT
        order_date,
        currency,
        count(DISTINCT order_id) AS orders
    FROM fact_orders
    WHERE event_ts >= least(date_add('day', -:lookback_days, :period_end), :period_start)
        AND event_ts < :period_end
        AND currency <> 'USD'
    GROUP BY order_date, currency
),

expected AS (
    SELECT
        dim_date."date" AS day,
        currencies.currency
    FROM dim_date
    CROSS JOIN (SELECT DISTINCT currency FROM orders) AS currencies
    WHERE dim_date."date" >= CAST(:period_start AS date)
        AND dim_date."date" < CAST(:period_end AS date)
)

SELECT
    expected.day,
    expected.currency,
    CASE WHEN dim_fx.rate_date IS NULL THEN 'missing' ELSE 'stale' END AS problem,
    dim_fx.rate_date,
    dim_fx.staleness_days,
    coalesce(orders.orders, 0) AS orders_of_day
FROM expected
LEFT JOIN dim_fx
    ON dim_fx.as_of_date = expected.day
    AND dim_fx.ccy = expected.currency
LEFT JOIN orders
    ON orders.order_date = expected.day
    AND orders.currency = expected.currency
WHERE dim_fx.rate_date IS NULL
    OR dim_fx.staleness_days > :max_staleness_days
ORDER BY expected.day, expected.currency
