"""What the machine says: which one it is, and what a process uses of it."""

import os
import platform
from pathlib import Path


def described() -> str:
    """The machine in a line, and how busy others keep it: above one process a core, they are part of every figure."""
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    cores = len(os.sched_getaffinity(0))
    name = names[0] if names else platform.machine()
    load = os.getloadavg()[1]
    return f"{name}, {cores} cores, Linux {platform.release()}, Python {platform.python_version()}, load average {load:.1f}"


def resident_mb(pid: int) -> float:
    """VmRSS of *pid* in megabytes (10⁶ bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(pid)


def cpu_s(pid: int) -> float:
    """User and system time of *pid* so far, its threads included; the kernel counts it in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
