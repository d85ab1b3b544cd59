"""Reads the Terraform files with variables and locals filled in. Judges nothing.

What only AWS knows, an attribute of another resource, becomes its address in angle brackets. `for_each` stands for one
tenant. Functions are not run: whoever needs one's value reads its argument.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import hcl2

from pricing_lake_tests.infra.stage import ACCOUNT, GIVEN, INFRA, TENANT

FILES = sorted((INFRA / "terraform").glob("*.tf"))
_REFERENCE = re.compile(r"\$\{([^{}]+)\}")
_NOT_FROM_AWS = ("database_host", "database_secret_arn")
"""Locals that Terraform takes from the database; CloudFormation is given them."""


@cache
def _files() -> dict[str, list[dict[str, Any]]]:
    merged: dict[str, list[dict[str, Any]]] = {}
    for path in FILES:
        for kind, blocks in _plain(hcl2.loads(path.read_text("utf-8"))).items():
            if isinstance(blocks, list):
                merged.setdefault(kind, []).extend(blocks)
    return merged


def _plain(value: Any) -> Any:
    """hcl2's answer without its quotes and marks."""
    if isinstance(value, dict):
        return {
            _unquoted(key): _plain(item) for key, item in value.items() if key not in ("__is_block__", "__comments__")
        }
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return _unquoted(value) if isinstance(value, str) else value


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return re.sub(r"^<<-?EOT\n(.*)EOT$", r"\1", text, flags=re.DOTALL)


@cache
def _variables() -> dict[str, Any]:
    declared = {name: body for block in _files()["variable"] for name, body in block.items()}
    given = {**{name: body["default"] for name, body in declared.items() if "default" in body}, **GIVEN}
    missing = declared.keys() - given.keys()
    assert not missing, f"no value for {missing}"
    return given


@cache
def _locals() -> Mapping[str, Any]:
    return {name: value for block in _files()["locals"] for name, value in block.items()}


def local(name: str) -> Any:
    """A local value, filled in."""
    return filled_in(_locals()[name])


def filled_in(value: Any) -> Any:
    """A value with its references resolved as far as they can be without AWS."""
    if isinstance(value, dict):
        return {key: filled_in(item) for key, item in value.items()}
    if isinstance(value, list):
        return [filled_in(item) for item in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _resolved(whole[1])
    return _REFERENCE.sub(lambda found: str(_resolved(found[1])), value).replace("&{", "${")


def _resolved(reference: str) -> Any:
    kind, _, name = reference.partition(".")
    if kind == "var" and name in _variables():
        return _variables()[name]
    if kind == "local" and name in _NOT_FROM_AWS:
        return GIVEN[name]
    if kind == "local" and name in _locals():
        return local(name)
    if kind == "each":
        return TENANT
    if reference == "data.aws_caller_identity.current.account_id":
        return ACCOUNT
    return f"<{reference}>"


def of_type(kind: str, data: bool = False) -> dict[str, dict[str, Any]]:
    """Resources (or data sources) of one type by their names, filled in."""
    return {
        name: filled_in(body)
        for block in _files()["data" if data else "resource"]
        for found, named in block.items()
        if found == kind
        for name, body in named.items()
    }
