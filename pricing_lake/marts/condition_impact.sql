-- question: How much less does an item bring for its condition, and how much of each condition is sold?
-- reads: silver/sales_history
-- param period_start: last_month — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant

WITH conditions AS (
    SELECT
        CAST(date_trunc('month', sold_date) AS date) AS month,
        tenant_id,
        category,
        condition,
        currency,
        CASE condition WHEN 'new' THEN 1 WHEN 'like_new' THEN 2 WHEN 'good' THEN 3 WHEN 'fair' THEN 4 ELSE 5 END AS wear,
        count(*) AS items_sold,
        CAST(sum(sold_price) AS double) / count(*) AS avg_price
    FROM sales_history
    WHERE sold_date >= :period_start
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY 1, 2, 3, 4, 5, 6
)

SELECT
    month,
    tenant_id,
    category,
    condition,
    currency,
    items_sold,
    avg_price,
    1 - avg_price / nullif(
        first_value(avg_price) OVER (PARTITION BY month, tenant_id, category, currency ORDER BY wear), 0
    ) AS discount_vs_new,
    CAST(items_sold AS double)
        / sum(items_sold) OVER (PARTITION BY month, tenant_id, category, currency) AS share
FROM conditions
