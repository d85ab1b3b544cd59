"""Puts a sample into a lake's home and sets the lake's calendar and sources to it, unless that would mix two shops."""

from collections.abc import Mapping
from dataclasses import replace as replace_fields

from pricing_lake.cli.clients import lake_of
from pricing_lake.cli.output import note, progress
from pricing_lake.cli.sample_record import (
    SampleRecord,
    database_of,
    folder_of,
    forget_record,
    rates_of,
    read_record,
    write_record,
)
from pricing_lake.cli.settings import add_settings, is_in_environment
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.errors import ConfigurationError
from pricing_lake.lake.verdicts import VerdictStore
from pricing_lake.partitions import Calendar
from pricing_lake.sample.bad_day import make_day_bad
from pricing_lake.sample.rates import write_rates
from pricing_lake.sample.shop import make_sample, refuse_nonsense
from pricing_lake.stage import Stage


def make_sample_in(stage: Stage, record: SampleRecord, *, replace: bool = False, quiet: bool = False) -> bool:
    """Make the sample in the stage's home and set the lake's calendar to it; returns False when it was there already.

    Raises ConfigurationError when days of another shop are published and `replace` is not given, or for a sample
    that makes no sense.
    """
    same = read_record(stage.home) == record
    if not same:
        refuse_nonsense(record.shape)
        _refuse_bad_day_of_few(record)
        _refuse_mixing(stage, replace=replace)
        forget_record(stage.home)
        write_record(stage.home, replace_fields(record, planted=_make(stage, record, quiet=quiet)))
    write_rates(rates_of(stage.home), record.shape.first_day, record.shape.last_day)
    _set_calendar(stage, record)
    return not same


def _make(stage: Stage, record: SampleRecord, *, quiet: bool) -> Mapping[str, int]:
    """Make it; returns what was planted, by reason."""
    database = database_of(stage.home)
    with progress("sample", quiet=quiet) as step:

        def report(what: str, done: int, total: int) -> None:
            step(done, total, what if done == total else "")

        summary = make_sample(database, folder_of(stage.home) / "pictures", record.shape, report)
    if record.bad_day is not None:
        make_day_bad(database, record.bad_day)
    return summary.planted


def _set_calendar(stage: Stage, record: SampleRecord) -> None:
    settings = {
        "PRICING_LAKE_START_DATE": record.shape.first_day.isoformat(),
        "PRICING_LAKE_END_DATE": record.shape.last_day.isoformat(),
    }
    url = f"sqlite:///{database_of(stage.home)}"
    if not is_in_environment("SMARTGO_URL"):
        settings["SMARTGO_URL"] = url
    elif stage.smartgo_url != url:
        note("SMARTGO_URL is set in the environment and names another shop; unset it to read the sample")
    if not is_in_environment("FX_URL"):
        settings["FX_URL"] = rates_of(stage.home).as_uri()
    for name in add_settings(stage.home, settings):
        note(f"{name} is set in the environment and wins over the sample's {settings[name]}; unset it")


def _refuse_bad_day_of_few(record: SampleRecord) -> None:
    """A bad day must be refused, which the contract never does for a handful of bad rows."""
    rows, few = record.shape.sales_per_day * len(record.shape.tenants), RAW_SMARTGO_SALES.few_bad_rows
    if record.bad_day is not None and rows <= few:
        raise ConfigurationError(
            f"{rows} sales a day are too few for a bad day: up to {few} bad rows never refuse one; "
            "give more --sales-per-day"
        )


def _refuse_mixing(stage: Stage, *, replace: bool) -> None:
    published = _published_days(stage)
    if not published:
        return
    span = f"{len(published)} published days ({published[0]} to {published[-1]})"
    if not replace:
        raise ConfigurationError(
            f"{stage.home} holds {span} of another shop; set PRICING_LAKE_HOME to a new folder, or give --replace "
            "to keep them only until they are materialized again"
        )
    note(f"{span} stay as they are until they are materialized again; days outside the new sample stay for good")


def _published_days(stage: Stage) -> list[str]:
    """Days of the home's present calendar that bronze/raw_smartgo_sales holds."""
    if stage.name == "local" and not (stage.home / "catalog.db").exists():
        return []
    days = Calendar(stage.start_date, stage.end_date).days.get_partition_keys()
    verdicts = VerdictStore(lake_of(stage).proofs).latest(RAW_SMARTGO_SALES.id, days)
    return sorted(key for key, verdict in verdicts.items() if verdict.passed)
