"""`pricing-lake sample`: what a person may ask of the made-up SmartGo shop. `sample_in_home` makes it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from pricing_lake.cli.output import print_json, say
from pricing_lake.cli.period import DAY
from pricing_lake.cli.sample_on_stage import load_sample
from pricing_lake.cli.stage_on_aws import stage_named, stage_option
from pricing_lake.errors import ConfigurationError
from pricing_lake.stage import Stage

if TYPE_CHECKING:
    from pricing_lake.cli.sample_record import SampleRecord

FEW, MANY = 1_000, 100_000
DAYS = 30
TENANTS = ("atelier-nord", "second-spin", "vintage-lane")


@dataclass(frozen=True)
class Wishes:
    """What was asked for; None where nothing was said."""

    days: int | None
    sales_per_day: int | None
    tenants: int | None
    last_day: date | None
    seed: int | None
    bad_day: date | None = None

    @property
    def are_none(self) -> bool:
        """Whether nothing was asked for in particular."""
        return all(value is None for value in vars(self).values())

    def record(self, records: int | None = None) -> "SampleRecord":
        """The sample that is meant, defaults filled in; `records` is how many sales it has at least.

        Raises ConfigurationError for a bad day outside its days, and for two answers to how many sales.
        """
        from pricing_lake.cli.sample_record import SampleRecord
        from pricing_lake.sample.shop import SampleShape

        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        chosen = {"days": self.days, "sales_per_day": self.sales_per_day, "seed": self.seed}
        if records is not None:
            if self.sales_per_day is not None:
                raise ConfigurationError("give --records or --sales-per-day, not both")
            lists = (self.days or DAYS) * (self.tenants or len(TENANTS))
            chosen["sales_per_day"] = -(-records // lists)
        shape = SampleShape(
            last_day=self.last_day or yesterday,
            tenants=_tenants(self.tenants or len(TENANTS)),
            **{name: value for name, value in chosen.items() if value is not None},
        )
        if self.bad_day is not None and not shape.first_day <= self.bad_day <= shape.last_day:
            raise ConfigurationError(
                f"--bad-day {self.bad_day} is not a day of the sample, {shape.first_day} to {shape.last_day}"
            )
        return SampleRecord(shape, self.bad_day)


def shape_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how large the shop is, to `sample` and to `demo`."""
    options = (
        click.option("--days", type=click.IntRange(min=1), help="Days of sales. Default: 30."),
        click.option("--sales-per-day", type=click.IntRange(min=1), help="Sales per day and tenant. Default: 150."),
        click.option("--tenants", type=click.IntRange(1, 50), help=f"Shops on the platform. Default: {len(TENANTS)}."),
        click.option("--last-day", type=DAY, help="Last day of the sample. Default: yesterday (UTC)."),
        click.option("--seed", type=int, help="Another number, another shop. The same number, the same shop."),
        click.option("--replace", is_flag=True, help="Replace another sample although days of it are published."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command("sample")
@shape_options
@stage_option
@click.option("--records", type=click.IntRange(FEW, MANY), help="Sales in all, at least, instead of --sales-per-day.")
@click.option("--bad-day", type=DAY, help="Make every price of this day unreadable, to see a day being refused.")
@click.option("--json", "as_json", is_flag=True, help="Print what lies there now as JSON.")
def sample_command(replace: bool, stage_name: str | None, records: int | None, as_json: bool, **wishes: Any) -> None:
    r"""Make a small SmartGo shop to try the lake on: sales in a SQLite file, product pictures, and dirt in both.

    Brands, people, prices and pictures are made up. About 14 % of the sales are spoiled on purpose, in 14 ways, so
    that there is something to find. The lake's calendar is set to exactly the sample's days (settings.toml in the
    home): `materialize`, the queries and `make ui` then see the same lake.

    A home whose lake already holds other days is left alone: what is published stays until that day is materialized
    again, so two shops would be mixed. Use another PRICING_LAKE_HOME, or --replace if that is what you want.

    With --stage dev or staging the shop is made in this home, and its sales are then loaded into that stage's lake on
    AWS, as `materialize` does it.

    \b
    Examples:
      pricing-lake sample
      pricing-lake sample --days 7 --sales-per-day 40 --tenants 1 --last-day 2026-11-19
      pricing-lake sample --days 7 --bad-day 2026-11-16 && pricing-lake materialize
      pricing-lake sample --stage dev --records 10000
    """
    from pricing_lake.cli.sample_in_home import make_sample_in

    stage = stage_named(stage_name)
    if stage.name == "prod":
        raise ConfigurationError("stage prod holds real sales; load samples into dev or staging")
    record = Wishes(**wishes).record(records)
    made = make_sample_in(stage, record, replace=replace, quiet=as_json)
    if as_json:
        print_json(_as_data(stage, record, made=made))
    else:
        _say_made(record, made=made)
    if stage.name != "local":
        load_sample(stage, quiet=as_json)


def _say_made(record: "SampleRecord", *, made: bool) -> None:
    shape = record.shape
    say(f"{'sample made' if made else 'the same sample is already there'}: {_described(record)}")
    say(f"the lake's days are now {shape.first_day} to {shape.last_day}; next: pricing-lake materialize")


def _tenants(count: int) -> tuple[str, ...]:
    return (*TENANTS, *(f"shop-{number:02d}" for number in range(len(TENANTS) + 1, count + 1)))[:count]


def _described(record: "SampleRecord") -> str:
    shape = record.shape
    rows = shape.days * shape.sales_per_day * len(shape.tenants)
    bad = f", all of {record.bad_day} unreadable" if record.bad_day else ""
    return f"{rows:,} sales of {len(shape.tenants)} tenants, {shape.first_day} to {shape.last_day}{bad}"


def _as_data(stage: Stage, record: "SampleRecord", *, made: bool) -> dict[str, Any]:
    from pricing_lake.cli.sample_record import database_of

    shape = record.shape
    return {
        "made": made,
        "database": str(database_of(stage.home)),
        "first_day": shape.first_day,
        "last_day": shape.last_day,
        "sales": shape.days * shape.sales_per_day * len(shape.tenants),
        "tenants": shape.tenants,
        "seed": shape.seed,
        "bad_day": record.bad_day,
    }
