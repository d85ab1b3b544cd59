import pytest

from pricing_lake.cli.check import Check, Status, Timing, about, judged


@pytest.mark.parametrize(
    ("timing", "status", "told"),
    [
        (Timing(0.012, -0.25), Status.OK, "found, 12 ms, clock -0.2 s"),
        (Timing(0.012), Status.OK, "found, 12 ms"),
        (Timing(0.012, float("nan")), Status.OK, "found, 12 ms"),
        (Timing(1.5, 0.0), Status.WARN, "found, 1500 ms, clock +0.0 s"),
        (Timing(1.5, 0.0, slow_seconds=2.0), Status.OK, "found, 1500 ms, clock +0.0 s"),
        (Timing(0.012, 61.0), Status.WARN, "found, 12 ms, clock +61.0 s"),
        (Timing(9.0, -61.0), Status.WARN, "found, 9000 ms, clock -61.0 s"),
    ],
)
def test_slowness_and_wrong_clocks_are_warnings(timing, status, told):
    check = judged("x", "found", timing)
    assert (check.status, check.found) == (status, told)
    assert bool(check.advice) == (status is Status.WARN)


def test_the_clock_is_told_before_slowness():
    assert judged("x", "", Timing(9.0, 90.0)).advice.startswith("set one of the two clocks")
    assert judged("x", "", Timing(9.0, 0.0)).advice.startswith("run nearer")


def test_an_estimate_says_when_there_is_none():
    assert (about(1_234), about(None, "leads")) == ("about 1,234 rows", "unknown leads")


def test_a_check_that_went_well_needs_no_advice():
    assert Check("x", Status.OK, "y").advice == ""
