"""What `edge demo` says, asks and is answered.

The stand-in's answers are written here too: nobody thinks of them while the demo runs.
What is asked and answered is English in every language: the captions say what it is about.
"""

from __future__ import annotations

from edge.core.say import say

# The policy of the demo.

POLICY = """\
schema_version = 1
name = "demo"
default = "edge"        # the device answers
handoff = "continue"    # a reply that breaks off is finished by the other one

[[rules]]               # a long talk is the cloud's
name = "long-talks"
target = "cloud"
when = { prompt_tokens = { above = 250 } }
"""

# What is asked, and what the stand-in answers.

# Abraham Lincoln, 19 November 1863 (the Bliss copy); in the public domain.
_SPEECH = """\
Four score and seven years ago our fathers brought forth on this continent, a new nation, \
conceived in Liberty, and dedicated to the proposition that all men are created equal.

Now we are engaged in a great civil war, testing whether that nation, or any nation so \
conceived and so dedicated, can long endure. We are met on a great battle-field of that war. \
We have come to dedicate a portion of that field, as a final resting place for those who here \
gave their lives that that nation might live. It is altogether fitting and proper that we \
should do this.

But, in a larger sense, we can not dedicate -- we can not consecrate -- we can not hallow -- \
this ground. The brave men, living and dead, who struggled here, have consecrated it, far above \
our poor power to add or detract. The world will little note, nor long remember what we say \
here, but it can never forget what they did here. It is for us the living, rather, to be \
dedicated here to the unfinished work which they who fought here have thus far so nobly \
advanced. It is rather for us to be here dedicated to the great task remaining before us -- \
that from these honored dead we take increased devotion to that cause for which they gave the \
last full measure of devotion -- that we here highly resolve that these dead shall not have \
died in vain -- that this nation, under God, shall have a new birth of freedom -- and that \
government of the people, by the people, for the people, shall not perish from the earth."""

SHORT_PROMPT = "What is the capital of France? One short sentence."
LONG_PROMPT = f"What does this speech ask of those who hear it?\n\n{_SPEECH}"
LONG_ANSWER = (
    "It asks the living to finish what the fallen began: a nation conceived in liberty, "
    "in which all are equal, and which governs itself."
)
# A made-up number with a sound check digit.
PRIVATE_PROMPT = "For a library card: my resident ID is 11010519491231002X. Answer: noted."
CUT_PROMPT = "How does the speech end? Quote it."
CUT_ANSWER = "It ends with a promise: that government of the people, by the people,"
CAPPED_PROMPT = "And how does it begin? Quote one sentence."

CAP = "0.003 CNY"

# Captions.


def opens(model: str, host: str) -> str:
    """What is real here, and what is not."""
    return say(
        """\
edge demo: {model}, a real model on this machine; and in place of a cloud a
small server at {host}, on this machine, too. The server's answers were written
beforehand, and its prices are made up. All else is what `edge chat` does, with
settings and a store that are removed at the end. The policy has one rule:""",
        model=model,
        host=host,
    )


def on_device() -> str:
    """The first turn."""
    return say("1. A short question. No rule says otherwise: the device answers.")


def for_its_length() -> str:
    """The second turn."""
    return say(
        """\
2. A long text is pasted. Now the rule holds: the cloud is asked. What it is told
counts as gone, though this one is on the same machine."""
    )


def stays_private() -> str:
    """The third turn."""
    return say(
        """\
3. The talk is long, so the rule would send this, too, and the cloud is up. But a
resident ID is in it (made up): it stays here, and the device answers."""
    )


def insists() -> str:
    """The third turn, with force."""
    return say("Insisting does not help. All that was ever sent is the turn before this one:")


def breaks_off() -> str:
    """The fourth turn."""
    return say(
        """\
4. The cloud is asked again, and is not told of the private turn. Its connection is
cut in the middle of a sentence: the device reads what was shown, and goes on."""
    )


def budget() -> str:
    """The cap."""
    return say(
        """\
5. What it would have cost. The turn that was cut stays booked at the most it can
have cost. Then a limit so small that it stops the cloud, and not the chat:"""
    )


def ends(here: int, elsewhere: int, *, isolated: bool) -> str:
    """The count, and what to do next."""
    isolation = say("The engine's process never asks for the network.")
    if isolated:
        isolation = say("The engine's process has no network at all.")
    return say(
        """
Connections to other machines: {elsewhere}. To the stand-in on this one: {here}.
{isolation} The demo's settings and store are gone.
To talk with the model:    edge chat
To put a cloud behind it:  edge cloud login""",
        elsewhere=elsewhere,
        here=here,
        isolation=isolation,
    )


# The rest.


def pasted(prompt: str, most_chars: int) -> str:
    """A prompt as it is shown: of a long one the beginning, and how long it is."""
    one_line = " ".join(prompt.split())
    if len(one_line) <= most_chars:
        return one_line
    return say(
        "{beginning}… ({n_chars:,} characters)",
        beginning=one_line[:most_chars],
        n_chars=len(prompt),
    )


def otherwise(told: str, came: str) -> str:
    """The demo went another way than its captions say."""
    return say(
        "the demo went otherwise than it says: {told} was to come, and {came} came",
        told=told,
        came=came,
    )
