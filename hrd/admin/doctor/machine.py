"""The machine: what we run on, whether its clock can be right, whether its disk has room."""

import ctypes
import platform
import shutil
import ssl
import time
from pathlib import Path
from typing import Final

from hrd import __version__
from hrd.admin.doctor.finding import fine, odd, wrong
from hrd.admin.wire.doctor import Finding
from hrd.store.soundness import SQLITE_VERSION

DAY_S: Final = 86_400.0
TIMEX_BYTES: Final = 512
"""More than `struct timex` has anywhere (208 on 64-bit Linux)."""
UNSYNCHRONISED: Final = 5
"""TIME_ERROR of adjtimex(2)."""
FREE_MIN_BYTES: Final = 64 << 20
FREE_LOW_BYTES: Final = 1 << 30
SET_CLOCK: Final = "have it kept right: sudo timedatectl set-ntp true"


def program() -> Finding:
    versions = (f"Python {platform.python_version()}", f"SQLite {SQLITE_VERSION}", ssl.OPENSSL_VERSION)
    return fine("program", f"hrd {__version__}, {', '.join(versions)}")


def installed_at() -> float:
    """When this program was written to the disk: the clock cannot be earlier."""
    return Path(__file__).stat().st_mtime


def clock(now: float, earliest: float, *, is_kept: bool) -> Finding:
    """*is_kept*: somebody compares it with others."""
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    if now < earliest - DAY_S:
        since = time.strftime("%Y-%m-%d", time.gmtime(earliest))
        return wrong("clock", f"it says {shown}, but this program was installed on {since}: no certificate is good", SET_CLOCK)
    if not is_kept:
        return odd("clock", f"it says {shown}, and nobody keeps it right: quota windows turn by it", SET_CLOCK)
    return fine("clock", f"{shown}, kept right")


def is_clock_kept() -> bool:
    """What the kernel knows of it (adjtimex(2) without changing anything); where it does not say, yes."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return True
    return int(adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))) != UNSYNCHRONISED


def disk(folder: str) -> Finding:
    """Whether what is kept in *folder*, or will be, has room."""
    there = next(path for path in (Path(folder), *Path(folder).parents) if path.exists())
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        return wrong("disk", f"{there} cannot be looked at: {error.strerror or error}", f"see: ls -ld {there}")
    shown = f"{free >> 20:,} MiB free for {folder}"
    if free < FREE_MIN_BYTES:
        return wrong("disk", f"only {shown}: what is spent cannot be written down", f"make room: du -xh --max-depth=2 {there}")
    return odd("disk", shown, "make room soon") if free < FREE_LOW_BYTES else fine("disk", shown)
