"""`pricing-lake erase-customer`: takes a customer out of the lake. Finding and erasing are in `lake.erase`."""

from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from pricing_lake.cli.output import note, print_json, print_table, say
from pricing_lake.stage import load_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pricing_lake.lake.erase import Found


@click.command("erase-customer")
@click.argument("customer_id")
@click.option("--tenant", help="Only in this shop. Default: wherever the id is known.")
@click.option("--dry-run/--yes", "dry_run", default=True, help="Only count (the default), or erase.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def erase_customer_command(customer_id: str, tenant: str | None, dry_run: bool, as_json: bool) -> None:
    r"""Erase a customer: rows of every table, of every error lane, and of the Salesforce records that are theirs alone.

    Without --yes it only counts. Earlier states of a table still hold the rows until their snapshots expire, which the
    last columns tell. Erase the customer at the sources first: what they still send comes back with the next read.
    Running it again finishes what was interrupted, and finds nothing when all is done.

    \b
    Examples:
      pricing-lake erase-customer c-1042
      pricing-lake erase-customer c-1042 --tenant acme --yes
    """
    from pricing_lake.cli.clients import lake_of
    from pricing_lake.contracts.all import TABLES
    from pricing_lake.governance.lake_formation import require_tenant
    from pricing_lake.lake.erase import Erasure
    from pricing_lake.lake.erase_find import Customer

    if not customer_id.strip():
        raise click.BadParameter("give the customer's id", param_hint="CUSTOMER_ID")
    if tenant is not None:
        require_tenant(tenant)
    erasure = Erasure(lake_of(load_stage()), TABLES, Customer(customer_id, tenant))
    found = erasure.plan() if dry_run else erasure.run(f"erase-{uuid4()}")
    if as_json:
        print_json({"erased": not dry_run, "places": [asdict(place) for place in found]})
        return
    _show(found, dry_run=dry_run)


def _show(found: "Sequence[Found]", *, dry_run: bool) -> None:
    if not found:
        say("nothing in the lake is theirs")
        return
    rows = sum(place.rows for place in found)
    columns = ("place", "rows" if dry_run else "rows erased", "earlier states that hold them", "the oldest (UTC)")
    print_table(columns, [(p.place, p.rows, p.snapshots, p.since and f"{p.since:%Y-%m-%d %H:%M}") for p in found])
    if dry_run:
        say(f"{rows:,} rows would be erased; nothing was changed. Erase them with --yes")
        return
    say(f"{rows:,} rows are erased")
    held = [place.place for place in found if place.snapshots]
    if held:
        note(
            f"earlier states of {', '.join(held)} still hold rows of theirs, until housekeeping expires "
            "those snapshots and deletes their files; docs/governance.md says how to hasten it"
        )
