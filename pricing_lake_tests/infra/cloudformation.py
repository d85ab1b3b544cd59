"""Reads the CloudFormation templates with parameters and pseudo parameters filled in. Judges nothing.

`Ref` and `GetAtt` of a resource become its name in angle brackets, which no comparison looks into.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pricing_lake_tests.infra.stage import ACCOUNT, GIVEN, INFRA, REGION, TENANT

TEMPLATES = sorted((INFRA / "cloudformation").glob("*.yaml"))
_PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "Tenant": TENANT}
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    template: str
    name: str
    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]


def resources(path: Path) -> list[Resource]:
    """The resources of one template, filled in."""
    text = path.read_text("utf-8")
    words = {**_defaults(text), **{_camel(name): value for name, value in GIVEN.items()}, **_PSEUDO}
    body = yaml.load(text, _loader(words))  # noqa: S506 - a safe loader with four constructors of ours
    return [
        Resource(path.name, name, found["Type"], found.get("Properties", {}), found)
        for name, found in body["Resources"].items()
    ]


def all_resources() -> list[Resource]:
    """Those of every template."""
    return [resource for path in TEMPLATES for resource in resources(path)]


def of_type(kind: str) -> list[Resource]:
    """Those of one type, without its `AWS::`."""
    return [resource for resource in all_resources() if resource.type == f"AWS::{kind}"]


def _defaults(text: str) -> dict[str, Any]:
    parameters = yaml.load(text, _loader({})).get("Parameters", {})  # noqa: S506 - as above
    return {name: found["Default"] for name, found in parameters.items() if "Default" in found}


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _loader(words: Mapping[str, Any]) -> type[yaml.SafeLoader]:
    class Loader(yaml.SafeLoader):
        """Safe, with CloudFormation's short forms."""

    def ref(_: Any, node: Any) -> Any:
        return words.get(node.value, f"<{node.value}>")

    def sub(_: Any, node: Any) -> str:
        return _VARIABLE.sub(lambda found: str(words.get(found[1], f"<{found[1]}>")), node.value)

    Loader.add_constructor("!Ref", ref)
    Loader.add_constructor("!Sub", sub)
    Loader.add_constructor("!GetAtt", lambda _, node: f"<{node.value}>")
    return Loader
