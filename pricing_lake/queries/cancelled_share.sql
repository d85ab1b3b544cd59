-- question: In which categories are orders cancelled most, and how often after they were paid?
-- reads: gold/fact_orders
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-01-01 period_end=2026-04-01
-- answer: tenant_id | category | orders | cancelled_orders | cancelled_after_payment | cancelled_share
-- answer: acme | bags | 3 | 2 | 1 | 0.6667
-- answer: acme | shoes | 8 | 0 | 0 | 0
-- answer: bolt | shoes | 2 | 0 | 0 | 0

WITH orders AS (
    SELECT
        tenant_id,
        order_id,
        max(coalesce(category, 'unknown')) AS category,
        count_if(status = 'CANCELLED') > 0 AS is_cancelled,
        count_if(status = 'CANCELLED' AND previous_status IN ('PAID', 'SHIPPED')) > 0 AS was_paid
    FROM fact_orders
    WHERE event_ts >= :period_start
        AND event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY tenant_id, order_id
)

SELECT
    tenant_id,
    category,
    count(*) AS orders,
    count_if(is_cancelled) AS cancelled_orders,
    count_if(was_paid) AS cancelled_after_payment,
    CAST(count_if(is_cancelled) AS double) / count(*) AS cancelled_share
FROM orders
GROUP BY tenant_id, category
ORDER BY tenant_id, cancelled_share DESC, category
