"""The commands of a chat: one table, read by the loop, by /help and by completion."""

from __future__ import annotations

from edge.cli.talk.chat import Chat
from edge.cli.talk.command import Command, Offer
from edge.cli.talk.commands_cloud import cloud, edge, private, public
from edge.cli.talk.commands_context import context, stats, why
from edge.cli.talk.commands_files import file, prompt
from edge.cli.talk.commands_kept import export, list_, load, rename, search
from edge.cli.talk.commands_mind import branch, branches, edit, pin, retry, undo, unpin
from edge.cli.talk.commands_usual import model, new, quit_, system, think
from edge.cli.words import chat as words
from edge.cli.words import commands as helps
from edge.core.errors import UnknownName


def _help(chat: Chat, name: str) -> None:
    width, name = chat.writer.width, name.removeprefix("/")
    if not name:
        chat.writer.note(helps.table(map(_row, COMMANDS), width))
    elif name in BY_NAME:
        chat.writer.note(helps.one(_row(BY_NAME[name]), width))
    else:
        raise UnknownName(words.no_such_command(f"/{name}"), hint="/help")


def _row(command: Command) -> tuple[str, str]:
    return f"/{command.name} {command.takes}".rstrip(), command.help()


COMMANDS = (
    Command("help", "[COMMAND]", helps.help_, _help),
    Command("new", "", helps.new, new),
    Command("retry", "[MODEL]", helps.retry, retry, Offer.MODELS),
    Command("edit", "[N]", helps.edit, edit),
    Command("undo", "", helps.undo, undo),
    Command("branch", "[N]", helps.branch, branch),
    Command("branches", "[N]", helps.branches, branches),
    Command("pin", "[N]", helps.pin, pin),
    Command("unpin", "[N]", helps.unpin, unpin),
    Command("context", "[slide|summarise|stop]", helps.context, context),
    Command("list", "", helps.list_, list_),
    Command("load", "[ID|NAME]", helps.load, load, Offer.CONVERSATIONS),
    Command("rename", "TITLE", helps.rename, rename),
    Command("search", "WORDS", helps.search, search),
    Command("export", "[md|json|html] [PATH]", helps.export, export, Offer.PATHS),
    Command("model", "[NAME]", helps.model, model, Offer.MODELS),
    Command("think", "[on|off|show|fold|hide]", helps.think, think),
    Command("system", "[TEXT]", helps.system, system),
    Command("private", "", helps.private, private),
    Command("public", "TEXT", helps.public, public),
    Command("file", "[PATH [TEXT]]", helps.file, file, Offer.PATHS),
    Command("prompt", "[NAME [TEXT]]", helps.prompt, prompt, Offer.PROMPTS),
    Command("edge", "[TEXT]", helps.edge, edge),
    Command("cloud", "[TEXT]", helps.cloud, cloud),
    Command("stats", "", helps.stats, stats),
    Command("why", "", helps.why, why),
    Command("quit", "", helps.quit_, quit_),
)
BY_NAME = {command.name: command for command in COMMANDS}
