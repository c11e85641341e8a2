"""What was said: conversations, their trees of turns, and what each engine answered.

A prompt is on disk when `begin_turn` returns, a reply when `end_turn` returns;
while a reply streams nothing is written. A turn that a process left open when
it died is marked incomplete by `recover`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge.core.conversation import Conversation, Outcome, Turn
from edge.core.decision import Target
from edge.core.errors import UnknownName, UsageError
from edge.core.event import Attempt, Usage
from edge.core.message import Label, Message
from edge.store.database import Database, utc_now
from edge.store.ids import CONVERSATIONS, TURNS, find_id, free_id, random_id
from edge.store.past import PastAttempt, past_attempts, past_usages
from edge.store.rows import insert_attempt, insert_turn, read_conversation, read_turn

_OPENING_LENGTH = 80

_START = """
    INSERT INTO conversations (id, model, system, started_at_utc, label, system_label, used)
    VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM conversations))
"""
# The reply to a prompt that was marked private while it was written is private.
_END = """
    UPDATE turns SET outcome = ?, reply_label = max(?, label), owner = ''
    WHERE id = ? AND owner = ?
"""
_MARK_CONVERSATION = """
    UPDATE conversations SET label = :label, system_label = :label WHERE id = :id
"""
_MARK_TURNS = "UPDATE turns SET label = :label, reply_label = :label WHERE conversation_id = :id"
_TOUCH = """
    UPDATE conversations SET used = (SELECT max(used) + 1 FROM conversations) WHERE id = ?
"""
_SET_SYSTEM = "UPDATE conversations SET system = ?, system_label = max(?, label) WHERE id = ?"
_SUMMARIES = """
    SELECT id, model,
        coalesce((SELECT substr(text, 1, ?) FROM turns
                  WHERE conversation_id = talk.id ORDER BY seq LIMIT 1), ''),
        (SELECT count(*) FROM turns WHERE conversation_id = talk.id),
        coalesce((SELECT started_at_utc FROM turns
                  WHERE conversation_id = talk.id ORDER BY seq DESC LIMIT 1), started_at_utc)
    FROM conversations AS talk ORDER BY used DESC LIMIT ?
