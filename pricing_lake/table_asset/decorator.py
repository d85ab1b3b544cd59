"""`@table_asset(CONTRACT, reads=…)`: a pure transform becomes a blueprint, the blueprint a Dagster asset per calendar.

Nothing a Dagster user sees is spelled in a layer's file: keys, schema, lineage, partitions, checks and policies derive.
"""

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa

from pricing_lake.contracts.model import Grain, Table
from pricing_lake.errors import ContractError
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.partitions import Calendar
from pricing_lake.table_asset import policies
from pricing_lake.table_asset.code_version import source_hash
from pricing_lake.table_asset.column_schema import asset_key, asset_tags, column_lineage, table_schema
from pricing_lake.table_asset.partition_verdicts import Event, check_specs, record_publication, record_whole
from pricing_lake.table_asset.upstream import WHOLE, Upstream, keyed

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake
    from pricing_lake.lake.publish import Publication
    from pricing_lake.lake.verdicts import Verdict

WINDOW = "window"
HISTORY = "_history"
Transform = Callable[..., pa.Table | Candidate]


@dataclass(frozen=True)
class TableAsset:
    """A table, what it reads and the transform that makes one partition of it.

    A parameter of the transform named like a table that is read receives that partition's rows (`pa.Table`), one with
    `_history` added every row up to the partition's end, one called `window` the partition, any other the Dagster
    resource of that name. The transform returns rows or a Candidate. `columns` names, by table, what is read of one
    that is not needed whole: a vector of 8 KB a row is not loaded for a product's name. `history_of` names, by table, a
    key: of that table's history only those rows are given whose key is in the partition's own rows of a table that is
    read, and no more of the history is ever in memory. A table that the contract refers to is read even where the
    transform does not ask for it: the gate holds its keys against the rows.
    """

    contract: Table
    reads: tuple[Table, ...]
    transform: Transform
    pool: str | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    progress: str = ""
    history_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the transform's parameters."""
        return tuple(inspect.signature(self.transform).parameters)

    @property
    def resources(self) -> frozenset[str]:
        """Resource keys the asset needs."""
        tables = {name for table in self.reads for name in (table.name, table.name + HISTORY)}
        told = {"progress"} if self.progress else set()
        return frozenset({"lake", *told, *(name for name in self.parameters if name not in tables and name != WINDOW)})

    @property
    def code_version(self) -> str:
        """Changes when the contract does, the transform, its module, or a pure module that those work with."""
        return f"{self.contract.fingerprint}-{source_hash(self.transform)}"

    @property
    def description(self) -> str:
        """The contract's grain, then what the transform says of itself."""
        return f"{self.contract.grain}\n\n{inspect.getdoc(self.transform) or ''}".strip()

    @property
    def kinds(self) -> set[str]:
        """Icons of the node."""
        return {"iceberg", "python", self.contract.layer.value} & _KINDS_WITH_AN_ICON

    def definition(self, calendar: Calendar, namespace: str, backfill_days: int) -> dg.AssetsDefinition:
        """The Dagster asset on this calendar."""
        with warnings.catch_warnings():
            # Partitioned checks are in preview and backfill policies in beta: known, pinned, and tested.
            warnings.simplefilter("ignore", (dg.PreviewWarning, dg.BetaWarning))
            return self._definition(calendar, namespace, backfill_days)

    def _definition(self, calendar: Calendar, namespace: str, backfill_days: int) -> dg.AssetsDefinition:
        table = self.contract
        partitions = policies.partitions(table, calendar)

        @dg.asset(
            key=asset_key(table),
            deps=[dg.AssetDep(asset_key(up), partition_mapping=policies.mapping(up, table)) for up in self.reads],
            partitions_def=partitions,
            check_specs=check_specs(table, partitions),
            required_resource_keys=set(self.resources),
            group_name=table.layer.value,
            kinds=self.kinds,
            owners=[table.owner.value],
            tags=asset_tags(table),
            description=self.description,
            metadata={
                "dagster/column_schema": table_schema(table),
                "dagster/column_lineage": column_lineage(table, self.reads, self.columns),
                "dagster/table_name": f"{namespace}.{table.name}",
                "key": ", ".join(table.key),
                "contract_version": table.version,
            },
            code_version=self.code_version,
            backfill_policy=dg.BackfillPolicy.multi_run(backfill_days) if partitions else None,
            retry_policy=policies.RETRY_TRANSIENT,
            automation_condition=policies.automation(table),
            freshness_policy=policies.freshness(table),
            pool=self.pool,
            output_required=False,
        )
        def compute(context: dg.AssetExecutionContext) -> Iterator[Event]:
            windows = [_window(partitions, key) for key in context.partition_keys] if partitions else [WHOLE]
            lake = context.resources.lake.open()
            with policies.for_good(), self._told(context, windows) as told:
                publication = self.publication(lake, windows, context)
                told.extend(publication.verdicts)
            record = record_publication if partitions else record_whole
            yield from record(context, table, publication)

        return compute

    @contextmanager
    def _told(self, context: dg.AssetExecutionContext, windows: Sequence[PartitionWindow]) -> Iterator[list["Verdict"]]:
        """Tell operators that an export begins and how it ends; what is put into the list are its verdicts."""
        verdicts: list[Verdict] = []
        if not self.progress:
            yield verdicts
            return
        progress, days, run_id = context.resources.progress, [w.key for w in windows], context.run.run_id
        progress.started(self.progress, days, run_id)
        try:
            yield verdicts
        except Exception as error:
            progress.failed(self.progress, days, run_id, str(error))
            raise
        progress.published(self.progress, verdicts, run_id)

    def publication(
        self, lake: "Lake", windows: Sequence[PartitionWindow], context: dg.AssetExecutionContext
    ) -> "Publication":
        """Publish these partitions."""
        from pricing_lake.lake.publish import publish  # here, so that loading the graph stays quick

        produce = self.producer(lake, windows, context.resources)
        return publish(lake, self.contract, windows, produce, context.run.run_id)

    def producer(
        self, lake: "Lake", windows: Sequence[PartitionWindow], resources: Any
    ) -> Callable[[PartitionWindow], Candidate]:
        """How one partition's candidate is made: read what upstream published, hand it to the transform."""
        wanted = self.parameters
        keys = {column.name: reference for column, reference in self.contract.references.values()}
        names = {*wanted, *(reference.table_name for reference in keys.values())}
        reads = Upstream(lake, self.contract, self.columns, self.history_of, windows)
        own = [table for table in self.reads if table.name in names]
        upstream = {table.name: reads.rows(table) for table in own}
        upstream |= {t.name + HISTORY: reads.history(t, own) for t in self.reads if t.name + HISTORY in wanted}
        given = {name: getattr(resources, name) for name in wanted if name not in upstream and name != WINDOW}

        def produce(window: PartitionWindow) -> Candidate:
            tables = {name: read(window) for name, read in upstream.items()}
            windowed = {WINDOW: window} if WINDOW in wanted else {}
            made = self.transform(**{name: tables[name] for name in tables if name in wanted}, **given, **windowed)
            candidate = made if isinstance(made, Candidate) else Candidate(made)
            return replace(
                candidate, known_keys={name: tables[key.table_name].column(key.column) for name, key in keys.items()}
            )

        return produce


