"""Rewrites from Athena to DuckDB, one module per family; each maps a sqlglot node to the text that DuckDB runs."""
