-- question: Which sources tell of things long after the day on which they happened, how often and how late?
-- reads: bronze/raw_smartgo_sales, bronze/raw_carousel_sales, bronze/raw_orders_stream, bronze/raw_snowflake_orders
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- param grace_hours: 6 — hours after the end of its UTC day until which a row is not late
-- example: period_start=2026-01-01 period_end=2026-02-01
-- answer: source | all_rows | stamped_rows | late_rows | late_share | median_hours_late | max_hours_late
-- answer: carousel | 1 | 1 | 0 | 0 | null | null
-- answer: kafka | 2 | 2 | 1 | 0.5 | 10 | 10
-- answer: smartgo | 4 | 4 | 2 | 0.5 | 6 | 36
-- answer: snowflake | 1 | 0 | 0 | null | null | null

-- By the sources' own stamps: when the lake took a row says nothing, for a corrected day is written anew.
WITH told AS (
    SELECT 'smartgo' AS source, sold_at AS happened_at, updated_at AS told_at
    FROM raw_smartgo_sales
    WHERE sold_at >= :period_start AND sold_at < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    UNION ALL
    SELECT 'carousel', sold_at, updated_at
    FROM raw_carousel_sales
    WHERE sold_at >= :period_start AND sold_at < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    UNION ALL
    SELECT 'kafka', event_ts, message_ts
    FROM raw_orders_stream
    WHERE event_ts >= :period_start AND event_ts < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    UNION ALL
    SELECT 'snowflake', event_ts, updated_at
    FROM raw_snowflake_orders
    WHERE event_ts >= :period_start AND event_ts < :period_end AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
),

delays AS (
    SELECT
        source,
        told_at,
        CAST(date_diff('second', date_add('day', 1, date_trunc('day', happened_at)), told_at) AS double) / 3600
            AS hours_after_day
    FROM told
)

SELECT
    source,
    count(*) AS all_rows,
    count(told_at) AS stamped_rows,
    count_if(hours_after_day >= :grace_hours) AS late_rows,
    CAST(count_if(hours_after_day >= :grace_hours) AS double) / nullif(count(told_at), 0) AS late_share,
    approx_percentile(CASE WHEN hours_after_day >= :grace_hours THEN hours_after_day END, 0.5) AS median_hours_late,
    max(CASE WHEN hours_after_day >= :grace_hours THEN hours_after_day END) AS max_hours_late
FROM delays
GROUP BY source
ORDER BY source
