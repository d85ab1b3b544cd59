"""`pricing-lake`, what a person types: the command group. Each command lives in the module of its name."""

import click

from pricing_lake.cli.command_group import HELP, LakeGroup
from pricing_lake.cli.materialize import materialize_command
from pricing_lake.cli.query import queries_command, query_command
from pricing_lake.cli.tables import tables_command

__all__ = ["main"]


@click.group(cls=LakeGroup, context_settings=HELP)
def main() -> None:
    """X"""


for command in (
    materialize_command,
    query_command,
    queries_command,
    tables_command,
):
    main.add_command(command)
