-- question: Which earlier sales look most like each sale of the day, and what did they bring?
-- reads: silver/sales_history
-- param period_start: yesterday — first instant of the period, UTC; a whole day begins here
-- param period_end: today — first instant after the period, UTC
-- param tenant_id: null — one tenant; null means every tenant
-- param lookback_days: 60 — how many days before a sale's day its comparables may come from
-- param top_n: 20 — comparables kept per sale

-- Sales share pictures, so similarity is computed once per pair of pictures and only then spread over sales.
-- `picture` and `newness` number pictures and sales: small keys to join, and one number that settles every tie.
WITH sales AS (
    SELECT
        tenant_id,
        category,
        currency,
        image_s3_key,
        source,
        sale_id,
        sold_price,
        CAST(sold_date AS date) AS sold_day,
        dense_rank() OVER (ORDER BY tenant_id, category, currency, image_s3_key) AS picture,
        row_number() OVER (ORDER BY sold_date DESC, sale_id, source, tenant_id) AS newness
    FROM sales_history
    WHERE sold_date >= date_add('day', -:lookback_days, :period_start)
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND image_s3_key IS NOT NULL
),

vectors AS (
    SELECT
        tenant_id,
        category,
        currency,
        image_s3_key,
        max_by(embedding, sale_id) AS embedding
    FROM sales_history
    WHERE sold_date >= date_add('day', -:lookback_days, :period_start)
        AND sold_date < :period_end
        AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
        AND embedding IS NOT NULL
    GROUP BY tenant_id, category, currency, image_s3_key
),

pictures AS (
    SELECT
        numbered.picture,
        vectors.tenant_id,
        vectors.category,
        vectors.currency,
        vectors.embedding
    FROM (SELECT DISTINCT picture, tenant_id, category, currency, image_s3_key FROM sales) AS numbered
    INNER JOIN vectors
        ON vectors.tenant_id = numbered.tenant_id
        AND vectors.category = numbered.category
        AND vectors.currency = numbered.currency
        AND vectors.image_s3_key = numbered.image_s3_key
),

asked AS (
    SELECT DISTINCT
        sold_day AS day,
        picture
    FROM sales
    WHERE sold_day >= CAST(:period_start AS date)
),

-- Embeddings have unit length: their dot product is their cosine. Rounding makes ties equal on every engine.
pairs AS (
    SELECT
        mine.picture,
        other.picture AS comp_picture,
        round(
            reduce(zip_with(mine.embedding, other.embedding, (x, y) -> x * y), 0e0, (s, x) -> s + x, s -> s), 6
        ) AS similarity
    FROM pictures AS mine
    INNER JOIN pictures AS other
        ON other.tenant_id = mine.tenant_id
        AND other.category = mine.category
        AND other.currency = mine.currency
    WHERE mine.picture IN (SELECT picture FROM asked)
),

-- Every picture's sales before each day asked for, the newest first.
earlier AS (
    SELECT
        days.day,
        sales.picture AS comp_picture,
        sales.newness,
        row_number() OVER (PARTITION BY days.day, sales.picture ORDER BY sales.newness) AS place
    FROM (SELECT DISTINCT day FROM asked) AS days
    INNER JOIN sales
        ON sales.sold_day < days.day
        AND sales.sold_day >= date_add('day', -:lookback_days, days.day)
),

-- The first :top_n pictures, each judged by its newest sale, hold the first :top_n sales: a picture's own sales
-- are equally similar, so one that comes after :top_n pictures comes after :top_n sales.
near_pictures AS (
    SELECT
        asked.day,
        asked.picture,
        pairs.comp_picture,
        pairs.similarity,
        row_number() OVER (
            PARTITION BY asked.day, asked.picture ORDER BY pairs.similarity DESC, earlier.newness
        ) AS place
    FROM asked
    INNER JOIN pairs
        ON pairs.picture = asked.picture
    INNER JOIN earlier
        ON earlier.day = asked.day
        AND earlier.comp_picture = pairs.comp_picture
        AND earlier.place = 1
),

near_sales AS (
    SELECT
        near_pictures.day,
        near_pictures.picture,
        near_pictures.similarity,
        earlier.newness AS comp_newness,
        row_number() OVER (
            PARTITION BY near_pictures.day, near_pictures.picture
            ORDER BY near_pictures.similarity DESC, earlier.newness
        ) AS place
    FROM near_pictures
    INNER JOIN earlier
        ON earlier.day = near_pictures.day
        AND earlier.comp_picture = near_pictures.comp_picture
    WHERE near_pictures.place <= :top_n
        AND earlier.place <= :top_n
)

SELECT
    near_sales.day,
    sale.tenant_id,
    sale.sale_id,
    sale.source,
    near_sales.place AS rank,
    comp.sale_id AS comp_sale_id,
    comp.source AS comp_source,
    near_sales.similarity,
    date_diff('day', comp.sold_day, near_sales.day) AS age_days,
    comp.sold_price AS comp_price,
    sale.currency
FROM near_sales
INNER JOIN sales AS sale
    ON sale.sold_day = near_sales.day
    AND sale.picture = near_sales.picture
INNER JOIN sales AS comp
    ON comp.newness = near_sales.comp_newness
WHERE near_sales.place <= :top_n
