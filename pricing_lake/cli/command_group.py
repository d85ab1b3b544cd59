"""The click group that shows an error raised on purpose as one red line, and the help layout that commands share."""

from typing import Any

import click

from pricing_lake.errors import PricingLakeError

INTERRUPTED = 130
HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class LakeGroup(click.Group):
    """Commands of the lake. An error on purpose ends with exit code 1 and one line on stderr, never a traceback.

    Ctrl-C ends with exit code 130, also where a command does nothing of its own about it.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        _keep_lines(self)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Take a command in."""
        _keep_lines(cmd)
        super().add_command(cmd, name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except PricingLakeError as error:
            fail(ctx, str(error))
        except BrokenPipeError:
            raise  # click ends quietly when a reader such as `head` has gone
        except OSError as error:
            if not error.filename:
                raise
            fail(ctx, f"{error.filename}: {error.strerror}; mend that, or set PRICING_LAKE_HOME to another folder")


def _keep_lines(command: click.Command) -> None:
    r"""Read `\b` in a raw docstring as click's mark for lines that must not be filled."""
    command.help = command.help and command.help.replace(r"\b", "\b")


def fail(ctx: click.Context, text: str) -> None:
    """Say what went wrong, in red where colours are shown, and leave with exit code 1."""
    click.secho(f"error: {' '.join(text.split())}", fg="red", err=True)
    ctx.exit(1)
