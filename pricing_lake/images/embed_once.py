"""Gives each wanted image its vector, computing only those that no run has computed before.

Where vectors are kept is decided in `vectors`, how one is computed in the embedders.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from pricing_lake.errors import ConfigurationError, ImageError
from pricing_lake.images.embedder import Embedder, Vector
from pricing_lake.images.reasons import ImageReason
from pricing_lake.images.vectors import VectorStore


@dataclass(frozen=True)
class Progress:
    """How far `embed_once` has come."""

    total: int
    """Distinct images wanted."""

    reused: int = 0
    """Vectors that were in the store already."""

    computed: int = 0
    """Vectors computed by this call."""

    failed: int = 0
    """Images that ended as ImageError."""

    @property
    def done(self) -> int:
        """Images with an outcome of either kind."""
        return self.reused + self.computed + self.failed


def embed_once(
    store: VectorStore,
    wanted: Mapping[str, Callable[[], bytes]],
    embedder: Embedder,
    *,
    threads: int = 2,
    batch_size: int = 256,
    on_progress: Callable[[Progress], None] | None = None,
) -> Iterator[tuple[str, Vector | ImageError]]:
    """Yield (SHA-256, vector or what is wrong with that image) in the order of `wanted`.

    `wanted` maps the SHA-256 of an image to a function that reads its bytes. That function is called, from a
    thread, only for a vector that the store lacks. Whatever it or the embedder raises as ImageError becomes
    the outcome of that image alone, as do bytes whose digest is another. Every other error ends the
    iteration; vectors computed before stay stored, so the next call goes on from there.

    Nothing happens before the first item is asked for. In memory are at most one batch of vectors and one
    image per thread; `dict(embed_once(...))` holds all vectors, 4 KB each at 1024 dimensions.
    `on_progress` is called after each batch.

    Raises ConfigurationError at once when store and embedder are of different models.
    """
    if (store.model_id, store.dimensions) != (embedder.model_id, embedder.dimensions):
        raise ConfigurationError(
            f"open the vector store for {embedder.model_id} with {embedder.dimensions} dimensions; "
            f"it is for {store.model_id} with {store.dimensions}"
        )
    return _outcomes(store, wanted, embedder, threads, batch_size, on_progress)


def _outcomes(
    store: VectorStore,
    wanted: Mapping[str, Callable[[], bytes]],
    embedder: Embedder,
    threads: int,
    batch_size: int,
    on_progress: Callable[[Progress], None] | None,
) -> Iterator[tuple[str, Vector | ImageError]]:
    progress = Progress(len(wanted))
    compute = partial(_computed, store, wanted, embedder)
    remaining = iter(wanted)
    with ThreadPoolExecutor(threads, thread_name_prefix="embed") as pool:
        while batch := list(islice(remaining, batch_size)):
            stored = store.read_many(batch)
            missing = [sha256 for sha256 in batch if sha256 not in stored]
            fresh = dict(zip(missing, pool.map(compute, missing), strict=True))
            progress = _after_batch(progress, len(stored), list(fresh.values()))
            if on_progress is not None:
                on_progress(progress)
            for sha256 in batch:
                yield sha256, stored[sha256] if sha256 in stored else fresh[sha256]


def _after_batch(progress: Progress, reused: int, fresh: list[Vector | ImageError]) -> Progress:
    failed = sum(isinstance(outcome, ImageError) for outcome in fresh)
    return replace(
        progress,
        reused=progress.reused + reused,
        computed=progress.computed + len(fresh) - failed,
        failed=progress.failed + failed,
    )


def _computed(
    store: VectorStore, wanted: Mapping[str, Callable[[], bytes]], embedder: Embedder, sha256: str
) -> Vector | ImageError:
    try:
        image = wanted[sha256]()
        if hashlib.sha256(image).hexdigest() != sha256:
            raise ImageError(ImageReason.TRUNCATED, "the bytes are not those of this digest; fetch the image again")
        return store.write(sha256, embedder.embed_one(image))
    except ImageError as error:
        return error
