"""The texts of the interface as the source has them, and the catalogs that translate them.

`python tests/texts.py` brings every catalog up to date: new texts are added, untranslated,
what nobody says any more is dropped, and the binary form is written beside it.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from inspect import cleandoc
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

CHECKOUT = Path(__file__).parents[1]
LANGUAGES = CHECKOUT / "edge" / "languages"
DECLARING = ("Option", "Argument", "Typer", "command", "callback")
SAYING_NOW = ("say", "say_n", "say_noted")
SAYING = ("say", "say_n", "noted")
PROSE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
TYPED = ("edge ", "git ", "pip ", "iconv ", "export ", "/", "--")
SHELL = ("chmod ", "df ", "ls ", "mkdir ", "mv ", "rm ", "rmdir ", "systemd-run ")
LINE = re.compile(r"\[|[\w.\N{BULLET}]+ = ")
WORD = re.compile(r"[A-Za-z]{2,}")
OR_ELSE = re.compile(r", (or|and|then|which)\b|; |: |[a-z]\(")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # a date of today would change the file each time
HEADER = """\
# The interface of edge in another language; brought up to date by tests/texts.py.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


@dataclass(frozen=True, slots=True)
class Text:
    """A text to translate; `many` is its plural, empty where it has none."""

    one: str
    many: str
    place: str

    @property
    def key(self) -> str | tuple[str, str]:
        """As catalogs of babel have it."""
        return (self.one, self.many) if self.many else self.one


def modules() -> dict[str, ast.Module]:
    """Every module of the package, read, by its path from the checkout."""
    return {
        path.relative_to(CHECKOUT).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in sorted((CHECKOUT / "edge").rglob("*.py"))
    }


def texts_of(tree: ast.Module, place: str) -> Iterator[Text]:
    """The texts of one module: what is said, and the help of its commands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from said(node, place)
            yield from helps(node, place)
        elif isinstance(node, ast.FunctionDef) and is_command(node):
            yield Text(ast.get_docstring(node) or "", "", place)


def said(call: ast.Call, place: str) -> Iterator[Text]:
    """What a call that says or notes a text says, where it is literal."""
    literals = [literal(arg) for arg in spoken_args(call)]
    if literals and all(literals):
        one, many = [*literals, ""][:2]
        yield Text(one or "", many or "", place)


def spoken_args(call: ast.Call) -> list[ast.expr]:
    """What a call is given to say or to note; nothing of any other call."""
    if not isinstance(call.func, ast.Name) or call.func.id not in SAYING:
        return []
    return call.args[: 2 if call.func.id == "say_n" else 1]


def not_literal(tree: ast.Module) -> list[ast.Call]:
    """Calls that say what no catalog can hold: an f-string, or what a variable holds."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if None in map(literal, spoken_args(call))]


def bare(tree: ast.Module) -> list[ast.expr]:
    """Prose in a function that is not said; a command to type is not prose."""
    inside = [
        node
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef)
        for node in ast.walk(each)
    ]
    calls = [node for node in inside if isinstance(node, ast.Call)]
    apart = {id(arg) for call in calls for arg in spoken_args(call)} | docstrings(tree)
    for node in inside:
        if isinstance(node, ast.JoinedStr) and (literal(node.values[0]) or "").startswith(TYPED):
            apart |= {id(part) for part in node.values}
    texts = [node for node in inside if isinstance(node, ast.expr) and id(node) not in apart]
    return [node for node in texts if is_prose(literal(node) or "")]


def too_early(tree: ast.Module) -> list[ast.Call]:
    """Calls that say a text when a module is imported, before anybody chose a language."""
    later = {
        id(node)
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.Lambda)
        for part in (each.body if isinstance(each.body, list) else [each.body])
        for node in ast.walk(part)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    spoken = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id in SAYING_NOW]
    return [call for call in spoken if id(call) not in later]


def error_names(trees: Iterable[ast.Module]) -> set[str]:
    """Our errors, wherever they are defined: EdgeError and all that is made of it."""
    kinds = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    made_of = [(kind.name, {name_of_expr(base) for base in kind.bases}) for kind in kinds]
    found = {"EdgeError"}
    while more := {name for name, bases in made_of if bases & found} - found:
        found |= more
    return found


