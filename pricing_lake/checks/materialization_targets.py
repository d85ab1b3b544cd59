"""Which materialization a check evaluation speaks of, partition by partition. Knows no check and no verdict.

A check counts on Dagster's pages only if it points at the latest materialization of its partition; else the page says
"Missing". The class that points lives in a private module of Dagster: it is imported here and nowhere else.
"""

from collections.abc import Collection, Mapping

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData

Target = AssetCheckEvaluationTargetMaterializationData


def latest_targets(
    instance: dg.DagsterInstance, asset: dg.AssetKey, evaluated: Mapping[str, float], own: Mapping[str, str]
) -> dict[str, Target]:
    """Targets of the partitions that have one. `evaluated` holds a timestamp per partition.

    `own` names the run of partitions known to have just been materialized; every other one costs a query, to learn
    which earlier run published it. One query serves the storage ids of all.
    """
    stored = _storage_ids(instance, asset, evaluated)
    return {
        partition: Target(
            storage_id=stored[partition],
            run_id=own[partition] if partition in own else _run_of(instance, asset, partition),
            timestamp=timestamp,
        )
        for partition, timestamp in evaluated.items()
        if partition in stored
    }


def _storage_ids(instance: dg.DagsterInstance, asset: dg.AssetKey, partitions: Collection[str]) -> Mapping[str, int]:
    if not partitions:
        return {}  # Dagster takes an empty set for all partitions
    return instance.get_latest_storage_id_by_partition(
        asset, dg.DagsterEventType.ASSET_MATERIALIZATION, set(partitions)
    )


def _run_of(instance: dg.DagsterInstance, asset: dg.AssetKey, partition: str) -> str:
    known = dg.AssetRecordsFilter(asset, asset_partitions=[partition])
    return instance.fetch_materializations(known, limit=1).records[0].run_id
