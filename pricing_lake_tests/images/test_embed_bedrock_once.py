"""A day on Bedrock: every picture asked for once ever, as many at once as allowed, a bad one alone in its fate."""

import hashlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pyarrow import fs

from pricing_lake.errors import ConfigurationError, ImageError
from pricing_lake.images.embed_bedrock import BedrockEmbedder, BedrockSettings
from pricing_lake.images.embed_bedrock_pace import Patience
from pricing_lake.images.embed_once import embed_once
from pricing_lake.images.embedder import Vector
from pricing_lake.images.vectors import VectorStore
from pricing_lake_tests.aws.bedrock_server import BedrockServer

from .near_duplicates import drawn_photo

DAY = {hashlib.sha256(photo).hexdigest(): photo for photo in map(drawn_photo, range(40))}
QUICK = Patience(first_pause=0.005, longest_pause=0.05)


def embed_day(folder: Path, at_once: int = 8, per_minute: float = 0.0) -> dict[str, Vector | ImageError]:
    """As a run does: an embedder of its own, and the store of all runs."""
    embedder = BedrockEmbedder(BedrockSettings(at_once=at_once, requests_per_minute=per_minute, patience=QUICK))
    store = VectorStore(fs.LocalFileSystem(), str(folder), embedder.model_id, embedder.dimensions)
    wanted = {sha256: partial(bytes, photo) for sha256, photo in DAY.items()}
    return dict(embed_once(store, wanted, embedder, threads=embedder.settings.threads))


def test_a_day_that_was_embedded_asks_for_nothing_again(bedrock: BedrockServer, tmp_path: Path) -> None:
    first = embed_day(tmp_path)
    assert bedrock.behaviour.counts["requests"] == len(DAY)
    again = embed_day(tmp_path)
    assert bedrock.behaviour.counts["requests"] == len(DAY)
    assert list(again) == list(DAY)
    for sha256, vector in first.items():
        np.testing.assert_array_equal(vector, again[sha256])


def test_no_more_are_in_flight_than_allowed_and_no_fewer(bedrock: BedrockServer, tmp_path: Path) -> None:
    bedrock.behaviour.latency_seconds = 0.05
    embed_day(tmp_path, at_once=5)
    assert bedrock.behaviour.most_at_once == 5


def test_a_bad_picture_costs_itself_alone_and_is_asked_for_again(bedrock: BedrockServer, tmp_path: Path) -> None:
    refused, short, *_ = DAY
    bedrock.behaviour.fault_of = {refused: "invalid", short: "wrong_dimension"}
    outcomes = embed_day(tmp_path)
    reasons = {key: found.reason for key, found in outcomes.items() if isinstance(found, ImageError)}
    assert reasons == {refused: "embedding_refused", short: "embedding_invalid"}
    bedrock.behaviour.fault_of = {}
    asked = bedrock.behaviour.counts["requests"]
    assert not any(isinstance(found, ImageError) for found in embed_day(tmp_path).values())
    assert bedrock.behaviour.counts["requests"] == asked + 2


def test_a_day_under_a_quota_is_whole(bedrock: BedrockServer, tmp_path: Path) -> None:
    """The stub lets 20 a second through; without a limiter the rest is refused, and asked for again."""
    bedrock.behaviour.requests_per_minute = 1_200
    assert not any(isinstance(found, ImageError) for found in embed_day(tmp_path).values())
    assert bedrock.behaviour.counts["throttled"] > 0


def test_a_limiter_keeps_below_the_quota(bedrock: BedrockServer, tmp_path: Path) -> None:
    bedrock.behaviour.requests_per_minute = 1_200
    embed_day(tmp_path, per_minute=1_000)
    assert bedrock.behaviour.counts["throttled"] == 0


def test_what_was_computed_before_the_end_is_kept(bedrock: BedrockServer, tmp_path: Path) -> None:
    bedrock.behaviour.script.extend([""] * 20 + ["expired"] * 40)
    with pytest.raises(ConfigurationError, match="renew the credentials"):
        embed_day(tmp_path, at_once=1)
    bedrock.behaviour.script.clear()
    bedrock.behaviour.counts.clear()
    embed_day(tmp_path)
    assert 0 < bedrock.behaviour.counts["requests"] <= len(DAY) - 20
