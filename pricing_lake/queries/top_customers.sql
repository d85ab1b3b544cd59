-- question: Which customers brought most, and what part of all revenue is theirs?
-- reads: gold/fact_orders, gold/dim_customer
-- param period_start: year_ago — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- param top_n: 50 — customers kept per tenant
-- example: period_start=2026-01-01 period_end=2026-04-01 tenant_id=acme top_n=3
-- answer: tenant_id | place | customer_id | country | segment | orders | revenue_usd | share_of_revenue
-- answer: acme | 1 | c1 | SE | vip | 3 | 475.00 | 0.6279
-- answer: acme | 2 | c3 | SE | vip | 3 | 206.50 | 0.273
-- answer: acme | 3 | c2 | null | null | 2 | 75.00 | 0.0991

WITH customers AS (
    SELECT
        tenant_id,
        customer_id,
        count_if(status = 'PAID') AS orders,
        -- What has no rate counts as nothing: better a customer too low than one that is not ranked at all.
        sum(CASE WHEN status = 'PAID' THEN coalesce(amount_usd, 0) ELSE -coalesce(amount_usd, 0) END) AS revenue_usd
    FROM fact_orders
    WHERE event_ts >= :period_start
        AND event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND (
            (status = 'PAID' AND previous_status IS DISTINCT FROM 'PAID')
            OR (status = 'CANCELLED' AND previous_status IN ('PAID', 'SHIPPED'))
        )
    GROUP BY tenant_id, customer_id
),

ranked AS (
    SELECT
        tenant_id,
        customer_id,
        orders,
        revenue_usd,
        sum(revenue_usd) OVER (PARTITION BY tenant_id) AS all_revenue_usd,
        rank() OVER (PARTITION BY tenant_id ORDER BY revenue_usd DESC) AS place
    FROM customers
)

SELECT
    ranked.tenant_id,
    ranked.place,
    ranked.customer_id,
    dim_customer.country,
    dim_customer.segment,
    ranked.orders,
    CAST(ranked.revenue_usd AS decimal(18, 2)) AS revenue_usd,
    CAST(ranked.revenue_usd AS double) / nullif(CAST(ranked.all_revenue_usd AS double), 0) AS share_of_revenue
FROM ranked
LEFT JOIN dim_customer
    ON dim_customer.tenant_id = ranked.tenant_id
    AND dim_customer.customer_id = ranked.customer_id
    AND dim_customer.is_current
WHERE ranked.place <= :top_n
ORDER BY ranked.tenant_id, ranked.place, ranked.customer_id
