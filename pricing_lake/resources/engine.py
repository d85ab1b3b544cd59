"""The SQL engine as a Dagster resource."""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from pricing_lake.engines import SqlEngine


class EngineResource(dg.ConfigurableResource["EngineResource"]):
    """DuckDB in this process; `memory_limit` as DuckDB writes it, e.g. "4GB"."""

    memory_limit: str | None = None

    def sql(self) -> "SqlEngine":
        """An engine of its own for one run."""
        from pricing_lake.engines.duckdb import DuckDbEngine

        return DuckDbEngine(memory_limit=self.memory_limit)
