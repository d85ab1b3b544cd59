-- question: How many of the customers who paid in the period did so more than once?
-- reads: gold/fact_orders
-- param period_start: year_ago — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-01-01 period_end=2026-04-01
-- answer: tenant_id | customers | repeat_customers | repeat_rate | orders_per_customer
-- answer: acme | 4 | 3 | 0.75 | 2.25
-- answer: bolt | 1 | 0 | 0 | 1

WITH customers AS (
    SELECT
        tenant_id,
        customer_id,
        count(DISTINCT order_id) AS orders
    FROM fact_orders
    WHERE event_ts >= :period_start
        AND event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND status = 'PAID'
    GROUP BY tenant_id, customer_id
)

SELECT
    tenant_id,
    count(*) AS customers,
    count_if(orders > 1) AS repeat_customers,
    CAST(count_if(orders > 1) AS double) / count(*) AS repeat_rate,
    CAST(sum(orders) AS double) / count(*) AS orders_per_customer
FROM customers
GROUP BY tenant_id
ORDER BY tenant_id
