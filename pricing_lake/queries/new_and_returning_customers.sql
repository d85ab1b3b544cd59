-- question: How many customers of a month were new, and how much did they and the returning ones spend?
-- reads: gold/fact_orders
-- param period_start: year_ago — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-01-01 period_end=2026-04-01
-- answer: month | tenant_id | new_customers | returning_customers | new_revenue_usd | returning_revenue_usd
-- answer: 2026-01-01 | acme | 2 | 0 | 185.00 | 0.00
-- answer: 2026-01-01 | bolt | 1 | 0 | 20.00 | 0.00
-- answer: 2026-02-01 | acme | 2 | 2 | 80.00 | 330.00
-- answer: 2026-03-01 | acme | 0 | 2 | 0.00 | 251.50

-- Everything before the period is read as well: it says who is new.
WITH paid AS (
    SELECT
        CAST(date_trunc('month', order_date) AS date) AS month,
        tenant_id,
        customer_id,
        amount_usd,
        min(event_ts) OVER (PARTITION BY tenant_id, customer_id) AS first_paid_at,
        event_ts
    FROM fact_orders
    WHERE event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND status = 'PAID'
        AND previous_status IS DISTINCT FROM 'PAID'
),

customers AS (
    SELECT
        month,
        tenant_id,
        customer_id,
        sum(amount_usd) AS revenue_usd,
        date_trunc('month', min(first_paid_at)) = date_trunc('month', min(event_ts)) AS is_new
    FROM paid
    WHERE event_ts >= :period_start
    GROUP BY month, tenant_id, customer_id
)

SELECT
    month,
    tenant_id,
    count_if(is_new) AS new_customers,
    count_if(NOT is_new) AS returning_customers,
    CAST(coalesce(sum(revenue_usd) FILTER (WHERE is_new), 0) AS decimal(18, 2)) AS new_revenue_usd,
    CAST(coalesce(sum(revenue_usd) FILTER (WHERE NOT is_new), 0) AS decimal(18, 2)) AS returning_revenue_usd
FROM customers
GROUP BY month, tenant_id
ORDER BY month, tenant_id
