"""The only module that touches llama_cpp: its C functions as three small owners.

`Model` owns the weights and the vocabulary, `Context` the KV cache, `Sampler` a
chain that draws tokens. NULL and return codes become our errors here. The
binding's `Llama` class is not used. A context has one owner thread; only
`Context.abort` may be called from another.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

# An abort inside ggml would otherwise fork a debugger for a backtrace; read when the library loads.
os.environ["GGML_NO_BACKTRACE"] = "1"

import llama_cpp as llama

from edge.core.errors import BadModelFile, ContextFull, DoesNotFit, EngineDied
from edge.core.spec import Sampling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BINDING = "0.3.36"
# A layout that differs from the one these bindings declare is memory corruption, not an error.
_STRUCT_BYTES = {
    "llama_model_params": 80,
    "llama_context_params": 160,
    "llama_batch": 56,
    "llama_sampler_chain_params": 1,
}
_PENALTY_WINDOW = 256  # tokens
_SEQUENCE = 0
_DECODE_FULL = 1
_DECODE_ABORTED = 2
# llama_token_attr, from llama.h: text never merges across tokens of these kinds.
_CONTROL = 1 << 3
_USER_DEFINED = 1 << 4

_log: deque[str] = deque(maxlen=200)


def _check_binding() -> None:
    if llama.__version__ != BINDING:
        raise ImportError(f"llama-cpp-python {llama.__version__} found, {BINDING} needed")
    found = {name: ctypes.sizeof(getattr(llama, name)) for name in _STRUCT_BYTES}
    if found != _STRUCT_BYTES:
        raise ImportError(f"struct sizes {found}, {_STRUCT_BYTES} expected")


@llama.llama_log_callback  # type: ignore[untyped-decorator]
def _keep_log(_level: int, text: bytes, _data: object) -> None:
    _log.append(text.decode("utf-8", "replace").rstrip("\n"))


_check_binding()
llama.llama_log_set(_keep_log, None)


@cache
def start_backend() -> None:
    """Start the library once in this process."""
    llama.llama_backend_init()


def system_info() -> str:
    """The CPU features the binding was built with, in the library's own words."""
    start_backend()
    return str(llama.llama_print_system_info().decode())


def can_offload() -> bool:
    """Whether the binding was built for a GPU."""
    return bool(llama.llama_supports_gpu_offload())


def log_tail() -> str:
    """The library's last words that sound like a failure, for an error message."""
    telling = [line for line in _log if "error" in line.lower() or "fail" in line.lower()]
    return telling[-1][:300] if telling else ""


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
                f"the engine could not load {path!r}: {log_tail() or 'no reason given'}",
                hint="edge verify, or another quant from: edge models",
            )
        self._vocab = llama.llama_model_get_vocab(self.handle)
        self._piece_buffer = ctypes.create_string_buffer(512)
        self.n_vocab: int = llama.llama_vocab_n_tokens(self._vocab)

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
        n = llama.llama_tokenize(self._vocab, raw, len(raw), ids, room, False, control)
        if n < 0:
            raise EngineDied(f"{len(raw)} bytes of text need {-n} tokens, {room} were expected")
        return list(ids[:n])

    def piece(self, token: int) -> bytes:
        """The exact bytes of a token, none for a control token."""
        buffer = self._piece_buffer
        n = llama.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        if n >= 0:
            return buffer.raw[:n]
        self._piece_buffer = ctypes.create_string_buffer(-n)  # the longest token so far
        return self.piece(token)

    def is_end(self, token: int) -> bool:
        """Whether the model ends its reply with this token."""
        return bool(llama.llama_vocab_is_eog(self._vocab, token))

    @cached_property
    def boundaries(self) -> dict[int, str]:
        """Control and user-defined tokens with their names; text never merges across them."""
        vocab, kinds = self._vocab, _CONTROL | _USER_DEFINED
        attr, name = llama.llama_vocab_get_attr, llama.llama_vocab_get_text
        ids = (token for token in range(self.n_vocab) if attr(vocab, token) & kinds)
        return {token: name(vocab, token).decode("utf-8", "replace") for token in ids}

    def close(self) -> None:
        """Unmap the weights; contexts made from them must be closed before."""
        if self.handle:
            llama.llama_model_free(self.handle)
            self.handle = None


