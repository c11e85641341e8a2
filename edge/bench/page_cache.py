"""What of a file is in memory already, whoever brought it there, and how to be rid of it."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from pathlib import Path

from edge.core.errors import UsageError
from edge.core.say import say


def forget_cached(path: Path) -> int:
    """Drop a file from the page cache; returns the bytes that stayed.

    Pages stay while any process maps them and has touched them, and where the
    file system is memory itself. What stays is charged to whoever read it first:
    for others it is free, and a limit around them says nothing of it.
    """
    if sys.platform != "linux":
        raise UsageError(
            say("only Linux can drop a file from memory"), hint=say("run this on Linux")
        )
    with path.open("rb") as file:
        os.fsync(file.fileno())  # what is not written yet cannot be dropped
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return cached_bytes(path)


def cached_bytes(path: Path) -> int:
    """Bytes of a file, in whole pages, that are in the page cache now (mincore(2)).

    The kernel tells the file's owner and those who may write it; others are told "all".
    """
    size = path.stat().st_size
    if not size:
        return 0
    resident = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
    # A private copy, none of it touched: only such a mapping gives its address away.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as view:
        start = ctypes.c_char.from_buffer(view)
        library = ctypes.CDLL(None, use_errno=True)
        length = ctypes.c_size_t(size)
        failed = library.mincore(ctypes.byref(start), length, resident)
        del start  # a mapping that is pointed at cannot be closed
    if failed:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    return bytes(resident).count(1) * mmap.PAGESIZE
