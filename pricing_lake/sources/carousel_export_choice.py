"""Which of a table's exports a window of time needs, so that no write is missed and few files are read. Opens none."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pricing_lake.errors import SourceDataError, SourceUnavailableError
from pricing_lake.sources.carousel_export_manifest import Export


def needed_exports(exports: Iterable[Export], since: datetime, until: datetime) -> tuple[Export, ...]:
    """Return the exports that together know every write in [since, until), oldest first.

    From the newest changes back: when they reach to `since` without a gap they are enough; else the newest full
    export comes first, and the changes after it. Raises SourceUnavailableError when nothing reaches to `until` yet and
    SourceDataError when writes in between are in no export.
    """
    known = sorted(exports, key=lambda export: export.until)
    full = next((export for export in reversed(known) if export.since is None), None)
    changes = [(export.since, export) for export in reversed(known) if export.since is not None]
    if not changes or changes[0][1].until < until:
        if full and full.until >= until:
            return (full,)
        raise SourceUnavailableError(
            f"exports reach to {known[-1].until.isoformat()}, not to {until.isoformat()}; export what changed since, "
            "or try again later"
        )
    chosen, reached = _joined(changes, since)
    if reached <= since:
        return tuple(reversed(chosen))
    if full is None or full.until < reached:
        raise _gap(known, reached)
    return (full, *(export for export in reversed(chosen) if export.until > full.until))


def _joined(changes: Sequence[tuple[datetime, Export]], since: datetime) -> tuple[list[Export], datetime]:
    """Return the changes, newest first, that go back to `since` or to the first gap, and how far they reach."""
    chosen: list[Export] = []
    reached = changes[0][1].until
    for start, export in changes:
        if chosen and (reached <= since or export.until < reached):
            break
        chosen.append(export)
        reached = min(reached, start)
    return chosen, reached


def _gap(known: Iterable[Export], reached: datetime) -> SourceDataError:
    before = [export.until for export in known if export.until < reached]
    if before:
        return SourceDataError(
            f"writes from {max(before).isoformat()} to {reached.isoformat()} are in no export; export that time too"
        )
    return SourceDataError(
        f"exports begin with changes from {reached.isoformat()}; an earlier window needs a full export too"
    )