def _flag_as_abort_callback() -> Any:
    """`strlen` as the abort callback: 0 or 1 over a two-byte flag.

    It is polled after every node of the graph (485 times a token on a 0.5B
    model); a Python callback would take the interpreter lock each time.
    """
    libc = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
    return llama.ggml_abort_callback(ctypes.cast(libc.strlen, ctypes.c_void_p).value)


class Context:
    """One sequence of tokens in a KV cache of `n_ctx` cells, read in batches of `chunk`."""

    def __init__(self, model: Model, *, n_ctx: int, n_threads: int, chunk: int) -> None:
        params = llama.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = n_ctx, chunk, chunk
        # One row of logits: reserving a row per batch token costs 300 MiB instead of 40.
        params.n_outputs_max = 1
        params.n_threads = params.n_threads_batch = n_threads
        self._flag = ctypes.create_string_buffer(2)
        self._abort_callback = _flag_as_abort_callback()
        params.abort_callback = self._abort_callback
        params.abort_callback_data = ctypes.addressof(self._flag)
        self.handle = llama.llama_init_from_model(model.handle, params)
        if not self.handle:
            raise DoesNotFit(
                f"no memory for a context of {n_ctx} tokens: {log_tail() or 'no reason given'}",
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
            raise ContextFull(f"the context of {self.n_ctx} tokens is full")
        raise EngineDied(f"the engine failed to read {len(tokens)} tokens (code {code})")

    def trim(self, n_tokens: int) -> bool:
        """Forget everything from position `n_tokens` on; False when the model cannot."""
        return bool(llama.llama_memory_seq_rm(self._memory, _SEQUENCE, n_tokens, -1))

    def clear(self) -> None:
        """Forget everything."""
        llama.llama_memory_clear(self._memory, True)

    @property
    def n_held(self) -> int:
        """Tokens in the cache. After a failure this is the truth for attention models only."""
        return int(llama.llama_memory_seq_pos_max(self._memory, _SEQUENCE)) + 1

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


class Sampler:
    """Draws tokens as `Sampling` says, from a given seed.

    Penalties see the reply only, never the prompt: a prompt's line breaks and
    control tokens are not repetition.
    """

    def __init__(self, model: Model, sampling: Sampling, seed: int) -> None:
        self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        for link in self._links(model, sampling, seed):
            llama.llama_sampler_chain_add(self._chain, link)

    @staticmethod
    def _links(model: Model, s: Sampling, seed: int) -> list[Any]:
        links: list[Any] = []
        if s.repetition_penalty != 1.0 or s.presence_penalty:
            window, repeat, present = _PENALTY_WINDOW, s.repetition_penalty, s.presence_penalty
            links.append(
                llama.llama_sampler_init_penalties(model.n_vocab, window, repeat, 0.0, present)
            )
        if s.temperature == 0:
            return [*links, llama.llama_sampler_init_greedy()]
        return [
            *links,
            llama.llama_sampler_init_top_k(s.top_k),
            llama.llama_sampler_init_top_p(s.top_p, 1),
            llama.llama_sampler_init_min_p(s.min_p, 1),
            llama.llama_sampler_init_temp(s.temperature),
            llama.llama_sampler_init_dist(seed),
        ]

    def draw(self, context: Context) -> int:
        """The next token after the context's last; remembered for the penalties."""
        return int(llama.llama_sampler_sample(self._chain, context.handle, -1))

    def remember(self, tokens: Sequence[int]) -> None:
        """Count tokens drawn before, in another process, as part of this reply."""
        for token in tokens:
            llama.llama_sampler_accept(self._chain, token)

    def close(self) -> None:
        """Give the chain back."""
        if self._chain:
            llama.llama_sampler_free(self._chain)
            self._chain = None
