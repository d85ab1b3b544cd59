-- question: What has a customer brought so far, by the segment they were in when they first paid?
-- reads: gold/fact_orders, gold/dim_customer
-- param period_start: year_ago — first instant of the period, UTC; customers who first paid since then count
-- param period_end: this_month — first instant after the period, UTC; what came later is not known
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-01-01 period_end=2026-04-01
-- answer: tenant_id | segment | customers | orders | value_usd | value_per_customer_usd | largest_value_usd
-- answer: acme | new | 2 | 5 | 550.00 | 275 | 475.00
-- answer: acme | unknown | 1 | 1 | 0.00 | 0 | 0.00
-- answer: acme | vip | 1 | 3 | 206.50 | 206.5 | 206.50
-- answer: bolt | new | 1 | 1 | 20.00 | 20 | 20.00

WITH payments AS (
    SELECT
        tenant_id,
        customer_id,
        customer_sk,
        event_ts,
        status,
        CASE WHEN status = 'PAID' THEN coalesce(amount_usd, 0) ELSE -coalesce(amount_usd, 0) END AS received_usd
    FROM fact_orders
    WHERE event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND (
            (status = 'PAID' AND previous_status IS DISTINCT FROM 'PAID')
            OR (status = 'CANCELLED' AND previous_status IN ('PAID', 'SHIPPED'))
        )
),

customers AS (
    SELECT
        tenant_id,
        customer_id,
        min_by(customer_sk, event_ts) AS first_customer_sk,
        min(event_ts) AS first_paid_at,
        count_if(status = 'PAID') AS orders,
        sum(received_usd) AS value_usd
    FROM payments
    GROUP BY tenant_id, customer_id
)

SELECT
    customers.tenant_id,
    coalesce(dim_customer.segment, 'unknown') AS segment,
    count(*) AS customers,
    CAST(sum(customers.orders) AS bigint) AS orders,
    CAST(sum(customers.value_usd) AS decimal(18, 2)) AS value_usd,
    CAST(sum(customers.value_usd) AS double) / count(*) AS value_per_customer_usd,
    CAST(max(customers.value_usd) AS decimal(18, 2)) AS largest_value_usd
FROM customers
LEFT JOIN dim_customer ON dim_customer.customer_sk = customers.first_customer_sk
WHERE customers.first_paid_at >= :period_start
GROUP BY 1, 2
ORDER BY 1, 2
