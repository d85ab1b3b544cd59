-- question: How often did the large tables change, and how do they grow?
-- reads: silver/sales_history, silver/embeddings, gold/fact_sales
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- example: period_start=2026-01-01
-- answer: day | table_id | commits | added_rows | deleted_rows | rows_at_end | files_at_end | bytes_at_end | grown_bytes
-- answer: 2026-11-21 | gold/fact_sales | 2 | 4 | 0 | 4 | 4 | 38408 | 38408
-- answer: 2026-11-21 | silver/sales_history | 3 | 4 | 0 | 4 | 4 | 34520 | 34520

WITH snapshots AS (
    SELECT 'silver/sales_history' AS table_id, committed_at, snapshot_id, summary
    FROM "sales_history$snapshots"
    UNION ALL
    SELECT 'silver/embeddings', committed_at, snapshot_id, summary
    FROM "embeddings$snapshots"
    UNION ALL
    SELECT 'gold/fact_sales', committed_at, snapshot_id, summary
    FROM "fact_sales$snapshots"
),

figures AS (
    SELECT
        table_id,
        CAST(date_trunc('day', committed_at) AS date) AS day,
        committed_at,
        coalesce(CAST(element_at(summary, 'added-records') AS bigint), 0) AS added_rows,
        coalesce(CAST(element_at(summary, 'deleted-records') AS bigint), 0) AS deleted_rows,
        coalesce(CAST(element_at(summary, 'total-records') AS bigint), 0) AS all_rows,
        coalesce(CAST(element_at(summary, 'total-data-files') AS bigint), 0) AS files,
        coalesce(CAST(element_at(summary, 'total-files-size') AS bigint), 0) AS bytes
    FROM snapshots
    WHERE committed_at < :period_end
),

days AS (
    SELECT
        table_id,
        day,
        count(*) AS commits,
        sum(added_rows) AS added_rows,
        sum(deleted_rows) AS deleted_rows,
        max_by(all_rows, committed_at) AS rows_at_end,
        max_by(files, committed_at) AS files_at_end,
        max_by(bytes, committed_at) AS bytes_at_end
    FROM figures
    GROUP BY table_id, day
),

growth AS (
    SELECT
        *,
        bytes_at_end - coalesce(lag(bytes_at_end) OVER (PARTITION BY table_id ORDER BY day), 0) AS grown_bytes
    FROM days
)

SELECT
    day,
    table_id,
    commits,
    CAST(added_rows AS bigint) AS added_rows,
    CAST(deleted_rows AS bigint) AS deleted_rows,
    rows_at_end,
    files_at_end,
    bytes_at_end,
    grown_bytes
FROM growth
WHERE day >= CAST(:period_start AS date)
ORDER BY day, table_id