def unsaid(tree: ast.Module, errors: Collection[str]) -> list[ast.expr]:
    """What an error or a notice tells that was not said; of a hint, what is no command."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found: list[ast.expr] = []
    for call in calls:
        if name_of(call) in errors:
            told = {word.arg: word.value for word in call.keywords}
            texts = [*call.args[:1], *(told[name] for name in ("message", "kept") if name in told)]
            found += [node for text in texts for node in wordy(text)]
            found += [n for n in wordy(told["hint"]) if not is_typed(n)] if "hint" in told else []
        elif name_of(call) == "Notice":
            found += [node for text in call.args[1:] for node in wordy(text)]
    return found


def wordy(node: ast.expr) -> Iterator[ast.expr]:
    """The literals of a text that hold a word; what calls are given is theirs."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        if WORD.search(spelled(node)):
            yield node
    elif not isinstance(node, ast.Call):
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                yield from wordy(part)


def spelled(node: ast.expr) -> str:
    """A literal or an f-string as it is written, a sign in place of each value."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join("\N{BULLET}" if (text := literal(p)) is None else text for p in parts)


def is_typed(node: ast.expr) -> bool:
    """Whether it is one thing to type: a command, flags, or a line of a settings file."""
    text = spelled(node)
    typed = text.startswith((*TYPED, *SHELL)) or LINE.match(text)
    return bool(typed) and not OR_ELSE.search(text)


def is_prose(text: str) -> bool:
    """Whether it holds two words in a row and is nothing to type."""
    return PROSE.search(text) is not None and not text.startswith(TYPED)


def docstrings(tree: ast.Module) -> set[int]:
    """The ids of the literals that stand alone: no program reads them."""
    alone = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    return {id(value) for value in alone if isinstance(value, ast.Constant)}


def helps(call: ast.Call, place: str) -> Iterator[Text]:
    """The help a declaration of Typer's gives."""
    if name_of(call) not in DECLARING:
        return
    for word in call.keywords:
        if word.arg in ("help", "epilog", "rich_help_panel") and (text := literal(word.value)):
            yield Text(cleandoc(text), "", place)


def is_command(node: ast.FunctionDef) -> bool:
    """Whether Typer shows its docstring."""
    called = [each.func for each in node.decorator_list if isinstance(each, ast.Call)]
    return any(isinstance(f, ast.Attribute) and f.attr in ("command", "callback") for f in called)


def name_of(call: ast.Call) -> str:
    """The last word of what is called."""
    return name_of_expr(call.func)


def name_of_expr(node: ast.expr) -> str:
    """The last word of a dotted name; empty for what has none."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def literal(node: ast.expr) -> str | None:
    """The text of a literal; None for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def every_text(trees: Mapping[str, ast.Module]) -> dict[str, Text]:
    """All texts of the modules by their English; one said in many places stands at its first."""
    found: dict[str, Text] = {}
    for place, tree in trees.items():
        for text in texts_of(tree, place):
            found.setdefault(text.one, text)
    return found


def fields_of(text: str) -> set[tuple[str, str, str]]:
    """The values a text puts in, each with how it is shown."""
    parts = string.Formatter().parse(text)
    return {(name, spec or "", how or "") for _, name, spec, how in parts if name is not None}


# Catalogs.


def po_file(language: str) -> Path:
    """The catalog a person edits."""
    return LANGUAGES / language / "LC_MESSAGES" / "edge.po"


def read_catalog(language: str) -> Catalog:
    """A catalog as it is on disk."""
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def told(message: Message) -> tuple[str, ...]:
    """A translation; of a text with a plural, one for each number of the language."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def binary(catalog: Catalog) -> bytes:
    """The form Python reads."""
    catalog.creation_date = catalog.revision_date = LONG_AGO
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def renewed(old: Catalog, texts: dict[str, Text]) -> Catalog:
    """The texts of today with the translations there are."""
    new = Catalog(locale=old.locale)
    for text in texts.values():
        kept = old.get(text.one)
        new.add(text.key, kept.string if kept else "", locations=[(text.place, None)])
    return new


def write_catalog(language: str, catalog: Catalog) -> None:
    """Write both forms, the same ones for the same texts whenever it is done."""
    header = HEADER.format(language=language, plurals=catalog.plural_forms)
    with po_file(language).open("wb") as file:
        file.write(header.encode())
        write_po(file, catalog, width=0, omit_header=True, include_lineno=False)
    po_file(language).with_suffix(".mo").write_bytes(binary(read_catalog(language)))


def main() -> None:
    """Bring every catalog up to date."""
    texts = every_text(modules())
    for language in sorted(path.name for path in LANGUAGES.iterdir() if path.is_dir()):
        catalog = renewed(read_catalog(language), texts)
        write_catalog(language, catalog)
        missing = [message.id for message in catalog if message.id and not all(told(message))]
        print(f"{language}: {len(texts)} texts, {len(missing)} not translated", *missing, sep="\n")


if __name__ == "__main__":
    main()
