"""All detectors at once: what in a text is personal or secret."""

from __future__ import annotations

from edge.routing.detect.abroad import find_abroad
from edge.routing.detect.addresses import find_addresses
from edge.routing.detect.banking import find_banking
from edge.routing.detect.finding import NO_WORDS, Finding, OwnWords
from edge.routing.detect.keys import find_keys
from edge.routing.detect.mail import find_mail
from edge.routing.detect.own_words import find_own
from edge.routing.detect.papers import find_papers
from edge.routing.detect.phones import find_phones
from edge.routing.detect.reading import read
from edge.routing.detect.registers import find_registered
from edge.routing.detect.resident import find_resident_ids

_DETECTORS = (
    find_resident_ids,
    find_phones,
    find_banking,
    find_papers,
    find_registered,
    find_addresses,
    find_mail,
    find_keys,
    find_abroad,
)


def detect(text: str, own: OwnWords = NO_WORDS) -> tuple[Finding, ...]:
    """What was found, by its place in the text; findings of several kinds may overlap.

    Not everything private is found: docs/detectors.md has the measured misses.
    Raises ImportError where a library the detectors need is missing; ask
    `detectors_ready` first.
    """
    reading = read(text)
    found = {finding for detector in _DETECTORS for finding in detector(reading)}
    found |= set(find_own(reading, text, own))
    return tuple(sorted(found, key=lambda finding: (finding.start, finding.end, finding.kind)))


def detectors_ready() -> bool:
    """Whether the libraries are here; loads them, so the first call takes some 50 ms."""
    try:
        import phonenumbers  # noqa: F401
        import stdnum  # noqa: F401
    except ImportError:
        return False
    return True
