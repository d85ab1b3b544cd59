"""The Athena SQL that the lake accepts: a closed list of syntax, functions and arguments; all else is refused.

What is listed means the same on every engine, as it stands or after a rewrite in `dialect`; what could be
mistranslated in silence is left out, and so is what would make a re-materialisation differ (clock, random
numbers, samples, `arbitrary`). Accepted:

* one SELECT with WITH, joins (INNER, LEFT, RIGHT, FULL, CROSS; ON or USING), derived tables, EXISTS and IN
  subqueries, UNION/INTERSECT/EXCEPT, GROUP BY, HAVING, windows, ORDER BY, LIMIT, OFFSET, VALUES, and
  `CROSS JOIN UNNEST(array) [WITH ORDINALITY]`; an input's metadata as `"<table>$partitions"`,
  `"<table>$snapshots"` and `"<table>$files"`;
* the functions of the lists below. To extend them: check what Athena does with NULLs, empty input and
  types, add a rewrite where DuckDB differs, and a test that shows the agreement.
"""

from sqlglot import exp

from pricing_lake.errors import QueryError

_STATEMENT = {
    exp.Select, exp.Union, exp.Intersect, exp.Except, exp.With, exp.CTE, exp.Subquery, exp.From, exp.Join,
    exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Distinct, exp.Values,
    exp.Table, exp.TableAlias, exp.Unnest, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Tuple,
    exp.Window, exp.WindowSpec, exp.Filter,
}  # fmt: skip
_VALUES = {
    exp.Literal, exp.Null, exp.Boolean, exp.Placeholder, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam,
    exp.Interval, exp.Var, exp.Paren, exp.Array, exp.Bracket, exp.Dot, exp.Lambda,
}  # fmt: skip
_OPERATORS = {
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Is,
    exp.Like, exp.Escape, exp.Exists, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe,
}  # fmt: skip
_CONDITIONALS = {exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least}
_AGGREGATES = {
    exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.ArgMax, exp.ArgMin, exp.ApproxQuantile,
    exp.ApproxDistinct, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop,
    exp.LogicalAnd, exp.LogicalOr, exp.ArrayAgg,
}  # fmt: skip
_WINDOWS = {
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead,
    exp.FirstValue, exp.LastValue, exp.NthValue,
}  # fmt: skip
_NUMBERS = {
    exp.Abs, exp.Ceil, exp.Floor, exp.Round, exp.Trunc, exp.Sqrt, exp.Exp, exp.Ln, exp.Log, exp.Pow,
    exp.Pi, exp.IsNan, exp.WidthBucket,
}  # fmt: skip
_TEXT = {
    exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Substring, exp.StrPosition, exp.Replace, exp.Pad, exp.Concat,
    exp.ConcatWs, exp.RegexpLike,
}  # fmt: skip
_TIME = {
    exp.TimestampTrunc, exp.DateTrunc, exp.DateAdd, exp.DateDiff, exp.TimeToStr, exp.StrToTime, exp.Date, exp.LastDay,
    exp.Year, exp.Quarter, exp.Month, exp.WeekOfYear, exp.Day, exp.DayOfMonth, exp.DayOfWeekIso, exp.DayOfYear,
    exp.Hour, exp.Minute, exp.Second, exp.Extract,
}  # fmt: skip
_COLLECTIONS = {exp.ArraySize, exp.Reduce, exp.Transform, exp.ArrayFilter, exp.GenerateSeries, exp.MapKeys}
_BY_NAME = frozenset({"map_agg", "zip_with", "map_values"})

_ACCEPTED: frozenset[type[exp.Expr]] = frozenset().union(
    _STATEMENT, _VALUES, _OPERATORS, _CONDITIONALS, _AGGREGATES, _WINDOWS, _NUMBERS, _TEXT, _TIME, _COLLECTIONS
)

