"""The database: as the daemon that writes it says, or as it lies there."""

from collections.abc import Iterator
from pathlib import Path

from hrd.admin.doctor.finding import fine, odd, wrong
from hrd.admin.wire.doctor import Finding
from hrd.store.contract import StoreHealth
from hrd.store.soundness import what_is_broken

SUBJECT = "database"


def database_in_use(health: StoreHealth) -> Iterator[Finding]:
    if health.state != "ok":
        yield wrong(SUBJECT, f"{health.message}; {health.waiting}", "make room, or make it writable: it goes on by itself")
    else:
        yield fine(SUBJECT, f"{health.path}, {health.bytes_on_disk >> 10:,} KiB")
    if health.moved_aside:
        yield odd(SUBJECT, f"a damaged one was found at start and stands at {health.moved_aside}", "keep it, or remove it")


def database_at_rest(path: Path) -> Finding:
    if not path.exists():
        return fine(SUBJECT, f"{path} is made at the first start")
    if broken := what_is_broken(path):
        return odd(
            SUBJECT, f"{path} is damaged ({broken}): hrd will move it aside and start afresh", f"keep a copy: cp {path}* ~"
        )
    return fine(SUBJECT, f"{path} is whole")
