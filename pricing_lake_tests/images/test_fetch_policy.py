"""Limits that make no sense are refused when they are set, not when a fetch meets them."""

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.images.fetch import FetchPolicy


@pytest.mark.parametrize(
    "limits",
    [
        {"attempts": 0},
        {"concurrency": 0},
        {"max_bytes": 0},
        {"deadline_seconds": 0.0},
        {"max_redirects": -1},
        {"backoff_seconds": ()},
        {"backoff_seconds": (-1.0,)},
    ],
)
def test_limits_without_sense_are_a_configuration_error(limits) -> None:
    with pytest.raises(ConfigurationError):
        FetchPolicy(image_root=None, **limits)


def test_the_last_pause_repeats() -> None:
    assert FetchPolicy(image_root=None).pauses() == [1.0, 2.0]
    assert FetchPolicy(image_root=None, attempts=6).pauses() == [1.0, 2.0, 4.0, 4.0, 4.0]
