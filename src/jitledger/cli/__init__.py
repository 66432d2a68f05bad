"""The command line. Commands load when they are called, so that help starts at once."""

from __future__ import annotations

import sys

import click

COMMANDS: dict[str, tuple[str, str, str]] = {
    # name: (module, attribute, one line of help)
    "init": ("shop", "init", "Open a shop and print the owner's link."),
    "invite": ("people", "invite", "Invite somebody with a role."),
    "members": ("people", "members", "List who has access."),
    "remove": ("people", "remove", "Take a member's access away."),
    "forget": ("people", "forget", "Erase a person's name and chat."),
    "export-person": ("people", "export_person", "Print what is kept about a person."),
    "demo": ("serve", "demo", "A living sample shop with its chat in the browser."),
    "bot": ("serve", "bot", "Run the Telegram bot."),
    "register": ("recording.catalog", "register", "Register a product."),
    "retire": ("recording.catalog", "retire", "Stop ordering a product."),
    "rename": ("recording.catalog", "rename", "Change a product's name or properties."),
    "pack": ("recording.catalog", "pack", "Say what a pack holds."),
    "price": ("recording.catalog", "price", "Set the selling price."),
    "items": ("recording.catalog", "items", "List the products."),
    "locations": ("recording.catalog", "locations", "List locations, or open one."),
    "suppliers": ("recording.catalog", "suppliers", "List suppliers, or register one."),
    "terms": ("recording.catalog", "terms", "Agree on terms with a supplier."),
    "policy": ("recording.catalog", "policy", "Say how an item is reordered."),
    "open": ("recording.facts", "open_", "Record an opening balance."),
    "receive": ("recording.facts", "receive", "Record goods that came in."),
    "sell": ("recording.facts", "sell", "Record a sale."),
    "return": ("recording.facts", "return_", "Record what a customer brought back."),
    "return-to-supplier": ("recording.facts", "return_to_supplier", "Record what went back."),
    "adjust": ("recording.facts", "adjust", "Record a difference with its cause."),
    "count": ("recording.facts", "count", "Record what was counted."),
    "write-off": ("recording.facts", "write_off", "Record stock that was lost."),
    "move-status": ("recording.facts", "move_status", "Set stock aside, or free it."),
    "transfer": ("recording.facts", "transfer", "Move stock between locations."),
    "reserve": ("recording.facts", "reserve", "Promise stock to an order."),
    "release": ("given", "release", "Take a promise back."),
    "backorder": ("recording.facts", "backorder", "Accept an order for stock that is not there."),
    "unmet": ("given", "unmet", "Record demand that could not be served."),
    "void": ("recording.facts", "void", "Undo an entry."),
    "correct": ("recording.facts", "correct", "Record an entry anew with other fields."),
    "stock": ("asking.queries", "stock", "Show quantities, now or on a day."),
    "history": ("asking.queries", "history", "Show every entry of an item."),
    "why": ("asking.queries", "why", "Show the entries that sum to on-hand."),
    "log": ("asking.queries", "log", "Show what was recorded in a stretch of time."),
    "reorder": ("asking.queries", "reorder", "Show what needs reordering, how much and why."),
    "sweep": ("maintenance", "sweep", "Compute reorder points and service levels anew."),
    "advise": ("asking.advice", "advise", "Advice: what to move, clear, expect."),
    "import": ("transfer", "import_", "Take in a file."),
    "export": ("transfer", "export", "Write a list as CSV."),
    "apply": ("recording.apply", "apply", "Record commands given as JSON lines."),
    "rebuild": ("maintenance", "rebuild", "Build the views anew from the log."),
    "verify": ("maintenance", "verify", "Check that nothing stored was altered."),
    "doctor": ("maintenance", "doctor", "Say how the ledger is doing."),
    "clock": ("maintenance", "clock", "Say how this machine's clock stands to the log."),
    "letters": ("letters", "letters", "What was set aside: list it, try it again, let it go."),
    "order": ("recording.orders", "order", "Purchase orders."),
    "report": ("later", "report", "Reports over a period (not built yet)."),
    "backtest": ("asking.backtest", "backtest", "Replay the ledger under other ways to order."),
    "backup": ("copies", "backup", "Copy the shop into one file, while it is in use."),
    "restore": ("copies", "restore", "Put a copy into a new place."),
    "copy": ("copies", "copy", "Copy a shop into another database, event for event."),
    "drill": ("copies", "drill", "Try copying and restoring out; nothing stays."),
}


MADE = "given"
"""Of these the options are the fields of the command (``cli.given``)."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and loads their modules only when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the contract."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module, attribute, _ = COMMANDS[cmd_name]
        if module == MADE:
            from jitledger.cli.recording.given import command_of

            return command_of(attribute)
        command = getattr(import_module(f"jitledger.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row[2]) for name, row in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--database", metavar="URL", help="The database; else JITLEDGER_DATABASE.")
@click.version_option(package_name="jitledger")
@click.pass_context
def cli(ctx: click.Context, database: str | None) -> None:
    """The stock ledger of a shop: what is on the shelf, what runs out, what to order.

    Example: jitledger stock MUG --json
    """
    ctx.obj = database


def main(words: list[str] | None = None) -> None:
    """Run the command line; errors become a sentence and an exit code."""
    try:
        code = cli.main(words, prog_name="jitledger", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        code = 1
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except BrokenPipeError:
        code = 0
    except Exception as error:
        code = _explain(error)
    sys.exit(code if isinstance(code, int) else 0)


def _explain(error: Exception) -> int:
    from jitledger.domain.errors import LedgerError

    if isinstance(error, LedgerError):
        click.echo(f"{error.code}: {error.message}", err=True)
        return error.exit_code
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        click.echo(f"environment: {error.strerror or error}{where}.", err=True)
        return 4
    raise error
