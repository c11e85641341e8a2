"""`edge policy`: read, write and try the policy that decides who answers; nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from edge.routing.policy import Policy
    from edge.settings.folders import Folders

SCHEMA_VERSION = 1

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="Print one JSON object.")
_POLICY = typer.Option(
    None, "--policy", metavar="NAME|FILE", help="This one, and not the one in force."
)


@app.callback()
def policy() -> None:
    """Read, write and try the policy that decides who answers; nothing is sent."""


@app.command()
def init(
    name: str = typer.Argument("edge-first", help="A built-in policy to begin with."),
    force: bool = typer.Option(False, "--force", help="Replace the policy that is there."),
) -> None:
    """Write a policy of your own, to be edited."""
    from edge.cli.progress import tell
    from edge.cli.words import policy_command as words
    from edge.core.errors import UsageError
    from edge.routing.policy_file import policy_text
    from edge.settings.config_file import write_private

    text, path = policy_text(name), own_file(_folders())
    if path.exists() and not force:
        hint = f"edge policy edit, or edge policy init {name} --force"
        raise UsageError(words.is_there_already(str(path)), hint=hint)
    write_private(path, text)
    tell(words.written(str(path)))


@app.command()
def show(
    name: str | None = typer.Argument(None, help="A built-in policy, or a file."),
    as_json: bool = typer.Option(False, "--json", help="Name and hash as one JSON object, too."),
) -> None:
    """Print the policy in force, or another one."""
    import json

    from edge.cli.progress import tell
    from edge.cli.words import policy_command as words

    chosen, origin = _chosen(name)
    if as_json:
        document = {
            "schema_version": SCHEMA_VERSION,
            "name": chosen.name,
            "hash": chosen.text_hash,
            "origin": origin,
            "text": chosen.text,
        }
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    tell(words.in_force(chosen.name, origin, chosen.text_hash))
    typer.echo(chosen.text, nl=False)


@app.command()
def check(
    file: Path | None = typer.Argument(None, help="A policy file; yours if left out."),
) -> None:
    """Say whether a policy file can be used; exit 2 and its first mistake if not."""
    from edge.cli.words import policy_command as words
    from edge.routing.policy_file import read_policy

    path = file or own_file(_folders())
    typer.echo(words.is_sound(read_policy(path), str(path)))


@app.command()
def edit() -> None:
    """Edit your policy; it is replaced only by one that can be used."""
    from edge.cli.policy.edit import edit_policy
    from edge.cli.progress import tell

    tell(edit_policy(own_file(_folders())))


@app.command("try")
def try_(
    prompt: str = typer.Argument(..., help="What would be said."),
    signals: list[str] = typer.Option(
        [], "--signal", metavar="NAME=VALUE", help="Set a signal; again for more."
    ),
    named: str | None = _POLICY,
    as_json: bool = _JSON,
) -> None:
    """Decide on a prompt, and say why, without sending it."""
    import json

    from edge.cli.policy.tests import labels
    from edge.cli.progress import tell
    from edge.cli.words import policy as words_policy
    from edge.cli.words import policy_command as words_policy_command
    from edge.routing.cases import signal_of_text, tried
    from edge.routing.explain import document, explain
    from edge.routing.policy import decide

    chosen, _ = _chosen(named)
    given = dict(signal_of_text(each) for each in signals)
    found = explain(decide(tried(prompt, given, labels(_folders())), chosen), chosen)
    if as_json:
        typer.echo(json.dumps({"schema_version": SCHEMA_VERSION, **document(found)}, indent=2))
        return
    typer.echo(words_policy.explained(found))
    tell(words_policy_command.assumed())


@app.command("test")
def hold(
    cases: Path = typer.Argument(..., help="A TOML file of cases."),
    named: str | None = _POLICY,
    as_json: bool = _JSON,
) -> None:
    """Hold a policy against expected decisions; exit 1 if one is missed, 2 if they are unusable.

    No network can be used while it runs.
    """
    from edge.cli.policy.tests import run_cases
    from edge.routing.cases import load_cases
    from edge.routing.policy_file import choose_policy, read_text

    wanted = load_cases(read_text(cases), str(cases))
    if named is None and wanted.policy is not None:
        chosen = choose_policy(wanted.policy, cases.absolute())
    else:
        chosen, _ = _chosen(named)
    if not run_cases(wanted.cases, chosen, _folders(), as_json=as_json):
        raise typer.Exit(1)


@app.command()
def replay(
    name: str | None = typer.Argument(None, help="What another policy would have done."),
    limit: int | None = typer.Option(None, "--last", metavar="N", help="The newest N only."),
    as_json: bool = _JSON,
) -> None:
    """Decide every stored turn again; exit 1 if its own policy decides otherwise now."""
    from edge.cli.policy.replay import replay_all, replay_under

    folders = _folders()
    if name is not None:
        replay_under(_chosen(name)[0], folders.store, limit, as_json=as_json)
    elif not replay_all(folders.store, limit, as_json=as_json):
        raise typer.Exit(1)


def own_file(folders: Folders) -> Path:
    """The policy a user writes."""
    return folders.config / "policy.toml"


def _folders() -> Folders:
    from edge.settings.folders import Folders

    return Folders.find()


def _chosen(named: str | None) -> tuple[Policy, str]:
    """The policy of that name or file, else the one in force; and where it is written."""
    from edge.routing.policy_file import BUILT_IN, USUAL, choose_policy
    from edge.settings.cloud import load_cloud

    folders = _folders()
    own = own_file(folders)
    if named is not None and named not in BUILT_IN:
        # A path that is typed is meant from here, one that is configured from the file.
        return choose_policy(str(Path(named).absolute()) if _is_path(named) else named, own), named
    name = named or load_cloud(folders).policy
    origin = name or (str(own) if own.exists() else USUAL)
    return choose_policy(name, own), "built in" if origin in BUILT_IN else origin


def _is_path(named: str) -> bool:
    return "/" in named or "\\" in named or named.endswith(".toml")
