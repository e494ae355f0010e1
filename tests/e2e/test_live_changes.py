"""Everything applies at once: files edited by hand, `hr`, signals; what is broken leaves the last good state."""

from __future__ import annotations

import json
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest
import trio

from tests.e2e.daemon import MESSAGES, Router, answered, running, wait_until
from tests.upstreams import Answer, Upstream, free_port

pytestmark = pytest.mark.e2e

QUICK = {"WATCH_SECONDS": "0.1"}
BODY = {"model": "hermes-router", "messages": MESSAGES}


def warning_has(router: Router, *words: str) -> Callable[[], Awaitable[bool]]:
    async def has() -> bool:
        warnings = (await router.status())["warnings"]
        return any(all(word in warning for word in words) for warning in warnings)

    return has


async def test_edits_of_each_file_are_in_force_with_the_settings_as_they_are(tmp_path: Path) -> None:
    """After how many seconds is told on a virtual clock, in tests/hrd/configuration/test_live.py."""
    async with Upstream(Answer("fine")) as upstream, running(tmp_path) as router:

        async def is_all_in_force() -> bool:
            served = (await router.chat()).status_code == 200
            return served and upstream.asked[-1].model == "other-model" and (await router.status())["mode"] == "sequential"

        async def is_keyless() -> bool:
            return (await router.chat()).status_code == 503

        auth = json.loads((tmp_path / "auth.json").read_text())
        router.write_dotenv(f"ROTATION_MODE=sequential\nGROQ_BASE_URL={upstream.base_url}\n")
        router.write_auth(auth | {"providers": {"groq": ["gsk_test-not-a-key-1"]}})
        (tmp_path / "config.toml").write_text('[settings]\nGROQ_MODEL = ["other-model"]\n')
        await wait_until(is_all_in_force)
        router.write_auth(auth)
        await wait_until(is_keyless)


async def test_sighup_reads_again_at_once(tmp_path: Path) -> None:
    async with running(tmp_path, WATCH_SECONDS="3600") as router:
        router.write_dotenv("ROTATION_MODE=sequential\n")
        router.signal(signal.SIGHUP)

        async def is_sequential() -> bool:
            return str((await router.status())["mode"]) == "sequential"

        await wait_until(is_sequential, 1)


async def test_broken_edits_leave_what_was_and_are_shown(tmp_path: Path) -> None:
    async with Upstream(Answer("fine")) as upstream:
        environment = {"GROQ_BASE_URL": upstream.base_url, "GROQ_API_KEY": "gsk_test-not-a-key-1", **QUICK}
        async with running(tmp_path, **environment) as router:
            router.write_dotenv("ROTATION_MODE=sideways\n")
            await wait_until(warning_has(router, "ROTATION_MODE", "sideways", "last good settings hold"))
            shown = (await router.hr("status")).stdout.decode()
            assert "sideways" in shown
            assert answered(await router.chat()) == "fine"
            refused = await router.hr("mode", "sequential")
            assert refused.returncode in (0, 1)
            router.write_dotenv("ROTATION_MODE=sequential\n")

            async def is_sequential() -> bool:
                status = await router.status()
                return str(status["mode"]) == "sequential" and not status["warnings"]

            await wait_until(is_sequential)


async def test_an_auth_file_that_others_can_read_is_refused_with_what_to_type(tmp_path: Path) -> None:
    auth = tmp_path / "auth.json"
    async with running(tmp_path, **QUICK) as router:
        key = router.key
        auth.chmod(0o644)
        await wait_until(warning_has(router, f"chmod 600 {auth}"))
        async with router.client(key) as client:
            assert (await client.get("/v1/models")).status_code == 200
        refused = await router.hr("auth", "add", "groq", "--key-stdin", stdin="gsk_test-not-a-key-of-real-length\n")
        assert refused.returncode == 1
        assert b"chmod 600" in refused.stderr
        auth.chmod(0o600)

        async def is_content() -> bool:
            return not (await router.status())["warnings"]

        await wait_until(is_content)
        assert (
            await router.hr("auth", "add", "groq", "--key-stdin", stdin="gsk_test-not-a-key-of-real-length\n")
        ).returncode == 0
        assert router.key == key
    auth.chmod(0o640)
    router.spawn()
    assert await router.wait_ended() == 2
    assert f"chmod 600 {auth}" in router.log
    assert "Traceback" not in router.log


