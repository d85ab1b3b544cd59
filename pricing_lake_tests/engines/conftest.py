"""Tables in memory that the tests of this package share; none of them is ever changed."""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from pyiceberg.io.pyarrow import schema_to_pyarrow

from pricing_lake_tests.engines import typed_rows
from pricing_lake_tests.engines.athena import InMemory
from pricing_lake_tests.engines.kept_rows import KeptRows


@pytest.fixture(scope="session")
def athena() -> Iterator[InMemory]:
    """The typed rows as table `t`."""
    rows = pa.Table.from_pylist(typed_rows.ROWS, schema=schema_to_pyarrow(typed_rows.SCHEMA))
    memory = InMemory({"t": typed_rows.SCHEMA}, {"t": rows})
    yield memory
    memory.connection.close()


@pytest.fixture(scope="session")
def kept_rows() -> Iterator[KeptRows]:
    """The small sales as tables `sales` and `others`, whole and pruned."""
    both = KeptRows()
    yield both
    both.close()
