import os
import signal
import sys
import threading
import time

import pytest
from dagster import DagsterInstance

from pricing_lake.cli.instance import dagster_instance
from pricing_lake.cli.interruption import watch_for_interruption
from pricing_lake.cli.run_days import PartitionRunner
from pricing_lake.cli.selection import select_tables
from pricing_lake_tests.shop import Shop

DAY = "2026-03-01"


def test_a_signal_that_somebody_else_takes_is_noticed():
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        with watch_for_interruption() as interrupted:
            assert not interrupted()
            os.kill(os.getpid(), signal.SIGINT)
            assert interrupted()
            assert interrupted()
        with watch_for_interruption() as interrupted:
            assert not interrupted()
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_signals_are_none_of_it():
    before = signal.signal(signal.SIGUSR1, lambda _number, _frame: None)
    try:
        with watch_for_interruption() as interrupted:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert not interrupted()
    finally:
        signal.signal(signal.SIGUSR1, before)


class Interruption(BaseException):
    pass


class Ends:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __del__(self) -> None:
        raise self.error


@pytest.mark.parametrize(("error", "told"), [(Interruption(), 0), (ValueError("a bug"), 1)])
def test_an_interruption_of_a_destructor_is_not_shown_and_a_bug_is(error, told, monkeypatch):
    shown: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: shown.append(unraisable.exc_type))
    with watch_for_interruption():
        Ends(error)
    assert len(shown) == told


def test_off_the_main_thread_nobody_interrupts():
    answers: list[bool] = []

    def watch() -> None:
        with watch_for_interruption() as interrupted:
            answers.append(interrupted())

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    assert answers == [False]


def _interrupt_when_it_runs(instance: DagsterInstance) -> None:
    while not any(run.status.value == "STARTED" for run in instance.get_runs(limit=1)):
        time.sleep(0.005)
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_in_the_middle_of_a_run_ends_more_than_the_run(shop: Shop) -> None:
    """Dagster ends the run as cancelled and returns as if nothing were: the next day would be run."""
    shop.sell("s1", DAY)
    with dagster_instance(shop.stage) as instance:
        runner = PartitionRunner(shop.stage, instance)
        hand = threading.Thread(target=_interrupt_when_it_runs, args=(instance,))
        hand.start()
        with pytest.raises(KeyboardInterrupt):
            runner.run(DAY, select_tables(("bronze", "silver")))
        hand.join()
        assert runner.run(DAY, select_tables(("raw_smartgo_sales",))).passed
    assert len(shop.rows("raw_smartgo_sales")) == 1
