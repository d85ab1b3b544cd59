-- question: How do revenue and prices move from month to month and year to year?
-- reads: silver/sales_history
-- param period_start: last_month — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant

WITH months AS (
    SELECT
        CAST(date_trunc('month', sold_date) AS date) AS month,
        tenant_id,
        currency,
        count(*) AS items_sold,
        sum(sold_price) AS revenue,
        CAST(sum(sold_price) AS double) / count(*) AS avg_price
    FROM sales_history
    -- A year more than the period: yoy_growth looks back.
    WHERE sold_date >= date_add('month', -12, :period_start)
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY 1, 2, 3
),

months_beside_earlier AS (
    SELECT
        month,
        tenant_id,
        currency,
        items_sold,
        revenue,
        avg_price,
        sum(revenue) OVER (
            PARTITION BY tenant_id, currency
            ORDER BY month
            RANGE BETWEEN INTERVAL '1' MONTH PRECEDING AND INTERVAL '1' MONTH PRECEDING
        ) AS previous_revenue,
        sum(revenue) OVER (
            PARTITION BY tenant_id, currency
            ORDER BY month
            RANGE BETWEEN INTERVAL '2' MONTH PRECEDING AND CURRENT ROW
        ) AS rolling_3m_revenue,
        sum(revenue) OVER (
            PARTITION BY tenant_id, currency
            ORDER BY month
            RANGE BETWEEN INTERVAL '12' MONTH PRECEDING AND INTERVAL '12' MONTH PRECEDING
        ) AS last_year_revenue
    FROM months
)

SELECT
    month,
    tenant_id,
    currency,
    items_sold,
    CAST(revenue AS decimal(18, 2)) AS revenue,
    avg_price,
    CAST(revenue AS double) / nullif(CAST(previous_revenue AS double), 0) - 1 AS mom_growth,
    CAST(rolling_3m_revenue AS decimal(18, 2)) AS rolling_3m_revenue,
    CAST(revenue AS double) / nullif(CAST(last_year_revenue AS double), 0) - 1 AS yoy_growth
FROM months_beside_earlier
WHERE month >= CAST(:period_start AS date)
