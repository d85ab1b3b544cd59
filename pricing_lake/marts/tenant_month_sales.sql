-- question: What did a tenant sell in a month, and how little of the table does that question have to read?
-- reads: silver/sales_history
-- param period_start: last_month — first instant of the period, UTC; a whole month begins here
-- param period_end: this_month — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant

WITH sold AS (
    SELECT
        CAST(date_trunc('month', sold_date) AS date) AS month,
        tenant_id,
        currency,
        count(*) AS items_sold,
        sum(sold_price) AS revenue
    FROM sales_history
    WHERE sold_date >= :period_start
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
    GROUP BY 1, 2, 3
),

-- The table's own metadata, one row per partition; months are counted from January 1970.
files AS (
    SELECT
        "partition".tenant_id AS tenant_id,
        CAST(date_add('month', "partition".sold_date_month, DATE '1970-01-01') AS date) AS month,
        file_count,
        total_size
    FROM "sales_history$partitions"
),

scanned AS (
    SELECT
        tenant_id,
        month,
        sum(file_count) AS files_scanned,
        sum(total_size) AS bytes_scanned
    FROM files
    GROUP BY tenant_id, month
),

everything AS (
    SELECT sum(file_count) AS files_total
    FROM files
)

SELECT
    sold.month,
    sold.tenant_id,
    sold.currency,
    sold.items_sold,
    CAST(sold.revenue AS decimal(18, 2)) AS revenue,
    CAST(scanned.files_scanned AS bigint) AS files_scanned,
    CAST(scanned.bytes_scanned AS bigint) AS bytes_scanned,
    CAST(everything.files_total AS bigint) AS files_total
FROM sold
INNER JOIN scanned
    ON scanned.tenant_id = sold.tenant_id
    AND scanned.month = sold.month
CROSS JOIN everything
