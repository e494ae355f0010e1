"""`hr why`: one request, told."""

import msgspec
import pytest

from hrctl.commands.why import drawn
from hrctl.render import Paper
from hrd.admin.wire.journal import (
    WHY,
    Exchange,
    ExchangeAttempt,
    ExchangePassedOver,
    ExchangeReading,
    ExchangeUsage,
    Why,
)
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon

SERVED = Exchange(
    request_id="req-1",
    at=1_795_000_000.0,
    endpoint="/v1/chat/completions",
    client="client-1a2b3c4d",
    client_name="laptop",
    model_asked="hermes-router",
    stream=True,
    outcome="ok",
    status=200,
    provider="groq",
    model="llama",
    credential="groq-1a2b3c4d",
    usage=ExchangeUsage(
        input_tokens=1_204, output_tokens=380, cached_tokens=1_000, reasoning_tokens=50, source="known", stated_microusd=1_500
    ),
    cost_microusd=1_500,
    first_token_ms=320.0,
    total_ms=1_240.0,
    waited_ms=100.0,
    attempts=(
        ExchangeAttempt(
            provider="gemini",
            model="flash",
            credential="gemini-1a2b3c4d",
            outcome="rate limited",
            status=429,
            message="slow\ndown",
            ms=120.0,
        ),
        ExchangeAttempt(provider="groq", model="llama", credential="groq-1a2b3c4d", outcome="ok", status=200, ms=1_020.0),
    ),
    order=("gemini/flash", "groq/llama"),
    passed_over=(ExchangePassedOver(candidate="mistral/small", why="cooling", until=1_795_000_300.0),),
    notes=("max_tokens clamped to 8192",),
)


def answer(exchange: Exchange) -> Why:
    return Why(now=1_795_000_060.0, exchange=exchange)


def path(request_id: str) -> str:
    return f"/v1/why/{request_id}"


