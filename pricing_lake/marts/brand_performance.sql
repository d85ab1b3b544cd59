-- question: Which brands earn most, at what premium over their categories, and are they growing?
-- reads: silver/sales_history
-- param period_start: last_month — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant

WITH sales AS (
    SELECT
        CAST(date_trunc('month', sold_date) AS date) AS month,
        tenant_id,
        coalesce(brand, 'unknown') AS brand,
        category,
        currency,
        sold_price
    FROM sales_history
    -- One month more than the period: growth looks back.
    WHERE sold_date >= date_add('month', -1, :period_start)
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
),

sales_beside_category AS (
    SELECT
        month,
        tenant_id,
        brand,
        currency,
        sold_price,
        CAST(sum(sold_price) OVER category_month AS double) / count(*) OVER category_month AS category_price
    FROM sales
    WINDOW category_month AS (PARTITION BY month, tenant_id, category, currency)
),

brands AS (
    SELECT
        month,
        tenant_id,
        brand,
        currency,
        count(*) AS items_sold,
        sum(sold_price) AS revenue,
        CAST(sum(sold_price) AS double) / count(*) AS avg_price,
        -- Added up as decimals: a sum of doubles depends on the order in which threads add them.
        CAST(sum(CAST(category_price AS decimal(28, 12))) AS double) / count(*) AS expected_price
    FROM sales_beside_category
    GROUP BY month, tenant_id, brand, currency
),

brands_beside_previous_month AS (
    SELECT
        month,
        tenant_id,
        brand,
        currency,
        items_sold,
        revenue,
        avg_price,
        expected_price,
        rank() OVER (PARTITION BY month, tenant_id, currency ORDER BY revenue DESC) AS rank_in_month,
        sum(revenue) OVER (
            PARTITION BY tenant_id, brand, currency
            ORDER BY month
            RANGE BETWEEN INTERVAL '1' MONTH PRECEDING AND INTERVAL '1' MONTH PRECEDING
        ) AS previous_revenue
    FROM brands
)

SELECT
    month,
    tenant_id,
    brand,
    currency,
    items_sold,
    CAST(revenue AS decimal(18, 2)) AS revenue,
    avg_price,
    avg_price / nullif(expected_price, 0) AS price_premium,
    rank_in_month,
    CAST(revenue AS double) / nullif(CAST(previous_revenue AS double), 0) - 1 AS growth_vs_previous_month
FROM brands_beside_previous_month
WHERE month >= CAST(:period_start AS date)
