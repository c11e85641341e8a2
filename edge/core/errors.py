"""Every failure a user can meet, as one tree.

    EdgeError                     exit  1   a bug, unless a subclass says otherwise
    ├── UsageError                      2   the words or settings given cannot be used
    │   └── UnknownName                 2   no model or conversation of that name
    ├── NothingFound                    3   what was looked for is nowhere
    ├── NetworkError                   10   a source could not be reached or answered nonsense
    ├── IntegrityError                 11   bytes are not the ones the catalog names
    ├── DiskFull                       12   no room for what was asked
    ├── Busy                           13   another process holds what is needed
    ├── BadModelFile                   20   the file is not a sound GGUF model
    ├── UnsupportedModel               21   a sound model of a kind edge does not run
    ├── DoesNotFit                     22   more memory needed than is free
    ├── EngineDied                     23   the engine's process ended twice in one turn
    ├── ContextFull                    24   the newest message alone exceeds the context
    ├── ReplyUnfit                     25   the reply is cut, or is not what was asked for
    ├── PrivacyRefused                 30   private text was asked to leave, and did not
    ├── BudgetSpent                    31   a cap would have been exceeded
    ├── CloudError                     33   asking the cloud failed; `fault` says how
    │   ├── CloudAuth                  32   no key, a wrong one, or one without the right
    │   ├── CloudUnavailable           33   not reached, not now, or not answered in time
    │   └── CloudIncomplete            34   the answer broke off, or was no answer
    ├── StoreDamaged                   40   the conversation store cannot be read
    └── Cancelled                     130   the user stopped it

The codes are stable: scripts may test them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from edge.core.say import say


class EdgeError(Exception):
    """What failed, what is kept, and what to type next; shown as one line.

    `message` carries the figures, `kept` says what is not lost (empty when
    nothing was at stake) and `hint` is the next thing to type or do.
    """

    code: ClassVar[str] = "E-BUG"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", kept: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.kept = kept

    def line(self) -> str:
        """The whole error on one line, as the terminal shows it."""
        hint = say("try: {hint}", hint=self.hint) if self.hint else ""
        parts = [self.message, self.kept, hint]
        return say("; ").join(part for part in parts if part).replace("\n", " ")


class UsageError(EdgeError):
    """The words, settings or file names given cannot be used."""

    code = "E-USAGE"
    exit_code = 2


class UnknownName(UsageError):
    """No model or conversation of that name; the hint suggests near ones."""

    code = "E-UNKNOWN-NAME"


class NothingFound(EdgeError):
    """What was looked for is nowhere: no fault, but a script should know."""

    code = "E-NOTHING-FOUND"
    exit_code = 3


class NetworkError(EdgeError):
    """A source could not be reached, or what answered was not the source."""

    code = "E-NETWORK"
    exit_code = 10


class IntegrityError(EdgeError):
    """Bytes are not the ones their hash or size promised."""

    code = "E-INTEGRITY"
    exit_code = 11


class DiskFull(EdgeError):
    """The disk has no room for what was asked."""

    code = "E-DISK-FULL"
    exit_code = 12


class Busy(EdgeError):
    """Another process holds what is needed."""

    code = "E-BUSY"
    exit_code = 13


class BadModelFile(EdgeError):
    """The file is not a sound GGUF model, or the engine could not load it."""

    code = "E-BAD-MODEL"
    exit_code = 20


class UnsupportedModel(EdgeError):
    """A sound model file of an architecture or tokenizer edge does not run."""

    code = "E-UNSUPPORTED"
    exit_code = 21


class DoesNotFit(EdgeError):
    """The model needs more memory than is free."""

    code = "E-NO-MEMORY"
    exit_code = 22


class EngineDied(EdgeError):
    """The engine's process ended, and ended again after one restart."""

    code = "E-ENGINE-DIED"
    exit_code = 23


class ContextFull(EdgeError):
    """The newest message alone is longer than the context."""

    code = "E-CONTEXT-FULL"
    exit_code = 24


class ReplyUnfit(EdgeError):
    """The reply is not whole, or is not what a schema asks; what there is of it is kept."""

    code = "E-REPLY-UNFIT"
    exit_code = 25


class PrivacyRefused(EdgeError):
    """Text that is private was asked to leave this machine; nothing was sent."""

    code = "E-PRIVATE"
    exit_code = 30


class BudgetSpent(EdgeError):
    """What a send could cost does not fit under a cap; nothing was sent."""

    code = "E-BUDGET"
    exit_code = 31


class CloudFault(StrEnum):
    """How asking the cloud failed; what follows from each is decided in chat.breaker."""

    UNREACHABLE = "unreachable"  # name, connection or TLS: nothing was sent
    TIMEOUT = "timeout"  # nothing came in time
    RATE = "rate"  # asked to slow down
    SERVER = "server"  # an error of theirs
    BROKEN = "broken"  # cut, stalled or malformed
    AUTH = "auth"  # the key, or its rights
    MODEL = "model"  # no such model, or not for this key
    BILLING = "billing"  # an unpaid account, or a quota that is used up
    REQUEST = "request"  # they refuse the request itself


class CloudError(EdgeError):
    """Asking the cloud failed. `retry_after_s` is what the provider asked us to wait.

    `provider_code` is the provider's own word for it, empty where it gave none. No
    text of the talk is in any of them.
    """

    code = "E-CLOUD"
    exit_code = 33

    def __init__(
        self,
        message: str,
        *,
        fault: CloudFault,
        hint: str = "",
        retry_after_s: float | None = None,
        provider_code: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.fault = fault
        self.retry_after_s = retry_after_s
        self.provider_code = provider_code


class CloudAuth(CloudError):
    """There is no key, the key is wrong, or it has not the right."""

    code = "E-CLOUD-AUTH"
    exit_code = 32


class CloudUnavailable(CloudError):
    """The cloud was not reached, cannot now, or did not answer in time."""

    code = "E-CLOUD-UNAVAILABLE"


class CloudIncomplete(CloudError):
    """The answer broke off or was no answer; what was shown is kept."""

    code = "E-CLOUD-INCOMPLETE"
    exit_code = 34


class StoreDamaged(EdgeError):
    """The conversation store cannot be read or written."""

    code = "E-STORE"
    exit_code = 40


class Cancelled(EdgeError):
    """The user stopped it."""

    code = "E-CANCELLED"
    exit_code = 130
