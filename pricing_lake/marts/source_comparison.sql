-- question: Does one source sell dearer than the others, with pictures, and how much of it is refused?
-- reads: silver/sales_history, quality/quarantined_rows
-- param period_start: last_month — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant

WITH sold AS (
    SELECT
        CAST(date_trunc('month', sold_date) AS date) AS month,
        tenant_id,
        source,
        category,
        currency,
        count(*) AS items_sold,
        sum(sold_price) AS revenue,
        CAST(sum(sold_price) AS double) / count(*) AS avg_price,
        count(image_s3_key) AS items_with_image
    FROM sales_history
    WHERE sold_date >= :period_start
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY 1, 2, 3, 4, 5
),

refused AS (
    SELECT
        CAST(date_trunc('month', day) AS date) AS month,
        tenant_id,
        table_id,
        count(*) AS refused_rows
    FROM quarantined_rows
    WHERE day >= CAST(:period_start AS date)
        AND day < CAST(:period_end AS date)
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY 1, 2, 3
),

sold_beside_others AS (
    SELECT
        sold.month,
        sold.tenant_id,
        sold.source,
        sold.category,
        sold.currency,
        sold.items_sold,
        sold.avg_price,
        sold.items_with_image,
        sum(sold.revenue) OVER category_month - sold.revenue AS other_revenue,
        sum(sold.items_sold) OVER category_month - sold.items_sold AS other_items,
        sum(sold.items_sold) OVER source_month AS source_items,
        coalesce(refused.refused_rows, 0) AS refused_rows
    FROM sold
    LEFT JOIN refused
        ON refused.month = sold.month
        AND refused.tenant_id = sold.tenant_id
        AND refused.table_id = 'bronze/raw_' || sold.source || '_sales'
    WINDOW
        category_month AS (PARTITION BY sold.month, sold.tenant_id, sold.category, sold.currency),
        source_month AS (PARTITION BY sold.month, sold.tenant_id, sold.source)
)

SELECT
    month,
    tenant_id,
    source,
    category,
    currency,
    items_sold,
    avg_price,
    avg_price / nullif(CAST(other_revenue AS double) / nullif(other_items, 0), 0) - 1 AS price_gap_vs_other_sources,
    CAST(items_with_image AS double) / items_sold AS with_image_share,
    CAST(refused_rows AS double) / (refused_rows + source_items) AS quarantined_share
FROM sold_beside_others
