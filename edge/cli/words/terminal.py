"""What is said of the editor and of the terminal, by the commands and by the doctor."""

from __future__ import annotations

from edge.core.say import say

_USED = 16  # the terminal's own palette; see edge.cli.page.theme

# The editor.


def no_editor() -> str:
    """None is named, and none of the usual ones is here."""
    return say("no editor is named, and none of the usual ones is on this machine")


def name_an_editor() -> str:
    """What to type for another editor."""
    return "export EDITOR=nano"  # words for a shell: the same in every language


def editor_is_missing(editor: str) -> str:
    """The editor that is named is no program here."""
    return say("there is no editor {editor} on this machine", editor=repr(editor))


def editor_not_run(editor: str, why: str) -> str:
    """The system would not start the editor."""
    return say("the editor {editor} cannot be run: {why}", editor=repr(editor), why=why)


def editor_failed(editor: str, code: int) -> str:
    """The editor ended by itself, and not well."""
    return say("the editor {editor} ended with code {code}", editor=repr(editor), code=code)


def editor_killed(editor: str, signal: str) -> str:
    """Something ended the editor."""
    return say("the editor {editor} was ended by {signal}", editor=repr(editor), signal=signal)


def edited_no_text() -> str:
    """What the editor left is not UTF-8."""
    return say("what the editor wrote is not UTF-8")


def edited_is_gone() -> str:
    """The editor took the file away."""
    return say("the edited file is gone")


def text_is_as_it_was() -> str:
    """Nothing that was typed is lost: nothing was."""
    return say("the text is as it was")


def edit_is_in(path: str) -> str:
    """Where what was typed in the editor lies."""
    return say("what was typed is kept in {path}", path=path)


def edit_unchanged() -> str:
    """The text came back as it went."""
    return say("nothing was changed")


def edit_emptied() -> str:
    """The text came back empty, which means: leave it."""
    return say("the text was emptied, so nothing is done with it")


# The terminal, as the doctor finds it.


def no_terminal(term: str) -> str:
    """Standard output goes elsewhere."""
    return say("standard output is no terminal; TERM is {term}", term=term or "-")


def size(columns: int, rows: int, term: str) -> str:
    """How big the window is."""
    return say(
        "{columns} columns, {rows} rows; TERM is {term}",
        columns=columns,
        rows=rows,
        term=term or "-",
    )


def is_narrow() -> str:
    """What to do about a window that shows too little."""
    return say("a window of 40 columns at least")


def is_plain() -> str:
    """What TERM=dumb means."""
    return say("it moves no cursor, so everything is shown in plain lines")


def no_colours(why: str) -> str:
    """Nothing is coloured, and what says so."""
    return say("none ({why})", why=why)


def colours(n: int) -> str:
    """How many the terminal has; edge uses those of its own palette."""
    if n <= _USED:
        return str(n)
    return say("{n}, of which the first {used} are used", n=n, used=_USED)


def colours_unknown() -> str:
    """The terminal is not in the system's list of terminals."""
    return say("how many cannot be told; {used} are used", used=_USED)


def switch_colours_off() -> str:
    """How to be rid of them."""
    return say("NO_COLOR=1 switches them off")


def not_utf8(encoding: str) -> str:
    """The terminal would not show Chinese."""
    return say("text goes out as {encoding}, which has no Chinese", encoding=encoding)


def widths(chinese: int, emoji: int) -> str:
    """Measured, as they should be."""
    return say(
        "a Chinese character takes {chinese} columns, an emoji {emoji}",
        chinese=chinese,
        emoji=emoji,
    )


def widths_differ(wanted: str) -> str:
    """Measured, and not as tables of characters have it."""
    return say("{wanted} were expected, so tables may stand askew", wanted=wanted)


def widths_unknown() -> str:
    """The terminal does not answer."""
    return say("UTF-8; how wide a character is shown cannot be told here")


def fonts_elsewhere() -> str:
    """What is shown here is drawn by another machine."""
    return say("those of the machine whose screen this is")


def fonts_of_system() -> str:
    """The system has all it takes."""
    return say("Chinese comes with the system")


def fonts_unknown() -> str:
    """Nothing tells which fonts there are."""
    return say("which are installed cannot be told here; if you read this, 中文 is there")


def font_for_chinese(name: str) -> str:
    """One that has what is needed."""
    return say("Chinese is shown with {name}", name=name)


def no_font_for_chinese() -> str:
    """None has it."""
    return say("none with Chinese is installed")


def install_a_font() -> str:
    """What would help."""
    return say("install one, such as Noto Sans CJK")


def editor_in_force(name: str, origin: str) -> str:
    """What opens for /edit and edge prompt edit; `origin` is a variable, or empty."""
    if origin:
        return say("{name} (from {origin})", name=name, origin=origin)
    return say("{name}, the first that is here; another one with EDITOR", name=name)


def both(found: str, more: str) -> str:
    """Two remarks on one part."""
    return say("; ").join((found, more))


def language_in_force(name: str) -> str:
    """The language of the interface."""
    return say("{name}; another one with --lang, EDGE_LANG or the setting lang", name=name)
