-- question: Which orders look like another one placed twice: same customer, product and amount, minutes apart?
-- reads: gold/fact_orders
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- param within_minutes: 10 — how far apart two orders may be placed to look like one
-- example: period_start=2026-01-01 period_end=2026-04-01
-- answer: tenant_id | customer_id | product_id | amount | currency | previous_order_id | order_id | placed_at | minutes_apart
-- answer: acme | c1 | p1 | 100.00 | EUR | o9 | o10 | 2026-03-02 10:05 | 5

WITH placed AS (
    SELECT
        tenant_id,
        customer_id,
        product_id,
        amount,
        currency,
        order_id,
        event_ts,
        lag(order_id) OVER same_purchase AS previous_order_id,
        lag(event_ts) OVER same_purchase AS previous_placed_at
    FROM fact_orders
    WHERE event_ts >= :period_start
        AND event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND status = 'PLACED'
    WINDOW same_purchase AS (
        PARTITION BY tenant_id, customer_id, product_id, amount, currency ORDER BY event_ts, order_id
    )
)

SELECT
    tenant_id,
    customer_id,
    product_id,
    amount,
    currency,
    previous_order_id,
    order_id,
    event_ts AS placed_at,
    CAST(date_diff('second', previous_placed_at, event_ts) AS double) / 60 AS minutes_apart
FROM placed
WHERE previous_order_id <> order_id
    AND date_diff('second', previous_placed_at, event_ts) <= 60 * :within_minutes
ORDER BY tenant_id, event_ts, order_id
