"""The outside systems that tests in this folder share: one server of each kind and one Dagster for the session."""

from collections.abc import Iterator

import pytest

from pricing_lake_tests.services.bad_day_pages import PagesOfBadDay, look_at_bad_day
from pricing_lake_tests.services.bad_day_story import BadDayMended, BadDayMet, SmallLake, meet_bad_day, mend_bad_day
from pricing_lake_tests.services.browser import ChromiumMissingError, open_pages
from pricing_lake_tests.services.dagster_dev import running_dagster_dev
from pricing_lake_tests.services.kafka_broker import KafkaBroker, running_broker
from pricing_lake_tests.services.kafka_jars import KafkaMissingError
from pricing_lake_tests.services.mariadb import MariaDbMissingError, running_mariadb
from pricing_lake_tests.services.postgres import PostgresMissingError, running_postgres
from pricing_lake_tests.services.small_shop import DAYS, open_small_shop


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the URL of a running server; fail, never skip, when PostgreSQL is not installed."""
    try:
        with running_postgres() as url:
            yield url
    except PostgresMissingError as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """A real `dagster dev` on two weeks of a small shop, one day of which is bad."""
    home = tmp_path_factory.mktemp("lake")
    shop = open_small_shop(home)
    settings = {"PRICING_LAKE_START_DATE": DAYS[0], "PRICING_LAKE_END_DATE": DAYS[-1]}
    with running_dagster_dev(home, settings) as dagster:
        yield SmallLake(dagster, shop, home)


@pytest.fixture(scope="session")
def bad_day_met(small_lake: SmallLake) -> BadDayMet:
    """Both weeks were backfilled and the bad day was refused."""
    return meet_bad_day(small_lake)


@pytest.fixture(scope="session")
def pages_of_bad_day(small_lake: SmallLake, bad_day_met: BadDayMet) -> PagesOfBadDay:
    """What a person sees in Dagster while the bad day stands refused; fail, never skip, without a browser."""
    try:
        with open_pages(small_lake.dagster.url) as pages:
            return look_at_bad_day(pages)
    except ChromiumMissingError as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def bad_day_mended(small_lake: SmallLake, bad_day_met: BadDayMet, pages_of_bad_day: PagesOfBadDay) -> BadDayMended:
    """The bad day was mended and backfilled alone, after the pages that show it refused were looked at."""
    return mend_bad_day(small_lake, bad_day_met)


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """Give the URL of a running server; fail, never skip, when MariaDB is not installed."""
    try:
        with running_mariadb() as url:
            yield url
    except MariaDbMissingError as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[KafkaBroker]:
    """Give a running broker of its own cluster; fail, never skip, when Java or Kafka's jars are missing."""
    try:
        with running_broker() as broker:
            yield broker
    except KafkaMissingError as missing:
        pytest.fail(str(missing), pytrace=False)
