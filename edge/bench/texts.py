"""What is said to a model that is measured."""

from __future__ import annotations

from collections.abc import Callable

from edge.core.message import Message, Role
from edge.runtime import Runtime

# A reply to this goes on for as long as anybody wants to time it.
TASK = "Now count from one to two hundred in English words, separated by commas."
LONG_TASK = "Write a Python program of ten classes and explain every line of it at length."
SYSTEM = "You are a patient guide who answers in plain words."
_FILLER = "The river carries small boats past the old mill and the quiet town. "

# A person's side of a talk: 10 to 40 tokens each.
TALK = (
    "I want to grow vegetables behind my house. What should I think about first?",
    "The soil is heavy clay and the garden lies in the shade until noon. What does that change?",
    "Which three vegetables forgive a beginner the most?",
    "When would I sow them if the last frost here comes in the middle of May?",
    "How much water do they need in a dry week?",
    "My neighbour says one should never water at noon. Is there anything to it?",
    "Something eats holes into the leaves at night. Who might that be?",
    "I would rather not use poison. What else helps against slugs?",
    "Let us speak of tomatoes. Why do people tie them to a stick?",
    "And why do they break off some of the shoots?",
    "The lowest leaves have turned yellow. Should I worry?",
    "How do I know that a tomato is ripe enough to be picked?",
    "We picked far more than we can eat. How can I keep them over the winter?",
    "Does a sauce in jars need sugar or vinegar to keep?",
    "What should I plant in the same bed next year, and what should I not?",
    "I have kitchen scraps every day. What may go on a compost heap and what may not?",
    "The heap smells bad since last week. What did I do wrong?",
    "How long until it has become soil?",
    "My daughter is six and wants a bed of her own. What would you give her to sow?",
    "Thank you. Sum up in one sentence what I should do first tomorrow.",
)


def count_with(runtime: Runtime) -> Callable[[str], int]:
    """Counts the tokens of a prompt that is one text; the worker is loaded to do so."""
    return lambda text: runtime.engine.count_tokens([Message(Role.USER, text)], thinking=False)


def long_text(count: Callable[[str], int], n_tokens: int, n: int) -> str:
    """A text whose prompt has about `n_tokens` tokens, hardly less and at most a sentence more.

    `n` stands at its head, so that nothing of another one is found in the cache.
    """
    bare = f"({n}) {TASK}"
    per_filler = count(f"({n}) {_FILLER * 2}{TASK}") - count(f"({n}) {_FILLER}{TASK}")
    missing = max(0, n_tokens - count(bare))
    return f"({n}) {_FILLER * -(-missing // per_filler)}{TASK}"
