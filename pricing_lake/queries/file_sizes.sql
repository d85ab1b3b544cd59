-- question: How large are the data files of each partition, and where are so many small ones that merging them pays?
-- reads: silver/sales_history, silver/embeddings, gold/fact_sales
-- param small_megabytes: 16 — a file below so many megabytes is small
-- param tenant_id: null — one tenant's partitions; null means every tenant's, and tables without tenants
-- example: tenant_id=acme
-- answer: table_id | tenant_id | month | stored_rows | files | bytes | mean_file_bytes | is_fragmented | table_files | small_table_files
-- answer: gold/fact_sales | acme | 2026-03-01 | 2 | 2 | 19204 | 9602 | true | 4 | 4
-- answer: gold/fact_sales | acme | 2026-04-01 | 1 | 1 | 9602 | 9602 | false | 4 | 4
-- answer: silver/sales_history | acme | 2026-01-01 | 2 | 2 | 17260 | 8630 | true | 4 | 4
-- answer: silver/sales_history | acme | 2026-02-01 | 1 | 1 | 8630 | 8630 | false | 4 | 4

WITH partitions AS (
    SELECT
        'silver/sales_history' AS table_id,
        "partition".tenant_id AS tenant_id,
        "partition".sold_date_month AS months,
        record_count,
        file_count,
        total_size
    FROM "sales_history$partitions"
    UNION ALL
    SELECT 'gold/fact_sales', "partition".tenant_id, "partition".sold_date_month, record_count, file_count, total_size
    FROM "fact_sales$partitions"
    UNION ALL
    SELECT
        'silver/embeddings', CAST(NULL AS varchar), "partition".day_month, record_count, file_count, total_size
    FROM "embeddings$partitions"
),

-- Athena's list of files does not tell their partitions, so small files are counted by table.
files AS (
    SELECT 'silver/sales_history' AS table_id, file_size_in_bytes FROM "sales_history$files"
    UNION ALL
    SELECT 'gold/fact_sales', file_size_in_bytes FROM "fact_sales$files"
    UNION ALL
    SELECT 'silver/embeddings', file_size_in_bytes FROM "embeddings$files"
),

tables AS (
    SELECT
        table_id,
        count(*) AS table_files,
        count_if(file_size_in_bytes < 1000000 * :small_megabytes) AS small_table_files
    FROM files
    GROUP BY table_id
)

SELECT
    partitions.table_id,
    partitions.tenant_id,
    CAST(date_add('month', partitions.months, DATE '1970-01-01') AS date) AS month,
    partitions.record_count AS stored_rows,
    partitions.file_count AS files,
    partitions.total_size AS bytes,
    partitions.total_size / partitions.file_count AS mean_file_bytes,
    partitions.file_count > 1
        AND partitions.total_size / partitions.file_count < 1000000 * :small_megabytes AS is_fragmented,
    tables.table_files,
    tables.small_table_files
FROM partitions
INNER JOIN tables ON tables.table_id = partitions.table_id
WHERE :tenant_id IS NULL OR partitions.tenant_id = :tenant_id
ORDER BY partitions.table_id, partitions.tenant_id, month
