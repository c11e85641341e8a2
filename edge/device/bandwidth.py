"""How fast this machine reads its memory: what bounds the writing of a reply."""

from __future__ import annotations

import ctypes
import sys
import threading
import time

from edge.core.units import MIB

_PROBE_BYTES = 64 * MIB  # more than the last-level cache of a phone or a laptop
_PROBE_PASSES = 2


def measure_bandwidth(n_cores: int = 1, *, probe_bytes: int = _PROBE_BYTES) -> float:
    """Bytes per second this machine reads from memory with `n_cores` threads.

    Searches a block larger than the caches for a byte that is not in it, with
    the C library's memchr (which lets threads run side by side), and takes the
    faster pass. Takes less than a tenth of a second on an idle machine; a busy
    one reads slower, which is what a model would get there too.
    """
    library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
    find = library.memchr
    find.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
    find.restype = ctypes.c_void_p
    share = probe_bytes // n_cores
    # Filled with ones: untouched zero pages all map to one page, which stays in the cache.
    block = bytearray(b"\1") * probe_bytes
    start = ctypes.addressof(ctypes.c_char.from_buffer(block))
    parts = [(start + i * share, 0, share) for i in range(n_cores)]
    fastest = min(_seconds_for(find, parts) for _ in range(_PROBE_PASSES))
    return share * n_cores / fastest


def _seconds_for(find: ctypes._NamedFuncPointer, parts: list[tuple[int, int, int]]) -> float:
    threads = [threading.Thread(target=find, args=part) for part in parts[1:]]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    find(*parts[0])
    for thread in threads:
        thread.join()
    return time.perf_counter() - began
