-- question: How does every order stand that something became of in the period?
-- reads: silver/orders
-- param period_start: last_month — first instant of the period, UTC; orders without an event since are left out
-- param period_end: today — first instant after the period, UTC; orders are shown as they stood then
-- param tenant_id: null — one tenant; null means every tenant
-- param status: null — one status, such as PAID; null means every status
-- example: period_start=2026-03-01 period_end=2026-04-01
-- answer: tenant_id | order_id | customer_id | product_id | category | amount | currency | status | status_since | hours_in_status | paid_at | previous_status | source
-- answer: acme | o10 | c1 | p1 | shoes | 100.00 | EUR | PLACED | 2026-03-02 10:05 | 709 | null | null | kafka
-- answer: acme | o9 | c1 | p1 | shoes | 100.00 | EUR | PAID | 2026-03-03 10:00 | 686 | 2026-03-03 10:00 | PLACED | kafka
-- answer: acme | o11 | c3 | p2 | shoes | 40.00 | GBP | PAID | 2026-03-05 11:00 | 637 | 2026-03-05 11:00 | PLACED | kafka

WITH events AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY tenant_id, order_id ORDER BY event_ts DESC) AS place
    FROM orders
    WHERE event_ts >= :period_start
        AND event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
)

SELECT
    tenant_id,
    order_id,
    customer_id,
    product_id,
    category,
    amount,
    currency,
    status,
    event_ts AS status_since,
    date_diff('hour', event_ts, :period_end) AS hours_in_status,
    paid_at,
    previous_status,
    source
FROM events
WHERE place = 1
    AND (:status IS NULL OR status = :status)
ORDER BY tenant_id, event_ts, order_id
