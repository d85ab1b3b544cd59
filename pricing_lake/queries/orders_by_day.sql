-- question: How many orders took which status on which day?
-- reads: gold/fact_orders
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-03-01 period_end=2026-04-01
-- answer: day | tenant_id | status | orders
-- answer: 2026-03-02 | acme | PLACED | 2
-- answer: 2026-03-03 | acme | PAID | 1
-- answer: 2026-03-05 | acme | PAID | 1
-- answer: 2026-03-05 | acme | PLACED | 1
-- answer: 2026-03-08 | bolt | SHIPPED | 1

SELECT
    order_date AS day,
    tenant_id,
    status,
    count(DISTINCT order_id) AS orders
FROM fact_orders
WHERE event_ts >= :period_start
    AND event_ts < :period_end
    AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
GROUP BY order_date, tenant_id, status
ORDER BY day, tenant_id, status