async def test_another_port_is_listened_on_and_the_old_one_is_left(tmp_path: Path) -> None:
    first, second = free_port(), free_port()
    Router(tmp_path, {}).write_dotenv(f"PORT={first}\n")
    async with running(tmp_path, PORT="", **QUICK) as router:
        assert router.endpoint == f"http://127.0.0.1:{first}"
        router.write_dotenv(f"PORT={second}\n")
        await wait_until(lambda: _answers(second))
        await wait_until(lambda: _is_closed(first))
        assert (await router.status())["endpoint"] == f"http://127.0.0.1:{second}"

        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        async with listeners[0]:
            taken = listeners[0].socket.getsockname()[1]
            router.write_dotenv(f"PORT={taken}\n")
            await wait_until(warning_has(router, "cannot listen", str(taken)))
            assert await _answers(second)
        router.write_dotenv(f"PORT={second}\n")

        async def is_content() -> bool:
            return not (await router.status())["warnings"]

        await wait_until(is_content)


async def test_another_host_with_the_same_port_is_listened_on(tmp_path: Path) -> None:
    port = free_port()
    async with running(tmp_path, PORT=str(port), **QUICK) as router:
        router.write_dotenv("HOST=0.0.0.0\n")
        await wait_until(lambda: _answers(port, "127.0.0.2"))
        router.write_dotenv("HOST=192.0.2.1\n")
        await wait_until(warning_has(router, "cannot listen on 192.0.2.1"))
        assert await _answers(port, "127.0.0.2")
        router.write_dotenv("HOST=127.0.0.1\n")

        async def is_alone() -> bool:
            return not await _answers(port, "127.0.0.2") and await _answers(port)

        await wait_until(is_alone)


async def _answers(port: int, host: str = "127.0.0.1") -> bool:
    try:
        async with httpx2.AsyncClient(verify=False, trust_env=False) as client:
            return (await client.get(f"http://{host}:{port}/health")).status_code == 200
    except httpx2.TransportError:  # nobody, or somebody who is just leaving
        return False


async def _is_closed(port: int) -> bool:
    return not await _answers(port)


async def test_limits_of_requests_change_live(tmp_path: Path) -> None:
    async with running(tmp_path, **QUICK) as router:

        async def status_of_a_large_one() -> int:
            async with router.client(router.key) as client:
                return (await client.post("/v1/chat/completions", json=BODY | {"user": "x" * 4000})).status_code

        async def is_refused() -> bool:
            return await status_of_a_large_one() == 413

        assert await status_of_a_large_one() == 503
        router.write_dotenv("MAX_REQUEST_BYTES=2048\n")
        await wait_until(is_refused)


async def test_a_running_stream_keeps_what_it_began_with(tmp_path: Path) -> None:
    text = "word " * 40
    async with Upstream(Answer(text, pieces=40, between_s=0.02)) as upstream:
        Router(tmp_path, {}).write_dotenv(f"GROQ_BASE_URL={upstream.base_url}\nGROQ_API_KEY=gsk_test-not-a-key-1\n")
        async with running(tmp_path, **QUICK) as router, trio.open_nursery() as nursery:
            texts: list[str] = []

            async def ask() -> None:
                texts.append(answered(await router.chat(stream=True)))

            nursery.start_soon(ask)

            async def was_asked() -> bool:
                return bool(upstream.asked)

            await wait_until(was_asked)
            router.write_dotenv("# nobody any more\n")

            async def is_gone() -> bool:
                return (await router.chat()).status_code == 503

            await wait_until(is_gone)
            assert texts == []
    assert texts == [text]


