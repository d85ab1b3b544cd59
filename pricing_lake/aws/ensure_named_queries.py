"""Keeps the saved queries in Athena's console: one named query each, ready to run with its defaults."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pricing_lake.aws.account import Account
from pricing_lake.aws.explain import explained
from pricing_lake.aws.findings import Step, ok, to_make, to_mend
from pricing_lake.aws.names import AwsNames

KIND = "named query"
DESCRIPTION_LENGTH = 1024


@dataclass(frozen=True)
class NamedQuery:
    """A query as the console keeps it; `sql` runs as it stands."""

    name: str
    question: str
    sql: str


def ensure_named_queries(account: Account, names: AwsNames, queries: Sequence[NamedQuery]) -> Iterator[Step]:
    """One named query per saved query, changed when the text or the question changed. Others are left alone."""
    stored = named_queries(account, names)
    for query in queries:
        found = stored.get(query.name)
        if found is None:
            yield to_make(KIND, query.name, query.question, partial(_make, account, names, query))
        elif (found["QueryString"], found.get("Description", "")) == (query.sql, _description(query)):
            yield ok(KIND, query.name, query.question)
        else:
            yield to_mend(
                KIND, query.name, "its text is an older one", partial(_update, account, found["NamedQueryId"], query)
            )


def named_queries(account: Account, names: AwsNames) -> dict[str, dict[str, Any]]:
    """Named queries of the workgroup and database by name; none when there is no workgroup yet."""
    from botocore.exceptions import ClientError

    athena = account.client("athena")
    with explained("athena", account.region):
        try:
            pages = athena.get_paginator("list_named_queries").paginate(WorkGroup=names.workgroup)
            ids = [each for page in pages for each in page.get("NamedQueryIds", [])]
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidRequestException":
                return {}
            raise
        found = [athena.get_named_query(NamedQueryId=each)["NamedQuery"] for each in ids]
    return {query["Name"]: query for query in found if query["Database"] == names.database}


def _make(account: Account, names: AwsNames, query: NamedQuery) -> None:
    with explained("athena", account.region):
        account.client("athena").create_named_query(
            Name=query.name,
            Description=_description(query),
            Database=names.database,
            QueryString=query.sql,
            WorkGroup=names.workgroup,
        )


def _update(account: Account, identity: str, query: NamedQuery) -> None:
    with explained("athena", account.region):
        account.client("athena").update_named_query(
            NamedQueryId=identity, Name=query.name, Description=_description(query), QueryString=query.sql
        )


def _description(query: NamedQuery) -> str:
    return query.question[:DESCRIPTION_LENGTH]
