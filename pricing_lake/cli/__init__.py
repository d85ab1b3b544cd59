"""`pricing-lake`, what a person types: the command group. Each command lives in the module of its name."""

import click

from pricing_lake.cli.command_group import HELP, LakeGroup
from pricing_lake.cli.demo import demo_command
from pricing_lake.cli.doctor import doctor_command
from pricing_lake.cli.ensure import ensure_command
from pricing_lake.cli.erase_customer import erase_customer_command
from pricing_lake.cli.facts_behind import facts_behind_command
from pricing_lake.cli.housekeeping import housekeeping_command
from pricing_lake.cli.materialize import materialize_command
from pricing_lake.cli.progress import progress_command
from pricing_lake.cli.query import queries_command, query_command
from pricing_lake.cli.replay import replay_command
from pricing_lake.cli.rollback import rollback_command
from pricing_lake.cli.rows import rows_command
from pricing_lake.cli.sample import sample_command
from pricing_lake.cli.tables import tables_command
from pricing_lake.cli.verify import verify_command

__all__ = ["main"]


@click.group(cls=LakeGroup, context_settings=HELP)
@click.version_option(package_name="pricing-lake")
def main() -> None:
    r"""What is this item worth? Every sale of a marketplace with its picture, checked, kept and priced.

    The lake lives in one folder, PRICING_LAKE_HOME (default ./.lake). Settings come from the environment, then from
    settings.toml in that folder.

    \b
    First steps:
      pricing-lake demo                        a whole lake on made-up data, in a few minutes
      pricing-lake queries                     what can be asked
      pricing-lake query brand_performance     ask it
      pricing-lake doctor                      is everything in order?
    """


for command in (
    demo_command,
    sample_command,
    materialize_command,
    queries_command,
    query_command,
    tables_command,
    doctor_command,
    ensure_command,
    verify_command,
    progress_command,
    replay_command,
    rows_command,
    erase_customer_command,
    rollback_command,
    facts_behind_command,
    housekeeping_command,
):
    main.add_command(command)
