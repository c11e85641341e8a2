"""`edge cloud`: turn the cloud on and off, and see what is on, with which models and prices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from edge.cli.words import cloud as words
from edge.cli.words import cloud_login as login_words
from edge.cli.words import tables
from edge.core.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from edge.core.spec import CloudSpec
    from edge.models.catalog import Catalog
    from edge.settings.folders import Folders

SCHEMA_VERSION = 1
_NAME_CELLS = 24  # of a row of the status; none is wider
_JSON = typer.Option(False, "--json", help="Print one JSON object.")


class CloudCommands(typer.core.TyperGroup):
    """Our commands; a key that is typed for one is not shown again."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command the words begin with; raises UnknownName."""
        from edge.settings.table import looks_like_key, near, shown

        if looks_like_key(args[0]):
            raise UsageError(
                login_words.key_on_the_command_line(), hint=login_words.make_a_new_key()
            )
        if args[0] not in self.commands and not ctx.resilient_parsing:
            hint = near(args[0], tuple(self.commands))
            raise UnknownName(words.no_command(shown(args[0])), hint=f"edge cloud {hint}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=CloudCommands,
    add_completion=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def cloud(ctx: typer.Context) -> None:
    """Turn the cloud on and off; see its models and prices."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit(2)


@app.command()
def login(
    provider: list[str] = typer.Argument(
        None, metavar="[PROVIDER]", help="dashscope (Model Studio), or a name of your own."
    ),
    *,
    region: str | None = typer.Option(
        None, "--region", help="Of the key: beijing, singapore, us, hong-kong …"
    ),
    workspace: str | None = typer.Option(
        None, "--workspace", metavar="ID", help="Ask at this workspace's own host."
    ),
    base_url: str | None = typer.Option(
        None, "--base-url", metavar="URL", help="Of a provider of your own: https://HOST/v1."
    ),
    model: str | None = typer.Option(None, "--model", help="The model to ask."),
    new: str | None = typer.Option(
        None, "--new", metavar="LABEL", help="How new conversations start: public or private."
    ),
    mode: str | None = typer.Option(
        None, "--mode", help="ask before each send, or auto: as the policy says."
    ),
    yes: bool = typer.Option(
        False, "--yes", "-y", help="Ask nothing: the careful answers, and a file for the key."
    ),
    test: bool = typer.Option(False, "--test", help="Then ask the cloud one small question."),
    key: str | None = typer.Option(None, "--key", "--api-key", hidden=True),
) -> None:
    """Turn the cloud on: asks for the key, or reads it from standard input. Sends nothing."""
    from edge.cli.cloud.login import Wishes, log_in
    from edge.settings.folders import Folders

    _refuse_keys(key, *(provider or ()), region, workspace, model, new, mode)
    if provider and len(provider) > 1:
        raise UsageError(login_words.one_provider(len(provider)), hint="edge cloud login --help")
    name = provider[0] if provider else None
    log_in(Wishes(name, region, workspace, base_url, model, new, mode, yes), Folders.find())
    if test:
        try_it()


@app.command()
def logout(
    provider: str | None = typer.Argument(None, help="Whose key; else that of the one in use."),
) -> None:
    """Turn the cloud off and forget the key."""
    from edge.cli.cloud.login import log_out
    from edge.settings.folders import Folders

    log_out(provider, Folders.find())


@app.command()
def status(as_json: bool = _JSON) -> None:
    """Show whether the cloud is on, who is asked, and what may be spent."""
    from edge.cli.cloud.status import document, rows, state_of
    from edge.cli.log.lines import column
    from edge.cli.table import printable
    from edge.settings.folders import Folders

    state = state_of(Folders.find())
    if as_json:
        typer.echo(json.dumps({"schema_version": SCHEMA_VERSION, **document(state)}, indent=2))
        return
    told = list(rows(state))
    names = column((tables.status(name) for name, _ in told), most=_NAME_CELLS)
    for name, (_, value) in zip(names, told, strict=True):
        typer.echo(printable(f"{name} {value}"))


@app.command()
def models(as_json: bool = _JSON) -> None:
    """List the provider's models that are known here, and which are in use."""
    from edge.cli.table import show_table
    from edge.models.clouds import cloud_models, offered
    from edge.settings.cloud import load_cloud
    from edge.settings.folders import Folders

    folders = Folders.find()
    settings, clouds = load_cloud(folders), _catalog(folders).clouds
    in_use = cloud_models(settings, clouds)
    listed = {spec.name: spec for spec in in_use} | dict(offered(settings, clouds))
    if as_json:
        uses = _uses(in_use, "usual", "long prompts")
        entries = [_model_entry(spec, uses.get(spec.name)) for spec in listed.values()]
        typer.echo(json.dumps({"schema_version": SCHEMA_VERSION, "models": entries}, indent=2))
        return
    uses, headings = _uses(in_use, words.usual(), words.long()), tables.cloud_models()
    rows = [_model_row(spec, uses.get(spec.name, "-")) for spec in listed.values()]
    show_table(headings, rows, right=headings[1:3])


@app.command()
def prices(as_json: bool = _JSON) -> None:
    """Show what cloud models cost, in each region, and when that was found out."""
    from edge.cli.cloud.prices import entries, show
    from edge.settings.folders import Folders

    clouds = _catalog(Folders.find()).clouds
    if as_json:
        document = {"schema_version": SCHEMA_VERSION, "prices": entries(clouds)}
        typer.echo(json.dumps(document, indent=2))
        return
    show(clouds)


@app.command("test")
def try_it() -> None:
    """Ask the cloud one small question, and show how it went."""
    from edge.cli.table import printable
    from edge.core.cloud import CloudMode
    from edge.loading.routes import try_cloud
    from edge.settings.cloud import load_cloud
    from edge.settings.folders import Folders

    folders = Folders.find()
    settings = load_cloud(folders)
    if settings.mode is CloudMode.OFF:
        offline = settings.mode_from == "offline"
        raise UsageError(words.is_off(offline), hint=words.how_to_turn_on(offline))
    tried = try_cloud(folders)
    typer.echo(printable(words.answered(tried.host, tried.model, tried.usage)))


def _refuse_keys(key: str | None, *given: str | None) -> None:
    """Raise for a key that was typed as a word of the command."""
    from edge.settings.table import looks_like_key

    if key is not None or any(word and looks_like_key(word) for word in given):
        raise UsageError(login_words.key_on_the_command_line(), hint=login_words.make_a_new_key())


def _catalog(folders: Folders) -> Catalog:
    from edge.models.catalog import load_catalog, with_own_clouds

    return with_own_clouds(load_catalog(), folders.config / "clouds.toml")


def _uses(in_use: Sequence[CloudSpec], *said: str) -> dict[str, str]:
    """What each model is used for; with one model there is none for long prompts."""
    return {spec.name: use for spec, use in zip(in_use, said, strict=False)}


def _model_entry(spec: CloudSpec, use: str | None) -> dict[str, Any]:
    return {
        "name": spec.name,
        "n_ctx": spec.n_ctx,
        "max_output_tokens": spec.max_output_tokens,
        "price_known": bool(spec.prices),
        "in_use": use,
    }


def _model_row(spec: CloudSpec, use: str) -> tuple[str, ...]:
    tier = spec.prices[0].tiers[0] if spec.prices else None
    price = words.not_known()
    if tier:
        price = tables.price(tier.per_million_in, tier.per_million_out)
    return (spec.name, f"{spec.n_ctx:,}", f"{spec.max_output_tokens:,}", price, use)
