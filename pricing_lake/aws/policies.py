"""The grants as IAM policies: as statements, as a CloudFormation template and as Terraform. Declares no right.

`make docs` writes the files of infra/ again: `python -m pricing_lake.aws.policies` prints one of them.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from pricing_lake.aws.grants import OPERATION, PIPELINE, Condition, Grant, Role, filled_in
from pricing_lake.aws.grants_deployer import DEPLOYER
from pricing_lake.aws.grants_others import READERS, SERVICES

GRANTS: tuple[Grant, ...] = (*PIPELINE, *OPERATION, *DEPLOYER, *SERVICES, *READERS)
"""Every right of every role."""

STAGE_ROLES = tuple(role for role in Role if role is not Role.READER)
"""Roles of which a stage has one each; readers are one per tenant."""

_USER_ID = "${aws:userid}"
"""A variable of IAM, not of the template."""

CLOUDFORMATION_WORDS: Mapping[str, str] = {
    "stage": "${Stage}",
    "account": "${AWS::AccountId}",
    "region": "${AWS::Region}",
    "bedrock_region": "${BedrockRegion}",
    "bucket": "carousel-${Stage}-analytics",
    "prefix": "pricing-intelligence",
    "database": "pricing_intelligence_${Stage}",
    "workgroup": "pricing-lake-${Stage}",
    "progress_table": "bg-remover-${Stage}-smartgo-export-progress",
    "parameter": "tf/${Stage}/smartgo/database/config",
    "model": "amazon.titan-embed-image-v1",
    "carousel_table": "${CarouselTable}",
    "redshift_workgroup_arn": "${RedshiftWorkgroupArn}",
    "database_secret_arn": "${DatabaseSecretArn}",
    "own_user_id": _USER_ID,
    "tenant": "${Tenant}",
}
"""What words in braces are in the template: names follow from its parameters, as `AwsNames` derives its defaults."""

_TERRAFORM_OWN = {"account": "${local.account}", "own_user_id": "&{aws:userid}", "tenant": "${each.value}"}
TERRAFORM_WORDS: Mapping[str, str] = {
    word: _TERRAFORM_OWN.get(word, f"${{local.{word}}}") for word in CLOUDFORMATION_WORDS
}
"""What words in braces are in Terraform."""

_PARAMETERS = {
    "Stage": ("Stage of the lake.", ["AllowedValues: [dev, staging, prod]"]),
    "BedrockRegion": ("Where the model is asked.", ["Default: us-east-1"]),
    "CarouselTable": ("DynamoDB table of Carousel's sales.", ["Default: carousel-sales"]),
    "RedshiftWorkgroupArn": ("ARN of the Redshift Serverless workgroup that is read.", []),
    "DatabaseSecretArn": ("Output DatabaseSecretArn of dagster_storage.yaml.", []),
    "Tenant": ("The tenant whose rows may be read.", ['AllowedPattern: "[a-z][a-z0-9-]{1,62}"']),
}
_WRITTEN = "# Written by `make docs` from pricing_lake/aws/grants*.py; change it there.\n"


def statements(role: Role, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The role's policy as IAM has it, with the words of one stage."""
    return [_statement(grant, words) for grant in GRANTS if grant.role is role]


def _statement(grant: Grant, words: Mapping[str, str]) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": grant.sid,
        "Effect": "Allow",
        "Action": list(grant.actions),
        "Resource": [filled_in(resource, words) for resource in grant.resources],
    }
    conditions: dict[str, dict[str, list[str]]] = {}
    for each in grant.conditions:
        values = [filled_in(value, words) for value in each.values]
        conditions.setdefault(each.operator, {})[each.key] = values
    return statement | ({"Condition": conditions} if conditions else {})


def cloudformation_policies(roles: Iterable[Role], description: str) -> str:
    """A template with a managed policy for each role."""
    body = "".join(line for role in roles for line in _cloudformation_policy(role))
    used = [name for name in _PARAMETERS if f"${{{name}}}" in body]
    parameters = "".join(_cloudformation_parameter(name) for name in used)
    return (
        f'{_WRITTEN}AWSTemplateFormatVersion: "2010-09-09"\nDescription: {description}\n'
        f"Parameters:\n{parameters}Resources:\n{body}"
    )


def _cloudformation_parameter(name: str) -> str:
    doc, settings = _PARAMETERS[name]
    return "".join(f"{line}\n" for line in (f"  {name}:", "    Type: String", f"    Description: {doc}",
                                            *(f"    {setting}" for setting in settings)))  # fmt: skip


