-- question: What came in on each day, by currency and in dollars, less what was paid back?
-- reads: gold/fact_orders
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-02-01 period_end=2026-03-01
-- answer: day | tenant_id | currency | paid_orders | refunded_orders | revenue | revenue_usd | orders_without_rate
-- answer: 2026-02-04 | acme | EUR | 1 | 0 | 200.00 | 240.00 | 0
-- answer: 2026-02-10 | acme | USD | 1 | 0 | 80.00 | 80.00 | 0
-- answer: 2026-02-20 | acme | GBP | 1 | 0 | 60.00 | 90.00 | 0
-- answer: 2026-02-22 | acme | GBP | 0 | 1 | -60.00 | -90.00 | 0
-- answer: 2026-02-25 | acme | XTS | 1 | 0 | 30.00 | null | 1

-- Money comes in when an order is paid, and goes back when a paid one is cancelled.
WITH payments AS (
    SELECT
        order_date AS day,
        tenant_id,
        currency,
        status,
        amount_usd,
        CASE WHEN status = 'PAID' THEN amount ELSE -amount END AS received,
        CASE WHEN status = 'PAID' THEN amount_usd ELSE -amount_usd END AS received_usd
    FROM fact_orders
    WHERE event_ts >= :period_start
        AND event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND (
            (status = 'PAID' AND previous_status IS DISTINCT FROM 'PAID')
            OR (status = 'CANCELLED' AND previous_status IN ('PAID', 'SHIPPED'))
        )
)

SELECT
    day,
    tenant_id,
    currency,
    count_if(status = 'PAID') AS paid_orders,
    count_if(status = 'CANCELLED') AS refunded_orders,
    CAST(sum(received) AS decimal(18, 2)) AS revenue,
    CAST(sum(received_usd) AS decimal(18, 2)) AS revenue_usd,
    count_if(amount_usd IS NULL) AS orders_without_rate
FROM payments
GROUP BY day, tenant_id, currency
ORDER BY day, tenant_id, currency
