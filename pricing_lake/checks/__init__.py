"""Checks that span partitions or tables, written by hand. A contract's own checks are derived by `table_asset`."""
