"""The command-line program: its commands, and the exit codes of errors."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import typer

from designer.cli import campaign_files, generate, inspection, loop, predict, prior, run, serve, tasks
from designer.cli.command_words import check_all_commands
from designer.cli.operations import backup_commands, task_registry, undo_command
from designer.cli.output import INTERRUPTED, OK, OTHER, OutputError, fail, output_failed, usage, warn

_COLLECTION = (100_000, 20, 100)
"""Thresholds of the garbage collector in the program. A command loads libraries with many objects that stay; with the
interpreter's own thresholds, looking through these again and again is a tenth of a suggestion's time."""

app = typer.Typer(
    name="designer",
    help="Find the material or the recipe that meets a target in as few experiments as possible.",
    epilog="Exit codes: 0 done, 2 bad input (one line for each fault), 1 any other error, 130 interrupted. "
    "With --json, stdout is one JSON object, also for errors.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _group in (
    campaign_files,
    loop,
    undo_command,
    inspection,
    predict,
    run,
    prior,
    tasks,
    task_registry,
    generate,
    serve,
    backup_commands,
):
    _group.add_to(app)
check_all_commands(app)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Show the version and exit.")) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("materials-designer"))
        raise typer.Exit(OK)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. No exception leaves this function."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    gc.set_threshold(*_COLLECTION)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # characters that a terminal cannot show are written as \\xb5
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments, as_json)
        sys.stdout.flush()
    except OSError as error:  # stdout itself cannot be written: stderr alone is left
        _abandon_stdout()
        return OTHER if isinstance(error, BrokenPipeError) else fail(output_failed(error), as_json=False)
    if code == INTERRUPTED:
        warn("Interrupted. All recorded results are saved; run the same command to continue.")
    return code


def _run(arguments: list[str], as_json: bool) -> int:
    """Run one command and report its errors. Raises OSError where the report cannot be written."""
    try:
        code = app(arguments, prog_name="designer", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except OutputError as error:
        raise error.reason from None
    except Exception as error:  # noqa: BLE001  every error becomes one line, never a traceback
        if hasattr(error, "format_message"):  # raised by typer for a wrong command line, in all its versions
            hint = f"see '{_command_path(error)} --help'"
            return usage(error.format_message(), hint, as_json)
        return fail(error, as_json)
    return code if isinstance(code, int) else OK


def _abandon_stdout() -> None:
    """Point stdout to nothing, so that the interpreter does not try to write the rest when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


def _command_path(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context is not None else "designer"


__all__ = ["OTHER", "app", "main"]
