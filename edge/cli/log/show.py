"""One conversation as text for the eye: what was said, in order, and by whom (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain

from edge.cli.export.telling import ending_of, facts_of, reasoning_of, title_of, who_replied
from edge.cli.log.lists import moment
from edge.cli.page.cell import cells_of, painted
from edge.cli.page.escape import safe
from edge.cli.page.page import Page
from edge.cli.page.theme import Style, Theme, theme
from edge.cli.page.wrap import wrapped
from edge.cli.words import log as words
from edge.core.conversation import Conversation, Turn


@dataclass(frozen=True, slots=True)
class Looks:
    """How it is shown. `width` is that of the terminal in columns; None: replies as they are.

    Times are those of `zone`, None: of this machine.
    """

    theme: Theme
    width: int | None = None
    zone: tzinfo | None = None

    def moment(self, at_utc: str) -> str:
        """A time of the store on the reader's clock."""
        return moment(at_utc, self.zone)

    def quiet(self, text: str) -> str:
        """A line of ours, which stands back."""
        return "\n".join(self._wrapped(safe(text), Style.FAINT))

    def typed(self, text: str, mark: str = "") -> str:
        """What somebody typed, each line behind a mark."""
        lines = (self._wrapped(line, room=len(mark)) for line in safe(text).split("\n"))
        return "\n".join(f"{mark}{line}".rstrip() for line in chain(*lines))

    def drawn(self, reply: str) -> str:
        """A reply, which is Markdown."""
        if self.width is None:
            return safe(reply)
        page = Page(self.width, self.theme)
        return "\n".join([*page.feed(reply).lines, *page.close().lines])

    def _wrapped(self, line: str, style: Style = Style.PLAIN, room: int = 0) -> list[str]:
        if self.width is None:
            return [self.theme.painted(line, style)]
        cells = cells_of(line.expandtabs(4), style)
        return [painted(each, self.theme) for each in wrapped(cells, self.width - room)]


PLAIN = Looks(theme(colours=False))


def shown(talk: Conversation, turns: Sequence[Turn], looks: Looks = PLAIN) -> str:
    """The conversation with these turns: those of its branch, or of all of them."""
    return "\n".join(chain(_head(talk, looks), *_turns(talk, turns, looks)))


def _head(talk: Conversation, looks: Looks) -> Iterator[str]:
    yield looks.typed(title_of(talk))
    yield looks.quiet(" · ".join(facts_of(talk, looks.moment)))
    if talk.system:
        yield from ("", looks.quiet(words.system_prompt()), looks.typed(talk.system))
    if (summary := talk.summary) is not None:
        over = words.summarised(summary.stands_for_tokens, summary.turn_id)
        yield from ("", looks.quiet(over), looks.drawn(summary.text))


def _turns(talk: Conversation, turns: Sequence[Turn], looks: Looks) -> Iterator[Iterator[str]]:
    branch = {turn.id for turn in talk.turns}
    before: str | None = None
    for turn in turns:
        place = [] if turn.parent_id == before else [_follows(turn.parent_id)]
        if turn.id not in branch:
            place.append(words.elsewhere())
        yield _turn(turn, place, looks)
        before = turn.id


def _turn(turn: Turn, place: Sequence[str], looks: Looks) -> Iterator[str]:
    facts = [turn.id, looks.moment(turn.started_at_utc), who_replied(turn), *place]
    if turn.pinned:
        facts.append(words.pinned())
    yield from ("", looks.quiet(" · ".join(facts)))
    yield looks.typed(turn.prompt.text, "> ")
    yield ""
    if thought := reasoning_of(turn):
        yield looks.quiet(words.thought(len(thought)))
    if reply := safe(turn.reply.text).strip("\n"):
        yield looks.drawn(reply)
    if ended := ending_of(turn):
        yield looks.quiet(f"({ended})")


def _follows(parent_id: str | None) -> str:
    return words.begins() if parent_id is None else words.follows(parent_id)
