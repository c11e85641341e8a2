"""A process that writes turns to a store: python writer.py STORE [SEED N_TURNS].

After each commit it writes a line; what is on the pipe was acknowledged. Before it
moves or types a draft it says where to and what: it may be killed in between. It
imports no test tools, so that it starts fast.
"""

from __future__ import annotations

import random
import sys
from contextlib import closing
from pathlib import Path
from zlib import crc32

from edge.core.conversation import Outcome
from edge.core.decision import Decision, Reason, Signals, Target
from edge.core.event import Attempt, Channel, Span, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.drafts import Drafts


def attempt(text: str) -> Attempt:
    decision = Decision(
        Target.EDGE, Reason.CLOUD_OFF, Signals(0, Label.PRIVATE, cloud_allowed=False)
    )
    usage = Usage(1, 0, 1, 0.1, 0.1, 0.1)
    spans = (Span(Channel.ANSWER, text),)
    return Attempt(0, decision, "toy", StopReason.END, usage, None, spans)


def write_turns(path: Path, seed: int, n_turns: int) -> None:
    """Begin and end turns; say `begun ID CRC` and `ended ID CRC` once each is on disk.

    In between the talk goes to an older turn (`going ID`, `at ID`), and a draft is typed
    (`typing CRC`, `typed CRC`). The first line is `talk ID`.
    """
    words = random.Random(seed)
    with closing(open_database(path)) as database:
        conversations, drafts = Conversations(database), Drafts(database)
        conversations.recover()
        talk = conversations.start("toy", "")
        say("talk", talk.id)
        turn_ids: list[str] = []
        at: str | None = None
        for _ in range(n_turns):
            # Some texts take many pages, so that a commit has a middle to be killed in.
            prompt = words.choice("abcde") * words.choice([9, 30_000])
            reply = prompt.upper()
            turn = conversations.begin_turn(talk.id, at, Message(Role.USER, prompt))
            say("begun", turn.id, crc32(prompt.encode()))
            turn_ids.append(at := turn.id)
            conversations.end_turn(turn.id, [attempt(reply)], Outcome.FINISHED)
            say("ended", turn.id, crc32(reply.encode()))
            if words.random() < 0.3:
                at = words.choice(turn_ids)
                say("going", at)
                conversations.go_to(talk.id, at)
                say("at", at)
            draft = words.choice("xyz") * words.choice([5, 9_000])
            say("typing", crc32(draft.encode()))
            drafts.put(talk.id, draft)
            say("typed", crc32(draft.encode()))


def say(*words: object) -> None:
    print(*words, flush=True)


def answer_for_ever(path: Path) -> None:
    """Begin one turn, say so, and be busy with it until the end."""
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        talk = conversations.start("toy", "")
        turn = conversations.begin_turn(talk.id, None, Message(Role.USER, "hello"))
        print("begun", turn.id, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    store, *numbers = sys.argv[1:]
    if numbers:
        write_turns(Path(store), *map(int, numbers))
    else:
        answer_for_ever(Path(store))
