"""What may become of a shop's table upstream, as real DDL of each database, and what the lake must make of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pricing_lake.contracts.model import Severity
from pricing_lake.lake.verdicts import RuleResult, Verdict
from pricing_lake_tests.watched_lake import OTHER, RECENT, WatchedLake

RULE = "source_schema"
DATABASES = ("sqlite", "postgres", "mariadb")
UNREAD = "ALTER TABLE sales ADD COLUMN till VARCHAR(7)"
"""A column that the lake does not read and ignores: it is there from the beginning."""
SALES = tuple((day, f"{day}-{number}") for day in (OTHER, RECENT) for number in (1, 2))
TYPED = {"sold_price": "NUMERIC(10,2)", "quantity": "INTEGER", "brand": "VARCHAR(20)"}
"""Types of a SQLite shop's columns, where they matter here; the servers' shops have types by themselves."""


@dataclass(frozen=True)
class Change:
    """Statements of each database; what `source_schema` then says there; which databases' days are refused.

    `reasons` are those of the rows that no longer fit, `unknown` the columns of which the lake knows nothing, with
    their types.
    """

    statements: Mapping[str, Sequence[str]]
    says: Mapping[str, str]
    refused_in: Sequence[str] = ()
    reasons: Mapping[str, int] | None = None
    unknown: Mapping[str, Mapping[str, str]] | None = None


def _everywhere(*statements: str) -> dict[str, Sequence[str]]:
    return dict.fromkeys(DATABASES, statements)


def _alike(text: str) -> dict[str, str]:
    return dict.fromkeys(DATABASES, text)


def _retyped(column: str, kind: str, postgres: str = "") -> dict[str, Sequence[str]]:
    using = f" USING {column}::{postgres or kind}"
    return {
        "sqlite": (f"RETYPE {column} {kind}",),
        "postgres": (f"ALTER TABLE sales ALTER COLUMN {column} TYPE {postgres or kind}{using}",),
        "mariadb": (f"ALTER TABLE sales MODIFY {column} {kind}",),
    }


def _then(changed: Mapping[str, Sequence[str]], *statements: str) -> dict[str, Sequence[str]]:
    return {database: (*first, *statements) for database, first in changed.items()}


LAST = f"WHERE sale_id = '{RECENT}-2'"
CHANGES: Mapping[str, Change] = {
    "added": Change(
        _everywhere("ALTER TABLE sales ADD COLUMN loyalty_tier VARCHAR(20)"),
        {
            "sqlite": "loyalty_tier came (VARCHAR(20))",
            "postgres": "loyalty_tier came (character varying(20))",
            "mariadb": "loyalty_tier came (varchar(20))",
        },
        unknown={
            "sqlite": {"loyalty_tier": "VARCHAR(20)"},
            "postgres": {"loyalty_tier": "character varying(20)"},
            "mariadb": {"loyalty_tier": "varchar(20)"},
        },
    ),
    "dropped, and needed": Change(
        _everywhere("ALTER TABLE sales DROP COLUMN sold_price"),
        _alike("has no column sold_price; it has sale_id, "),
        refused_in=DATABASES,
    ),
    "dropped, and mapped though it may be absent": Change(
        _everywhere("ALTER TABLE sales DROP COLUMN brand"),
        _alike("has no column brand; it has sale_id, "),
        refused_in=DATABASES,
    ),
    "dropped, and never read": Change(
        _everywhere("ALTER TABLE sales DROP COLUMN till"),
        _alike("till went"),
    ),
    "renamed": Change(
        _everywhere("ALTER TABLE sales RENAME COLUMN sold_price TO amount", "ALTER TABLE sales ADD COLUMN tier CHAR"),
        _alike("fix SMARTGO mapping; sold_price may now be called amount"),
        refused_in=DATABASES,
    ),
    "number widened, every value fits": Change(
        _retyped("sold_price", "NUMERIC(14,4)"),
        {
            "sqlite": "sold_price is NUMERIC(14,4), it was NUMERIC(10,2)",
            "postgres": "sold_price is numeric(14,4), it was numeric(10,2)",
            "mariadb": "sold_price is decimal(14,4), it was decimal(10,2)",
        },
    ),
    "number widened, one value no longer fits": Change(
        _then(_retyped("sold_price", "NUMERIC(14,4)"), f"UPDATE sales SET sold_price = 12.3456 {LAST}"),
        {
            "sqlite": "sold_price is NUMERIC(14,4)",
            "postgres": "sold_price is numeric(14,4)",
            "mariadb": "sold_price is decimal(14,4)",
        },
        reasons={"sold_price_out_of_range": 1},
    ),
    "integer widened, one value no longer fits": Change(
        _then(_retyped("quantity", "BIGINT"), f"UPDATE sales SET quantity = 3000000000 {LAST}"),
        {
            "sqlite": "quantity is BIGINT, it was INTEGER",
            "postgres": "quantity is bigint, it was integer",
            "mariadb": "quantity is bigint(20), it was int(11)",
        },
        reasons={"quantity_out_of_range": 1},
    ),
    "text widened": Change(
        _retyped("brand", "TEXT"),
        {
            "sqlite": "brand is TEXT, it was VARCHAR(20)",
            "postgres": "brand is text, it was character varying(20)",
            "mariadb": "brand is text, it was varchar(20)",
        },
    ),
    "narrowed": Change(
        _retyped("sold_price", "INTEGER"),
        {
            "sqlite": "sold_price is INTEGER, it was NUMERIC(10,2)",
            "postgres": "sold_price is integer, it was numeric(10,2)",
            "mariadb": "sold_price is int(11), it was decimal(10,2)",
        },
    ),
    "text instead of a number": Change(
        _then(_retyped("sold_price", "VARCHAR(20)"), f"UPDATE sales SET sold_price = 'cheap' {LAST}"),
        {
            "sqlite": "sold_price is VARCHAR(20), it was NUMERIC(10,2)",
            "postgres": "sold_price is character varying(20), it was numeric(10,2)",
            "mariadb": "sold_price is varchar(20), it was decimal(10,2)",
        },
        reasons={"sold_price_unparseable": 1},
    ),
    "text instead of a time": Change(
        _retyped("sold_at", "VARCHAR(40)"),
        {
            "sqlite": "sold_at is VARCHAR(40)",
            "postgres": "is character varying, but sold_at needs timestamptz",
            "mariadb": "is varchar, but sold_at needs timestamp",
        },
        refused_in=("postgres", "mariadb"),
    ),
}


def results_called(verdict: Verdict, rule: str) -> list[RuleResult]:
    return [result for result in verdict.results if result.rule == rule]


def hold_against(lake: WatchedLake, database: str, change: Change, alter: Callable[[str], None]) -> None:
    """Publish a day, change the table, publish the next; hold what became of it against `change`, and again."""
    alter(UNREAD)
    lake.publish(OTHER)
    before = lake.verdict(OTHER)
    assert before.passed
    assert [result.passed for result in results_called(before, RULE)] == [True]
    for statement in change.statements[database]:
        alter(statement)
    lake.publish(RECENT)
    verdict = lake.verdict(RECENT)
    [judged] = results_called(verdict, RULE)
    assert change.says[database] in judged.note
    assert "\n" not in judged.note
    is_published = database not in change.refused_in
    assert verdict.passed == is_published
    assert judged.severity is (Severity.WARN if is_published else Severity.CRITICAL)
    assert not judged.passed
    if is_published:
        assert dict(verdict.reasons) == (change.reasons or {})
        assert verdict.good_rows == 2 - sum((change.reasons or {}).values())
    else:
        assert lake.rows().keys() == {sale_id for day, sale_id in SALES if day == OTHER}
    unknown = {
        result.rule.removeprefix("unknown_column."): result.note
        for result in verdict.results
        if result.rule.startswith("unknown_column.")
    }
    assert unknown == (change.unknown[database] if change.unknown else {})
    lake.publish(RECENT)
    assert lake.verdict(RECENT) == verdict, "running the day again must leave its warning where it is"