def test_a_request_that_was_served(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(WHY, answer(SERVED), path("req-1"))
    assert hr("why", "req-1").out.splitlines() == [
        "2026-11-18 11:06:40: laptop asked /v1/chat/completions for hermes-router, as a stream (req-1)",
        "Ok (200) by groq/llama with groq-1a2b3c4d, after waiting 100 ms, first token after 320 ms, done after 1.2 s",
        "1,204 tokens in, 1,000 of them cached; 380 tokens out, 50 of them reasoning (known)",
        "Cost: $0.0015, by the provider's own word",
        "",
        "Asked, in this order:",
        "   ASKED         KEY              STATUS  OUTCOME         TOOK  SAID",
        "1  gemini/flash  gemini-1a2b3c4d     429  rate limited  120 ms  slow down",
        "2  groq/llama    groq-1a2b3c4d       200  ok             1.0 s",
        "",
        "Not asked:",
        "CANDIDATE      WHY      UNTIL",
        "mistral/small  cooling  in 4 min",
        "",
        "Ranked, best first:",
        "   CANDIDATE",
        "1  gemini/flash",
        "2  groq/llama",
        "",
        "Changed on the way:",
        "  max_tokens clamped to 8192",
    ]


def test_a_request_that_nobody_was_asked_for(daemon: FakeDaemon, hr: Hr) -> None:
    refused = Exchange(
        request_id="req-2",
        at=1_795_000_000.0,
        endpoint="/v1/chat/completions",
        client="client-1a2b3c4d",
        model_asked="hermes-router",
        stream=False,
        outcome="refused",
        status=503,
        total_ms=2.0,
        reason="no provider has a key",
    )
    daemon.answers(WHY, answer(refused), path("req-2"))
    assert hr("why", "req-2").out.splitlines() == [
        "2026-11-18 11:06:40: client-1a2b3c4d asked /v1/chat/completions for hermes-router, as a whole (req-2)",
        "Refused (503), done after 2 ms",
        "No tokens were counted",
        "The client was told: no provider has a key",
        "Nobody was asked",
    ]


def test_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(WHY, answer(SERVED), path("req-1"))
    assert msgspec.json.decode(hr("why", "req-1", "--json").out, type=Why) == answer(SERVED)


def test_an_id_that_is_not_known_any_more(daemon: FakeDaemon, hr: Hr) -> None:
    ran = hr("why", "../stop")
    assert ran.code == 1
    assert daemon.asked[0].target == "/v1/why/..%2Fstop"


def test_who_was_asked_once_and_then_passed_over_is_not_said_to_have_never_been_asked(daemon: FakeDaemon, hr: Hr) -> None:
    again = ExchangePassedOver(candidate="gemini/flash#gemini-1a2b3c4d", why="it was asked too often (rate limit)")
    daemon.answers(WHY, answer(msgspec.structs.replace(SERVED, passed_over=(again,))), path("req-1"))
    said = hr("why", "req-1").out.splitlines()
    assert "Not asked, or not again:" in said
    assert "Not asked:" not in said


def test_a_cost_that_is_not_known_and_the_session_are_told(daemon: FakeDaemon, hr: Hr) -> None:
    used = ExchangeUsage(input_tokens=7, output_tokens=3, source="known")
    unpriced = msgspec.structs.replace(SERVED, usage=used, cost_microusd=None, session="run 7")
    daemon.answers(WHY, answer(unpriced), path("req-1"))
    shown = hr("why", "req-1").out
    assert "for session run 7" in shown
    assert "What it cost is not known" in shown
    daemon.answers(WHY, answer(msgspec.structs.replace(unpriced, cost_microusd=0)), path("req-1"))
    assert "Cost: none" in hr("why", "req-1").out


def test_each_candidates_numbers_are_those_of_that_moment(daemon: FakeDaemon, hr: Hr) -> None:
    at = SERVED.at
    readings = (
        ExchangeReading(candidate="gemini/flash", kind="requests/day", left=3, limit=50, resets_at=at + 7200, in_flight=2),
        ExchangeReading(candidate="groq/llama", kind="tokens/day", left=9_000, limit=200_000, is_known=True),
        ExchangeReading(candidate="local/llama3.1"),
    )
    passed = ExchangePassedOver(
        candidate="mistral/small",
        why="too little of its quota is left for now",
        reading=ExchangeReading(candidate="mistral/small", kind="credit", left=0, limit=10_000_000, is_known=True),
    )
    measured = msgspec.structs.replace(
        SERVED,
        order=("gemini/flash", "groq/llama", "local/llama3.1"),
        readings=readings,
        passed_over=(passed,),
        moved_from="gemini/pro",
    )
    daemon.answers(WHY, answer(measured), path("req-1"))
    shown = hr("why", "req-1").out.splitlines()
    assert "mistral/small  too little of its quota is left for now  $0.00 of $10.00 credit" in shown
    start = shown.index("Ranked, best first; left is of the scarcest window:")
    assert shown[start + 1 : start + 6] == [
        "   CANDIDATE        LEFT    OF  WINDOW                  FULL AGAIN  OUT",
        "1  gemini/flash        3    50  requests/day (claimed)  in 2 h        2",
        "2  groq/llama      9,000  200k  tokens/day",
        "3  local/llama3.1               none known",
        "The conversation belongs to gemini/pro, which could not be asked or has little left",
    ]


@pytest.mark.parametrize(("is_probe", "is_told"), [(False, True), (True, False)])
def test_a_conversation_that_stays_where_it_was_is_no_riddle(daemon: FakeDaemon, hr: Hr, is_probe: bool, is_told: bool) -> None:
    first = msgspec.structs.replace(SERVED.attempts[1], is_probe=is_probe)
    stayed = msgspec.structs.replace(
        SERVED, attempts=(first,), order=("groq/llama#groq-2a681b98", "groq/llama#groq-1a2b3c4d"), passed_over=()
    )
    daemon.answers(WHY, answer(stayed), path("req-1"))
    said = "Asked first was groq/llama#groq-1a2b3c4d: the conversation stays there, where its prompt is cached"
    assert (said in hr("why", "req-1").out.splitlines()) is is_told


def test_it_fits_a_narrow_terminal() -> None:
    assert max(map(len, drawn(answer(SERVED), Paper(width=60)).splitlines())) <= 60


def test_a_narrow_terminal_still_tells_which_key_it_was_and_why() -> None:
    full = ExchangeReading(candidate="", kind="requests/day", left=0, limit=5, is_known=True)
    passed = ExchangePassedOver(
        candidate="groq/m1#groq-2a681b98", why="its quota is used up", until=1_795_021_300.0, reading=full
    )
    lines = drawn(answer(msgspec.structs.replace(SERVED, passed_over=(passed,))), Paper(width=60)).splitlines()
    assert "groq/m1#groq-2a681b98  its quota is used up  in 5 h 54 min" in lines
