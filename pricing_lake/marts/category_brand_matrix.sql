-- question: Which brands carry each category?
-- reads: silver/sales_history
-- param period_start: last_month — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant

WITH brands AS (
    SELECT
        CAST(date_trunc('month', sold_date) AS date) AS month,
        tenant_id,
        category,
        coalesce(brand, 'unknown') AS brand,
        currency,
        count(*) AS items_sold,
        CAST(sum(sold_price) AS double) / count(*) AS avg_price,
        sum(sold_price) AS revenue
    FROM sales_history
    WHERE sold_date >= :period_start
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY 1, 2, 3, 4, 5
)

SELECT
    month,
    tenant_id,
    category,
    brand,
    currency,
    items_sold,
    avg_price,
    CAST(revenue AS decimal(18, 2)) AS revenue,
    CAST(revenue AS double) / nullif(
        CAST(sum(revenue) OVER (PARTITION BY month, tenant_id, category, currency) AS double), 0
    ) AS share_of_category
FROM brands
