-- question: From which status do orders go to which, and how long were they in the first?
-- reads: silver/orders
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-01-01 period_end=2026-04-01 tenant_id=acme
-- answer: tenant_id | previous_status | status | events | is_in_order | mean_hours | median_hours | max_hours
-- answer: acme | PAID | CANCELLED | 1 | true | 48 | 48 | 48
-- answer: acme | PAID | SHIPPED | 1 | true | 48 | 48 | 48
-- answer: acme | PLACED | CANCELLED | 1 | true | 1 | 1 | 1
-- answer: acme | PLACED | PAID | 9 | true | 6.1852 | 1 | 24
-- answer: acme | none | PLACED | 11 | true | null | null | null

WITH steps AS (
    SELECT
        tenant_id,
        coalesce(previous_status, 'none') AS previous_status,
        status,
        CAST(date_diff('second', previous_event_ts, event_ts) AS double) / 3600 AS hours
    FROM orders
    WHERE event_ts >= :period_start
        AND event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
)

SELECT
    tenant_id,
    previous_status,
    status,
    count(*) AS events,
    previous_status || '>' || status IN (
        'none>PLACED', 'PLACED>PAID', 'PLACED>CANCELLED', 'PAID>SHIPPED', 'PAID>CANCELLED'
    ) AS is_in_order,
    CAST(sum(CAST(hours AS decimal(18, 6))) AS double) / nullif(count(hours), 0) AS mean_hours,
    approx_percentile(hours, 0.5) AS median_hours,
    max(hours) AS max_hours
FROM steps
GROUP BY tenant_id, previous_status, status
ORDER BY tenant_id, previous_status, status
