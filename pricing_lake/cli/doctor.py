"""`pricing-lake doctor`: is everything in order, and what to do if not? The checks are in `doctor_checks`."""

from dataclasses import asdict

import click

from pricing_lake.cli.output import print_json, print_table, say
from pricing_lake.errors import ConfigurationError
from pricing_lake.stage import load_stage


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print settings and checks as JSON.")
@click.pass_context
def doctor_command(ctx: click.Context, as_json: bool) -> None:
    r"""Look at everything the lake needs, and say what to do about what is wrong.

    Versions, home folder and free space, every setting and who set it (environment, settings.toml or default), the
    catalog, the embedder, the SQL engine, Dagster's instance, and every source that is set up: SmartGo, Carousel,
    exchange rates, Kafka orders with dead letters and registry, Snowflake, Redshift, Salesforce. Of each it says
    whether it can be reached with these credentials, whether tables and columns are there, how long an answer takes
    and how far the clocks differ. All are asked at once; the one that does not answer within 20 seconds has failed. A
    source that is not set up is off, which is fine. Passwords are never shown.

    Exit code 1 when any check fails; a warning alone is 0.

    \b
    Examples:
      pricing-lake doctor
      pricing-lake doctor --json | jq -r '.checks[] | select(.status != "ok") | .advice'
    """
    from pricing_lake.cli.check import Check, Status
    from pricing_lake.cli.doctor_checks import installation, of_stage
    from pricing_lake.cli.settings import settings_in_force

    checks = list(installation())
    settings = []
    try:
        stage = load_stage()
        settings = settings_in_force(stage)
        checks += of_stage(stage)
    except ConfigurationError as error:
        checks.append(Check("settings", Status.FAIL, str(error), "do what it says"))
    if as_json:
        print_json({"settings": [asdict(s) for s in settings], "checks": [asdict(check) for check in checks]})
    else:
        print_table(("setting", "value", "set by"), [(s.name, s.value, s.source) for s in settings])
        say()
        print_table(("check", "status", "found", "what to do"), [(c.name, c.status, c.found, c.advice) for c in checks])
    ctx.exit(1 if any(check.status is Status.FAIL for check in checks) else 0)
