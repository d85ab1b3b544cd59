-- question: How many leads became an account, a customer and a buyer, and how soon?
-- reads: silver/salesforce_leads, gold/dim_customer, gold/fact_orders
-- param period_start: year_ago — first instant of the period, UTC; leads made since then count
-- param period_end: this_month — first instant after the period, UTC; what came later is not known
-- example: period_start=2026-01-01 period_end=2026-04-01
-- answer: lead_source | leads | accounts | customers | buyers | buyers_share | mean_days_to_order
-- answer: fair | 1 | 1 | 1 | 0 | 0 | null
-- answer: web | 3 | 1 | 2 | 2 | 0.6667 | 5.25

WITH states AS (
    SELECT
        id,
        coalesce(lead_source, 'unknown') AS lead_source,
        converted_account_id,
        created_date,
        is_deleted,
        row_number() OVER (PARTITION BY id ORDER BY system_modstamp DESC) AS newness
    FROM salesforce_leads
    WHERE day < CAST(:period_end AS date)
),

leads AS (
    SELECT
        id,
        lead_source,
        converted_account_id,
        created_date
    FROM states
    WHERE newness = 1
        AND NOT is_deleted
        AND created_date >= :period_start
        AND created_date < :period_end
),

-- A customer is found by the lead itself or by the account that it became.
customers AS (
    SELECT
        leads.id,
        dim_customer.tenant_id,
        dim_customer.customer_id
    FROM leads
    INNER JOIN dim_customer ON dim_customer.salesforce_lead_id = leads.id
    WHERE dim_customer.valid_from < :period_end
    UNION
    SELECT
        leads.id,
        dim_customer.tenant_id,
        dim_customer.customer_id
    FROM leads
    INNER JOIN dim_customer ON dim_customer.salesforce_account_id = leads.converted_account_id
    WHERE dim_customer.valid_from < :period_end
),

first_orders AS (
    SELECT
        tenant_id,
        customer_id,
        min(event_ts) AS paid_at
    FROM fact_orders
    WHERE event_ts < :period_end
        AND status = 'PAID'
    GROUP BY tenant_id, customer_id
),

reached AS (
    SELECT
        leads.id,
        leads.lead_source,
        leads.converted_account_id IS NOT NULL AS has_account,
        count(customers.customer_id) > 0 AS has_customer,
        date_diff('second', leads.created_date, min(first_orders.paid_at)) AS seconds_to_order
    FROM leads
    LEFT JOIN customers ON customers.id = leads.id
    LEFT JOIN first_orders
        ON first_orders.tenant_id = customers.tenant_id
        AND first_orders.customer_id = customers.customer_id
    GROUP BY leads.id, leads.lead_source, leads.converted_account_id, leads.created_date
)

SELECT
    lead_source,
    count(*) AS leads,
    count_if(has_account) AS accounts,
    count_if(has_customer) AS customers,
    count(seconds_to_order) AS buyers,
    CAST(count(seconds_to_order) AS double) / count(*) AS buyers_share,
    CAST(sum(seconds_to_order) AS double) / nullif(count(seconds_to_order), 0) / 86400 AS mean_days_to_order
FROM reached
GROUP BY lead_source
ORDER BY lead_source
