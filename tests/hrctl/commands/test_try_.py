"""`hr try`: one small request, told."""

import json

from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon
from tests.hrctl.fake_endpoint import said, serving
from tests.hrctl.routed import route


def test_a_prompt_goes_out_as_a_programs_request(daemon: FakeDaemon, hr: Hr) -> None:
    with serving() as endpoint:
        route(daemon, endpoint)
        endpoint.says(200, said())
        ran = hr("try", "Are you there?", "--model", "groq")
        assert endpoint.asked == [
            {"model": "groq", "messages": [{"role": "user", "content": "Are you there?"}], "max_tokens": 256}
        ]
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Hello.\n\nRoute: groq/large with groq-1a2b3c4d, after gemini/flash (rate limited)\n")


def test_without_a_model_the_router_chooses_and_programs_get_json(daemon: FakeDaemon, hr: Hr) -> None:
    with serving() as endpoint:
        route(daemon, endpoint)
        endpoint.says(200, said())
        shown = json.loads(hr("try", "--json").out)
        assert endpoint.asked[0]["model"] == "hermes-router"
    assert (shown["status"], shown["text"], shown["request_id"]) == (200, "Hello.", "req-1")
    assert shown["exchange"]["provider"] == "groq"


def test_a_refusal_is_exit_one_with_the_next_step(daemon: FakeDaemon, hr: Hr) -> None:
    with serving() as endpoint:
        route(daemon, endpoint)
        endpoint.says(503, {"error": {"message": "Nobody has a key.\nAdd one with: hr auth add groq"}})
        ran = hr("try")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "hr: refused with 503: Nobody has a key. Add one with: hr auth add groq\n"
        "    see who was asked and why not: hr why req-1\n"
    )


def test_nobody_there_is_exit_three(hr: Hr) -> None:
    assert hr("try").code == 3
