-- question: In which quarter of the year does each category bring the best prices?
-- reads: silver/sales_history
-- param period_start: last_month — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant

WITH sold AS (
    SELECT
        CAST(date_trunc('month', sold_date) AS date) AS sold_month,
        tenant_id,
        category,
        currency,
        season,
        count(*) AS items_sold,
        sum(sold_price) AS revenue
    FROM sales_history
    WHERE sold_date >= date_trunc('year', :period_start)
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY 1, 2, 3, 4, 5
),

months AS (
    SELECT CAST(first_day AS date) AS month
    FROM UNNEST(
        sequence(CAST(:period_start AS date), date_add('day', -1, CAST(:period_end AS date)), INTERVAL '1' MONTH)
    ) AS calendar (first_day)
),

-- Each month sees its year up to its own end, whatever later months brought.
seasons AS (
    SELECT
        months.month,
        sold.tenant_id,
        sold.category,
        sold.currency,
        sold.season,
        sum(sold.items_sold) AS items_sold,
        sum(sold.revenue) AS revenue,
        CAST(sum(sold.revenue) AS double) / sum(sold.items_sold) AS avg_price
    FROM months
    INNER JOIN sold
        ON sold.sold_month <= months.month
        AND sold.sold_month >= date_trunc('year', months.month)
    GROUP BY months.month, sold.tenant_id, sold.category, sold.currency, sold.season
),

seasons_beside_year AS (
    SELECT
        month,
        tenant_id,
        category,
        currency,
        season,
        items_sold,
        avg_price,
        CAST(sum(revenue) OVER year_so_far AS double) / sum(items_sold) OVER year_so_far AS year_price,
        max(avg_price) OVER year_so_far AS best_price
    FROM seasons
    WINDOW year_so_far AS (PARTITION BY month, tenant_id, category, currency)
)

SELECT
    month,
    tenant_id,
    category,
    currency,
    CAST(year(month) AS bigint) AS year,
    season,
    CAST(items_sold AS bigint) AS items_sold,
    avg_price,
    avg_price / nullif(year_price, 0) AS index_vs_year,
    avg_price = best_price AS best_season
FROM seasons_beside_year
