"""What every ADBC snapshot promises, shown on SQLite files: read-only, bound, one state, streamed, plain errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.adbc import ReadOptions, Snapshot
from pricing_lake.sources.adbc_postgresql import postgres_database
from pricing_lake.sources.adbc_sqlite import SqliteDatabase, sqlite_database
from pricing_lake_tests.sources.processes import other_process

ONE_TEXT = pa.schema([("word", pa.string())])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop #1 100%.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE words (word, note)")
        connection.executemany("INSERT INTO words VALUES (?, NULL)", [(f"w{i}",) for i in range(1000)])
        connection.commit()
    return path


def database(path: Path, options: ReadOptions | None = None) -> SqliteDatabase:
    return sqlite_database(f"sqlite:///{path}", options or ReadOptions())


@pytest.fixture
def snapshot(path: Path) -> Iterator[Snapshot]:
    with database(path).snapshot({"word": "w7", "evil": "x' OR 1=1 --"}) as snapshot:
        yield snapshot


def words(snapshot: Snapshot, template: str) -> list[str | None]:
    with snapshot.batches(template, ONE_TEXT) as batches:
        return [word for batch in batches for word in batch.column(0).to_pylist()]


def test_values_are_bound_by_name_as_often_as_they_occur(snapshot: Snapshot) -> None:
    assert snapshot.rows("SELECT {word} || {evil} || {word} AS x") == [("w7x' OR 1=1 --w7",)]


def test_a_value_is_never_sql(snapshot: Snapshot) -> None:
    assert snapshot.rows("SELECT word FROM words WHERE word = {evil}") == []
    assert words(snapshot, "SELECT word FROM words WHERE word = {evil}") == []


def test_batches_are_small_and_never_empty(path: Path) -> None:
    with (
        database(path, ReadOptions(batch_rows=300)).snapshot({}) as snapshot,
        snapshot.batches("SELECT word FROM words", ONE_TEXT) as batches,
    ):
        sizes = [batch.num_rows for batch in batches]
    assert sum(sizes) == 1000
    assert max(sizes) <= 300
    assert min(sizes) > 0


def test_no_rows_give_no_batches(snapshot: Snapshot) -> None:
    assert words(snapshot, "SELECT word FROM words WHERE word = 'none'") == []


def test_a_column_that_starts_with_nulls_is_still_text(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO words VALUES ('last', 'at last a text')")
        connection.commit()
    with database(path, ReadOptions(batch_rows=100)).snapshot({}) as snapshot:
        notes = words(snapshot, "SELECT CAST(note AS TEXT) FROM words ORDER BY rowid")
    assert notes == [None] * 1000 + ["at last a text"]


def test_text_that_is_not_utf8_arrives_repaired(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO words VALUES (CAST(x'63616665FF' AS TEXT), NULL)")
        connection.commit()
    with database(path).snapshot({}) as snapshot:
        assert words(snapshot, "SELECT word FROM words WHERE word LIKE 'cafe%'") == ["cafe\N{REPLACEMENT CHARACTER}"]


def test_rows_given_out_of_order_are_refused_rather_than_lost(path: Path) -> None:
    real_row_first = pa.record_batch([["w1", ""]], names=["word"])
    with pytest.raises(SourceDataError, match="unknown order"):
        list(database(path).results(iter([real_row_first])))


def test_a_snapshot_does_not_see_later_writes(path: Path) -> None:
    with database(path).snapshot({}) as snapshot:
        assert snapshot.rows("SELECT COUNT(*) FROM words") == [(1000,)]
        with other_process(path, "DELETE FROM words; PRAGMA wal_checkpoint"):
            pass
        assert snapshot.rows("SELECT COUNT(*) FROM words") == [(1000,)]
        assert len(words(snapshot, "SELECT word FROM words")) == 1000


@pytest.mark.parametrize("statement", ["DELETE FROM words", "CREATE TABLE more (x)", "PRAGMA user_version = 7"])
def test_nothing_can_be_written(path: Path, snapshot: Snapshot, statement: str) -> None:
    before = path.read_bytes()
    with pytest.raises(PricingLakeError, match="readonly"):
        snapshot.rows(statement)
    assert path.read_bytes() == before


def test_a_block_left_early_closes_everything(path: Path) -> None:
    with (
        database(path, ReadOptions(batch_rows=10)).snapshot({}) as snapshot,
        snapshot.batches("SELECT word FROM words", ONE_TEXT) as batches,
    ):
        assert next(batches).num_rows < 1000
    with other_process(path, "PRAGMA journal_mode = DELETE"):
        assert not path.with_name(f"{path.name}-wal").exists()


def test_a_missing_file_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "absent.db"
    with pytest.raises(ConfigurationError, match=r"absent\.db does not exist"), database(path).snapshot({}):
        pass
    assert not path.exists()


def test_a_relative_path_is_relative(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    with sqlite_database(f"sqlite:///{path.name}", ReadOptions()).snapshot({}) as snapshot:
        assert snapshot.rows("SELECT COUNT(*) FROM words") == [(1000,)]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://host/shop.db"])
def test_a_sqlite_url_must_name_a_file(url: str) -> None:
    with pytest.raises(ConfigurationError, match="names a file"):
        sqlite_database(url, ReadOptions())


def test_another_kind_of_file_is_a_wrong_setting(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database at all " * 100)
    with (
        pytest.raises(ConfigurationError, match="not a sound SQLite database"),
        database(path).snapshot({}) as snapshot,
    ):
        snapshot.rows("SELECT * FROM sqlite_schema")


def test_a_lock_held_by_a_writer_is_transient(tmp_path: Path) -> None:
    path = tmp_path / "locked.db"
    with (
        other_process(path, "CREATE TABLE words (word); BEGIN EXCLUSIVE"),
        pytest.raises(SourceUnavailableError, match="locked by a writer for 1 s"),
        database(path, ReadOptions(connect_timeout_seconds=1)).snapshot({}) as snapshot,
    ):
        snapshot.rows("SELECT * FROM words")


def test_a_broken_view_is_wrong_data(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIEW broken AS SELECT x FROM nowhere")
        connection.commit()
    with database(path).snapshot({}) as snapshot, pytest.raises(SourceDataError, match="no such table"):
        snapshot.rows("SELECT * FROM broken")


@pytest.mark.parametrize(
    "option", ["statement_timeout_seconds", "connect_timeout_seconds", "batch_rows", "batch_bytes"]
)
def test_options_are_above_zero(option: str) -> None:
    with pytest.raises(ConfigurationError, match=option):
        ReadOptions(**{option: 0})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop:pa/Zq9@db.example/sales",
        "postgresql://shop:pa@Zq9@db.example/sales",
        "postgresql://shop:pa#Zq9@db.example/sales",
        "postgresql://shop:pa?Zq9@db.example/sales",
        "postgresql://shop:Zq9/sales",
        "postgresql://shop:pw@db.example:Zq9/sales",
        "postgresql://shop:pw@[Zq9/sales",
    ],
)
def test_a_postgresql_url_that_cannot_be_taken_apart_shows_nothing_of_itself(url: str) -> None:
    with pytest.raises(ConfigurationError, match="percent-encode") as refused:
        postgres_database(url, ReadOptions())
    assert "Zq9" not in repr(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://u:p%40ss@db.example:6432/shop?sslmode=require", "PostgreSQL at db.example:6432/shop"),
        ("postgres://db.example/shop", "PostgreSQL at db.example/shop"),
        ("postgresql://u:secret@[::1]:5432/shop", "PostgreSQL at [::1]:5432/shop"),
        ("postgresql://u:secret@one:5432,two:5433/shop", "PostgreSQL at one:5432,two:5433/shop"),
        ("postgresql:///shop?host=/run/pg", "PostgreSQL at the local socket/shop"),
    ],
)
def test_an_address_names_the_host_and_no_user(url: str, address: str) -> None:
    assert postgres_database(url, ReadOptions()).address == address
