"""The only module that imports llama_cpp: checked, started once, its log kept to itself."""

from __future__ import annotations

import ctypes
import os
from collections import deque
from functools import cache
from typing import Any

# An abort inside ggml would otherwise fork a debugger for a backtrace; read when the library loads.
os.environ["GGML_NO_BACKTRACE"] = "1"

import llama_cpp

llama: Any = llama_cpp

BINDING = "0.3.36"
# A layout that differs from the one these bindings declare is memory corruption, not an error.
_STRUCT_BYTES = {
    "llama_model_params": 80,
    "llama_context_params": 160,
    "llama_batch": 56,
    "llama_sampler_chain_params": 1,
    "llama_token_data": 12,
    "llama_token_data_array": 32,
}

_log: deque[str] = deque(maxlen=200)


def _check_binding() -> None:
    if llama.__version__ != BINDING:
        raise ImportError(f"llama-cpp-python {llama.__version__} found, {BINDING} needed")
    found = {name: ctypes.sizeof(getattr(llama, name)) for name in _STRUCT_BYTES}
    if found != _STRUCT_BYTES:
        raise ImportError(f"struct sizes {found}, {_STRUCT_BYTES} expected")


@llama.llama_log_callback  # type: ignore[untyped-decorator, unused-ignore]
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


def forget_log() -> None:
    """Begin anew, so that an old failure does not explain a later one."""
    _log.clear()


def log_tail() -> str:
    """The library's last words that sound like a failure, for an error message."""
    telling = [line for line in _log if "error" in line.lower() or "fail" in line.lower()]
    return telling[-1][:300] if telling else ""
