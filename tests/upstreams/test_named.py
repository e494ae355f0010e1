"""The emulated provider as a process of its own, and the names of its behaviours."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import httpx2
import pytest
import trio

from tests.upstreams import Answer
from tests.upstreams.asked import Asked
from tests.upstreams.chat import Chat
from tests.upstreams.conversing import CHAT
from tests.upstreams.named import NAMED, behaviour_named, in_turn
from tests.upstreams.recorded import RECORDED
from tests.upstreams.render import render
from tests.upstreams.steps import Send


@pytest.mark.parametrize("name", [*NAMED, *RECORDED, "500"])
def test_every_name_can_be_performed(name: str) -> None:
    asked = Asked("POST", "/v1/chat/completions", (), b'{"model":"m","stream":true}', 0.0, 1)
    behaviour = in_turn([name])(asked)
    sent = b"".join(step.data for step in render(behaviour, asked, Chat()) if isinstance(step, Send))

    assert sent.startswith(b"HTTP/1.1 ") == (name not in ("hang", "close", "reset", "garbage"))


def test_a_name_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no behaviour is called 'finee'; there are fine, slow"):
        behaviour_named("finee")


def test_names_are_taken_in_turn_again_and_again() -> None:
    asked = Asked("POST", "/v1/chat/completions", (), b"{}", 0.0, 1)
    behave = in_turn(["fine", "500"])

    assert [isinstance(behave(asked), Answer) for _ in range(4)] == [True, False, True, False]


async def test_a_process_prints_its_port_and_counts_what_it_saw(tmp_path: Path) -> None:
    count_file = tmp_path / "count"
    arguments = [sys.executable, "-m", "tests.upstreams", "--behave", "fine", "--behave", "GROQ_TPM", "--behave", "hang"]
    root = Path(__file__).parents[2]
    counting = [*arguments, "--count-file", str(count_file)]
    async with trio.open_nursery() as nursery:
        run = partial(trio.run_process, counting, stdout=subprocess.PIPE, cwd=root, check=False)
        process = await nursery.start(run)
        port = int(await process.stdout.receive_some(16))
        async with httpx2.AsyncClient(trust_env=False, verify=False, headers={"authorization": "Bearer test-key-1"}) as client:
            url = f"http://127.0.0.1:{port}/v1/chat/completions"
            assert (await client.post(url, json=CHAT)).status_code == 200
            assert (await client.post(url, json=CHAT)).status_code == 429
            with pytest.raises(httpx2.ReadTimeout):
                await client.post(url, json=CHAT, timeout=0.05)
        process.kill()

    assert count_file.read_bytes() == b"..."
