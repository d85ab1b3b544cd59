"""Everything a deployer needs to know of a stage: what `ensure` would change, and whether the parts work together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pricing_lake.aws.account import Account
from pricing_lake.aws.athena import Athena
from pricing_lake.aws.ensure import Wanted, ensure_steps
from pricing_lake.aws.findings import Change, Finding, State, Step, fail, ok
from pricing_lake.aws.verify_athena import verify_athena
from pricing_lake.aws.verify_freshness import verify_freshness
from pricing_lake.aws.verify_permissions import verify_permissions
from pricing_lake.contracts.model import Table
from pricing_lake.errors import PricingLakeError

FEW = 3
"""Of so many things of a kind or fewer, each that is well is listed; of more, their number."""


@dataclass(frozen=True)
class Verification:
    """A stage as it should be; `day` of `table` must be there, `role` (empty: the caller's) must have its rights."""

    wanted: Wanted
    table: Table
    day: date
    role: str = ""


def verify_checks(account: Account, verification: Verification) -> Iterator[tuple[str, Sequence[Finding]]]:
    """Kinds of checks with their findings, every kind even when another one failed. Changes nothing.

    Raises ConfigurationError and SourceUnavailableError only for credentials: without them nothing can be said.
    """
    names, wanted = verification.wanted.names, verification.wanted
    _ = account.identity
    for kind, steps in ensure_steps(account, wanted):
        yield kind, _summed(kind, _judged(kind, names.stage, steps))
    checks: tuple[tuple[str, Iterable[Step]], ...] = (
        ("athena", verify_athena(Athena(account, names), verification.table)),
        ("permissions", verify_permissions(account, names, verification.role)),
        ("freshness", verify_freshness(wanted.open_lake, verification.table, verification.day)),
    )
    for kind, findings in checks:
        yield kind, list(_judged(kind, names.stage, findings))


def _judged(kind: str, stage: str, steps: Iterable[Step]) -> Iterator[Finding]:
    """Findings as they are; a change that `ensure` would make is a failure, and so is what raises."""
    try:
        for step in steps:
            if isinstance(step, Finding):
                yield step
                continue
            missing = step.state is State.TO_MAKE
            found = f"missing: {step.what}" if missing else f"not so: {step.what}"
            yield fail(step.kind, step.name, found, _ensure(step, stage))
    except PricingLakeError as error:
        yield fail(kind, kind, str(error), "mend what it says, then verify again")


def _ensure(change: Change, stage: str) -> str:
    return f"pricing-lake ensure --stage {stage} {'makes' if change.state is State.TO_MAKE else 'mends'} it"


def _summed(kind: str, findings: Iterable[Finding]) -> list[Finding]:
    """Many things that are well become one line."""
    kept = list(findings)
    well = [finding for finding in kept if finding.state is State.OK]
    if len(well) <= FEW:
        return kept
    others = [finding for finding in kept if finding.state is not State.OK]
    return [ok(kind, f"{len(well)} of {len(kept)}", f"as they should be: {_listed(well)}"), *others]


def _listed(well: Sequence[Finding]) -> str:
    return ", ".join(finding.name for finding in well)
