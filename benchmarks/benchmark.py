"""The command line that every benchmark of variants shares. Measures and prints nothing itself."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.comparison import Goal, print_comparison
from benchmarks.variants import Prepare, Taken, in_turns, measure


@dataclass(frozen=True)
class Benchmark:
    """One claim: what is measured, on how many rows, against what. `module` is its name for `python -m`."""

    module: str
    rows: int
    passes: int
    make_input: Callable[[Path, int], None]
    variants: Mapping[str, Prepare]
    goals: Callable[[int], Sequence[Goal]]

    def main(self) -> None:
        """Compare all variants, or, called by itself for one variant, measure that one in this process."""
        options = self._options()
        if options.variant:
            print(json.dumps(measure(self.variants[options.variant], options.folder)))
        else:
            took = self._compare(options)
            print_comparison(f"{self.module}, {options.rows:,} rows", took, self.goals(options.rows))

    def _options(self) -> argparse.Namespace:
        parser = argparse.ArgumentParser(prog=self.module)
        parser.add_argument("--rows", type=int, default=self.rows)
        parser.add_argument("--passes", type=int, default=self.passes)
        parser.add_argument("--only", nargs="+", choices=self.variants, default=list(self.variants), metavar="VARIANT")
        parser.add_argument("--variant", choices=self.variants, help=argparse.SUPPRESS)
        parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
        return parser.parse_args()

    def _compare(self, options: argparse.Namespace) -> dict[str, list[Taken]]:
        with TemporaryDirectory(prefix="benchmark-") as name:
            self.make_input(Path(name), options.rows)
            return in_turns(
                {
                    variant: [sys.executable, "-m", self.module, "--variant", variant, "--folder", name]
                    for variant in options.only
                },
                options.passes,
            )