# Where a node has arguments beyond these, it is a variant with another meaning (DISTINCT ON, NATURAL JOIN, …).
_ARGUMENTS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset(
        {"with_", "expressions", "distinct", "from_", "joins", "where", "group", "having", "order", "limit"}
        | {"offset", "windows"}
    ),
    exp.Union: frozenset({"with_", "this", "expression", "distinct", "order", "limit", "offset"}),
    exp.Intersect: frozenset({"with_", "this", "expression", "distinct", "order", "limit", "offset"}),
    exp.Except: frozenset({"with_", "this", "expression", "distinct", "order", "limit", "offset"}),
    exp.With: frozenset({"expressions"}),
    exp.CTE: frozenset({"this", "alias"}),
    exp.Table: frozenset({"this", "db", "alias"}),
    exp.Join: frozenset({"this", "on", "using", "side", "kind"}),
    exp.Unnest: frozenset({"expressions", "alias", "offset"}),
    exp.Group: frozenset({"expressions"}),
    exp.Distinct: frozenset({"expressions"}),
    exp.Star: frozenset(),
    exp.Limit: frozenset({"expression"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.Interval: frozenset({"this", "unit"}),
    exp.WindowSpec: frozenset({"kind", "start", "start_side", "end", "end_side"}),
    exp.ApproxQuantile: frozenset({"this", "quantile"}),
    exp.ApproxDistinct: frozenset({"this"}),
    exp.ArgMax: frozenset({"this", "expression"}),
    exp.ArgMin: frozenset({"this", "expression"}),
    exp.StrPosition: frozenset({"this", "substr"}),
    exp.Trim: frozenset({"this", "position"}),
    exp.DateTrunc: frozenset({"this", "unit"}),
    exp.TimestampTrunc: frozenset({"this", "unit"}),
    exp.WidthBucket: frozenset({"this", "min_value", "max_value", "num_buckets"}),
    exp.RegexpLike: frozenset({"this", "expression"}),
}
# Arguments that sqlglot takes for optional and Athena does not.
_REQUIRED: dict[type[exp.Expr], frozenset[str]] = {
    exp.Ceil: frozenset({"this"}),
    exp.Floor: frozenset({"this"}),
    exp.Date: frozenset({"this"}),
    exp.Substring: frozenset({"start"}),
    exp.Reduce: frozenset({"initial", "merge", "finish"}),
    exp.Bracket: frozenset({"expressions"}),
}
_JOINS = frozenset({"", "INNER", "CROSS", "LEFT", "RIGHT", "FULL", "LEFT OUTER", "RIGHT OUTER", "FULL OUTER"})


def refuse_outside(tree: exp.Expr) -> None:
    """Raise QueryError at the first node of `tree` that is not in the subset."""
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        raise QueryError(f"{_label(tree)} is not a query: write one SELECT (WITH is allowed)")
    for node in tree.walk():
        _refuse_unknown(node)
        if isinstance(node, exp.Join):
            _refuse_join(node)


def _refuse_unknown(node: exp.Expr) -> None:
    if type(node) not in _ACCEPTED and not (isinstance(node, exp.Anonymous) and node.name.lower() in _BY_NAME):
        raise QueryError(f"{_label(node)} is outside the lake's Athena SQL subset: use what engines/subset.py lists")
    extra = {name for name, value in node.args.items() if value} - _ARGUMENTS.get(type(node), node.args.keys())
    if extra:
        names = ", ".join(sorted(name.strip("_") for name in extra))
        raise QueryError(f"{_label(node)} with {names} is outside the lake's Athena SQL subset: write it without")
    missing = [name for name in _REQUIRED.get(type(node), ()) if not node.args.get(name)]
    if missing or any(part is None for part in node.args.get("expressions") or ()):
        raise QueryError(f"{_label(node)} lacks an argument: see Athena's documentation of it")
    if isinstance(node, exp.Unnest) and not isinstance(node.parent, (exp.From, exp.Join)):
        raise QueryError("UNNEST is not a function: write CROSS JOIN UNNEST(array) AS t(x)")
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        raise QueryError(f"{_label(node.this)} is not a table: name an input")


def _refuse_join(join: exp.Join) -> None:
    kind = f"{join.side} {join.kind}".strip()
    if kind not in _JOINS:
        raise QueryError(f"{kind} JOIN is outside the lake's Athena SQL subset: use INNER, LEFT, RIGHT, FULL or CROSS")
    if isinstance(join.this, exp.Unnest) and kind not in {"", "CROSS"}:
        raise QueryError(f"{kind} JOIN UNNEST is outside the lake's Athena SQL subset: use CROSS JOIN UNNEST")


def _label(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return f"{node.name.lower()}()"
    if isinstance(node, exp.Func):
        return f"{node.sql('athena').partition('(')[0].lower()}()"
    return node.key.upper()
