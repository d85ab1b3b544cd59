-- question: What did each category sell per month, and what part of the tenant's revenue was that?
-- reads: silver/sales_history
-- param period_start: last_month — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant

WITH categories AS (
    SELECT
        CAST(date_trunc('month', sold_date) AS date) AS month,
        tenant_id,
        category,
        currency,
        count(*) AS items_sold,
        sum(sold_price) AS revenue,
        CAST(sum(sold_price) AS double) / count(*) AS avg_price,
        approx_percentile(CAST(sold_price AS double), 0.5) AS median_price
    FROM sales_history
    WHERE sold_date >= :period_start
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY 1, 2, 3, 4
)

SELECT
    month,
    tenant_id,
    category,
    currency,
    items_sold,
    CAST(revenue AS decimal(18, 2)) AS revenue,
    avg_price,
    median_price,
    CAST(revenue AS double)
        / nullif(CAST(sum(revenue) OVER (PARTITION BY month, tenant_id, currency) AS double), 0) AS share_of_month
FROM categories
