"""What this router wrote into a history, taken out again."""

from typing import Any

import msgspec
import pytest

from hrd.dialects.anthropic_history import clean, loop_lacks_thinking

OWN = {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
USE = {"type": "tool_use", "id": "1", "name": "f", "input": {}}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1"}]}
HI = {"role": "user", "content": "hi"}


def spelled(*messages: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(messages))


def assistant(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def test_what_anthropic_signed_passes_as_the_same_bytes() -> None:
    messages = msgspec.Raw(b'[ {"role": "assistant", "content": [{"type":"thinking","thinking":"","signature":"EqQB"}]} ]')
    assert clean(messages) == (messages, [])


@pytest.mark.parametrize("signature", ["", "gAAAAABm", "hermes:gemini:call_1:c2ln"])
def test_reasoning_of_others_goes_and_the_rest_stays(signature: str) -> None:
    foreign = {"type": "thinking", "thinking": "hm", "signature": signature}
    kept, notes = clean(spelled(HI, assistant(foreign, OWN, USE)))
    assert msgspec.json.decode(kept) == [HI, assistant(OWN, USE)]
    assert notes == ["reasoning of another vendor left out"]


def test_all_reasoning_goes_if_it_could_not_be_opened() -> None:
    kept, notes = clean(spelled(HI, assistant(OWN, {"type": "redacted_thinking", "data": "x"}, USE)), is_all=True)
    assert msgspec.json.decode(kept) == [HI, assistant(USE)]
    assert notes == ["reasoning of earlier turns left out"]


def test_a_message_of_nothing_else_goes() -> None:
    kept, _ = clean(spelled(HI, assistant({"type": "thinking", "thinking": "hm", "signature": ""}), HI))
    assert msgspec.json.decode(kept) == [HI, HI]


def test_a_thinking_block_that_lost_its_signature_goes_with_the_others() -> None:
    kept, _ = clean(spelled(assistant({"type": "thinking", "thinking": "hm"}, {"type": "thinking", "signature": ""}, USE)))
    assert msgspec.json.decode(kept) == [assistant(USE)]


def test_sources_that_this_router_spelled_go() -> None:
    ours = {"type": "web_search_result_location", "url": "u", "encrypted_index": ""}
    theirs = ours | {"encrypted_index": "Eo8B"}
    kept, notes = clean(spelled(assistant({"type": "text", "text": "a", "citations": [ours, theirs]})))
    assert msgspec.json.decode(kept) == [assistant({"type": "text", "text": "a", "citations": [theirs]})]
    assert notes == ["sources of another vendor left out"]
    kept, _ = clean(spelled(assistant({"type": "text", "text": "a", "citations": [ours]})))
    assert msgspec.json.decode(kept) == [assistant({"type": "text", "text": "a", "citations": None})]


def test_words_of_the_user_are_not_taken_for_a_signature() -> None:
    messages = spelled({"role": "user", "content": '"signature":""'})
    assert clean(messages) == (messages, [])


def test_what_has_another_shape_is_the_providers_to_judge() -> None:
    messages = msgspec.Raw(b'[7,{"signature":""}]')
    assert clean(messages) == (messages, [])


@pytest.mark.parametrize(
    ("messages", "lacks"),
    [
        ((HI, assistant(USE), RESULT), True),
        ((HI, assistant(OWN, USE), RESULT), False),
        ((HI, assistant(OWN, USE), RESULT, assistant(USE), RESULT), False),
        ((HI, assistant(OWN, USE), RESULT, HI, assistant(USE), RESULT), True),
        ((HI, assistant(USE), RESULT, {"role": "system", "content": "x"}), True),
        ((HI, assistant({"type": "redacted_thinking", "data": "x"}, USE), RESULT), False),
        ((HI, {"role": "assistant", "content": "ok"}, HI), False),
        ((HI,), False),
        ((HI, assistant(USE)), False),
        ((7,), False),
        ((), False),
    ],
)
def test_whether_a_turn_had_any_thinking(messages: tuple[Any, ...], lacks: bool) -> None:
    assert loop_lacks_thinking(spelled(*messages)) == lacks


def test_what_is_no_list_has_no_turns() -> None:
    assert not loop_lacks_thinking(msgspec.Raw(b"7"))
