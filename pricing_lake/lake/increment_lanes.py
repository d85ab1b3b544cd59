"""Lanes of rows that increments set aside: proposed before a commit, in force once it happened. Decides nothing.

An attempt that dies, or loses to another, has proposed a lane that nobody accepts. So a row is set aside once, whatever
stretch the attempts read and on whichever day they were made.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pyarrow import fs

from pricing_lake.lake.quarantine import lines_of, write_lines

_FORGOTTEN = timedelta(days=2)
"""A proposal that is so old belongs to no run that still lives."""
_INSTEAD = "instead."
_DAY = re.compile(r"dt=(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class IncrementLanes:
    """Lanes of one table at `_errors/<layer>/<table>/dt=<day taken>/increments/<batch>.*.json`, a row per line.

    A proposal lies at `_errors/<layer>/<table>/proposed/<day taken>.<batch>.*.json` until its batch is committed. One
    called `<day taken>.<batch>.instead.json` lists the files of that day which it takes the place of.
    """

    files: fs.FileSystem
    table_id: str
    _made: set[str] = field(default_factory=set, repr=False, compare=False)

    def propose(self, batch_id: str, day: date, lines: Sequence[str]) -> None:
        """Write the lane of a batch that is about to be committed; of no lines nothing is written."""
        write_lines(self.files, self._proposed, lines, prefix=f"{day.isoformat()}.{batch_id}.")

    def propose_instead(self, batch_id: str, day: date, lines: Sequence[str]) -> None:
        """Write a lane that takes the place of the whole lane of its day once its batch is committed."""
        old = [info.base_name for info in self._files(self._folder(day.isoformat()))]
        self.propose(batch_id, day, lines)
        self._propose_marker(batch_id, day.isoformat(), old)

    def withdraw(self, batches: Collection[str]) -> None:
        """Make lanes of these batches proposals again, and put back what they took the place of.

        So they are in force again when their batch turns out to be committed after all, and forgotten when it is not.
        """
        put_back: dict[tuple[str, str], list[str]] = {}
        for info in self._files(self._replaced):
            batch_id, day, name = info.base_name.split(".", 2)
            if batch_id in batches:
                put_back.setdefault((batch_id, day), []).append(name)
        for (batch_id, day), names in put_back.items():
            self._propose_marker(batch_id, day, names)
            for name in names:
                self._move(f"{self._replaced}/{batch_id}.{day}.{name}", self._folder(day), name)
        for day in (day.isoformat() for day in self._days(date.min)):
            for info in self._files(self._folder(day)):
                if info.base_name.partition(".")[0] in batches:
                    self._move(info.path, self._proposed, f"{day}.{info.base_name}")

    def accept(self, committed: Collection[str]) -> None:
        """Put the proposals of committed batches in force, and drop those that nobody will commit.

        It may die and be called again, or by two at once: a file is moved whole, and by one of them.
        """
        markers = []
        for info in self._files(self._proposed):
            day, batch_id, number = info.base_name.split(".", 2)
            if batch_id in committed and number.startswith(_INSTEAD):
                markers.append(info)
            elif batch_id in committed:
                self._move(info.path, self._folder(day), f"{batch_id}.{number}")
            elif info.mtime < datetime.now(UTC) - _FORGOTTEN:
                with suppress(FileNotFoundError):
                    self.files.delete_file(info.path)
        # After every new file is there: to die in between leaves rows twice until the next call, never lost.
        for marker in markers:
            self._replace(marker)

    def _replace(self, marker: fs.FileInfo) -> None:
        day, batch_id, _ = marker.base_name.split(".", 2)
        with suppress(FileNotFoundError):
            for name in json.loads("".join(lines_of(self.files, marker.path))):
                self._move(f"{self._folder(day)}/{name}", self._replaced, f"{batch_id}.{day}.{name}")
            self.files.delete_file(marker.path)

    def _propose_marker(self, batch_id: str, day: str, names: Sequence[str]) -> None:
        write_lines(self.files, self._proposed, [json.dumps(list(names))], prefix=f"{day}.{batch_id}.{_INSTEAD}")

    def _move(self, path: str, folder: str, name: str) -> None:
        """Move a file whole; another that was faster is no harm. S3 says of a missing file only that a copy failed."""
        if folder not in self._made:
            self.files.create_dir(folder, recursive=True)
            self._made.add(folder)
        try:
            self.files.move(path, f"{folder}/{name}")
        except OSError:
            if self.files.get_file_info(path).type is not fs.FileType.NotFound:
                raise

    def of_day(self, day: date, but: Collection[str] = ()) -> list[str]:
        """Rows that increments set aside on this day, but for those of some batches."""
        files = self._files(self._folder(day.isoformat()))
        files = [info for info in files if info.base_name.partition(".")[0] not in but]
        return [line for info in files for line in lines_of(self.files, info.path)]

    def not_met(self, lines: Sequence[str], since: date) -> list[str]:
        """`lines` without the rows that were set aside on a day from `since` on, each as often as it was.

        Rows are compared as received: equal rows are told apart by their number alone.
        """
        if not lines:
            return []
        met = Counter(_raw(line) for day in self._days(since) for line in self.of_day(day))
        left = []
        for line in lines:
            row = _raw(line)
            if met[row]:
                met[row] -= 1
            else:
                left.append(line)
        return left

    @property
    def _proposed(self) -> str:
        return f"_errors/{self.table_id}/proposed"

    @property
    def _replaced(self) -> str:
        """Lanes that a rewritten one took the place of, by its batch: a rollback puts them back."""
        return f"_errors/{self.table_id}/replaced"

    def _folder(self, day: str) -> str:
        return f"_errors/{self.table_id}/dt={day}/increments"

    def _days(self, since: date) -> list[date]:
        selector = fs.FileSelector(f"_errors/{self.table_id}", allow_not_found=True)
        found = (_DAY.fullmatch(info.base_name) for info in self.files.get_file_info(selector))
        days = (date.fromisoformat(name[1]) for name in found if name)
        return sorted(day for day in days if day >= since)

    def _files(self, folder: str) -> list[fs.FileInfo]:
        selector = fs.FileSelector(folder, allow_not_found=True)
        return sorted((info for info in self.files.get_file_info(selector) if info.is_file), key=lambda info: info.path)


def _raw(line: str) -> str:
    """The row of a line, as received: which rules it broke may be told otherwise by a newer contract."""
    return json.dumps(json.loads(line)["raw_row"], sort_keys=True)
