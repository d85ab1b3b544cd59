-- question: What is an order worth on average, month by month?
-- reads: gold/fact_orders
-- param period_start: year_ago — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-02-01 period_end=2026-04-01
-- answer: month | tenant_id | currency | orders | revenue | average_order_value | average_order_value_usd
-- answer: 2026-02-01 | acme | EUR | 1 | 200.00 | 200 | 240
-- answer: 2026-02-01 | acme | GBP | 1 | 60.00 | 60 | 90
-- answer: 2026-02-01 | acme | USD | 1 | 80.00 | 80 | 80
-- answer: 2026-02-01 | acme | XTS | 1 | 30.00 | 30 | null
-- answer: 2026-03-01 | acme | EUR | 2 | 150.00 | 75 | 93.75
-- answer: 2026-03-01 | acme | GBP | 1 | 40.00 | 40 | 64

SELECT
    CAST(date_trunc('month', order_date) AS date) AS month,
    tenant_id,
    currency,
    count(*) AS orders,
    CAST(sum(amount) AS decimal(18, 2)) AS revenue,
    CAST(sum(amount) AS double) / count(*) AS average_order_value,
    CAST(sum(amount_usd) AS double) / count(amount_usd) AS average_order_value_usd
FROM fact_orders
WHERE event_ts >= :period_start
    AND event_ts < :period_end
    AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    AND status = 'PAID'
    AND previous_status IS DISTINCT FROM 'PAID'
GROUP BY 1, tenant_id, currency
ORDER BY month, tenant_id, currency
