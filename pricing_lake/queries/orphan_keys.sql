-- question: How many facts have a key that their dimension does not hold (any more), and how many know no member?
-- reads: gold/fact_sales, gold/fact_orders, gold/fact_behavior, gold/dim_customer, gold/dim_product, gold/dim_date
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-01-01 period_end=2026-04-01
-- answer: fact | dimension | facts | unknown_members | orphans
-- answer: gold/fact_behavior | gold/dim_customer | 8 | 2 | 0
-- answer: gold/fact_behavior | gold/dim_date | 8 | 0 | 0
-- answer: gold/fact_behavior | gold/dim_product | 8 | 1 | 0
-- answer: gold/fact_orders | gold/dim_customer | 26 | 2 | 0
-- answer: gold/fact_orders | gold/dim_date | 26 | 0 | 0
-- answer: gold/fact_orders | gold/dim_product | 26 | 0 | 2
-- answer: gold/fact_sales | gold/dim_customer | 3 | 2 | 0
-- answer: gold/fact_sales | gold/dim_date | 3 | 0 | 0
-- answer: gold/fact_sales | gold/dim_product | 3 | 0 | 1

-- The gate refuses orphans when a day is published; a dimension that changed since can still leave some behind.
WITH used AS (
    SELECT 'gold/fact_sales' AS fact, 'gold/dim_customer' AS dimension, customer_sk AS used_key, count(*) AS facts
    FROM fact_sales
    WHERE sold_date >= :period_start AND sold_date < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY customer_sk
    UNION ALL
    SELECT 'gold/fact_sales', 'gold/dim_product', product_sk, count(*)
    FROM fact_sales
    WHERE sold_date >= :period_start AND sold_date < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY product_sk
    UNION ALL
    SELECT 'gold/fact_sales', 'gold/dim_date', CAST(date_sk AS bigint), count(*)
    FROM fact_sales
    WHERE sold_date >= :period_start AND sold_date < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY date_sk
    UNION ALL
    SELECT 'gold/fact_orders', 'gold/dim_customer', customer_sk, count(*)
    FROM fact_orders
    WHERE event_ts >= :period_start AND event_ts < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY customer_sk
    UNION ALL
    SELECT 'gold/fact_orders', 'gold/dim_product', product_sk, count(*)
    FROM fact_orders
    WHERE event_ts >= :period_start AND event_ts < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY product_sk
    UNION ALL
    SELECT 'gold/fact_orders', 'gold/dim_date', CAST(date_sk AS bigint), count(*)
    FROM fact_orders
    WHERE event_ts >= :period_start AND event_ts < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY date_sk
    UNION ALL
    SELECT 'gold/fact_behavior', 'gold/dim_customer', customer_sk, count(*)
    FROM fact_behavior
    WHERE event_ts >= :period_start AND event_ts < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY customer_sk
    UNION ALL
    SELECT 'gold/fact_behavior', 'gold/dim_product', product_sk, count(*)
    FROM fact_behavior
    WHERE event_ts >= :period_start AND event_ts < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY product_sk
    UNION ALL
    SELECT 'gold/fact_behavior', 'gold/dim_date', CAST(date_sk AS bigint), count(*)
    FROM fact_behavior
    WHERE event_ts >= :period_start AND event_ts < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY date_sk
),

held AS (
    SELECT 'gold/dim_customer' AS dimension, customer_sk AS held_key FROM dim_customer
    UNION ALL
    SELECT 'gold/dim_product', product_sk FROM dim_product
    UNION ALL
    SELECT 'gold/dim_date', CAST(date_sk AS bigint) FROM dim_date
)

SELECT
    used.fact,
    used.dimension,
    CAST(sum(used.facts) AS bigint) AS facts,
    CAST(coalesce(sum(used.facts) FILTER (WHERE used.used_key = -1), 0) AS bigint) AS unknown_members,
    CAST(coalesce(sum(used.facts) FILTER (WHERE used.used_key <> -1 AND held.held_key IS NULL), 0) AS bigint) AS orphans
FROM used
LEFT JOIN held
    ON held.dimension = used.dimension
    AND held.held_key = used.used_key
GROUP BY used.fact, used.dimension
ORDER BY used.fact, used.dimension
