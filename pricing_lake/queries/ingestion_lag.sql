-- question: How long after a day's end was it in each table, and which tables are behind?
-- reads: quality/quality_results
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param today: today — the day of asking: a table is not behind with days that are not over by then
-- param late_hours: 30 — a day published more hours after its end was late
-- example: period_start=2026-03-01 period_end=2026-04-01 today=2026-04-15
-- answer: table_id | published_days | refused_days | newest_day | days_behind | median_lag_hours | max_lag_hours | late_days | last_judged_at
-- answer: bronze/raw_smartgo_sales | 3 | 1 | 2026-03-03 | 28 | 5 | 40 | 1 | 2026-03-05 03:00
-- answer: silver/sales_history | 2 | 0 | 2026-03-02 | 29 | 3.5 | 41 | 1 | 2026-03-05 03:00

WITH days AS (
    SELECT
        table_id,
        day,
        max(value) FILTER (WHERE kind = 'figure' AND rule = 'freshness_hours') AS hours,
        max(evaluated_at) AS judged_at,
        count_if(kind = 'rule' AND severity = 'critical' AND NOT passed) > 0 AS is_refused
    FROM quality_results
    WHERE day >= CAST(:period_start AS date)
        AND day < CAST(:period_end AS date)
    GROUP BY table_id, day
)

SELECT
    table_id,
    count_if(NOT is_refused) AS published_days,
    count_if(is_refused) AS refused_days,
    max(CASE WHEN NOT is_refused THEN day END) AS newest_day,
    date_diff(
        'day',
        max(CASE WHEN NOT is_refused THEN day END),
        least(CAST(:period_end AS date), CAST(:today AS date))
    ) - 1 AS days_behind,
    approx_percentile(CASE WHEN NOT is_refused THEN hours END, 0.5) AS median_lag_hours,
    max(CASE WHEN NOT is_refused THEN hours END) AS max_lag_hours,
    count_if(NOT is_refused AND hours > :late_hours) AS late_days,
    max(judged_at) AS last_judged_at
FROM days
GROUP BY table_id
ORDER BY table_id
