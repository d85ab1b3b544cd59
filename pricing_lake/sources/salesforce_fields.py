"""Which field of a Salesforce object holds which column, the SOQL that asks for them, and a page of CSV as rows."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa
import pyarrow.csv as arrow_csv
from simple_salesforce.format import format_soql

from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_ACCOUNTS, RAW_SALESFORCE_LEADS
from pricing_lake.contracts.model import Table
from pricing_lake.errors import ConfigurationError, SourceDataError
from pricing_lake.sources.identifiers import IDENTIFIER
from pricing_lake.sources.salesforce_bulk import Page
from pricing_lake.sources.window import Window

SYSTEM_FIELDS = {"id": "Id", "system_modstamp": "SystemModstamp", "is_deleted": "IsDeleted"}
"""Fields that every object has and that the lake's windows and keys rest on: they are not mapped."""
ACCOUNT_FIELDS = SYSTEM_FIELDS | {
    "name": "Name",
    "email": "",  # PersonEmail exists only in orgs with person accounts
    "industry": "Industry",
    "country": "BillingCountry",
    "account_type": "Type",
    "created_date": "CreatedDate",
}
LEAD_FIELDS = SYSTEM_FIELDS | {
    "name": "Name",
    "email": "Email",
    "company": "Company",
    "country": "Country",
    "lead_source": "LeadSource",
    "status": "Status",
    "is_converted": "IsConverted",
    "converted_account_id": "ConvertedAccountId",
    "converted_date": "ConvertedDate",
    "created_date": "CreatedDate",
}

_SOQL = "SELECT {fields:literal} FROM {object:literal} WHERE SystemModstamp >= {lo} AND SystemModstamp < {hi}"
_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class ObjectFields:
    """The fields of one object by column; an empty one is a field that the org does not have, and its column is null.

    Raises ConfigurationError, one line that names every wrong entry of `[setting]`.
    """

    object: str
    contract: Table
    setting: str
    by_column: Mapping[str, str]

    def __post_init__(self) -> None:
        problems = [problem for name in self.by_column if (problem := self._problem(name))]
        if problems:
            raise ConfigurationError(f"fix [{self.setting}]: {'; '.join(problems)}")

    @property
    def asked(self) -> tuple[str, ...]:
        """Every field once, in the order of the columns; SOQL takes no field twice, however it is written."""
        fields = (self.by_column[name] for name in self.contract.names)
        return tuple({field.lower(): field for field in fields if field}.values())

    @property
    def schema(self) -> pa.Schema:
        """The contract's columns, as text."""
        return pa.schema([(name, pa.string()) for name in self.contract.names])

    def soql(self, window: Window) -> str:
        """Return the query for the records that last changed in a window.

        Raises ConfigurationError unless the window begins and ends at whole seconds, which is all that
        SystemModstamp tells.
        """
        if window.lo.microsecond or window.hi.microsecond:
            raise ConfigurationError("a window of Salesforce must begin and end at whole seconds")
        return format_soql(_SOQL, fields=", ".join(self.asked), object=self.object, lo=window.lo, hi=window.hi)

    def missing(self, offered: set[str]) -> tuple[str, ...]:
        """Return the fields that the object does not offer, compared as SOQL does, without regard to case."""
        known = {field.lower() for field in offered}
        return tuple(field for field in self.asked if field.lower() not in known)

    def batches(self, page: Page) -> list[pa.RecordBatch]:
        """Return a page's records as text, an empty one as null: Bulk API's CSV does not tell the two apart.

        Raises SourceDataError when the page breaks off, has other fields, or other records than it says.
        """
        rows = self._parsed(page.body) if page.body.strip() else self.schema.empty_table()
        if rows.num_rows != page.records:
            raise SourceDataError(
                f"Salesforce announced a page of {page.records:,} records and sent {rows.num_rows:,}; run again"
            )
        return [batch for batch in rows.to_batches() if batch.num_rows]

    def _parsed(self, body: bytes) -> pa.Table:
        header = next(csv.reader([body.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace").strip()]), [])
        if sorted(map(str.lower, header)) != sorted(map(str.lower, self.asked)):
            raise SourceDataError(f"Salesforce sent other fields of {self.object} than those asked for; run again")
        if body.count(b'"') % 2:
            raise SourceDataError(f"Salesforce sent a page of {self.object} that breaks off in a value; run again")
        names = [name.lower() for name in header]
        try:
            found = arrow_csv.read_csv(
                pa.BufferReader(body),
                arrow_csv.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK_BYTES, use_threads=False),
                arrow_csv.ParseOptions(newlines_in_values=True),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:
            # The parser's error quotes the record.
            raise SourceDataError(f"Salesforce sent a page of {self.object} that is no CSV; run again") from None
        fields = [self.by_column[name].lower() for name in self.contract.names]
        columns = [found.column(field) if field else pa.nulls(found.num_rows, pa.string()) for field in fields]
        return pa.table(columns, schema=self.schema)

    def _problem(self, name: str) -> str | None:
        field = self.by_column[name]
        if name not in self.contract.names:
            return f"{name!r} is none of {', '.join(self.contract.names)}"
        if name in SYSTEM_FIELDS and field != SYSTEM_FIELDS[name]:
            return f"{name} is {SYSTEM_FIELDS[name]} in every org and cannot be mapped"
        if not isinstance(field, str) or (field and not IDENTIFIER.fullmatch(field)):
            return f"{name} is mapped to {field!r}, which is no field's API name"
        if not field and self.contract.column(name).required:
            return f"{name} must have a field: every record needs it"
        return None


def account_fields(mapping: Mapping[str, str]) -> ObjectFields:
    """Return the fields of accounts, those of `mapping` in place of the defaults."""
    return _fields("Account", RAW_SALESFORCE_ACCOUNTS, "salesforce_accounts_mapping", ACCOUNT_FIELDS | dict(mapping))


def lead_fields(mapping: Mapping[str, str]) -> ObjectFields:
    """Return the fields of leads, those of `mapping` in place of the defaults."""
    return _fields("Lead", RAW_SALESFORCE_LEADS, "salesforce_leads_mapping", LEAD_FIELDS | dict(mapping))


def _fields(name: str, contract: Table, setting: str, by_column: Mapping[str, str]) -> ObjectFields:
    return ObjectFields(name, contract, setting, MappingProxyType(dict(by_column)))
