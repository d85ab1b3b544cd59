"""Takes pictures in: fetch, look at the bytes, keep them by content. How each step works lives in its own module."""

from collections.abc import Iterable
from dataclasses import dataclass

from pricing_lake.errors import ImageError
from pricing_lake.images.fetch import fetch_images
from pricing_lake.images.fetch_policy import FetchPolicy
from pricing_lake.images.inspect import ImageFacts, inspect_image, verify_decodes
from pricing_lake.images.store import ImageStore, key_for


@dataclass(frozen=True)
class KeptImage:
    """A picture that is in the store under `key`."""

    key: str
    facts: ImageFacts


def take_in(urls: Iterable[str], policy: FetchPolicy, store: ImageStore) -> dict[str, KeptImage | ImageError]:
    """The outcome of each distinct URL; a bad picture costs no other one."""
    return {url: _kept(store, outcome) for url, outcome in fetch_images(urls, policy)}


def _kept(store: ImageStore, outcome: bytes | ImageError) -> KeptImage | ImageError:
    """Keep the bytes; decoding is proved once per content, since what is in the store was proved when it came in."""
    if isinstance(outcome, ImageError):
        return outcome
    try:
        facts = inspect_image(outcome)
        key = key_for(facts.sha256, facts.media_type)
        if not store.contains(key):
            verify_decodes(outcome)
            store.put(outcome, facts)
    except ImageError as error:
        return error
    return KeptImage(key, facts)
