"""The lock of a renewal."""

from pathlib import Path

import pytest
import trio

from hrd.upstream.accounts.lock import RenewalLock

pytestmark = pytest.mark.usefixtures("virtual_time")


async def test_one_at_a_time_in_turn(tmp_path: Path, nursery: trio.Nursery) -> None:
    first, second = RenewalLock(tmp_path / "lock"), RenewalLock(tmp_path / "lock")
    assert await first.take(1.0) == ""
    taken: list[float] = []

    async def wait() -> None:
        assert await second.take(60.0) == ""
        taken.append(trio.current_time())

    nursery.start_soon(wait)
    await trio.sleep(5)
    assert taken == []
    first.release()
    first.release()
    await trio.sleep(1)
    assert taken == [pytest.approx(5.0, abs=0.1)]
    second.release()


async def test_who_does_not_get_it_hears_why_and_can_try_again(tmp_path: Path) -> None:
    first, second = RenewalLock(tmp_path / "lock"), RenewalLock(tmp_path / "lock")
    assert await first.take(1.0) == ""
    assert "another process" in await second.take(1.0)
    second.release()
    first.release()
    assert await second.take(1.0) == ""
    second.release()


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    lock = RenewalLock(tmp_path / "none" / "lock")
    assert (await lock.take(1.0)).endswith("No such file or directory")
    lock.release()


async def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    lock = RenewalLock(tmp_path / "lock")
    assert await lock.take(1.0)
    lock.release()
    assert not (tmp_path / "elsewhere").exists()
