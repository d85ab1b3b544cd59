"""Named parameters of a saved query as Athena takes them: `?` where it allows one, a typed literal elsewhere.

Athena binds execution parameters by position and in WHERE clauses only (AWS, "Use parameterized queries"). The rest of
the text stays as it is written, comments included.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from pricing_lake.engines.parameters import bind
from pricing_lake.errors import QueryError
from pricing_lake.queries.saved import Default, Moment, SavedQuery

_CLAUSES = {
    TokenType.SELECT, TokenType.FROM, TokenType.GROUP_BY, TokenType.HAVING, TokenType.WINDOW, TokenType.ORDER_BY,
    TokenType.LIMIT, TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT, TokenType.JOIN, TokenType.ON,
}  # fmt: skip
_MOMENTS = {
    Moment.YEAR_AGO: "date_add('month', -12, CAST(date_trunc('month', current_date) AS timestamp(6)))",
    Moment.LAST_MONTH: "date_add('month', -1, CAST(date_trunc('month', current_date) AS timestamp(6)))",
    Moment.THIS_MONTH: "CAST(date_trunc('month', current_date) AS timestamp(6))",
    Moment.YESTERDAY: "date_add('day', -1, CAST(current_date AS timestamp(6)))",
    Moment.TODAY: "CAST(current_date AS timestamp(6))",
}


@dataclass(frozen=True)
class BoundQuery:
    """A query's text with `?`, and the SQL of each value in the order of the question marks."""

    sql: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """Where a parameter stands in the text."""

    name: str
    start: int
    end: int
    in_where: bool

    def is_bound(self, params: Mapping[str, object]) -> bool:
        """Whether its value travels beside the text. That Athena binds a NULL without a type is written nowhere."""
        return self.in_where and params[self.name] is not None


def bound(sql: str, params: Mapping[str, object]) -> BoundQuery:
    """Bind `params`. Raises QueryError when one is missing or unknown, or of a type that SQL cannot carry."""
    places = list(_places(sql))
    asked = {place.name for place in places}
    missing, unknown = sorted(asked - params.keys()), sorted(params.keys() - asked)
    if missing or unknown:
        what = f"{', '.join(missing)} is missing" if missing else f"{', '.join(unknown)} is unknown"
        raise QueryError(f"parameter {what}: the query asks for {', '.join(sorted(asked)) or 'none'}")
    text = _replaced(sql, places, lambda place: "?" if place.is_bound(params) else literal(params[place.name]))
    return BoundQuery(text, tuple(literal(params[place.name]) for place in places if place.is_bound(params)))


def with_defaults(query: SavedQuery) -> str:
    """The query as it can be run in Athena's console, with its defaults; a moment is as of the day of running."""
    return _replaced(query.sql, list(_places(query.sql)), lambda place: _default(query.parameters[place.name]))


def literal(value: object) -> str:
    """A value as a typed literal of Athena's, quoted by the SQL generator."""
    tree = exp.Select(expressions=[exp.Placeholder(this="value")])
    bind(tree, {"value": value})
    text: str = tree.expressions[0].sql("athena")
    return text


def _default(default: Default) -> str:
    if not isinstance(default, Moment):
        return literal(default)
    if default not in _MOMENTS:
        raise QueryError(f"Athena has no words for {default} yet; add them in aws/athena_parameters.py")
    return _MOMENTS[default]


def _replaced(sql: str, places: list[_Place], written: Callable[[_Place], str]) -> str:
    parts, end = [], 0
    for place in places:
        parts += [sql[end : place.start], written(place)]
        end = place.end
    return "".join([*parts, sql[end:]])


def _places(sql: str) -> Iterator[_Place]:
    """Every `:name` of the text: what stands in strings and comments is none."""
    try:
        tokens = Trino().tokenize(sql)
    except SqlglotError as error:
        raise QueryError(f"the query is not valid Athena SQL: {str(error).splitlines()[0]}") from None
    in_where = [False]
    for number, token in enumerate(tokens):
        if token.token_type is TokenType.L_PAREN:
            in_where.append(in_where[-1])
        elif token.token_type is TokenType.R_PAREN and len(in_where) > 1:
            in_where.pop()
        elif token.token_type is TokenType.WHERE:
            in_where[-1] = True
        elif token.token_type in _CLAUSES:
            in_where[-1] = False
        elif _begins_a_parameter(tokens, number):
            name = tokens[number + 1]
            yield _Place(name.text, token.start, name.end + 1, in_where[-1])


def _begins_a_parameter(tokens: list[Token], number: int) -> bool:
    token = tokens[number]
    if token.token_type is not TokenType.COLON or number + 1 == len(tokens):
        return False
    return tokens[number + 1].start == token.end + 1 and tokens[number + 1].text.isidentifier()
