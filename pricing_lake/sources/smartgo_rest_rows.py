"""Sales as a web service tells them, as Arrow text: numbers are the text that stood in the document. No HTTP here."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from pricing_lake.errors import SourceSchemaError
from pricing_lake.sources.smartgo_mapping import COLUMNS, SmartGoMapping

SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])
FIELD_TYPE = "JSON"
"""A document has no types to speak of: a value is judged when it is cast."""

Sale = Mapping[str, Any]


def as_batch(sales: Sequence[Sale], mapping: SmartGoMapping, address: str) -> pa.RecordBatch:
    """Return the sales of one page, which must not be empty. Raises SourceSchemaError when all lack a mapped field."""
    missing = missing_fields(sales, mapping)
    if missing:
        raise SourceSchemaError(
            f"no sale from {address} has a {', '.join(missing)}; "
            f"they have {', '.join(fields_of(sales))}: fix SMARTGO mapping",
            missing,
            dict.fromkeys(fields_of(sales), FIELD_TYPE),
        )
    fields = [mapping.columns[name] for name in COLUMNS]
    columns = [_text_array([_as_text(sale.get(field)) if field else None for sale in sales]) for field in fields]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def fields_of(sales: Sequence[Sale]) -> tuple[str, ...]:
    """Return the fields that any of the sales has, sorted."""
    return tuple(sorted({field for sale in sales for field in sale}))


def missing_fields(sales: Sequence[Sale], mapping: SmartGoMapping) -> tuple[str, ...]:
    """Return the mapped fields that not one of the sales has; of no sales nothing can be told."""
    known = fields_of(sales)
    return tuple(field for field in mapping.columns.values() if field and field not in known) if sales else ()


def _as_text(value: Any) -> str | None:
    """Return a value of JSON as text: numbers are text already; what is nested stays JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text_array(values: Sequence[str | None]) -> pa.StringArray:
    """Return text, with U+FFFD for each half of a character, which JSON can escape and UTF-8 cannot write."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else _readable(value) for value in values], pa.string())


def _readable(value: str) -> str:
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
