"""How many cores are worth a thread: fast ones, each once, within affinity and quota."""

from __future__ import annotations

import re
from pathlib import Path

from edge.device.cgroups import cpu_quotas
from edge.device.files import read_number, read_text

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def count_cores(root: Path, cpus: frozenset[int]) -> int:
    """Physical performance cores among `cpus`, cut to whole cores of the quota, at least one.

    Two threads on one core, more threads than the quota lets run, or one that
    the others wait for: each slows decoding down. Hence the smallest of all counts.
    """
    topology = root / "sys/devices/system/cpu"
    cores = {
        read_text(topology / f"cpu{cpu}/topology/thread_siblings_list") or str(cpu)
        for cpu in performance_cpus(root, cpus)
    }
    return max(1, min([len(cores), *map(int, cpu_quotas(root))]))


def performance_cpus(root: Path, cpus: frozenset[int]) -> frozenset[int]:
    """The fast ones among `cpus`; all of them where there is one kind, or nobody tells.

    Intel's hybrid CPUs name theirs (Linux, tools/perf/Documentation/intel-hybrid.txt).
    Elsewhere `cpu_capacity` says what a CPU can do beside the fastest, that one
    being 1024 (Documentation/scheduler/sched-capacity.rst); less than half of the
    best we may use is slow, for a step ends when its slowest thread does.
    """
    if named := parse_cpu_list(read_text(root / "sys/devices/cpu_core/cpus")):
        return named & cpus or cpus
    topology = root / "sys/devices/system/cpu"
    told = {cpu: read_number(topology / f"cpu{cpu}/cpu_capacity") for cpu in cpus}
    capacities = {cpu: capacity for cpu, capacity in told.items() if capacity is not None}
    best = max(capacities.values(), default=0)
    return cpus - {cpu for cpu, capacity in capacities.items() if capacity * 2 < best}


def parse_cpu_list(text: str) -> frozenset[int]:
    """The CPUs of a list as the kernel writes it.

    >>> sorted(parse_cpu_list("0-3,16"))
    [0, 1, 2, 3, 16]
    """
    spans = [(int(first), int(last or first)) for first, last in _RANGE.findall(text)]
    return frozenset(cpu for first, last in spans for cpu in range(first, last + 1))
