"""Commands of a chat that send along what is already written: a file, a prompt kept for later."""

from __future__ import annotations

import re
from pathlib import Path

from edge.cli.talk.attach import attach, room_in, told_sizes
from edge.cli.talk.chat import Chat
from edge.cli.words import files as words

_QUOTED = re.compile(r"""(["'])(?P<path>.+?)\1\s*(?P<said>.*)""", re.DOTALL)


def file(chat: Chat, rest: str) -> None:
    """Take a text file along with the next prompt, or with the one that is said beside it."""
    if not rest:
        chat.writer.note(words.taken_along([each.name for each in chat.files]))
        return
    path, said = _path_and_text(rest)
    files = [*chat.files, attach(path)]
    session = chat.talk.session
    beside = "\n\n".join(filter(None, [session.system, said]))
    for line in told_sizes(files, beside, room_in(session))[-1:]:
        chat.writer.note(line)
    chat.files = files
    if said:
        chat.say(said)
    else:
        chat.writer.note(words.goes_along())


def _path_and_text(rest: str) -> tuple[Path, str]:
    """A path, quoted where it has blanks in it and a text follows, and that text."""
    whole = Path(rest).expanduser()
    if whole.exists():
        return whole, ""
    if quoted := _QUOTED.fullmatch(rest):
        return Path(quoted["path"]).expanduser(), quoted["said"]
    path, _, said = rest.partition(" ")
    return Path(path).expanduser(), said.strip()
