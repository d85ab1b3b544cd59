import sqlite3
from contextlib import closing

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.sample.database import APPLICATION_ID, refuse_foreign, replacement
from pricing_lake.sample.sales import SaleRow


def make(path):
    with replacement(path) as connection:
        connection.execute("insert into sales (sale_id) values ('one')")


def read(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_a_free_name_and_an_own_sample_are_accepted(tmp_path):
    refuse_foreign(tmp_path / "shop.db")
    make(tmp_path / "shop.db")
    refuse_foreign(tmp_path / "shop.db")


def test_a_foreign_database_a_text_and_a_folder_are_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("create table sales (sale_id text)")
        connection.commit()
    (tmp_path / "notes.txt").write_text("not a database, but longer than the header of one: " * 4)
    (tmp_path / "empty.db").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "forged.db").write_bytes(bytes(68) + APPLICATION_ID.to_bytes(4) + bytes(100))
    for name in ("other.db", "notes.txt", "empty.db", "forged.db", "folder"):
        with pytest.raises(ConfigurationError, match="not a SmartGo sample"):
            refuse_foreign(tmp_path / name)


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_a_database_in_use_is_refused(tmp_path, suffix):
    make(tmp_path / "shop.db")
    (tmp_path / f"shop.db{suffix}").touch()
    with pytest.raises(ConfigurationError, match="close what uses the database"):
        refuse_foreign(tmp_path / "shop.db")


def test_the_table_is_smartgos_without_constraints_and_with_two_indexes(tmp_path):
    make(tmp_path / "new" / "shop.db")
    columns = read(
        tmp_path / "new" / "shop.db", "select name, lower(type), \"notnull\", pk from pragma_table_info('sales')"
    )
    types = {name: kind for name, kind, _, _ in columns}
    assert types["sold_price"] == ""
    assert types["quantity"] == "int"
    assert {kind for name, kind in types.items() if name not in ("sold_price", "quantity")} == {"text"}
    assert tuple(types) == SaleRow._fields
    assert not any(not_null or key for _, _, not_null, key in columns)
    plan = read(
        tmp_path / "new" / "shop.db", "explain query plan select * from sales where sold_at >= 'a' and sold_at < 'b'"
    )
    assert "sales_by_sold_at" in plan[0][3]
    plan = read(tmp_path / "new" / "shop.db", "explain query plan select * from sales where updated_at >= 'a'")
    assert "sales_by_updated_at" in plan[0][3]
    assert read(tmp_path / "new" / "shop.db", "pragma journal_mode") == [("delete",)]


def test_a_failure_leaves_the_old_database_and_no_litter(tmp_path):
    make(tmp_path / "shop.db")
    before = (tmp_path / "shop.db").read_bytes()

    def fail():
        with replacement(tmp_path / "shop.db") as connection:
            connection.execute("insert into sales (sale_id) values ('two')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (tmp_path / "shop.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]


def test_a_reader_keeps_the_database_it_opened(tmp_path):
    make(tmp_path / "shop.db")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as reader:
        assert reader.execute("select count(*) from sales").fetchone() == (1,)
        with replacement(tmp_path / "shop.db"):
            pass
        assert reader.execute("select count(*) from sales").fetchone() == (1,)
    assert read(tmp_path / "shop.db", "select count(*) from sales") == [(0,)]
