"""What `edge log` says when it writes: files, titles, deletions, and a store that is repaired."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from edge.cli.words.log import turns
from edge.core.say import say, say_n

# Exports.


def written(path: str, size: str) -> str:
    """A file is there."""
    return say("written: {path}, {size}", path=path, size=size)


def is_there_already(path: str) -> str:
    """A file would be overwritten."""
    return say("{path} is there already", path=repr(path))


def overwrite_it() -> str:
    """The next thing to do."""
    return say("another name, or --force")


def cannot_write(path: str, why: str) -> str:
    """The file cannot be made."""
    return say("cannot write {path}: {why}", path=repr(path), why=why)


def another_place() -> str:
    """The next thing to do."""
    return say("-o with another file")


def no_such_format(name: str, known: str) -> str:
    """An export was asked for in a form there is none of."""
    return say("there is no format {name}; there are {known}", name=repr(name), known=known)


# Titles.


def renamed(conversation_id: str, title: str) -> str:
    """A title was given."""
    return say("{id} is now called {title}", id=conversation_id, title=title)


def not_titled(conversation_id: str) -> str:
    """A title was taken away."""
    return say("{id} has no title any more", id=conversation_id)


# Deletion.


def goes(conversation_id: str, n_turns: int, title: str, kept: str) -> str:
    """One line for each conversation that is about to be deleted.

    `kept` is the size of what a model had read of it; empty where nothing is kept.
    """
    told = say_n("{id}, {n} turn: {title}", "{id}, {n} turns: {title}", n_turns,
                 id=conversation_id, title=title)  # fmt: skip
    if not kept:
        return told
    return say("{talk} (and {size} of what the model read)", talk=told, size=kept)


def delete_them(count: int) -> str:
    """The question after those lines."""
    return say_n("Delete it for good?", "Delete these {n} for good?", count)


def nobody_to_ask(count: int) -> str:
    """A deletion nobody can agree to."""
    return say_n(
        "nobody is here to be asked whether this conversation may go",
        "nobody is here to be asked whether these {n} conversations may go",
        count,
    )


def none_deleted() -> str:
    """The answer was no."""
    return say("nothing was deleted")


def deleted(conversation_id: str) -> str:
    """A conversation is gone."""
    return say("deleted: {id}", id=conversation_id)


def may_be_in(files: Sequence[str]) -> str:
    """Repairs left files that a deletion does not reach."""
    return say_n(
        "a repair left a file that may hold it still; when nothing more is wanted of it: "
        "rm {files}",
        "repairs left {n} files that may hold it still; when nothing more is wanted of them: "
        "rm {files}",
        len(files),
        files=" ".join(map(quote, files)),
    )


def being_answered(conversation_id: str) -> str:
    """A reply is being written by another process."""
    return say("a reply is being written in {id}", id=conversation_id)


def stop_it_first() -> str:
    """The next thing to do."""
    return say("the same again, once it is stopped or has ended")


# Repair.


def reading(path: str) -> str:
    """Shown while a store is read."""
    return say("reading {path}", path=path)


def store_is_sound(path: str) -> str:
    """There was nothing to repair."""
    return say("{path} is sound: all of it can be read", path=path)


def saved(path: str, n_conversations: int, n_turns: int) -> str:
    """What is in the new store."""
    talks = say_n("{n} conversation", "{n} conversations", n_conversations)
    return say(
        "saved: {talks} with {turns}, in {path}", talks=talks, turns=turns(n_turns), path=path
    )


def lost(n_turns: int, n_replies: int) -> str:
    """What could not be read, as far as it left a trace."""
    if not n_turns and not n_replies:
        return say("nothing is known to be lost")
    return say(
        "lost: {turns}; {replies}",
        turns=turns(n_turns),
        replies=say_n("{n} reply, or a part of it", "{n} replies, or parts of them", n_replies),
    )


def use_it() -> str:
    """The question after that."""
    return say("Use the saved store from now on? The damaged one is kept beside it.")


def how_to_use(path: str, saved_path: str) -> str:
    """What to do by hand where nobody agreed."""
    return say(
        "{path} is as it was; to use the other: mv {path} {path}.damaged && mv {saved} {path}",
        path=quote(path),
        saved=quote(saved_path),
    )


def in_use_now(path: str, damaged: str) -> str:
    """The stores have changed places; deletions do not reach the damaged one."""
    return say(
        "{path} is the saved store now; the damaged one is {damaged}, "
        "with all that was said in it: remove it when nothing more is wanted of it",
        path=path,
        damaged=damaged,
    )


def used_by_another(path: str) -> str:
    """Another process talks, and would go on writing to the damaged store."""
    return say("another process is using {path}", path=repr(path))


def leave_it_first() -> str:
    """The next thing to do."""
    return say("leave the chats that are open, then: edge log repair")
