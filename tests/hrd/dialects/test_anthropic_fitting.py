"""A request that was written for one model, as another takes it."""

from typing import Any

import msgspec
import pytest

from hrd.dialects.anthropic_fitting import fit
from hrd.dialects.anthropic_models import family_of

HI = {"role": "user", "content": "hi"}
EDITS = {"edits": [{"type": "clear_thinking_20251015"}]}
HAIKU, OPUS, OLD = "claude-haiku-4-5", "claude-opus-5", "claude-3-5-haiku"


def fitted(model: str, *messages: dict[str, Any], **members: Any) -> tuple[dict[str, Any], list[str]]:
    body = {"messages": list(messages) or [HI], "max_tokens": 32000} | members
    fields = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in body.items()}
    notes = fit(fields, family_of(model))
    changed = msgspec.json.decode(msgspec.json.encode(fields))
    return {name: changed.get(name) for name in {*body, *changed} if changed.get(name) != body.get(name)}, notes


def test_what_fits_is_not_touched() -> None:
    config = {"effort": "xhigh", "format": {"type": "json_schema", "schema": {}}}
    assert fitted(OPUS, HI, {"role": "system", "content": "x"}, thinking={"type": "adaptive"}, output_config=config) == ({}, [])
    assert fitted(HAIKU, thinking={"type": "enabled", "budget_tokens": 2000}, temperature=1) == ({}, [])


def test_adaptive_thinking_has_a_budget_where_there_is_no_other() -> None:
    changed, notes = fitted(
        HAIKU, thinking={"type": "adaptive"}, output_config={"effort": "high"}, context_management=EDITS, temperature=1, top_k=4
    )
    assert changed == {
        "thinking": {"type": "enabled", "budget_tokens": 16000},
        "output_config": None,
        "temperature": None,
        "top_k": None,
    }
    assert notes == [
        "adaptive thinking sent as a budget of 16000",
        "temperature left out",
        "top_k left out",
        "output_config.effort left out",
    ]


def test_adaptive_thinking_without_room_for_a_budget_is_left_out_with_what_edits_it() -> None:
    changed, notes = fitted(HAIKU, thinking={"type": "adaptive"}, max_tokens=1000, context_management=EDITS)
    assert changed == {"thinking": None, "context_management": None}
    assert notes == ["adaptive thinking left out: max_tokens leaves no room for a budget"]


def test_a_budget_becomes_adaptive_where_there_is_no_other() -> None:
    changed, notes = fitted(OPUS, thinking={"type": "enabled", "budget_tokens": 2000}, temperature=1)
    assert changed == {"thinking": {"type": "adaptive"}, "temperature": None}
    assert notes == ["thinking by a budget sent as adaptive", "temperature left out"]


def test_a_model_without_thinking_gets_none() -> None:
    changed, notes = fitted(OLD, thinking={"type": "enabled", "budget_tokens": 2000}, context_management=EDITS)
    assert (changed, notes) == ({"thinking": None, "context_management": None}, ["thinking left out: the model has none"])


def test_effort_and_format_as_the_model_has_them() -> None:
    format_ = {"type": "json_schema", "schema": {}}
    assert fitted("claude-opus-4-6", output_config={"effort": "xhigh"})[0] == {"output_config": {"effort": "high"}}
    changed, notes = fitted(OLD, output_config={"effort": "low", "format": format_})
    assert (changed, notes) == ({"output_config": None}, ["output_config.effort left out", "output_config.format left out"])
    assert fitted(HAIKU, output_config={"effort": "low", "format": format_})[0] == {"output_config": {"format": format_}}


def test_sampling_as_the_model_has_it() -> None:
    assert fitted(OPUS, temperature=0.5, top_p=0.9, top_k=4)[1] == ["temperature left out", "top_p left out", "top_k left out"]
    assert fitted(HAIKU, temperature=0.5, top_p=0.9)[1] == ["top_p left out"]
    assert fitted(OLD, temperature=0.5, top_p=0.9) == ({}, [])


def test_system_messages_move_to_the_front_where_they_may_stand_nowhere_else() -> None:
    said = {"role": "system", "content": [{"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}]}
    changed, notes = fitted(HAIKU, HI, said, {"role": "system", "content": "c"}, HI, system="a")
    assert changed == {
        "system": [{"type": "text", "text": "a"}, said["content"][0], {"type": "text", "text": "c"}],
        "messages": [HI, HI],
    }
    assert notes == ["role system between messages moved to the front"]
    assert fitted(HAIKU, HI, {"role": "system", "content": ""})[0]["system"] == []


def test_a_prefill_is_followed_by_a_message_that_asks_to_go_on() -> None:
    answer = {"role": "assistant", "content": "The answer is"}
    changed, notes = fitted(OPUS, HI, answer)
    assert changed["messages"][-1]["role"] == "user"
    assert notes == ["the last message, the assistant's, is followed by one that asks to go on"]
    assert fitted(HAIKU, HI, answer) == ({}, [])


@pytest.mark.parametrize("member", ["thinking", "output_config", "messages"])
def test_what_cannot_be_read_is_the_providers_to_refuse(member: str) -> None:
    assert fitted(OLD, **{member: 7}) == ({}, [])
