"""The limiter lets no more through than it says, whoever asks; pauses grow, are random, and end."""

import time
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.images.embed_bedrock_pace import Patience, RateLimiter


def times_of(limiter: RateLimiter, requests: int) -> list[float]:
    def ask(_: int) -> float:
        limiter.wait()
        return time.monotonic()

    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(ask, range(requests)))


def test_threads_share_one_rate() -> None:
    """1,200 a minute: 20 at once, then one each 50 ms."""
    times = times_of(RateLimiter(1_200), 40)
    assert times[19] - times[0] < 0.3
    assert 0.95 <= times[-1] - times[0] < 1.6


def test_slower_than_one_a_second_there_is_no_burst() -> None:
    times = times_of(RateLimiter(50), 2)
    assert times[1] - times[0] >= 1.1


def test_a_bucket_that_was_left_alone_holds_no_more_than_a_second() -> None:
    limiter = RateLimiter(600)
    limiter.wait()
    time.sleep(1.5)
    times = times_of(limiter, 14)
    assert times[-1] - times[0] >= 0.35


def test_no_limit_waits_for_nothing() -> None:
    times = times_of(RateLimiter(0), 100)
    assert times[-1] - times[0] < 0.5


def test_pauses_are_random_below_a_limit_that_doubles() -> None:
    patience = Patience(first_pause=0.1, longest_pause=1.0)
    pauses = {attempt: [patience.pause(attempt, Random(seed)) for seed in range(200)] for attempt in (1, 2, 3, 60)}
    limits = {attempt: max(found) for attempt, found in pauses.items()}
    assert limits[1] == pytest.approx(0.2, rel=0.1)
    assert limits[2] == pytest.approx(0.4, rel=0.1)
    assert limits[3] == pytest.approx(0.8, rel=0.1)
    assert limits[60] == pytest.approx(1.0, rel=0.1)
    assert min(map(min, pauses.values())) >= 0
    assert len(set(pauses[60])) == 200


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"first_pause": -1}, {"failures": 0}])
def test_patience_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        Patience(**wrong)


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        RateLimiter(-1)
