-- question: How do prices spread within each category?
-- reads: silver/sales_history
-- param period_start: last_month — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant

WITH sales AS (
    SELECT
        CAST(date_trunc('month', sold_date) AS date) AS month,
        tenant_id,
        category,
        currency,
        sold_price,
        CAST(sold_price AS double) AS price
    FROM sales_history
    WHERE sold_date >= :period_start
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
),

sales_in_range AS (
    SELECT
        month,
        tenant_id,
        category,
        currency,
        sold_price,
        price,
        min(price) OVER (PARTITION BY month, tenant_id, category, currency) AS low,
        max(price) OVER (PARTITION BY month, tenant_id, category, currency) AS high
    FROM sales
),

-- width_bucket puts the highest price into bucket 21 and refuses a range of no width.
sales_in_buckets AS (
    SELECT
        month,
        tenant_id,
        category,
        currency,
        sold_price,
        price,
        CASE WHEN low = high THEN 20 ELSE least(width_bucket(price, low, high, 20), 20) END AS bucket
    FROM sales_in_range
)

SELECT
    month,
    tenant_id,
    category,
    currency,
    min(price) AS min_price,
    approx_percentile(price, 0.05) AS p05,
    approx_percentile(price, 0.25) AS p25,
    approx_percentile(price, 0.5) AS p50,
    approx_percentile(price, 0.75) AS p75,
    approx_percentile(price, 0.95) AS p95,
    max(price) AS max_price,
    approx_percentile(price, 0.75) - approx_percentile(price, 0.25) AS iqr,
    -- From exact sums: what doubles add up to depends on the order in which threads add them.
    sqrt(
        CAST(count(*) * sum(sold_price * sold_price) - sum(sold_price) * sum(sold_price) AS double)
        / count(*) / nullif(count(*) - 1, 0)
    ) AS stddev,
    CAST(
        ARRAY[
            count_if(bucket = 1), count_if(bucket = 2), count_if(bucket = 3), count_if(bucket = 4),
            count_if(bucket = 5), count_if(bucket = 6), count_if(bucket = 7), count_if(bucket = 8),
            count_if(bucket = 9), count_if(bucket = 10), count_if(bucket = 11), count_if(bucket = 12),
            count_if(bucket = 13), count_if(bucket = 14), count_if(bucket = 15), count_if(bucket = 16),
            count_if(bucket = 17), count_if(bucket = 18), count_if(bucket = 19), count_if(bucket = 20)
        ] AS array(bigint)
    ) AS histogram
FROM sales_in_buckets
GROUP BY month, tenant_id, category, currency
