import subprocess
import sys

import click
from click.testing import CliRunner, Result

from pricing_lake.cli.command_group import LakeGroup
from pricing_lake.errors import CommitConflictError, ConfigurationError, PricingLakeError


def end_with(error: BaseException) -> Result:
    @click.group(cls=LakeGroup)
    def group() -> None: ...

    @group.command("do")
    def do() -> None:
        raise error

    return CliRunner().invoke(group, ["do"], catch_exceptions=False)


def test_an_error_on_purpose_is_one_line_and_exit_code_1():
    errors: tuple[PricingLakeError, ...] = (ConfigurationError("set X"), CommitConflictError("again"))
    for error in errors:
        result = end_with(error)
        assert (result.exit_code, result.stderr, result.stdout) == (1, f"error: {error}\n", "")


def test_a_message_of_several_lines_is_told_in_one():
    assert end_with(ConfigurationError("first\n  second")).stderr == "error: first second\n"


def test_ctrl_c_is_a_word_and_exit_code_130():
    result = end_with(KeyboardInterrupt())
    assert (result.exit_code, result.stderr, result.stdout) == (130, "interrupted\n", "")


def test_a_file_that_may_not_be_written_is_named():
    result = end_with(PermissionError(13, "Permission denied", "/lake"))
    assert result.exit_code == 1
    assert "/lake: Permission denied" in result.stderr


def test_a_bug_is_not_hidden():
    result = CliRunner().invoke(broken_group(), ["do"])
    assert isinstance(result.exception, ZeroDivisionError)


def broken_group() -> click.Group:
    @click.group(cls=LakeGroup)
    def group() -> None: ...

    group.command("do")(lambda: 1 / 0)
    return group


def test_help_loads_nothing_heavy():
    """`--help` answers at once because Dagster, DuckDB and pyiceberg are imported by the commands that need them."""
    script = (
        "import sys\n"
        "from pricing_lake.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'dagster', 'duckdb', 'pyiceberg', 'pyarrow', 'polars', 'numpy', 'cv2'} & sys.modules.keys()\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_command_teaches_with_examples(pricing_lake):
    from pricing_lake.cli import main

    for name, command in main.commands.items():
        text = pricing_lake(name, "--help").stdout
        assert f"pricing-lake {name}" in text.partition("Examples:")[2], name
        assert all(option.help for option in command.params if isinstance(option, click.Option)), name


def test_a_wrong_option_is_a_usage_error(pricing_lake):
    result = pricing_lake("tables", "--nix")
    assert result.exit_code == 2
    assert "No such option" in result.stderr
