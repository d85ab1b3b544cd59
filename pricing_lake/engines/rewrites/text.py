"""Text functions where Athena and DuckDB differ: concatenation with NULL, white space, positions."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp
from sqlglot.generator import Generator

from pricing_lake.engines.sql_types import Kind, kind, shown
from pricing_lake.errors import QueryError

_WHITE_SPACE = "' ' || CHR(9) || CHR(10) || CHR(11) || CHR(12) || CHR(13)"


def _texts(node: exp.Expr, parts: list[exp.Expr]) -> None:
    for part in parts:
        if kind(part) not in {Kind.TEXT, Kind.NULL}:
            raise QueryError(f"{shown(node)} joins {kind(part)} to text: write CAST(… AS varchar)")


def _concatenate(generator: Generator, node: exp.Concat) -> str:
    _texts(node, node.expressions)
    return f"({' || '.join(generator.sql(part) for part in node.expressions)})"


def _pipes(generator: Generator, node: exp.DPipe) -> str:
    _texts(node, [node.left, node.right])
    return generator.binary(node, "||")


def _join(generator: Generator, node: exp.ConcatWs) -> str:
    _texts(node, node.expressions)
    return generator.func("CONCAT_WS", *node.expressions)


def _trim(generator: Generator, node: exp.Trim) -> str:
    name = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(node.text("position").upper(), "TRIM")
    return f"{name}({generator.sql(node, 'this')}, {_WHITE_SPACE})"


def _substring(generator: Generator, node: exp.Substring) -> str:
    start = node.args["start"]
    if start.is_int and start.to_py() == 0:
        raise QueryError(f"{shown(node)} starts at 0: positions count from 1")
    return generator.func("SUBSTRING", node.this, start, node.args.get("length"))


REWRITES: dict[type[exp.Expr], Callable[[Any, Any], str]] = {
    exp.Concat: _concatenate,
    exp.DPipe: _pipes,
    exp.ConcatWs: _join,
    exp.Trim: _trim,
    exp.Substring: _substring,
}
