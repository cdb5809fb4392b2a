"""What the kernel says of a process and of the machine."""

from __future__ import annotations

import os
import platform
import resource
import time
from dataclasses import dataclass
from pathlib import Path

_CPU_CLOCK_OF_A_PROCESS = 2
"""How the kernel names it: the pid inverted and shifted, with this below (clock_getcpuclockid(3))."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes of one process."""

    resident: float
    private: float
    """Without what it shares with other processes, such as code of libraries."""


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used so far: all its threads, user and system, to the nanosecond.

    The same sum as in ``/proc/PID/stat``, which has it in hundredths of a second.
    """
    return time.clock_gettime(~pid << 3 | _CPU_CLOCK_OF_A_PROCESS)


def memory(pid: int) -> Memory:
    """What a process takes now."""
    sizes: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0])
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return Memory(sizes["Rss"] / 1024, private / 1024)


def busy_s() -> float:
    """Seconds of CPU that everything on this machine has used since it was started, its host's share included."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()
    user, nice, system, _idle, _waiting, *interrupts = map(int, fields[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def own_s() -> float:
    """What this process and those of its children that have ended have used of it."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def description() -> dict[str, object]:
    """What it was measured on."""
    about = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in about if line.startswith("model name")]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": names[0] if names else platform.machine(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
