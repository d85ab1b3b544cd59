"""Fixtures of more than one layer."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pricing_lake_tests.shop import Shop
from pricing_lake_tests.sources.mock_kafka import MockKafka, mock_kafka

pytest_plugins = ("pricing_lake_tests.aws.granted_calls",)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """An empty shop open from 1 to 5 March 2026; settings come from its lake's home alone."""
    for name in ("SMARTGO_URL", "PRICING_LAKE_HOME", "PRICING_LAKE_START_DATE", "PRICING_LAKE_END_DATE"):
        monkeypatch.delenv(name, raising=False)
    return Shop(tmp_path / "lake", date(2026, 3, 1), date(2026, 3, 5))


@pytest.fixture(scope="module")
def kafka() -> Iterator[MockKafka]:
    """A cluster of librdkafka's own, which each test fills with topics of its own."""
    with mock_kafka() as cluster:
        yield cluster