def _cloudformation_policy(role: Role) -> Iterator[str]:
    yield f"  {_camel(role)}Policy:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n"
    yield f"      ManagedPolicyName: !Sub {policy_name(role, CLOUDFORMATION_WORDS)}\n"
    yield '      PolicyDocument:\n        Version: "2012-10-17"\n        Statement:\n'
    for grant in GRANTS:
        if grant.role is not role:
            continue
        yield from (f"          # {grant.why_all}\n",) if grant.why_all else ()
        yield f"          - Sid: {grant.sid}\n            Effect: Allow\n"
        yield from _cloudformation_list("Action", grant.actions, 12)
        yield from _cloudformation_list("Resource", grant.resources, 12)
        if grant.conditions:
            yield "            Condition:\n"
            for operator, group in _by_operator(grant.conditions).items():
                yield f"              {operator}:\n"
                for each in group:
                    yield from _cloudformation_list(json.dumps(each.key), each.values, 16)


def _cloudformation_list(name: str, values: Iterable[str], indent: int) -> Iterator[str]:
    yield f"{' ' * indent}{name}:\n"
    for value in values:
        text = filled_in(value, CLOUDFORMATION_WORDS)
        yield f"{' ' * indent}  - {'!Sub ' if '${' in text and text != _USER_ID else ''}{json.dumps(text)}\n"


def terraform_policies() -> str:
    """Policy documents and managed policies of all roles; readers' are one per tenant."""
    return _WRITTEN + "".join(f"\n{part}" for role in Role for part in _terraform_policy(role))


def _terraform_policy(role: Role) -> Iterator[str]:
    name, each = role.value.replace("-", "_"), "  for_each = var.tenants\n" if role is Role.READER else ""
    own, pad = ("[each.key]", "  ") if each else ("", "")
    blocks = "\n".join(_terraform_statement(grant) for grant in GRANTS if grant.role is role)
    yield f'data "aws_iam_policy_document" "{name}" {{\n{each}{blocks}}}\n'
    yield (
        f'resource "aws_iam_policy" "{name}" {{\n{each}  name{pad}   = "{policy_name(role, TERRAFORM_WORDS)}"\n'
        f"  policy{pad} = data.aws_iam_policy_document.{name}{own}.json\n}}\n"
    )


def _terraform_statement(grant: Grant) -> str:
    why = f"    # {grant.why_all}\n" if grant.why_all else ""
    conditions = "".join(
        f'    condition {{\n      test     = "{each.operator}"\n      variable = "{each.key}"\n'
        f"      values   = {_terraform_list(each.values)}\n    }}\n"
        for each in grant.conditions
    )
    settings = {
        "sid": json.dumps(grant.sid),
        "actions": _terraform_list(grant.actions),
        "resources": _terraform_list(grant.resources),
    }
    return f"  statement {{\n{why}{_aligned(settings)}{conditions}  }}\n"


def _aligned(settings: Mapping[str, str]) -> str:
    """Settings as `terraform fmt` aligns them: neighbours on one line each share a column."""
    lines = []
    for several, run in groupby(settings.items(), lambda setting: "\n" in setting[1]):
        listed = list(run)
        width = 0 if several else max(len(name) for name, _ in listed)
        lines += [f"    {name:<{width}} = {value}\n" for name, value in listed]
    return "".join(lines)


def _terraform_list(values: Iterable[str]) -> str:
    texts = [json.dumps(filled_in(value, TERRAFORM_WORDS)) for value in values]
    return f"[{texts[0]}]" if len(texts) == 1 else "[\n" + "".join(f"      {text},\n" for text in texts) + "    ]"


def policy_name(role: Role, words: Mapping[str, str]) -> str:
    """What the managed policy is called; its role is called the same."""
    tenant = "-{tenant}" if role is Role.READER else ""
    return filled_in(f"pricing-lake-{{stage}}-{role}{tenant}", words)


def _by_operator(conditions: Iterable[Condition]) -> dict[str, list[Condition]]:
    groups: dict[str, list[Condition]] = {}
    for each in conditions:
        groups.setdefault(each.operator, []).append(each)
    return groups


def _camel(role: Role) -> str:
    return "".join(word.capitalize() for word in role.value.split("-"))


FILES = {
    "cloudformation/policies.yaml": lambda: cloudformation_policies(
        STAGE_ROLES, "Pricing Lake - what each role of a stage may do."
    ),
    "cloudformation/tenant_policy.yaml": lambda: cloudformation_policies(
        (Role.READER,), "Pricing Lake - what readers of one tenant may do."
    ),
    "terraform/policies.tf": terraform_policies,
}
"""The files of infra/ that are written from the grants."""

if __name__ == "__main__":
    sys.stdout.write(FILES[sys.argv[1]]())
