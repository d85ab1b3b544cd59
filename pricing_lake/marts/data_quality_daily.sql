-- question: What entered each table on each day, what was refused and why?
-- reads: quality/quality_results
-- param period_start: yesterday — first instant of the period, UTC; a whole day begins here
-- param period_end: today — first instant after the period, UTC

SELECT
    day,
    table_id,
    CAST(max(value) FILTER (WHERE kind = 'figure' AND rule = 'source_rows') AS bigint) AS rows_in,
    CAST(max(value) FILTER (WHERE kind = 'figure' AND rule = 'good_rows') AS bigint) AS good_rows,
    CAST(max(value) FILTER (WHERE kind = 'figure' AND rule = 'quarantined_rows') AS bigint) AS quarantined_rows,
    array_agg(rule || '=' || CAST(failed_rows AS varchar) ORDER BY rule)
        FILTER (WHERE kind = 'reason' AND failed_rows > 0) AS quarantined_by_reason,
    CAST(max(value) FILTER (WHERE kind = 'figure' AND rule = 'duplicate_rows') AS bigint) AS duplicate_rows,
    CAST(max(value) FILTER (WHERE kind = 'figure' AND rule = 'excluded_rows') AS bigint) AS excluded_rows,
    max(value) FILTER (WHERE kind = 'figure' AND rule LIKE 'null_share.%') AS null_rate,
    max(value) FILTER (WHERE kind = 'figure' AND rule = 'embedding_coverage') AS embedding_coverage,
    max(value) FILTER (WHERE kind = 'figure' AND rule = 'freshness_hours') AS freshness_hours,
    CASE
        WHEN count_if(kind = 'rule' AND severity = 'critical' AND NOT passed) > 0 THEN 'refused'
        ELSE 'passed'
    END AS verdict
FROM quality_results
WHERE day >= CAST(:period_start AS date)
    AND day < CAST(:period_end AS date)
GROUP BY day, table_id
