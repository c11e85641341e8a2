"""Take the network and the core dump away from this process, where the kernel allows it."""

from __future__ import annotations

import ctypes
import sys

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def leave_network() -> bool:
    """Move this process into an empty network namespace; says whether it is in one.

    Needs Linux with unprivileged user namespaces, or root. Must run before the
    first thread starts: the kernel refuses a new user namespace after that.
    """
    if sys.platform != "linux":
        return False
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return any(unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def forbid_core_dumps() -> None:
    """A core file would hold the conversation."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
