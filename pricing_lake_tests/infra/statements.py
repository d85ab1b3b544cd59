"""IAM statements of both templates in one form, so that they can be compared as sets."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pricing_lake_tests.infra.terraform import of_type


def as_list(value: Any) -> list[str]:
    """IAM lets a single text stand for a list of one."""
    return sorted(str(item) for item in (value if isinstance(value, list) else [value]))


def comparable(statement: Mapping[str, Any]) -> str:
    """One statement of a policy in IAM's JSON, in an order of its own."""
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        principal = {kind: as_list(values) for kind, values in principal.items()}
    return json.dumps(
        {
            "sid": statement.get("Sid", ""),
            "effect": statement["Effect"],
            "principal": principal,
            "actions": as_list(statement["Action"]),
            "resources": as_list(statement["Resource"]) if "Resource" in statement else [],
            "condition": {
                operator: {key: as_list(values) for key, values in keys.items()}
                for operator, keys in statement.get("Condition", {}).items()
            },
        },
        sort_keys=True,
    )


def comparables(statements: Iterable[Mapping[str, Any]]) -> set[str]:
    """All statements of one policy."""
    return {comparable(statement) for statement in statements}


def terraform_document(name: str) -> set[str]:
    """A policy document of Terraform by its name."""
    document = of_type("aws_iam_policy_document", data=True)[name]
    return comparables(_as_json(statement) for statement in document["statement"])


def _as_json(block: Mapping[str, Any]) -> dict[str, Any]:
    conditions: dict[str, dict[str, Any]] = {}
    for condition in block.get("condition", []):
        conditions.setdefault(condition["test"], {})[condition["variable"]] = condition["values"]
    statement = {
        "Sid": block.get("sid", ""),
        "Effect": block.get("effect", "Allow"),
        "Action": block["actions"],
        "Condition": conditions,
    }
    if "resources" in block:
        statement["Resource"] = block["resources"]
    principals = {each["type"]: each["identifiers"] for each in block.get("principals", [])}
    if principals:
        statement["Principal"] = "*" if principals == {"*": ["*"]} else principals
    return statement
