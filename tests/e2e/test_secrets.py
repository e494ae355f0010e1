"""Keys are planted wherever keys may stand; everything is run; then everything that came out is searched for them."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
import trio

from tests.e2e.daemon import Router, running, wait_until
from tests.e2e.restarts import at_work_in
from tests.upstreams import Answer, Asked, Events, Status, Upstream
from tests.upstreams.behaviours import Behaviour

pytestmark = pytest.mark.e2e

MARK: Final = b"planted"
"""Stands in every planted key, and in nothing else that this test says."""
OURS: Final = "sk-router-planted-not-a-key-1"
OURS_IN_AUTH: Final = "sk-router-planted-not-a-key-2"
WRONG: Final = "sk-router-planted-not-a-key-wrong"
GROQ: Final = ("gsk_planted-not-a-key-of-real-length-1", "gsk_planted-not-a-key-of-real-length-2")
MISTRAL: Final = "Planted/planted+not=a-key-3"
NVIDIA: Final = "nvapi-planted-not-a-key-4"
AUTH: Final[dict[str, Any]] = {
    "providers": {"groq": list(GROQ)},
    "credential_info": {},
    "codex_accounts": [
        {"account_id": "acct_test-1", "access_token": "eyJplanted.not-a-key.5", "refresh_token": "rt_planted-not-a-key-6"}
    ],
    "proxy_keys": {OURS_IN_AUTH: {"name": "laptop", "rpm": 0}},
}
HOLDERS: Final = {"auth.json", ".env", "config.toml"}
"""Where keys may stand: where the user put them."""
ENDINGS: Final = (401, 403, 402, 429, 400, 404, 413, 422, 500, 503, 200)

COMMANDS: Final = (
    *(
        ("status",),
        ("auth", "list"),
        ("mode",),
        ("model", "list"),
        ("key", "list"),
        ("usage",),
        ("quota",),
        ("logs",),
        ("version",),
    ),
    *(("model", "list", "groq"), ("auth", "list", "mistral"), ("auth", "remove", "mistral", "1"), ("key", "revoke", "nobody")),
    *(("reset", "--all"), ("reset", "groq"), ("mode", "sequential", "--provider", "groq"), ("auth", "add", GROQ[0])),
    *(("auth", "add", "groq", GROQ[0]), ("auth", "add", "groq", "--key", GROQ[0]), ("auth", "remove", GROQ[0])),
    *(("why", "req-nobody-1"), ("key", "create", "laptop"), ("no-such-command",), ("--help",), ()),
)


def leaky(asked: Asked) -> Behaviour:
    """Whatever is refused, the key that came with it stands in the body and in the headers."""
    status = str(asked.json["messages"][0]["content"]) if not asked.is_embedding else "200"
    key = asked.key or ""
    said = f"Incorrect API key provided: {key}. (Authorization: Bearer {key}; {json.dumps(dict(asked.headers))})"
    error = {
        "message": said,
        "type": "invalid_request_error",
        "param": key,
        "code": "bad",
        "metadata": {"raw": said, key: [key]},
    }
    headers = [
        ("x-echo", key),
        ("x-request-id", key),
        ("retry-after", "1"),
        ("set-cookie", f"key={key}"),
        ("location", f"/?key={key}"),
    ]
    match status:
        case "stream breaks":
            word = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "half"}}]}
            return Events([word, 0.05, {"error": error}], headers=headers)
        case "html":
            return Status(502, f"<html>{said}</html>".encode(), headers, content_type="text/html")
        case "escaped":
            body = json.dumps({"error": error}).replace("/", "\\/").replace("+", "\\u002b").replace("gsk_", "\\u0067sk_")
            return Status(400, body.encode(), headers)
        case "type":
            return Status(200, said.encode(), headers, content_type=f"text/{key}")
        case "fine":
            return Answer("fine", headers=headers)
        case _:
            return Status.json(int(status), {"error": error}, headers)


async def test_no_secret_shows_anywhere(tmp_path: Path) -> None:
    shown: dict[str, bytes] = {}
    async with Upstream(leaky, rules=None) as upstream:
        router = _planted(tmp_path, upstream.base_url)
        try:
            await router.start("--demo")
            await _ask_everything(router, shown)
            made = await router.hr("key", "create", "made-here", "--json")
            await _command_everything(router, shown)
            shown["processes"] = b"\0".join(_command_lines(tmp_path))
            assert b"hrd" in shown["processes"]
            for name in (".env", "config.toml", "auth.json"):
                await _break_and_mend(router, name, shown)
            router.kill()
            await router.start()
            shown["status after a crash"] = (await router.control("GET", "/v1/status")).content
            assert await router.stop() == 0
        finally:
            if router.process is not None and router.process.poll() is None:
                router.kill()
    await _start_with_a_key_in_the_wrong_place(router)

    shown["log"] = router.log.encode()
    revealed = json.loads(made.stdout)["key"].encode()
    files = {f"file {path.name}": data for path, data in _files(tmp_path)}
    assert {"file hrd.db", "file stderr.log"} <= files.keys()
    assert len(shown) > 80
    leaks = [leak for where, data in (shown | files).items() for leak in _leaks(where, data, revealed)]
    assert not leaks, "\n".join(leaks)
    assert "Traceback" not in router.log
    assert {asked.key for asked in upstream.asked} >= {*GROQ, MISTRAL, NVIDIA}, "not every key was used"


def _leaks(where: str, data: bytes, *secrets: bytes) -> Iterator[str]:
    for secret in (MARK, *secrets):
        at = data.lower().find(secret.lower())
        if at >= 0:
            yield f"{where}: …{data[max(0, at - 160) : at + 60]!r}…"


def _planted(home: Path, base_url: str) -> Router:
    router = Router(
        home,
        {
            **dict.fromkeys(("MISTRAL_BASE_URL", "NVIDIA_BASE_URL"), base_url),
            "NVIDIA_API_KEY": NVIDIA,
            "NVIDIA_EMBED_MODEL": "test-embeddings",
            "PROXY_API_KEYS": OURS,
            "MAX_WAIT_SECONDS": "0",
        },
    )
    router.write_auth(AUTH)
    router.write_dotenv(f"MISTRAL_API_KEY={MISTRAL}\nLOG_LEVEL=DEBUG\nGROQ_BASE_URL={base_url}\n")
    (home / "config.toml").write_text('[providers.nvidia.headers]\nx-gateway-token = "planted-not-a-key-7"\n')
    return router


async def _ask_everything(router: Router, shown: dict[str, bytes]) -> None:
    """Every endpoint, every ending, whole and stream, with good keys and with wrong ones."""
    async with router.client(OURS) as client:
        for ending in [*map(str, ENDINGS), "stream breaks", "html", "escaped", "type", "fine"]:
            for stream in (False, True):
                for model in ("groq", "mistral", "nvidia", "hermes-router"):
                    body = {"model": model, "messages": [{"role": "user", "content": ending}], "stream": stream}
                    answer = await client.post("/v1/chat/completions", json=body)
                    shown[f"{ending} of {model}, {stream=}"] = _whole(answer)
                await router.control("POST", "/v1/reset", {"all": True})
        shown["embeddings"] = _whole(await client.post("/v1/embeddings", json={"model": "hermes-router", "input": "x"}))
        for path in ("/v1/models", "/v1/status", "/v1/usage", "/metrics", "/health", f"/v1/models/{GROQ[0]}", f"/v1/{GROQ[0]}"):
            shown[path] = _whole(await client.get(path))
        named = {"model": f"groq:{GROQ[0]}", "messages": [{"role": "user", "content": "400"}]}
        shown["a key for a model"] = _whole(await client.post("/v1/chat/completions", json=named))
        broken = '{"model": "' + GROQ[0] + '", "messages": "' + MISTRAL + '"}'
        shown["a key in a bad body"] = _whole(await client.post("/v1/chat/completions", content=broken))
    for header in ({"authorization": f"Bearer {WRONG}"}, {"x-api-key": WRONG}, {"authorization": f"Basic {WRONG}"}, {}):
        async with router.client() as client:
            for path in ("/v1/models", "/v1/status", f"/v1/usage?key={WRONG}"):
                shown[f"{path} with {sorted(header)}"] = _whole(await client.get(path, headers=header))
            answer = await client.post("/v1/chat/completions", headers=header, json={})
            shown[f"chat with {sorted(header)}"] = _whole(answer)
            assert answer.status_code == 401


def _whole(answer: Any) -> bytes:
    return b"".join(name + b": " + value + b"\n" for name, value in answer.headers.raw) + bytes(answer.content)


async def _command_everything(router: Router, shown: dict[str, bytes]) -> None:
    """Every command of `hr`, for people and with --json; several at once, as each takes its time to start."""
    added = await router.hr("auth", "add", "openrouter", "--key-stdin", stdin="sk-or-planted-not-a-key-8\nodd planted\n")
    shown["auth add"] = added.stdout + added.stderr
    limiter = trio.CapacityLimiter(2)

    async def run(arguments: tuple[str, ...]) -> None:
        async with limiter:
            done = await router.hr(*arguments)
        shown[f"hr {arguments}"] = done.stdout + done.stderr

    async with trio.open_nursery() as nursery:
        for command in COMMANDS:
            nursery.start_soon(run, command)
            if command and command[0] != "--help":
                nursery.start_soon(run, (*command, "--json"))
    first = json.loads(shown["hr ('logs', '--json')"])["exchanges"][0]["request_id"]
    await run(("why", first))
    await run(("why", first, "--json"))


def _command_lines(home: Path) -> Iterator[bytes]:
    """What `ps` shows of every process that was started there: what others on this machine say is not ours."""
    for pid in at_work_in(home):
        with suppress(OSError):
            yield Path(f"/proc/{pid}/cmdline").read_bytes()


async def _break_and_mend(router: Router, name: str, shown: dict[str, bytes]) -> None:
    """A file that cannot be read any more, with keys in what is wrong."""
    path = router.home / name
    good = _exchanged(path, lambda text: _broken(name, text))
    router.signal(signal.SIGHUP)
    await wait_until(lambda: _is_warned(router))
    shown[f"status with a bad {name}"] = (await router.control("GET", "/v1/status")).content
    done = await router.hr("auth", "add", "groq", "--key-stdin", stdin="gsk_planted-not-a-key-9\n")
    shown[f"auth add with a bad {name}"] = done.stdout + done.stderr
    _exchanged(path, lambda _: good)
    router.signal(signal.SIGHUP)

    async def is_mended() -> bool:
        return not await _is_warned(router)

    await wait_until(is_mended)


def _broken(name: str, good: str) -> str:
    if name == ".env":
        return f"{good}LOG_LEVEL={GROQ[0]}\nGROQ_BASE_URL=http://user:{GROQ[1]}@127.0.0.1/v1?key={GROQ[1]}\n"
    if name == "config.toml":
        settings = f'[settings]\nMISTRAL_API_KEY = "{GROQ[0]}"\nLOG_LEVEL = "{GROQ[1]}"'
        return f"{good}\n{settings}\n[providers.{GROQ[0]}]\na = 1\n"
    return json.dumps({**AUTH, "proxy_keys": {OURS_IN_AUTH: {"name": "laptop", "rpm": GROQ[0]}}})


def _exchanged(path: Path, change: Callable[[str], str]) -> str:
    """What stood in the file before it was changed."""
    before = path.read_text()
    path.write_text(change(before))
    return before


async def _is_warned(router: Router) -> bool:
    return any("the last good settings hold" in line for line in (await router.status())["warnings"])


async def _start_with_a_key_in_the_wrong_place(router: Router) -> None:
    """Errors of a start that fails; they stand in the log."""
    router.spawn("--check-config", HOST=GROQ[0], LOG_LEVEL=NVIDIA, GROQ_BASE_URL=f"http://a:{GROQ[0]}@127.0.0.1:1/v1")
    assert await router.wait_ended() == 2


async def test_the_key_that_is_made_at_first_start_is_shown_only_on_request(tmp_path: Path) -> None:
    async with running(tmp_path, LOG_LEVEL="DEBUG") as router:
        key = router.key
        shown = [(await router.hr(*command)).stdout for command in (("key", "list"), ("key", "list", "--json"), ("status",))]
        revealed = (await router.hr("key", "list", "--reveal")).stdout
        assert (await router.chat()).status_code == 503
    assert key.startswith("sk-router-")
    assert key.encode() in revealed
    assert _free_of(key.encode(), [*shown, router.log.encode(), *(data for _, data in _files(tmp_path))])
    assert (tmp_path / "auth.json").stat().st_mode & 0o777 == 0o600


def _files(home: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file but those in which keys may stand."""
    return ((path, path.read_bytes()) for path in home.rglob("*") if path.is_file() and path.name not in HOLDERS)


def _free_of(secret: bytes, texts: Iterable[bytes]) -> bool:
    return not any(secret in text for text in texts)
