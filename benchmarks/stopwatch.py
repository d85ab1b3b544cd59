"""Where the time of range runs goes: table assets that time their own parts. Runs nothing and prints nothing."""

import functools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

from pricing_lake.contracts.model import Table
from pricing_lake.lake import publish as publish_module
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset import TableAsset

TRANSFORM, READ, PUBLISH = "transform", "read", "publish"


@dataclass
class Stopwatch:
    """Seconds and partitions by table. The parts do not overlap: a nested part is taken off the one around it."""

    seconds: defaultdict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    partitions: Counter[str] = field(default_factory=Counter)
    _inside: list[float] = field(default_factory=list)

    @contextmanager
    def measure(self, table_id: str, part: str) -> Iterator[None]:
        """Count the block's time for this part of this table."""
        self._inside.append(0.0)
        start = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - start
            self.seconds[table_id, part] += took - self._inside.pop()
            if self._inside:
                self._inside[-1] += took

    def timed(self, asset: TableAsset) -> TableAsset:
        """The same asset on this stopwatch. A mart's query counts as its transform, made once for the whole range."""
        watch, table_id = self, asset.contract.id
        making = TRANSFORM if asset.contract.layer == "marts" else READ

        class Timed(type(asset)):  # type: ignore[misc]  # a plain asset or a mart
            def producer(
                self, lake: Lake, windows: Sequence[PartitionWindow], resources: Any
            ) -> Callable[[PartitionWindow], Candidate]:
                watch.partitions[table_id] += len(windows)
                with watch.measure(table_id, making):
                    produce = super().producer(lake, windows, resources)

                def produced(window: PartitionWindow) -> Candidate:
                    with watch.measure(table_id, making):
                        made: Candidate = produce(window)
                    return made

                return produced

        @functools.wraps(asset.transform)
        def transform(**arguments: Any) -> Any:
            with watch.measure(table_id, TRANSFORM):
                return asset.transform(**arguments)

        values = {item.name: getattr(asset, item.name) for item in fields(asset)} | {"transform": transform}
        made: TableAsset = Timed(**values)
        return made

    @contextmanager
    def timing_publish(self) -> Iterator[None]:
        """Time every publish too, which assets look up when they run."""
        original = publish_module.publish

        def publish(
            lake: Lake,
            contract: Table,
            windows: Sequence[PartitionWindow],
            produce: Callable[[PartitionWindow], Candidate],
            run_id: str,
        ) -> publish_module.Publication:
            with self.measure(contract.id, PUBLISH):
                return original(lake, contract, windows, produce, run_id)

        publish_module.publish = publish
        try:
            yield
        finally:
            publish_module.publish = original
