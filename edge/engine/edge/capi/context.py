"""The KV cache: what was read, and the state it leaves behind."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edge.core.errors import ContextFull, DoesNotFit, EngineDied
from edge.core.memory import Layout
from edge.core.say import say
from edge.engine.edge.capi.binding import llama, log_tail
from edge.engine.edge.capi.model import Model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEQUENCE = 0
_DECODE_FULL = 1
_DECODE_ABORTED = 2
_FLASH_OFF, _FLASH_ON = 0, 1  # llama_flash_attn_type, from llama.h
_TYPE_Q8_0 = 8  # ggml_type, from ggml.h
_PARTIAL = 1  # LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY: the part that cannot be rolled back


def _flag_as_abort_callback() -> Any:
    """`strlen` as the abort callback: 0 or 1 over a two-byte flag.

    It is polled after every node of the graph (485 times a token on a 0.5B
    model); a Python callback would take the interpreter lock each time.
    """
    libc = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
    return llama.ggml_abort_callback(ctypes.cast(libc.strlen, ctypes.c_void_p).value)


def _address(values: NDArray[np.uint8]) -> Any:
    """Where the bytes lie, as the library takes it; they must outlive the call."""
    return values.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


class Context:
    """One sequence of tokens in a KV cache of `n_ctx` cells, read in batches of `chunk`."""

    def __init__(self, model: Model, *, n_ctx: int, n_threads: int, layout: Layout) -> None:
        chunk = layout.chunk_tokens
        params = llama.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = n_ctx, chunk, chunk
        # One row of logits: reserving a row per batch token costs 300 MiB instead of 40.
        params.n_outputs_max = 1
        params.n_threads = params.n_threads_batch = n_threads
        # Chosen by measurement, not by the library: without flash a 0.5B decodes a quarter
        # faster at depth 3,000 on x86, and its scores take 30 MiB.
        params.flash_attn_type = _FLASH_ON if layout.flash else _FLASH_OFF
        if layout.kv_q8:
            params.type_k = params.type_v = _TYPE_Q8_0
        self._flag = ctypes.create_string_buffer(2)
        self._abort_callback = _flag_as_abort_callback()
        params.abort_callback = self._abort_callback
        params.abort_callback_data = ctypes.addressof(self._flag)
        self.handle = llama.llama_init_from_model(model.handle, params)
        if not self.handle:
            raise DoesNotFit(
                say(
                    "no memory for a context of {n_ctx} tokens: {why}",
                    n_ctx=n_ctx,
                    why=log_tail() or say("no reason given"),
                ),
                hint=f"edge chat --ctx {max(256, n_ctx // 2)}",
            )
        self._memory = llama.llama_get_memory(self.handle)
        self._batch = (llama.llama_token * chunk)()  # the C batch keeps a pointer to it
        self.n_ctx = n_ctx
        self.chunk = chunk
        self.n_vocab = model.n_vocab

    def decode(self, tokens: Sequence[int]) -> bool:
        """Read at most `chunk` tokens; False when aborted. Raises when the cache is full."""
        self._batch[: len(tokens)] = tokens
        code = llama.llama_decode(self.handle, llama.llama_batch_get_one(self._batch, len(tokens)))
        if code in (0, _DECODE_ABORTED):
            return bool(code == 0)
        if code == _DECODE_FULL:
            raise ContextFull(say("the context of {n_ctx} tokens is full", n_ctx=self.n_ctx))
        raise EngineDied(
            say("the engine failed to read {n} tokens (code {code})", n=len(tokens), code=code)
        )

    def trim(self, n_tokens: int) -> bool:
        """Forget everything from position `n_tokens` on; False when the model cannot."""
        return bool(llama.llama_memory_seq_rm(self._memory, _SEQUENCE, n_tokens, -1))

    def clear(self) -> None:
        """Forget everything."""
        llama.llama_memory_clear(self._memory, True)

    def use_threads(self, writing: int, reading: int) -> None:
        """From the next decode on: for single tokens, and for batches of them."""
        llama.llama_set_n_threads(self.handle, writing, reading)

    @property
    def n_held(self) -> int:
        """Tokens in the cache. After a failure this is the truth for attention models only."""
        return int(llama.llama_memory_seq_pos_max(self._memory, _SEQUENCE)) + 1

    def state_bytes(self, *, partial: bool = False) -> int:
        """What `save` would take now."""
        flags = _PARTIAL if partial else 0
        return int(llama.llama_state_seq_get_size_ext(self.handle, _SEQUENCE, flags))

    def save(self, *, partial: bool = False) -> memoryview:
        """The sequence's state; `partial` leaves out what trimming can bring back.

        No logits are in it: a token must be read before one is drawn.
        """
        import numpy as np

        flags, size = _PARTIAL if partial else 0, self.state_bytes(partial=partial)
        # Not zeroed first: with Qwen3 at 4,096 tokens these are 450 MiB.
        state = np.empty(size, dtype=np.uint8)
        n = llama.llama_state_seq_get_data_ext(self.handle, _address(state), size, _SEQUENCE, flags)
        if n != size:
            raise EngineDied(
                say("the engine's state is {size} bytes and {n} were given", size=size, n=n)
            )
        return state.data

    def restore(self, state: bytes | memoryview, n_tokens: int, *, partial: bool = False) -> bool:
        """Go back to a state saved at `n_tokens`; False, and then nothing is held.

        State first, trim second, always both: positions alone cannot tell a
        forgotten trim, and the engine would go on with wrong text.
        """
        import numpy as np

        flags, size = _PARTIAL if partial else 0, len(state)
        here = _address(np.frombuffer(state, dtype=np.uint8))
        took = llama.llama_state_seq_set_data_ext(self.handle, here, size, _SEQUENCE, flags)
        if took == size and self.trim(n_tokens) and self.n_held == n_tokens:
            return True
        self.clear()
        return False

    def logits(self) -> NDArray[np.float32]:
        """A view of the last row of logits, valid until the next decode; shape (n_vocab,)."""
        import numpy as np

        row = llama.llama_get_logits_ith(self.handle, -1)
        return np.ctypeslib.as_array(row, shape=(self.n_vocab,))

    def abort(self, wanted: bool) -> None:
        """Make a running decode return, and every later one until `wanted` is False; any thread."""
        self._flag[0] = b"\1" if wanted else b"\0"

    @property
    def aborting(self) -> bool:
        """Whether `abort` is in force."""
        return self._flag[0] == b"\1"

    def close(self) -> None:
        """Give the cache back."""
        if self.handle:
            llama.llama_free(self.handle)
            self.handle = None
