"""The outside systems that tests in this folder share: one PostgreSQL server for the whole session."""

from collections.abc import Iterator

import pytest

from pricing_lake_tests.services.postgres import PostgresMissingError, running_postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the URL of a running server; fail, never skip, when PostgreSQL is not installed."""
    try:
        with running_postgres() as url:
            yield url
    except PostgresMissingError as missing:
        pytest.fail(str(missing), pytrace=False)
