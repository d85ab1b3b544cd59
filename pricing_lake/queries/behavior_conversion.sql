-- question: How many of the signed-in visitors of each channel put something into the cart, checked out and paid?
-- reads: gold/fact_behavior, gold/fact_orders
-- param period_start: last_month — first instant of the period, UTC
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- param within_days: 7 — how many days after the first visit of the period an order still counts
-- example: period_start=2026-03-01 period_end=2026-04-01
-- answer: tenant_id | channel | visitors | with_cart | with_checkout | buyers | conversion
-- answer: acme | app | 1 | 0 | 0 | 1 | 1
-- answer: acme | web | 3 | 2 | 1 | 1 | 0.3333
-- answer: bolt | web | 1 | 0 | 0 | 0 | 0

WITH visitors AS (
    SELECT
        tenant_id,
        coalesce(channel, 'unknown') AS channel,
        customer_id,
        min(event_ts) AS came_at,
        count_if(event_type = 'add_to_cart') > 0 AS had_cart,
        count_if(event_type = 'checkout') > 0 AS had_checkout
    FROM fact_behavior
    WHERE event_ts >= :period_start
        AND event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND customer_id IS NOT NULL
    GROUP BY 1, 2, 3
),

paid AS (
    SELECT
        tenant_id,
        customer_id,
        event_ts
    FROM fact_orders
    WHERE event_ts >= :period_start
        AND event_ts < date_add('day', :within_days, :period_end)
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND status = 'PAID'
),

outcomes AS (
    SELECT
        visitors.tenant_id,
        visitors.channel,
        visitors.customer_id,
        visitors.had_cart,
        visitors.had_checkout,
        count(paid.event_ts) > 0 AS has_paid
    FROM visitors
    LEFT JOIN paid
        ON paid.tenant_id = visitors.tenant_id
        AND paid.customer_id = visitors.customer_id
        AND paid.event_ts >= visitors.came_at
        AND paid.event_ts < date_add('day', :within_days, visitors.came_at)
    GROUP BY 1, 2, 3, 4, 5
)

SELECT
    tenant_id,
    channel,
    count(*) AS visitors,
    count_if(had_cart) AS with_cart,
    count_if(had_checkout) AS with_checkout,
    count_if(has_paid) AS buyers,
    CAST(count_if(has_paid) AS double) / count(*) AS conversion
FROM outcomes
GROUP BY tenant_id, channel
ORDER BY tenant_id, channel
