"""What a reply may go on with, token after token."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edge.core.errors import UsageError
from edge.core.say import say
from edge.engine.edge.capi.binding import llama
from edge.engine.edge.capi.gbnf import gbnf_of
from edge.engine.edge.capi.model import Model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NOBODY = -1  # no token is selected yet


class Candidates:
    """Tokens with their logits, as the library's samplers take and change them."""

    def __init__(self, logits: Sequence[float] | NDArray[np.float32], first: int = 0) -> None:
        import numpy as np

        self._rows = np.zeros(len(logits), dtype=[("id", "i4"), ("logit", "f4"), ("p", "f4")])
        self._rows["id"] = np.arange(first, first + len(logits))
        self._rows["logit"] = logits
        kind = ctypes.POINTER(llama.llama_token_data)
        self._array = llama.llama_token_data_array(
            self._rows.ctypes.data_as(kind), len(self._rows), _NOBODY, False
        )

    @property
    def pointer(self) -> Any:
        """What the library's functions take; valid as long as this lives."""
        return ctypes.byref(self._array)

    @property
    def selected(self) -> int:
        """The token that a chain chose."""
        return int(self._array.data[self._array.selected].id)

    @property
    def heard(self) -> list[int]:
        """Those that can still be chosen."""
        ids: list[int] = self._rows["id"][self._rows["logit"] > -float("inf")].tolist()
        return ids


class Grammar:
    """Holds a reply to a JSON schema; raises UsageError for one that cannot be held to.

    It ends when the value is whole: then the model's end of a reply is all it allows.
    """

    def __init__(self, model: Model, schema: str) -> None:
        grammar = gbnf_of(schema).encode()
        self._sampler = llama.llama_sampler_init_grammar(model.vocab, grammar, b"root")
        if not self._sampler:  # put into a chain unseen, it would end the process
            raise UsageError(
                say("the engine can make no grammar of the schema"), hint=say("a simpler schema")
            )

    def allows(self, token: int) -> bool:
        """Whether the reply may go on with this token."""
        alone = Candidates([0.0], first=token)
        self.silence(alone)
        return bool(alone.heard)

    def silence(self, candidates: Candidates) -> None:
        """Leave to be chosen only what the reply may go on with."""
        llama.llama_sampler_apply(self._sampler, candidates.pointer)

    def accept(self, token: int) -> None:
        """The reply went on with this token, which must be allowed."""
        llama.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Give it back."""
        if self._sampler:
            llama.llama_sampler_free(self._sampler)
            self._sampler = None
