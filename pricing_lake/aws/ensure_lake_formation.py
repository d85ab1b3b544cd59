"""Brings tags and tenants' filters to Lake Formation, and lets readers' roles select through them. Takes nothing away.

Registering the bucket with Lake Formation and taking IAMAllowedPrincipals away are an administrator's decisions: they
change who may read the tables from one moment to the next (docs/deployment.md).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pricing_lake.aws.account import Account
from pricing_lake.aws.explain import explained
from pricing_lake.aws.findings import Step, ok, to_make, to_mend
from pricing_lake.aws.names import AwsNames
from pricing_lake.contracts.model import Table
from pricing_lake.errors import ConfigurationError
from pricing_lake.governance.lake_formation import PII, TAGS, CellsFilter, TableTags, cells_filter, table_tags

TAG, TAGGED, FILTER, READER = "tag", "tags of", "cells filter", "reader"


def ensure_lake_formation(
    account: Account, names: AwsNames, tables: Sequence[Table], tenants: Sequence[str]
) -> Iterator[Step]:
    """Tags, then tables and columns that carry them, then each tenant's filters and the role that reads through them.

    Raises ConfigurationError for a tenant that cannot be one, a missing right or an unknown table.
    """
    catalog = _LakeFormation(account, names)
    for key, values in TAGS.items():
        yield catalog.tag(key, values)
    for table in tables:
        yield from catalog.tagged(table, table_tags(table))
    for tenant in tenants:
        for table in tables:
            cells = cells_filter(table, tenant)
            if cells is not None:
                yield from catalog.filtered(table, cells, reader_arn(account, names, tenant))


def reader_arn(account: Account, names: AwsNames, tenant: str) -> str:
    """The role of a tenant's readers, as infra/ calls it."""
    return f"arn:aws:iam::{account.identity.account}:role/pricing-lake-{names.stage}-reader-{tenant}"


@dataclass(frozen=True)
class _LakeFormation:
    account: Account
    names: AwsNames

    def tag(self, key: str, values: Sequence[str]) -> Step:
        found = self._ask("get_lf_tag", TagKey=key)
        if found is None:
            return to_make(
                TAG, key, ", ".join(values), partial(self._do, "create_lf_tag", TagKey=key, TagValues=[*values])
            )
        missing = sorted(set(values) - set(found["TagValues"]))
        if missing:
            add = partial(self._do, "update_lf_tag", TagKey=key, TagValuesToAdd=missing)
            return to_mend(TAG, key, f"also {', '.join(missing)}", add)
        return ok(TAG, key, ", ".join(values))

    def tagged(self, table: Table, tags: TableTags) -> Iterator[Step]:
        """One step for the table and one for each level of its columns that differs."""
        place: dict[str, Any] = {"DatabaseName": self.names.database, "Name": table.name}
        found = self._ask("get_resource_lf_tags", Resource={"Table": place}, ShowAssignedLFTags=True) or {}
        stored = _pairs(found.get("LFTagsOnTable", []))
        columns = {each["Name"]: _pairs(each["LFTags"]).get(PII) for each in found.get("LFTagsOnColumns", [])}
        label = f"{TAGGED} {table.id}"
        what = ", ".join(f"{key}={value}" for key, value in tags.table.items())
        if all(stored.get(key) == value for key, value in tags.table.items()):
            yield ok(label, table.name, what)
        else:
            resource = {"Table": place}
            change = to_mend if stored else to_make
            yield change(label, table.name, what, partial(self._put_tags, resource, tags.table))
        for level, wanted in tags.columns.items():
            differing = [name for name in wanted if columns.get(name) != level]
            if not differing:
                yield ok(label, f"{table.name}, columns that are {level}", ", ".join(wanted))
                continue
            resource = {"TableWithColumns": {**place, "ColumnNames": differing}}
            yield to_make(
                label,
                f"{table.name}, columns that are {level}",
                ", ".join(differing),
                partial(self._put_tags, resource, {PII: level}),
            )

    def filtered(self, table: Table, cells: CellsFilter, reader: str) -> Iterator[Step]:
        """The filter, and SELECT through it for the readers' role."""
        place = {
            "TableCatalogId": self.account.identity.account,
            "DatabaseName": self.names.database,
            "TableName": table.name,
            "Name": cells.name,
        }
        wanted = {
            **place,
            "RowFilter": {"FilterExpression": cells.expression},
            "ColumnNames": [*cells.columns],
        }
        label, what = f"{table.name} {cells.name}", f"{cells.expression}, {len(cells.columns)} columns"
        found = (self._ask("get_data_cells_filter", **place) or {}).get("DataCellsFilter")
        if found is None:
            yield to_make(FILTER, label, what, partial(self._do, "create_data_cells_filter", TableData=wanted))
        elif _same_cells(found, wanted):
            yield ok(FILTER, label, what)
        else:
            newer = {**wanted, **({"VersionId": found["VersionId"]} if "VersionId" in found else {})}
            yield to_mend(FILTER, label, what, partial(self._do, "update_data_cells_filter", TableData=newer))
        yield self._reading(label, place, reader, exists=found is not None)

    def _reading(self, label: str, place: Mapping[str, str], reader: str, *, exists: bool) -> Step:
        who, what = {"DataLakePrincipalIdentifier": reader}, {"DataCellsFilter": dict(place)}
        role = reader.rpartition("/")[2]
        allowed = (self._ask("list_permissions", Principal=who, Resource=what) or {}) if exists else {}
        if any("SELECT" in each["Permissions"] for each in allowed.get("PrincipalResourcePermissions", [])):
            return ok(READER, f"{role} {label}", "may select through it")
        grant = partial(self._do, "grant_permissions", Principal=who, Resource=what, Permissions=["SELECT"])
        return to_make(READER, f"{role} {label}", "may select through it", grant)

    def _put_tags(self, resource: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """A tag that is refused comes back in a good answer, so it is looked at."""
        wanted = [{"TagKey": key, "TagValues": [value]} for key, value in tags.items()]
        answer = self._do("add_lf_tags_to_resource", Resource=resource, LFTags=wanted)
        refused = sorted(each["LFTag"]["TagKey"] for each in answer.get("Failures", []))
        if refused:
            raise ConfigurationError(
                f"Lake Formation refuses the tags {', '.join(refused)}; let this role associate them (an administrator "
                "grants ASSOCIATE), then run ensure again"
            )

    def _do(self, operation: str, **request: Any) -> dict[str, Any]:
        with explained("lakeformation", self.account.region):
            answer: dict[str, Any] = getattr(self.account.client("lakeformation"), operation)(**request)
        return answer

    def _ask(self, operation: str, **request: Any) -> dict[str, Any] | None:
        """What is there, or None."""
        client = self.account.client("lakeformation")
        with explained("lakeformation", self.account.region):
            try:
                found: dict[str, Any] = getattr(client, operation)(**request)
            except client.exceptions.EntityNotFoundException:
                return None
        return found


def _pairs(tags: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {each["TagKey"]: each["TagValues"][0] for each in tags}


def _same_cells(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    same_rows = found.get("RowFilter", {}).get("FilterExpression") == wanted["RowFilter"]["FilterExpression"]
    return same_rows and sorted(found.get("ColumnNames", [])) == sorted(wanted["ColumnNames"])
