"""Every source as `doctor` looks at it: side by side, each for a bounded time, in a fixed order. Reads no row.

Sources are opened one after the other, for their clients' modules must not be loaded by several threads at once; only
asking them takes time.
"""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future

from pricing_lake.cli.check import Check, Status
from pricing_lake.cli.listed_settings import hide_secrets
from pricing_lake.cli.look_at_sources import LOOKS as SHOPS_AND_FEEDS
from pricing_lake.cli.look_at_sources import Look, Open
from pricing_lake.cli.look_at_warehouses import LOOKS as WAREHOUSES
from pricing_lake.cli.settings import hide_password
from pricing_lake.errors import PricingLakeError
from pricing_lake.stage import Stage

LIMIT_SECONDS = 20.0
"""So long all sources together are waited for."""
SOURCES: Mapping[str, Open] = {**SHOPS_AND_FEEDS, **WAREHOUSES}

Started = Sequence[tuple[str, Future[Check]]]


def start(stage: Stage) -> Started:
    """Begin to look at every source."""
    return [(name, _started(_opened(open_it, stage))) for name, open_it in SOURCES.items()]


def outcomes(started: Started, stage: Stage) -> Iterator[Check]:
    """What was found, in the order of `SOURCES`. One that does not answer in time is left to itself."""
    deadline = time.monotonic() + LIMIT_SECONDS
    for name, future in started:
        try:
            yield future.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            yield Check(
                name,
                Status.FAIL,
                f"no answer within {LIMIT_SECONDS:g} s",
                "check its address, the network and the firewall; a warehouse that sleeps may need a second try",
            )
        except Exception as error:  # a broken source must not hide the state of the others
            yield broken(name, error, stage)


def broken(name: str, error: Exception, stage: Stage) -> Check:
    """The check of a part that raised, in one line without secrets."""
    if isinstance(error, PricingLakeError):
        text, advice = str(error), "do what it says"
    else:
        text, advice = f"{type(error).__name__}: {error}", "mend it, then run doctor again"
    line = hide_secrets(" ".join(text.split())[:400], stage)
    for url in filter(None, (stage.smartgo_url, os.environ.get("REDSHIFT_URL"))):
        line = hide_password(line, url)
    return Check(name, Status.FAIL, line, advice)


def _opened(open_it: Open, stage: Stage) -> Look:
    try:
        return open_it(stage)
    except Exception as error:
        failed = error

        def fails() -> Check:
            raise failed

        return fails


def _started(look: Look) -> Future[Check]:
    """The look in a thread of its own, which does not keep the program from ending."""
    future: Future[Check] = Future()

    def run() -> None:
        try:
            future.set_result(look())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