"""
# A parent was begun before its child, so the sequence is the path's order.
_THREAD = """
    WITH RECURSIVE path (id, parent_id) AS (
        SELECT id, parent_id FROM turns WHERE id = ?
        UNION
        SELECT turns.id, turns.parent_id FROM turns JOIN path ON turns.id = path.parent_id
    )
    SELECT turns.* FROM turns JOIN path USING (id) ORDER BY seq
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in a list. `opening` is the start of its first prompt, empty without one."""

    id: str
    model: str
    opening: str
    n_turns: int
    last_at_utc: str


class Conversations:
    """The conversations of one store. Any thread may call; each call is one transaction."""

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

        Raises UnknownName when the conversation or the parent is not there.
        """
        owner = self._database.owner.name  # touches files, so not inside the transaction
        with self._database.write() as connection:
            _found(connection.execute(_TOUCH, (conversation_id,)), conversation_id)
            if parent_id is not None:
                _require_turn(connection, conversation_id, parent_id)
            turn_id, now = free_id(connection, TURNS, self._new_id), self._now_utc()
            turn = Turn(turn_id, parent_id, prompt, (), now, Outcome.OPEN)
            insert_turn(connection, conversation_id, turn, owner)
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
            raise UsageError("a turn cannot end as open", hint="finished, stopped or failed")
        owner = self._database.owner.name
        with self._database.write() as connection:
            # By owner, not by outcome: should another process have taken this one
            # for dead and marked the turn, the answer still finds its place.
            ended = connection.execute(_END, (outcome, reply_label, turn_id, owner))
            if ended.rowcount == 0:
                raise UnknownName(f"there is no turn {turn_id!r} begun here and not ended")
            for attempt in attempts:
                insert_attempt(connection, turn_id, attempt)

    def recover(self) -> int:
        """Mark as incomplete what dead processes left open; says how many turns those are.

        Turns of this and of other living processes stay open.
        """
        owner = self._database.owner
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT DISTINCT owner FROM turns WHERE outcome = 'open'"
            ).fetchall()
        dead = [(row["owner"],) for row in rows if not owner.alive(row["owner"])]
        owner.forget_the_dead()
        return self._mark_incomplete(dead) if dead else 0

    def get(self, name: str) -> Conversation:
        """The conversation of that id, or of the one id that begins so.

        Raises UnknownName, with near ids when there are some.
        """
        with self._database.read() as connection:
            found = find_id(connection, CONVERSATIONS, name)
            row = connection.execute("SELECT * FROM conversations WHERE id = ?", (found,))
            return read_conversation(connection, row.fetchone())

    def label_of(self, conversation_id: str) -> Label:
        """How it is marked now, whoever did it; a conversation that is gone is private."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT label FROM conversations WHERE id = ?", (conversation_id,)
            ).fetchone()
        return Label.PRIVATE if row is None else Label(row["label"])

    def require(self, conversation_id: str) -> None:
        """Raises UnknownName when there is no conversation of this very id."""
        with self._database.read() as connection:
            found = connection.execute(CONVERSATIONS.taken, (conversation_id,)).fetchone()
        if found is None:
            raise _unknown(conversation_id)

    def latest(self) -> Conversation | None:
        """The conversation started or written to last, whatever the clock said then."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT * FROM conversations ORDER BY used DESC LIMIT 1"
            ).fetchone()
            return None if row is None else read_conversation(connection, row)

    def list(self, limit: int = 20) -> tuple[Summary, ...]:
        """The conversations started or written to last, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(_SUMMARIES, (_OPENING_LENGTH, limit)).fetchall()
        return tuple(Summary(*row) for row in rows)

    def thread(self, turn_id: str) -> tuple[Turn, ...]:
        """The turns from the root to this one; raises UnknownName."""
        with self._database.read() as connection:
            rows = connection.execute(_THREAD, (turn_id,)).fetchall()
            if not rows:
                raise UnknownName(f"there is no turn {turn_id!r}")
            return tuple(read_turn(connection, row) for row in rows)

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
            marked = {"label": Label.PRIVATE, "id": conversation_id}
            done = connection.execute(_MARK_CONVERSATION, marked)
            _found(done, conversation_id)
            connection.execute(_MARK_TURNS, marked)

    def set_system(self, conversation_id: str, system: str, label: Label = Label.PRIVATE) -> None:
        """Change the system prompt, under a label of its own; raises UnknownName."""
        with self._database.write() as connection:
            done = connection.execute(_SET_SYSTEM, (system, label, conversation_id))
            _found(done, conversation_id)

    def set_model(self, conversation_id: str, model: str) -> None:
        """Change the model that answers from now on; raises UnknownName."""
        self._change(
            "UPDATE conversations SET model = :value WHERE id = :id", conversation_id, model
        )

    def delete(self, conversation_id: str) -> None:
        """Remove a conversation and all it holds, overwritten in the file; raises UnknownName.

        What an engine kept of it is not here: see `Runtime.delete`.
        """
        self._change("DELETE FROM conversations WHERE id = :id", conversation_id)

    def _change(self, statement: str, conversation_id: str, value: str = "") -> None:
        with self._database.write() as connection:
            done = connection.execute(statement, {"id": conversation_id, "value": value})
            _found(done, conversation_id)

    def _mark_incomplete(self, owners: Iterable[tuple[str]]) -> int:
        with self._database.write() as connection:
            return connection.executemany(
                "UPDATE turns SET outcome = 'incomplete' WHERE outcome = 'open' AND owner = ?",
                owners,
            ).rowcount


def _found(done: sqlite3.Cursor, conversation_id: str) -> None:
    if done.rowcount == 0:
        raise _unknown(conversation_id)


def _unknown(conversation_id: str) -> UnknownName:
    return UnknownName(f"there is no conversation {conversation_id!r}")


def _require_turn(connection: sqlite3.Connection, conversation_id: str, turn_id: str) -> None:
    turn = connection.execute(
        "SELECT 1 FROM turns WHERE id = ? AND conversation_id = ?", (turn_id, conversation_id)
    )
    if turn.fetchone() is None:
        raise UnknownName(f"conversation {conversation_id!r} has no turn {turn_id!r}")
