-- question: How much of the growth in dollars is more business, and how much only other exchange rates?
-- reads: gold/fact_orders, gold/dim_fx
-- param period_start: year_ago — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- example: period_start=2026-01-01 period_end=2026-04-01 tenant_id=acme
-- answer: month | tenant_id | revenue_usd | previous_usd | constant_usd | growth | constant_currency_growth | effect_of_rates_usd
-- answer: 2026-01-01 | acme | 185 | null | null | null | null | null
-- answer: 2026-02-01 | acme | 320 | 185 | 300 | 0.7297 | 0.6216 | 20
-- answer: 2026-03-01 | acme | 251.5 | 320 | 240 | -0.2141 | -0.25 | 11.5

-- Orders without a rate are left out on both sides, else their currency would seem to grow.
WITH payments AS (
    SELECT
        CAST(date_trunc('month', order_date) AS date) AS month,
        tenant_id,
        currency,
        sum(CASE WHEN status = 'PAID' THEN amount ELSE -amount END) AS revenue,
        sum(CASE WHEN status = 'PAID' THEN amount_usd ELSE -amount_usd END) AS revenue_usd
    FROM fact_orders
    -- One month more than the period: growth looks back.
    WHERE event_ts >= date_add('month', -1, :period_start)
        AND event_ts < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND amount_usd IS NOT NULL
        AND (
            (status = 'PAID' AND previous_status IS DISTINCT FROM 'PAID')
            OR (status = 'CANCELLED' AND previous_status IN ('PAID', 'SHIPPED'))
        )
    GROUP BY 1, 2, 3
),

rates AS (
    SELECT
        CAST(date_add('month', 1, date_trunc('month', as_of_date)) AS date) AS month_after,
        ccy,
        CAST(sum(rate_to_usd) AS double) / count(*) AS mean_rate
    FROM dim_fx
    WHERE as_of_date >= CAST(date_add('month', -1, :period_start) AS date)
        AND as_of_date < CAST(:period_end AS date)
    GROUP BY 1, 2
),

months AS (
    SELECT
        payments.month,
        payments.tenant_id,
        sum(payments.revenue_usd) AS revenue_usd,
        -- Added up as decimals: a sum of doubles depends on the order in which threads add them.
        CASE
            WHEN count_if(payments.currency <> 'USD' AND rates.mean_rate IS NULL) = 0 THEN sum(
                CAST(
                    CAST(payments.revenue AS double)
                    * CASE WHEN payments.currency = 'USD' THEN 1e0 ELSE rates.mean_rate END AS decimal(28, 6)
                )
            )
        END AS constant_usd
    FROM payments
    LEFT JOIN rates
        ON rates.month_after = payments.month
        AND rates.ccy = payments.currency
    GROUP BY payments.month, payments.tenant_id
),

months_beside_previous AS (
    SELECT
        month,
        tenant_id,
        CAST(revenue_usd AS double) AS revenue_usd,
        CAST(constant_usd AS double) AS constant_usd,
        CAST(sum(revenue_usd) OVER (
            PARTITION BY tenant_id
            ORDER BY month
            RANGE BETWEEN INTERVAL '1' MONTH PRECEDING AND INTERVAL '1' MONTH PRECEDING
        ) AS double) AS previous_usd
    FROM months
)

SELECT
    month,
    tenant_id,
    revenue_usd,
    previous_usd,
    constant_usd,
    revenue_usd / nullif(previous_usd, 0) - 1 AS growth,
    constant_usd / nullif(previous_usd, 0) - 1 AS constant_currency_growth,
    revenue_usd - constant_usd AS effect_of_rates_usd
FROM months_beside_previous
WHERE month >= CAST(:period_start AS date)
ORDER BY month, tenant_id
