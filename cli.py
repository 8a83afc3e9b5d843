"""The `redwell` command: gathers the commands of the stages and turns errors into exit codes."""

import errno
import gc
import importlib
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NoReturn

import click

from records import crew
from records.errors import DiskFullError, RedwellError, SettingError

# Named here and imported only when called, so that `redwell --help` answers at once.
COMMANDS = {
    "init": "records.commands:init",
    "custodian": "records.commands:custodian",
    "user": "records.user_commands:user_group",
    "counsel": "records.counsel_commands:counsel_group",
    "upgrade": "records.commands:upgrade",
    "status": "produce.status:status",
    "audit": "records.commands:audit",
    "ingest": "ingest.commands:ingest",
    "custody": "ingest.custody_commands:custody",
    "verify": "ingest.verify_commands:verify",
    "process": "process.commands:process",
    "denist": "process.commands:denist",
    "exceptions": "process.exceptions_commands:exceptions",
    "retry": "process.retry_commands:retry_command",
    "replace": "process.replace_commands:replace_command",
    "dedup": "process.dedup_commands:dedup",
    "threads": "process.threads_commands:threads_group",
    "people": "process.people_commands:people_group",
    "relate": "process.relate_commands:relate",
    "near": "process.near_commands:near",
    "languages": "process.near_commands:languages",
    "doctor": "produce.doctor:doctor",
    "index": "index.index_commands:index_command",
    "run": "index.run_commands:run",
    "search": "index.commands:search_command",
    "show": "review.show_commands:show_command",
    "saved": "review.saved_commands:saved_group",
    "terms": "index.terms_commands:terms_group",
    "ocr": "review.ocr_commands:ocr_group",
    "cull": "review.cull_commands:cull_group",
    "tag": "review.commands:tag_group",
    "note": "review.note_commands:note_group",
    "batch": "review.batch_commands:batch_group",
    "qc": "review.qc_commands:qc_group",
    "review": "review.work_commands:review_group",
    "privilege": "review.privilege_commands:privilege_group",
    "sample": "review.sample_commands:sample_group",
    "learn": "review.learn_commands:learn_group",
    "redact": "produce.redact_commands:redact_group",
    "produce": "produce.commands:produce",
    "overlay": "produce.overlay_commands:overlay_group",
    "receive": "produce.received.commands:receive_group",
}
# Those that start workers, and what the workers import for them.
_WITH_WORKERS = frozenset({"ingest", "process", "retry", "relate", "index", "run"})
_FOR_WORKERS = ("cli", "ingest.collect", "process.worker")
INTERRUPTED = 130
INTERNAL = 70


class _Stages(click.Group):
    """Commands in the order of the work."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        elsewhere = any(each.startswith(("--scheduler", "--help", "-h")) for each in args)
        if args[0] in _WITH_WORKERS and args[:2] != ["index", "check"] and not elsewhere:
            crew.prepare(_FOR_WORKERS)
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        gc.disable()  # what is imported stays: looking it through again and again takes a tenth
        try:
            command = getattr(importlib.import_module(module), name)
        finally:
            gc.enable()
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Stages, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="redwell")
@click.option("--user", help="Who acts, in place of REDWELL_USER or the system's user.")
def redwell(user: str | None) -> None:
    """Take a litigation matter from collection to production.

    The way of a case: init, ingest, process, index; then search and tag; then produce plan,
    run and check. Each stage may be killed and run again: it goes on where it stood.

    \b
    Start with:
      redwell doctor            what is installed, and what is missing
      redwell init FOLDER …     make a case
      redwell status            what it holds, and what to do next
    """
    if user is not None:
        if not user.strip():
            raise SettingError("--user is empty; name who acts")
        os.environ["REDWELL_USER"] = user


def main() -> None:
    """Run the command line; the exit codes are those of docs/exit-codes.md."""
    try:
        redwell.main(standalone_mode=False)
    except click.exceptions.Abort:
        _end("stopped. What was committed stays; run the same command to go on", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except RedwellError as error:
        _end(str(error), error.exit_code)
    except (BrokenPipeError, SystemExit):
        # The reader of a pipe has gone, as in `redwell search … | head`: not an error. Click
        # turns some of these into an exit with 1, its only exit in this mode.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 the last border: no traceback reaches the user
        known = _known(error)
        if known is None:
            _end(_internal(error), INTERNAL)
        _end(str(known), known.exit_code)


def _known(error: BaseException) -> RedwellError | None:
    """The error that a failing disk or database amounts to, if it is one."""
    import sqlalchemy as sa  # only now: `redwell --help` answers at once

    from records import database

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return DiskFullError(database.full(cause.filename))
        if known := database.failed(cause):
            return known
        if isinstance(cause, sa.exc.DBAPIError) and cause.orig is not None:
            cause = cause.orig
        else:
            cause = cause.__cause__ or cause.__context__
    return None


def _internal(error: BaseException) -> str:
    fd, name = tempfile.mkstemp(prefix="redwell-error-", suffix=".txt")
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    return (
        f"an error of Redwell itself ({type(error).__name__}: {error}). Nothing committed is lost; "
        f"please report it with {Path(name)}"
    )


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"redwell: {message}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
