"""What is left of a day's changes when only the last of each record counts, and how many are not. Reads no table."""

import polars as pl


def last_changes(changes: pl.DataFrame, key: str, changed: str) -> pl.DataFrame:
    """The last change of each `key`, in order of `changed`."""
    return changes.sort(changed).unique(key, keep="last", maintain_order=True)


def changed_again(changes: pl.DataFrame, key: str) -> dict[str, int]:
    """Changes that are not the last of their key, as a reason of exclusion; nothing where there are none."""
    again = changes.height - changes[key].n_unique()
    return {"changed_again_that_day": again} if again else {}