_KINDS_WITH_AN_ICON = {"iceberg", "python", "bronze", "silver", "gold"}


def table_asset(
    contract: Table,
    reads: Sequence[Table] = (),
    pool: str | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    progress: str = "",
    history_of: Mapping[str, str] | None = None,
) -> Callable[[Transform], TableAsset]:
    """Make the decorated transform the one way `contract` comes into being.

    Of a table named in `columns` only those columns are read, of any other all; of the history of one that is named in
    `history_of` only the rows of the partition's own keys. Raises ContractError on a wrong name.
    """
    keys = dict(history_of or {})
    narrowed = {name: tuple(wanted) for name, wanted in (columns or {}).items()}
    _check_narrowed(contract, reads, narrowed)
    _check_references(contract, reads, narrowed)

    def decorate(transform: Transform) -> TableAsset:
        if transform.__name__ != contract.name:
            raise ContractError(
                f"{contract.id}: its transform is called {transform.__name__}; give it the table's name"
            )
        asset = TableAsset(contract, tuple(reads), transform, pool, narrowed, progress, keys)
        _check_keys(asset)
        return asset

    return decorate


def _check_narrowed(contract: Table, reads: Sequence[Table], columns: Mapping[str, Sequence[str]]) -> None:
    read = {table.name: table for table in reads}
    for name, wanted in columns.items():
        if name not in read:
            raise ContractError(f"{contract.id}: narrows the columns of {name}, which it does not read")
        for column in wanted:
            read[name].column(column)


def _check_keys(asset: TableAsset) -> None:
    """Whoever asks for a history by key takes it, and takes rows of partitions that have that key."""
    contract, read = asset.contract, {table.name: table for table in asset.reads}
    for name, key in asset.history_of.items():
        if name not in read or name + HISTORY not in asset.parameters:
            raise ContractError(f"{contract.id}: takes no {name}{HISTORY} of a table it reads, and names its key")
        kind = read[name].column(key).type
        asking = keyed([table for table in asset.reads if table.name in asset.parameters], key)
        if contract.every is Grain.WHOLE or not asking:
            raise ContractError(f"{contract.id}: takes no partition's rows whose {key} says what history is needed")
        if any(table.column(key).type is not kind for table in asking):
            raise ContractError(f"{contract.id}: {key} has several types in the tables it reads")


def _check_references(contract: Table, reads: Sequence[Table], columns: Mapping[str, Sequence[str]]) -> None:
    read = {table.id: columns.get(table.name, table.names) for table in reads}
    for column, reference in contract.references.values():
        if reference.column not in read.get(reference.table, ()):
            raise ContractError(
                f"{contract.id}: {column.name} refers to {reference.table}, whose {reference.column} it does not read"
            )


def _window(partitions: dg.TimeWindowPartitionsDefinition, key: str) -> PartitionWindow:
    stretch = partitions.time_window_for_partition_key(key)
    return PartitionWindow(stretch.start, stretch.end, key)
