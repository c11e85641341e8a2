"""The weights, mapped into memory, and their vocabulary."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cached_property

from edge.core.errors import BadModelFile, EngineDied
from edge.core.say import say
from edge.engine.edge.capi.binding import (
    can_offload,
    forget_log,
    llama,
    log_tail,
    start_backend,
)

# llama_token_attr, from llama.h: text never merges across tokens of these kinds.
_CONTROL = 1 << 3
_USER_DEFINED = 1 << 4


class Model:
    """Weights mapped into memory, with their vocabulary.

    Raises BadModelFile when the library refuses the file. `on_progress` gets
    the fraction loaded, 0 to 1. With `repack` a second copy of the weights is
    made in a layout that some CPUs read faster.
    """

    def __init__(
        self,
        path: str,
        *,
        gpu: bool = False,
        repack: bool = False,
        vocab_only: bool = False,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> None:
        start_backend()
        forget_log()

        def progress(fraction: float, _data: object) -> bool:
            on_progress(fraction)
            return True

        params = llama.llama_model_default_params()
        params.n_gpu_layers = -1 if gpu and can_offload() else 0
        params.use_extra_bufts = repack
        params.vocab_only = vocab_only
        params.progress_callback = llama.llama_progress_callback(progress)
        self.handle = llama.llama_model_load_from_file(os.fsencode(path), params)
        if not self.handle:
            raise BadModelFile(
                say(
                    "the engine could not load {path!r}: {why}",
                    path=path,
                    why=log_tail() or say("no reason given"),
                ),
                hint=say("edge verify, or another quant from: edge models"),
            )
        self.vocab = llama.llama_model_get_vocab(self.handle)
        self._piece_buffer = ctypes.create_string_buffer(512)
        self._pieces: dict[int, bytes] = {}
        self.n_vocab: int = llama.llama_vocab_n_tokens(self.vocab)

    @property
    def recurrent(self) -> bool:
        """Whether part of the state cannot be rolled back; asked of the model, not its name."""
        asked = (llama.llama_model_is_recurrent, llama.llama_model_is_hybrid)
        return any(is_so(self.handle) for is_so in asked)

    def tokenize(self, text: str, *, control: bool = False) -> list[int]:
        """Token ids of a text; with `control` the names of control tokens count as such."""
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 8  # a byte-level vocabulary never needs more tokens than bytes
        ids = (llama.llama_token * room)()
        n = llama.llama_tokenize(self.vocab, raw, len(raw), ids, room, False, control)
        if n < 0:
            raise EngineDied(
                say(
                    "{n_bytes} bytes of text need {n} tokens, {room} were expected",
                    n_bytes=len(raw),
                    n=-n,
                    room=room,
                )
            )
        return list(ids[:n])

    def piece(self, token: int) -> bytes:
        """The exact bytes of a token, none for a control token."""
        # Every turn asks for the whole tape's: a call to the library costs ten times a look.
        if (known := self._pieces.get(token)) is None:
            known = self._pieces[token] = self._read_piece(token)
        return known

    def _read_piece(self, token: int) -> bytes:
        buffer = self._piece_buffer
        n = llama.llama_token_to_piece(self.vocab, token, buffer, len(buffer), 0, False)
        if n >= 0:
            return buffer.raw[:n]
        self._piece_buffer = ctypes.create_string_buffer(-n)  # the longest token so far
        return self._read_piece(token)

    def is_end(self, token: int) -> bool:
        """Whether the model ends its reply with this token."""
        return bool(llama.llama_vocab_is_eog(self.vocab, token))

    @cached_property
    def boundaries(self) -> dict[int, str]:
        """Control and user-defined tokens with their names; text never merges across them."""
        vocab, kinds = self.vocab, _CONTROL | _USER_DEFINED
        attr, name = llama.llama_vocab_get_attr, llama.llama_vocab_get_text
        ids = (token for token in range(self.n_vocab) if attr(vocab, token) & kinds)
        return {token: name(vocab, token).decode("utf-8", "replace") for token in ids}

    def close(self) -> None:
        """Unmap the weights; contexts made from them must be closed before."""
        if self.handle:
            llama.llama_model_free(self.handle)
            self.handle = None
