"""Carousel read in bulk: a window of sales out of DynamoDB's exports to S3, without a single read of the table.

Manifests and the merge of items live next door; the table itself is queried in `carousel`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from pyarrow import fs

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.carousel_export_choice import needed_exports
from pricing_lake.sources.carousel_export_items import MergedItems
from pricing_lake.sources.carousel_export_manifest import find_exports
from pricing_lake.sources.carousel_items import NAME, SCHEMA, ItemColumns, ItemsRead
from pricing_lake.sources.carousel_probe import ExportFacts, look_at_exports
from pricing_lake.sources.window import Control, Window

EARLIEST_WRITE = timedelta(days=1)
"""How long before its time of sale an item may be written; the contract refuses sales dated further ahead."""


def exports_at(uri: str, region: str, endpoint: str) -> tuple[fs.FileSystem, str]:
    """Return the file system and the folder behind `s3://bucket/prefix` or `file:///folder`.

    Raises ConfigurationError for anything else.
    """
    scheme, _, path = uri.partition("://")
    if scheme == "s3" and path.strip("/"):
        system = fs.S3FileSystem(
            region=region,
            endpoint_override=endpoint or None,
            connect_timeout=3,
            request_timeout=30,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=6),
        )
        return system, path.strip("/")
    if scheme == "file" and path.startswith("/"):
        return fs.LocalFileSystem(), path.rstrip("/")
    raise ConfigurationError("CAROUSEL_EXPORT_URI is neither s3://bucket/prefix nor file:///folder; correct it")


class CarouselExports:
    """Sales as of the newest export. An object serves one run: exports are read once, whatever the number of windows.

    A window needs the exports that know every write since a day before it began; the merge happens on local disk.
    """

    name = NAME

    def __init__(
        self, files: fs.FileSystem, root: str, index: str = "GSI1", columns: ItemColumns | None = None
    ) -> None:
        self._files = files
        self._root = root
        self._index = index
        self._columns = columns or ItemColumns()
        self._merged: MergedItems | None = None
        self._knows: tuple[datetime, datetime] | None = None

    @contextmanager
    def read(self, window: Window) -> Iterator[ItemsRead]:
        """Open the sales of the days that the window touches, with their count, both from the same exports.

        Raises SourceUnavailableError when no export reaches to the window's end yet, SourceDataError when exports
        have a gap or damage, ConfigurationError when there are none.
        """
        items = self._items(window)
        first, last = window.lo.date(), (window.hi - timedelta(microseconds=1)).date()
        batches = (self._columns.batch(part) for part in items.of_days(first, last))
        yield ItemsRead(SCHEMA, Control(items.count(first, last), None), batches)

    def probe(self) -> ExportFacts:
        """Look at the exports there are; see `look_at_exports`."""
        return look_at_exports(self._files, self._root)

    def _items(self, window: Window) -> MergedItems:
        since = window.lo - EARLIEST_WRITE
        if self._merged and self._knows and self._knows[0] <= since and window.hi <= self._knows[1]:
            return self._merged
        chosen = needed_exports(find_exports(self._files, self._root), since, window.hi)
        merged = MergedItems(self._index)
        merged.merge(self._files, chosen)
        if self._merged:
            self._merged.close()
        self._merged, self._knows = merged, (since, chosen[-1].until)
        return merged
