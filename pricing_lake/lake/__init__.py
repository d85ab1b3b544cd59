"""Storage of the lake: catalog, reading, writing and publishing Iceberg tables. Knows neither Dagster nor the stage."""
