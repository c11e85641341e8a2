"""What `edge log` says of the conversations it shows, and the words inside an export."""

from __future__ import annotations

from edge.core.conversation import Outcome
from edge.core.event import StopReason
from edge.core.say import say, say_n

# Of one conversation, wherever it is shown.


def untitled(conversation_id: str) -> str:
    """Stands where a conversation has neither title nor words."""
    return say("conversation {id}", id=conversation_id)


def you() -> str:
    """Who wrote the prompts."""
    return say("You")


def in_the_cloud(model: str) -> str:
    """Who wrote a reply, or a part of it, outside this machine."""
    return say("{model} in the cloud", model=model)


def then(first: str, second: str) -> str:
    """Two who wrote one reply."""
    return say("{first}, then {second}", first=first, second=second)


def nobody() -> str:
    """Who wrote a reply that never came."""
    return say("no reply")


def system_prompt() -> str:
    """Stands over the system prompt."""
    return say("System prompt")


def thought_first() -> str:
    """Stands over what a model thought before it answered."""
    return say("Thought first")


def pinned() -> str:
    """Said of a turn that is never left out of the context."""
    return say("pinned")


def at(date: str, time: str) -> str:
    """A moment, in no one's time zone.

    >>> at("2026-01-31", "14:02")
    '2026-01-31 14:02 UTC'
    """
    return say("{date} {time} UTC", date=date, time=time)


def private() -> str:
    """Said of a conversation of which nothing leaves the machine."""
    return say("private")


def turns(count: int) -> str:
    """How long a conversation is."""
    return say_n("{n} turn", "{n} turns", count)


def not_whole(outcome: Outcome, reason: StopReason | None) -> str:
    """What is missing from a reply, of which `reason` ended the last part; empty when whole."""
    return "" if outcome is Outcome.FINISHED else _cut(reason) or _ended(outcome)


def _cut(reason: StopReason | None) -> str:
    match reason:
        case StopReason.MAX_TOKENS:
            return say("cut at the limit of its length")
        case StopReason.CONTEXT_FULL:
            return say("cut: the context was full")
        case StopReason.FILTERED:
            return say("ended by the content filter of the provider")
        case _:
            return ""


def _ended(outcome: Outcome) -> str:
    match outcome:
        case Outcome.OPEN:
            return say("still being written")
        case Outcome.STOPPED:
            return say("stopped; the reply is not whole")
        case Outcome.FAILED:
            return say("failed; the reply is not whole")
        case _:
            return say("broken off; the reply is not whole")


# Lists.


def list_headings() -> tuple[str, ...]:
    """Over a list: ids, when each was used last, how many turns, who answers, titles."""
    return say("ID"), say("LAST USED"), say("TURNS"), say("MODEL"), say("TITLE")


def hit_headings() -> tuple[str, ...]:
    """Over what a search found, where it is not shown to an eye."""
    return say("ID"), say("TURN"), say("TIME"), say("ROLE"), say("TITLE"), say("TEXT")


def none_kept() -> str:
    """The list is empty."""
    return say("no conversation is kept yet; to begin one: edge chat")


def more_kept(limit: int) -> str:
    """The list is not whole."""
    return say("there are more: edge log list --limit {n}", n=limit)


def none_found(sought: str) -> str:
    """A search found nothing."""
    return say("nothing was found for {words}", words=repr(sought))


def look_otherwise(sought: str) -> str:
    """The next thing to do."""
    if len(sought.split()) == 1:
        return say("only how the word begins")
    return say("fewer words: all of them must stand in one prompt or reply")


def more_found(limit: int) -> str:
    """There may be more than what is shown."""
    return say("there may be more: --limit {n}", n=limit)


def in_prompt() -> str:
    """Before what was found in a prompt."""
    return say("you: ")


def in_reply() -> str:
    """Before what was found in a reply."""
    return say("reply: ")


# One conversation, shown.


def summarised(tokens: int, turn_id: str) -> str:
    """Stands over a summary of the first turns."""
    return say_n(
        "Summary, told in place of {n} token up to turn {turn}",
        "Summary, told in place of {n} tokens up to turn {turn}",
        tokens,
        turn=turn_id,
    )


def thought(characters: int) -> str:
    """Stands for what a model thought, which is not shown here."""
    return say_n("(thought first, {n} character)", "(thought first, {n} characters)", characters)


def follows(turn_id: str) -> str:
    """Said of a turn that does not follow the one above it."""
    return say("follows {turn}", turn=turn_id)


def begins() -> str:
    """Said of a turn that follows none."""
    return say("begins anew")


def elsewhere() -> str:
    """Said of a turn that is not on the branch the talk is at."""
    return say("on another branch")


def other_branches(count: int, conversation_id: str) -> str:
    """There is more of a conversation than the branch it is at."""
    return say_n(
        "{n} other branch is kept: edge log show {id} --all-branches",
        "{n} other branches are kept: edge log show {id} --all-branches",
        count,
        id=conversation_id,
    )
