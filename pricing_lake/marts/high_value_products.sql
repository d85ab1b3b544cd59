-- question: Which sales were the dearest of their category, and how far above the rest?
-- reads: silver/sales_history
-- param period_start: last_month — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- param top_share: 0.01 — the dearest part of a category's month that is listed; its dearest sale always is
-- param high_value_price: null — also list every sale from this price on, in its own currency; null means no threshold

WITH sales AS (
    SELECT
        CAST(date_trunc('month', sold_date) AS date) AS month,
        tenant_id,
        source,
        sale_id,
        product_id,
        category,
        brand,
        currency,
        sold_price AS price
    FROM sales_history
    WHERE sold_date >= :period_start
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
),

sales_in_category AS (
    SELECT
        month,
        tenant_id,
        source,
        sale_id,
        product_id,
        category,
        brand,
        currency,
        price,
        cume_dist() OVER (PARTITION BY month, tenant_id, category, currency ORDER BY price) AS percentile_in_category,
        CAST(sum(price) OVER category_month AS double) / count(*) OVER category_month AS mean_price,
        -- From exact sums: what doubles add up to depends on the order in which threads add them.
        sqrt(
            CAST(
                count(*) OVER category_month * sum(price * price) OVER category_month
                - sum(price) OVER category_month * sum(price) OVER category_month AS double
            )
            / count(*) OVER category_month / nullif(count(*) OVER category_month - 1, 0)
        ) AS price_stddev
    FROM sales
    WINDOW category_month AS (PARTITION BY month, tenant_id, category, currency)
)

SELECT
    month,
    tenant_id,
    source,
    sale_id,
    product_id,
    category,
    brand,
    currency,
    price,
    percentile_in_category,
    (CAST(price AS double) - mean_price) / nullif(price_stddev, 0) AS z_in_category
FROM sales_in_category
WHERE percentile_in_category > 1 - :top_share
    OR price >= CAST(:high_value_price AS decimal(18, 2))
ORDER BY month, tenant_id, category, currency, price DESC
