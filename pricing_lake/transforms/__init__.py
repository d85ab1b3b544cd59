"""Pure transforms that several tables share: rows in, rows out. A transform of one table alone lives with its table."""
