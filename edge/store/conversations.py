"""What was said: conversations, their trees of turns, and what each engine answered.

A prompt is on disk when `begin_turn` returns, a reply when `end_turn` returns;
while a reply streams nothing is written. A turn that a process left open when
it died is marked incomplete by `recover`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from edge.core.conversation import Conversation, Outcome, Summary, Turn
from edge.core.decision import Target
from edge.core.errors import UnknownName, UsageError
from edge.core.event import Attempt, Usage
from edge.core.message import Label, Message
from edge.core.say import say
from edge.store import listing, marks, titles, tree, word_index
from edge.store.clock import utc_now
from edge.store.database import Database
from edge.store.erasing import erase, erase_in_backups
from edge.store.ids import CONVERSATIONS, TURNS, find_id, free_id, random_id
from edge.store.listing import Listed
from edge.store.past import PastAttempt, past_attempts, past_usages
from edge.store.recovery import recover
from edge.store.rows import insert_attempt, insert_turn, read_turn
from edge.store.tree import Branch

_START = """
    INSERT INTO conversations (id, model, system, started_at_utc, label, system_label, used)
    VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM conversations))
"""
# The reply to a prompt that was marked private while it was written is private.
_END = """
    UPDATE turns SET outcome = ?, reply_label = max(?, label), owner = ''
    WHERE id = ? AND owner = ?
"""
_TOUCH = """
    UPDATE conversations SET used = (SELECT max(used) + 1 FROM conversations) WHERE id = ?
