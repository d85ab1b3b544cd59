"""Marts: one `.sql` file per table in Athena SQL, and the factory that makes them assets."""
