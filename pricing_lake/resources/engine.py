"""The SQL engine as a Dagster resource."""

import dagster as dg

from pricing_lake.engines import SqlEngine
from pricing_lake.engines.duckdb import DuckDbEngine


class EngineResource(dg.ConfigurableResource["EngineResource"]):
    """DuckDB in this process; `memory_limit` as DuckDB writes it, e.g. "4GB"."""

    memory_limit: str | None = None

    def sql(self) -> SqlEngine:
        """An engine of its own for one run."""
        return DuckDbEngine(memory_limit=self.memory_limit)
