"""What Typer says of words it cannot use, said in the language of the interface."""

from __future__ import annotations

import re
from collections.abc import Callable

from edge.core.say import say

_Said = Callable[..., str]

# As Typer words them, a point at the end taken away; the first that fits is it. What
# none of them fits stays as it is.
_KNOWN: tuple[tuple[str, _Said], ...] = (
    (
        r"No such option: (.+?) \(Possible options: (.+)\)",
        lambda a, b: say("No such option: {name} (Possible options: {near})", name=a, near=b),
    ),
    (r"No such option: (.+)", lambda a: say("No such option: {name}", name=a)),
    (r"No such command (.+)", lambda a: say("No such command {name}", name=a)),
    (r"Missing command", lambda: say("Missing command")),
    (r"Missing argument (.+)", lambda a: say("Missing argument {name}", name=a)),
    (r"Missing option (.+)", lambda a: say("Missing option {name}", name=a)),
    (
        r"Option (.+) requires an argument",
        lambda a: say("Option {name} requires an argument", name=a),
    ),
    (
        r"Option (.+) does not take a value",
        lambda a: say("Option {name} does not take a value", name=a),
    ),
    (
        r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)",
        lambda a: say("Got unexpected extra argument(s) ({words})", words=a),
    ),
    (
        r"Invalid value for (.+?): (.+)",
        lambda a, b: say("Invalid value for {name}: {why}", name=a, why=told(b)),
    ),
    (
        r"Value (.+) is not a valid (.+)",
        lambda a, b: say("Value {value} is not a valid {kind}", value=a, kind=b),
    ),
    (
        r"(.+) is not one of (.+)",
        lambda a, b: say("{value} is not one of {known}", value=a, known=b),
    ),
    (
        r"Input should be greater than or equal to (.+)",
        lambda a: say("it must be at least {n}", n=a),
    ),
    (
        r"Input should be less than or equal to (.+)",
        lambda a: say("it must be at most {n}", n=a),
    ),
    (
        r"Input should be a valid integer, .+",
        lambda: say("it must be a whole number"),
    ),
    (
        r"Input should be a valid number, .+",
        lambda: say("it must be a number"),
    ),
    (
        r"(.+) is not in the range (.+)",
        lambda a, b: say("{value} is not in the range {range}", value=a, range=b),
    ),
)


def told(message: str) -> str:
    """A message of Typer's, in our language where it is one of those known here.

    >>> told("No such option: --nope")
    'No such option: --nope'
    """
    for pattern, said in _KNOWN:
        if found := re.fullmatch(pattern, message):
            return said(*found.groups())
    return message
