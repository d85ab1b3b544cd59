"""The sensor that makes facts follow their dimensions: what it asks for, that it runs, and that it asks once."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.contracts.gold_facts import FACT_ORDERS
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.gold.dim_customer import dim_customer
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.gold.star_days import UNKNOWN, customer
from pricing_lake_tests.star_on_stage import StarOnStage

ORDERS_OF = "gold/fact_orders"


@pytest.fixture
def star(tmp_path: Path) -> StarOnStage:
    return StarOnStage(tmp_path / "lake")


def learn(star: StarOnStage, day: int = 1, **change: object) -> None:
    """The lake learns of a customer, late."""
    star.tell(CUSTOMERS, customer(day, **change))
    star.make(dim_customer)


def test_a_lake_without_facts_is_asked_nothing_and_left_alone(star: StarOnStage) -> None:
    answer = star.tick()
    assert answer.run_requests == []
    assert "no day of a fact" in answer.skip_message
    assert not star.lake.exists(FACT_ORDERS)


def test_facts_of_todays_dimensions_are_left_alone(star: StarOnStage) -> None:
    star.ordered(2, 3)
    assert star.asked() == []


def test_exactly_the_days_that_differ_are_asked_for_neighbours_together(star: StarOnStage) -> None:
    star.ordered(2, 3, 4, 5, 9, 12, 13)
    learn(star, created_at=None, day=3)
    assert star.asked() == [(ORDERS_OF, "03", "05"), (ORDERS_OF, "09", "09"), (ORDERS_OF, "12", "13")]
    assert star.asked() == []


def test_no_run_is_longer_than_a_backfills(star: StarOnStage) -> None:
    star.ordered(2, 3, 4, 5, 6)
    learn(star)
    assert star.asked() == [(ORDERS_OF, "02", "04"), (ORDERS_OF, "05", "06")]


def test_what_it_asks_for_mends_the_facts_and_then_it_is_content(star: StarOnStage) -> None:
    star.ordered(2, 3, 7)
    assert {row["customer_sk"] for row in star.rows(FACT_ORDERS)} == {UNKNOWN}
    learn(star)
    requests = star.tick().run_requests
    assert [star.run(request) for request in requests] == [True, True]
    [key] = {row["customer_sk"] for row in star.rows(FACT_ORDERS)}
    assert key != UNKNOWN
    assert star.asked() == []
    assert star.snapshots(FACT_ORDERS) == 3


def test_a_tick_on_which_nothing_changed_reads_no_row(star: StarOnStage, monkeypatch: pytest.MonkeyPatch) -> None:
    star.ordered(2)
    star.asked()
    monkeypatch.setattr("pyiceberg.io.pyarrow.ArrowScan.to_table", None)
    assert star.asked() == []
    learn(star)
    with pytest.raises(TypeError):
        star.tick()


class TestNothingLoops:
    def refuse(self, star: StarOnStage, day: int) -> None:
        """From now on the day's facts are refused: the day of silver that they are made of is."""
        window = PartitionWindow.of_day(date(2026, 3, day))
        rows = star.lake.table(ORDERS).scan(selected_fields=ORDERS.names).to_arrow()
        made = publish(star.lake, ORDERS, [window], lambda _: Candidate(rows, expected_rows=99), "silver")
        assert made.refused

    def test_a_day_that_was_run_and_still_differs_is_not_asked_for_again(self, star: StarOnStage) -> None:
        star.ordered(2, 3)
        self.refuse(star, 2)
        learn(star)
        [request] = star.tick().run_requests
        assert not star.run(request)
        assert star.asked() == []
        assert [row["customer_sk"] == UNKNOWN for row in star.rows(FACT_ORDERS)] == [True, False]

    def test_but_when_a_dimension_is_published_anew_it_is(self, star: StarOnStage) -> None:
        star.ordered(2, 3)
        self.refuse(star, 2)
        learn(star)
        star.run(star.tick().run_requests[0])
        assert star.asked() == []
        learn(star, country="SE")
        assert star.asked() == [(ORDERS_OF, "02", "02")]
        assert star.asked() == []

    def test_a_sensor_that_lost_its_cursor_asks_by_the_same_run_key(self, star: StarOnStage) -> None:
        star.ordered(2, 3)
        learn(star)
        first = star.tick().run_requests
        star.cursor = None
        assert [request.run_key for request in star.tick().run_requests] == [request.run_key for request in first]

    def test_a_day_that_falls_back_is_asked_for_again(self, star: StarOnStage) -> None:
        """Dimensions that change and change back, as after a rollback, take the facts with them each time."""
        star.ordered(2)
        keys = []
        for country in ("FI", "SE", "FI", "SE"):
            learn(star, day=1, country="FI")
            star.tell(CUSTOMERS, customer(2, "11:00:00", country=country))
            star.make(dim_customer)
            [request] = star.tick().run_requests
            keys.append(request.run_key)
            assert star.run(request)
        assert len(set(keys)) == 4

    def test_a_run_that_read_the_dimensions_before_they_changed_and_ended_after_is_mended(
        self, star: StarOnStage
    ) -> None:
        star.ordered(2)
        old = star.lake.table(FACT_ORDERS).scan(selected_fields=FACT_ORDERS.names).to_arrow()
        learn(star)
        [first] = star.tick().run_requests
        assert star.run(first)
        keys = {name: old[name] for name in ("customer_sk", "product_sk", "date_sk")}
        late = Candidate(old, known_keys=keys)
        publish(star.lake, FACT_ORDERS, [PartitionWindow.of_day(date(2026, 3, 2))], lambda _: late, "slow")
        [again] = star.tick().run_requests
        assert again.run_key != first.run_key
        assert star.run(again)
        assert star.asked() == []


@pytest.mark.parametrize("job", ["daily", "facts_again"])
def test_while_dimensions_or_facts_are_being_made_it_waits(star: StarOnStage, job: str) -> None:
    star.ordered(2)
    learn(star)
    run = star.instance.create_run_for_job(star.definitions.resolve_job_def(job), status=dg.DagsterRunStatus.STARTED)
    assert star.tick().skip_message == f"a run of {job} is under way"
    star.instance.report_run_failed(run)
    assert star.asked() == [(ORDERS_OF, "02", "02")]


def test_a_refused_dimension_makes_the_facts_wait_and_says_so(star: StarOnStage) -> None:
    star.ordered(2)
    learn(star)
    good = star.lake.table(dim_customer.contract).scan(selected_fields=dim_customer.contract.names).to_arrow()
    whole = PartitionWindow.whole()
    publish(star.lake, dim_customer.contract, [whole], lambda _: Candidate(good, expected_rows=9), "gold")
    answer = star.tick()
    assert answer.run_requests == []
    assert "gold/fact_orders waits: gold/dim_customer whole refused" in answer.skip_message
    star.make(dim_customer)
    assert star.asked() == [(ORDERS_OF, "02", "02")]


def test_it_starts_by_itself(star: StarOnStage) -> None:
    sensor = star.definitions.get_repository_def().get_sensor_def("facts_follow_dimensions")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
