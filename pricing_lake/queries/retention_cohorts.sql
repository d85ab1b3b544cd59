-- question: Of the customers who first paid in a month, how many paid again in each month after it?
-- reads: gold/fact_orders
-- param period_start: year_ago — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-01-01 period_end=2026-04-01
-- answer: cohort | tenant_id | months_later | customers | retained_share
-- answer: 2026-01-01 | acme | 0 | 2 | 1
-- answer: 2026-01-01 | acme | 1 | 2 | 1
-- answer: 2026-01-01 | acme | 2 | 1 | 0.5
-- answer: 2026-01-01 | bolt | 0 | 1 | 1
-- answer: 2026-02-01 | acme | 0 | 2 | 1
-- answer: 2026-02-01 | acme | 1 | 1 | 0.5

WITH months AS (
    SELECT DISTINCT
        tenant_id,
        customer_id,
        CAST(date_trunc('month', order_date) AS date) AS month
    FROM fact_orders
    WHERE event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND status = 'PAID'
),

months_of_cohorts AS (
    SELECT
        tenant_id,
        customer_id,
        month,
        min(month) OVER (PARTITION BY tenant_id, customer_id) AS cohort
    FROM months
),

cohorts AS (
    SELECT
        cohort,
        tenant_id,
        date_diff('month', cohort, month) AS months_later,
        count(*) AS customers
    FROM months_of_cohorts
    WHERE cohort >= CAST(:period_start AS date)
    GROUP BY 1, 2, 3
)

SELECT
    cohort,
    tenant_id,
    months_later,
    customers,
    CAST(customers AS double)
        / first_value(customers) OVER (PARTITION BY cohort, tenant_id ORDER BY months_later) AS retained_share
FROM cohorts
ORDER BY cohort, tenant_id, months_later
