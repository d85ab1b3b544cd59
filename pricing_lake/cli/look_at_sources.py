"""A look at SmartGo, Carousel, the exchange rates and the order topic for `doctor`: what is there, what to do."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

from pricing_lake.cli.check import Check, Status, Timing, about, judged
from pricing_lake.stage import Stage

if TYPE_CHECKING:
    from pricing_lake.sources.carousel import CarouselQueries
    from pricing_lake.sources.carousel_export import CarouselExports
    from pricing_lake.sources.carousel_probe import ExportFacts, TableFacts
    from pricing_lake.sources.fx import EcbRates
    from pricing_lake.sources.orders_stream import OrdersStreamFacts

Look = Callable[[], Check]
Open = Callable[[Stage], Look]
ANSWER_SECONDS = 8.0
"""Patience of `doctor` with one answer; runs have more."""
SLOW_DOWNLOAD_SECONDS = 5.0


def off(name: str, setting: str) -> Look:
    """The look at a source that nobody set up: nothing is connected."""
    return lambda: Check(name, Status.OK, f"off: {setting} is not set")


def open_smartgo(stage: Stage) -> Look:
    """The first shop; where its URL is in Parameter Store, reading it is part of the look."""
    from pricing_lake.cli.clients import smartgo_of

    def look() -> Check:
        facts = smartgo_of(stage).probe()
        found = f"{facts.dialect} {facts.server_version.partition(' ')[0]}, {about(facts.table_rows_estimate)}"
        timing = Timing(facts.latency_seconds, facts.clock_skew_seconds)
        if facts.missing_columns:
            text = f"no column {', '.join(facts.missing_columns)}; {found}, {timing}"
            return Check("SmartGo", Status.FAIL, text, "map it in settings.toml, [smartgo_mapping]")
        return judged("SmartGo", found, timing)

    return look


def open_carousel(stage: Stage) -> Look:
    """The second shop, by its exports where there are any, else by its table."""
    from pricing_lake.resources.carousel import CarouselResource

    settings = stage.carousel
    if not (settings.export_uri or settings.table):
        return off("Carousel", "CAROUSEL_TABLE or CAROUSEL_EXPORT_URI")
    source = CarouselResource(**vars(settings), attempts=1).source()
    if settings.export_uri:
        return lambda: _exports(cast("CarouselExports", source).probe(), stage.end_date)
    return lambda: _table(cast("CarouselQueries", source).probe())


def _table(facts: "TableFacts") -> Check:
    if facts.missing_objects:
        advice = "check CAROUSEL_TABLE, CAROUSEL_INDEX and AWS_REGION"
        return Check("Carousel", Status.FAIL, f"there is no {', '.join(facts.missing_objects)}", advice)
    if facts.wrong_keys:
        advice = "point CAROUSEL_INDEX at an index of the documented keys, or make one (docs/carousel.md)"
        return Check("Carousel", Status.FAIL, "; ".join(facts.wrong_keys), advice)
    seen = about(facts.rows_estimate, "items") if facts.is_described else "keys unseen: no right to describe it"
    timing = Timing(facts.latency_seconds, facts.clock_skew_seconds)
    return judged("Carousel", f"table {facts.table} by {facts.index}, {seen}", timing)


def _exports(facts: "ExportFacts", last_day: date | None) -> Check:
    found = f"{facts.exports} exports, {facts.full_exports} of them full, up to {facts.until:%Y-%m-%d %H:%M} UTC"
    today = datetime.now(UTC).date()
    needed = min(today, last_day + timedelta(days=1)) if last_day else today
    if facts.until.astimezone(UTC).date() < needed:
        waits = (needed - timedelta(days=1)).isoformat()
        return Check("Carousel", Status.WARN, found, f"export what changed since: {waits} cannot be read before")
    return judged("Carousel", found, Timing(facts.latency_seconds, slow_seconds=SLOW_DOWNLOAD_SECONDS))


def open_rates(stage: Stage) -> Look:
    """The exchange rates."""
    from pricing_lake.resources.fx import FxResource

    resource = FxResource(url=stage.fx_url)
    if not resource.is_configured:
        return off("exchange rates", "FX_URL")
    rates = cast("EcbRates", resource.source())

    def look() -> Check:
        facts = rates.probe()
        age = (datetime.now(UTC).date() - facts.last_day).days
        found = f"{facts.currencies} rates of {facts.last_day}, {age} days old"
        timing = Timing(facts.latency_seconds, facts.clock_skew_seconds, SLOW_DOWNLOAD_SECONDS)
        late = [day for day in facts.late if stage.end_date is None or day <= stage.end_date]
        if late:
            text = f"no rates of {late[0]} yet; {found}, {timing}"
            return Check("exchange rates", Status.WARN, text, "wait, or check FX_URL: runs of that day fail until then")
        return judged("exchange rates", found, timing)

    return look


def open_orders(stage: Stage) -> Look:
    """The order topic, its dead letters and the registry. Kafka does not tell the time."""
    from pricing_lake.resources.orders_stream import OrdersStreamResource
    from pricing_lake.sources.orders_stream import OrdersStream
    from pricing_lake.sources.orders_stream_broker import Timeouts

    resource = OrdersStreamResource(**vars(stage.orders_stream))
    if not resource.is_configured:
        return off("Kafka orders", "ORDERS_KAFKA_BOOTSTRAP")
    with resource.stream() as patient:
        settings = replace(patient.settings, timeouts=Timeouts(answer=ANSWER_SECONDS, identity=1.0))

    def look() -> Check:
        with OrdersStream(settings) as stream:
            return _topic(stream.probe(), settings.topic)

    return look


def _topic(facts: "OrdersStreamFacts", topic: str) -> Check:
    if facts.missing_topics:
        advice = "create it, or correct ORDERS_TOPIC or ORDERS_DLQ_TOPIC"
        return Check("Kafka orders", Status.FAIL, f"there is no topic {', '.join(facts.missing_topics)}", advice)
    registry = "no registry" if facts.schema_types is None else f"registry of {', '.join(facts.schema_types)}"
    found = f"{topic}: {facts.messages:,} messages, {facts.partitions} partitions, {facts.brokers} brokers, {registry}"
    return judged("Kafka orders", found, Timing(facts.latency_seconds))


LOOKS: Mapping[str, Open] = {
    "SmartGo": open_smartgo,
    "Carousel": open_carousel,
    "exchange rates": open_rates,
    "Kafka orders": open_orders,
}