async def test_the_first_credential_ends_the_demo_at_once(tmp_path: Path) -> None:
    async with Upstream(Answer("a real one")) as upstream:
        environment = {"GROQ_BASE_URL": upstream.base_url, "WATCH_SECONDS": "3600"}
        async with running(tmp_path, "--demo", **environment) as router:
            demo = await router.chat()
            assert demo.headers["x-hermes-demo"] == "1"
            assert "demo" in answered(demo).lower()
            assert (await router.status())["demo"] is True
            added = await router.hr("auth", "add", "groq", "--key-stdin", stdin="gsk_test-not-a-key-of-real-length\n")
            assert added.returncode == 0
            real = await router.chat()
            assert answered(real) == "a real one"
            assert "x-hermes-demo" not in real.headers
            status = await router.status()
            assert status["demo"] is False
            assert not [row for row in status["providers"] if "demo" in row["name"]]
            removed = await router.hr("auth", "remove", "groq", "1")
            assert removed.returncode == 0
            assert (await router.chat()).status_code in (200, 503)


async def test_a_local_server_is_asked_first_without_a_key(tmp_path: Path) -> None:
    async with Upstream(Answer("from here"), rules=None) as local, Upstream(Answer("from afar")) as free:
        environment = {"GROQ_BASE_URL": free.base_url, "GROQ_API_KEY": "gsk_test-not-a-key-1", **QUICK}
        async with running(tmp_path, **environment) as router:
            assert answered(await router.chat()) == "from afar"
            router.write_dotenv(f"LOCAL_MODEL=tiny\nLOCAL_BASE_URL={local.base_url}\n")

            async def is_local() -> bool:
                return (await router.chat()).headers["x-hermes-provider"] == "local"

            await wait_until(is_local)
            assert answered(await router.chat()) == "from here"
            assert local.asked[-1].model == "tiny"
            router.write_dotenv("# none\n")

            async def is_afar() -> bool:
                return answered(await router.chat()) == "from afar"

            await wait_until(is_afar)


@pytest.mark.parametrize("setting", ["LOCAL_MODEL=tiny", "LOCAL_BASE_URL=http://127.0.0.1:9/v1"])
async def test_either_variable_switches_local_on(tmp_path: Path, setting: str) -> None:
    async with running(tmp_path, **QUICK) as router:
        assert (await router.provider("local"))["state"] == "no key"
        router.write_dotenv(f"{setting}\n")

        async def is_on() -> bool:
            return str((await router.provider("local"))["state"]) == "ready"

        await wait_until(is_on)


async def test_what_hr_changes_holds_for_the_next_request(tmp_path: Path) -> None:
    async with Upstream(Answer("fine")) as upstream:
        environment = {"GROQ_BASE_URL": upstream.base_url, "GROQ_API_KEY": "gsk_test-not-a-key-1", "WATCH_SECONDS": "3600"}
        Router(tmp_path, {}).write_dotenv("# mine\nGROQ_MODEL=old-model  # the old one\nKIMI_MODEL=a\n")
        async with running(tmp_path, **environment) as router:
            assert (await router.hr("model", "set", "groq", "new-model")).returncode == 0
            assert answered(await router.chat()) == "fine"
            assert upstream.asked[-1].model == "new-model"
            made = json.loads((await router.hr("key", "create", "laptop", "--json")).stdout)["key"]
            async with router.client(made) as client:
                assert answered(await client.post("/v1/chat/completions", json=BODY)) == "fine"
                assert (await router.hr("key", "revoke", "laptop")).returncode == 0
                assert (await client.post("/v1/chat/completions", json=BODY)).status_code == 401
    lines = (tmp_path / ".env").read_text().splitlines()
    assert lines[0] == "# mine"
    assert lines[1].startswith("GROQ_MODEL=new-model")
    assert lines[2] == "KIMI_MODEL=a"