"""
_SET_MODEL = "UPDATE conversations SET model = ? WHERE id = ?"
_GO_TO = "UPDATE conversations SET head = :value WHERE id = :id"
_SET_SYSTEM = "UPDATE conversations SET system = ?, system_label = max(?, label) WHERE id = ?"


class Conversations:
    """The conversations of one store. Any thread may call; all but `delete` is one transaction."""

    def __init__(
        self,
        database: Database,
        *,
        now_utc: Callable[[], str] = utc_now,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._database = database
        self._now_utc = now_utc
        self._new_id = new_id

    def start(
        self,
        model: str,
        system: str,
        label: Label = Label.PRIVATE,
        system_label: Label = Label.PRIVATE,
    ) -> Conversation:
        """A new conversation without turns; `label` is how its prompts begin."""
        with self._database.write() as connection:
            new_id, now = free_id(connection, CONVERSATIONS, self._new_id), self._now_utc()
            connection.execute(_START, (new_id, model, system, now, label, system_label))
        return Conversation(new_id, model, system, (), now, label, system_label)

    def begin_turn(self, conversation_id: str, parent_id: str | None, prompt: Message) -> Turn:
        """Keep a prompt that follows the turn `parent_id`; it is on disk when this returns.

        The conversation is at this turn from now on. Raises UnknownName when the
        conversation or the parent is not there.
        """
        owner = self._database.owner.name  # touches files, so not inside the transaction
        with self._database.write() as connection:
            _found(connection.execute(_TOUCH, (conversation_id,)), conversation_id)
            if parent_id is not None:
                tree.require_turn(connection, conversation_id, parent_id)
            turn_id, now = free_id(connection, TURNS, self._new_id), self._now_utc()
            turn = Turn(turn_id, parent_id, prompt, (), now, Outcome.OPEN)
            insert_turn(connection, conversation_id, turn, owner)
            word_index.add_prompt(connection, turn_id)
            connection.execute(_GO_TO, {"id": conversation_id, "value": turn_id})
        return turn

    def end_turn(
        self,
        turn_id: str,
        attempts: Iterable[Attempt],
        outcome: Outcome,
        reply_label: Label = Label.PRIVATE,
    ) -> None:
        """Keep what was answered and how the turn ended; all of it or nothing.

        `reply_label` is the join of all the reply was made from. Ends a turn begun
        through this opened store, once; raises UnknownName for any other.
        """
        if outcome is Outcome.OPEN:
            raise UsageError(
                say("a turn cannot end as open"), hint=say("finished, stopped or failed")
            )
        owner = self._database.owner.name
        with self._database.write() as connection:
            # By owner, not by outcome: should another process have taken this one
            # for dead and marked the turn, the answer still finds its place.
            ended = connection.execute(_END, (outcome, reply_label, turn_id, owner))
            if ended.rowcount == 0:
                raise UnknownName(
                    say("there is no turn {turn!r} begun here and not ended", turn=turn_id)
                )
            for attempt in attempts:
                insert_attempt(connection, turn_id, attempt)
            word_index.add_reply(connection, turn_id)

    def recover(self) -> int:
        """Mark as incomplete what dead processes left open; says how many turns those are.

        Turns of this and of other living processes stay open.
        """
        return recover(self._database)

    def get(self, name: str) -> Conversation:
        """The conversation of that id or title, or of the one that begins so, at its branch.

        Raises UnknownName, with near ids when there are some.
        """
        with self._database.read() as connection:
            found = titles.find_conversation(connection, name)
            return tree.read_branch(connection, _row(connection, found))

    def label_of(self, conversation_id: str) -> Label:
        """How it is marked now, whoever did it; a conversation that is gone is private."""
        with self._database.read() as connection:
            return marks.label_of(connection, conversation_id)

    def require(self, conversation_id: str) -> None:
        """Raises UnknownName when there is no conversation of this very id."""
        with self._database.read() as connection:
            _row(connection, conversation_id)

    def latest(self) -> Conversation | None:
        """The conversation started or written to last, whatever the clock said then."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT * FROM conversations ORDER BY used DESC LIMIT 1"
            ).fetchone()
            return None if row is None else tree.read_branch(connection, row)

    def list(self, limit: int = 20, offset: int = 0) -> tuple[Listed, ...]:
        """The conversations started or written to last, newest first, from number `offset`."""
        with self._database.read() as connection:
            return listing.listed(connection, limit, offset)

    def prompts(self, limit: int = 1000) -> tuple[str, ...]:
        """The last different prompts of all conversations, newest first."""
        with self._database.read() as connection:
            return listing.prompts(connection, limit)

    def branches(self, conversation_id: str) -> tuple[Branch, ...]:
        """Every way through a conversation, in the order they departed; raises UnknownName."""
        with self._database.read() as connection:
            return tree.branches(connection, _row(connection, conversation_id))

    def every_turn(self, conversation_id: str) -> tuple[Turn, ...]:
        """The turns of all branches, each once and parents first; raises UnknownName."""
        with self._database.read() as connection:
            _row(connection, conversation_id)
            rows = tree.every_row(connection, conversation_id)
            return tuple(read_turn(connection, row) for row in rows)

    def go_to(self, conversation_id: str, turn_id: str | None) -> None:
        """Be at that turn from now on, None before the first; raises UnknownName.

        Nothing is removed: every turn stays in its branch.
        """
        with self._database.write() as connection:
            _row(connection, conversation_id)
            if turn_id is not None:
                tree.require_turn(connection, conversation_id, turn_id)
            connection.execute(_GO_TO, {"id": conversation_id, "value": turn_id})

    def pin(self, conversation_id: str, turn_id: str, pinned: bool) -> None:
        """Whether a turn is never left out of a prompt; raises UnknownName."""
        with self._database.write() as connection:
            tree.require_turn(connection, conversation_id, turn_id)
            connection.execute("UPDATE turns SET pinned = ? WHERE id = ?", (pinned, turn_id))

    def keep_summary(self, conversation_id: str, summary: Summary) -> None:
        """Keep what stands for the turns up to `summary.turn_id`; raises UnknownName.

        It holds for every branch that turn is on; one that was kept for it is replaced.
        """
        with self._database.write() as connection:
            row = _row(connection, conversation_id)
            tree.require_turn(connection, conversation_id, summary.turn_id)
            # One that was made while the conversation was marked is private as well.
            label = Label.join(summary.label, Label(row["label"]))
            tree.insert_summary(connection, replace(summary, label=label))

    def set_title(self, conversation_id: str, title: str, *, by_user: bool) -> bool:
        """Give a title; says whether it is the title now. Raises UnknownName.

        A user's is not overwritten by a model's, and an empty one takes it away.
        """
        with self._database.write() as connection:
            _row(connection, conversation_id)
            return titles.set_title(connection, conversation_id, title, by_user=by_user)

    def find_turn(self, name: str) -> Turn:
        """The turn of that id, or of the one id that begins so, in any conversation.

        Raises UnknownName, with near ids when there are some.
        """
        with self._database.read() as connection:
            found = find_id(connection, TURNS, name)
            row = connection.execute("SELECT * FROM turns WHERE id = ?", (found,)).fetchone()
            return read_turn(connection, row)

    def latest_turn(self) -> Turn | None:
        """The turn begun last, whatever the clock said then."""
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM turns ORDER BY seq DESC LIMIT 1").fetchone()
            return None if row is None else read_turn(connection, row)

    def decisions(self, limit: int | None = None) -> Iterator[PastAttempt]:
        """The newest `limit` attempts of all conversations, or every one, oldest first.

        Raises StoreDamaged at an attempt that cannot be read.
        """
        return past_attempts(self._database, limit)

    def usages(self, limit: int = 50) -> tuple[tuple[Target, str, Usage], ...]:
        """Who answered with which model and what it took: the newest attempts, newest first."""
        return past_usages(self._database, limit)

    def mark_private(self, conversation_id: str) -> None:
        """Make a conversation private, with every prompt and reply in it; raises UnknownName.

        There is no way back: marks only rise.
        """
        with self._database.write() as connection:
            _row(connection, conversation_id)
            marks.mark_private(connection, conversation_id)

    def set_system(self, conversation_id: str, system: str, label: Label = Label.PRIVATE) -> None:
        """Change the system prompt, under a label of its own; raises UnknownName."""
        with self._database.write() as connection:
            done = connection.execute(_SET_SYSTEM, (system, label, conversation_id))
            _found(done, conversation_id)

    def set_model(self, conversation_id: str, model: str) -> None:
        """Change the model that answers from now on; raises UnknownName."""
        with self._database.write() as connection:
            done = connection.execute(_SET_MODEL, (model, conversation_id))
            _found(done, conversation_id)

    def delete(self, conversation_id: str) -> None:
        """Remove a conversation and all it holds, overwritten in the file; raises UnknownName.

        A long one goes in several transactions: killed in between, it is there in part and
        can be deleted again. What an engine kept of it is not here: see `Runtime.delete`.
        """
        # First the copies: until the store itself has lost it, it can be tried again.
        erase_in_backups(self._database.path, conversation_id)
        if not erase(self._database, conversation_id):
            raise _unknown(conversation_id)


def _found(done: sqlite3.Cursor, conversation_id: str) -> None:
    if done.rowcount == 0:
        raise _unknown(conversation_id)


def _unknown(conversation_id: str) -> UnknownName:
    return UnknownName(say("there is no conversation {name!r}", name=conversation_id))


def _row(connection: sqlite3.Connection, conversation_id: str) -> sqlite3.Row:
    """The row of the conversation of this very id; raises UnknownName."""
    found = connection.execute("SELECT * FROM conversations WHERE id = ?", (conversation_id,))
    row: sqlite3.Row | None = found.fetchone()
    if row is None:
        raise _unknown(conversation_id)
    return row
