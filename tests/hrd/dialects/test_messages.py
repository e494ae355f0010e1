"""Messages are mended where a provider would refuse them, and keep every byte where not."""

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.providers import Quirks
from hrd.dialects.messages import adapt_messages

NINE = "[A-Za-z0-9]{9}"
PLAIN = b'[ {"role":"user", "content":"hi", "x": 1.50} ]'
CALL = (
    b'[{"role":"user","content":"hi"},'
    b'{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","x_vendor":'
    b'{"google":{"thought_signature":"sig=="}},"function":{"name":"look","arguments":"{\\"n\\": 1.50}"}}]},'
    b'{"role":"tool","tool_call_id":"call_1","content":"5"}]'
)


def adapt(text: bytes, **quirks: object) -> tuple[bytes, list[str]]:
    raw, notes = adapt_messages(msgspec.Raw(text), msgspec.convert(quirks, Quirks))
    return bytes(raw), notes


EVERYTHING: dict[str, object] = {
    "drop_message_fields": ["name", "cache_control"],
    "tool_ids": NINE,
    "bridge_tool_to_user": True,
    "reasoning_placeholder": "[none]",
}


def test_messages_without_a_trigger_keep_their_bytes_whatever_the_quirks() -> None:
    assert adapt(PLAIN) == (PLAIN, [])
    assert adapt(PLAIN, **EVERYTHING) == (PLAIN, [])


def test_a_trigger_that_is_only_said_changes_nothing() -> None:
    said = b'[{"role": "user",  "content": "\\"developer\\" \\"reasoning\\" \\"tool_calls\\" \\"name\\" "}]'
    assert adapt(said, **EVERYTHING) == (said, [])
    spelled = b'[{"role": "user",  "content": "developer"}, {"role":"assistant", "content":"thinking"}]'
    assert adapt(spelled, **EVERYTHING) == (spelled, [])


def test_a_system_message_behind_others_is_the_users_where_it_must_stand_in_front() -> None:
    front = b'{"role":"system","content":"a"},{"role":"developer","content":"b"},{"role":"user","content":"hi"}'
    late = b'{"role":"%b","content":"c"}'
    kept = front.replace(b"developer", b"system")
    notes = ["role developer sent as system", "a system message sent as the user's"]
    assert adapt(b"[" + front + b"," + late % b"system" + b"]", system_first=True) == (
        b"[" + kept + b"," + late % b"user" + b"]",
        notes,
    )
    assert adapt(b"[" + kept + b"]", system_first=True) == (b"[" + kept + b"]", [])
    assert adapt(b"[" + kept + b"," + late % b"system" + b"]") == (b"[" + kept + b"," + late % b"system" + b"]", [])


def test_a_developers_message_behind_others_is_the_users_too_where_there_are_none() -> None:
    raw, notes = adapt(b'[{"role":"user","content":"a"},{"role":"developer","content":"b"},{"role":"user"}]', system_first=True)
    assert [message["role"] for message in json.loads(raw)] == ["user", "user", "user"]
    assert notes == ["role developer sent as system", "a system message sent as the user's"]


def test_where_the_system_message_is_all_there_is_the_user_says_it() -> None:
    said = b'{"role":"system","content":"a"}'
    raw, notes = adapt(b"[" + said + b"," + said + b"]", system_first=True)
    assert [message["role"] for message in json.loads(raw)] == ["system", "user"]
    assert notes == ["a system message sent as the user's"]


def test_a_reply_that_the_client_began_is_marked_where_it_has_to_be() -> None:
    begun = b'[{"role":"user","content":"hi"},{"role":"assistant","content":"{"%b}]'
    notes = ["the assistant's last message marked as the beginning of the reply"]
    assert adapt(begun % b"", marks_prefix=True) == (begun % b',"prefix":true', notes)
    assert adapt(begun % b',"prefix":true', marks_prefix=True) == (begun % b',"prefix":true', [])
    assert adapt(begun % b"") == (begun % b"", [])
    called = begun % b',"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]'
    assert adapt(called, marks_prefix=True) == (called, [])
    assert adapt(PLAIN, marks_prefix=True) == (PLAIN, [])


def test_a_system_message_behind_a_result_is_bridged_like_a_users() -> None:
    text = b'[{"role":"user","content":"hi"},{"role":"tool","content":"5"},{"role":"system","content":"c"}]'
    raw, notes = adapt(text, system_first=True, bridge_tool_to_user=True)
    assert [message["role"] for message in json.loads(raw)] == ["user", "tool", "assistant", "user"]
    assert notes == ["a system message sent as the user's", "an assistant message put between tool and user"]


def test_a_stand_in_signs_the_first_call_of_a_message_that_nobody_signed() -> None:
    def sign(text: bytes) -> tuple[bytes, list[str]]:
        raw, notes = adapt_messages(msgspec.Raw(text), Quirks(thought_signatures=True), "unsigned")
        return bytes(raw), notes

    calls = b'{"id":"a","n":1.50%b},{"id":"b"}'
    message = b'[{"role":"assistant","tool_calls":[%b]}]'
    own = b',"extra_content":{"google":{"thought_signature":"sig=="}}'
    made = b',"extra_content":{"google":{"thought_signature":"unsigned"}}'
    noted = ["a stand-in sent for the thought signature of another vendor's call"]
    assert sign(message % (calls % b"")) == (message % (calls % made), noted)
    assert sign(message % (calls % own)) == (message % (calls % own), [])
    assert sign(PLAIN) == (PLAIN, [])
    assert sign(b'[{"role":"user","content":"\\"tool_calls\\""}]') == (b'[{"role":"user","content":"\\"tool_calls\\""}]', [])


def test_developer_is_sent_as_system_and_the_rest_keeps_its_spelling() -> None:
    text = b'[{"role":"developer","content":"be brief","n":1.50},{"role":"user","content":"d\\u00e9j\\u00e0"}]'
    system = b'[{"role":"system","content":"be brief","n":1.50},{"role":"user","content":"d\\u00e9j\\u00e0"}]'
    assert adapt(text) == (system, ["role developer sent as system"])
    assert adapt(text, developer_role=True) == (text, [])


def test_reasoning_of_earlier_turns_is_left_out_unless_it_is_wanted() -> None:
    reasoning = b'"reasoning":"r","reasoning_content":"c","reasoning_details":[{"a":1}],"thinking":"t"'
    text = b'[{"role":"assistant",' + reasoning + b',"content":"x"}]'
    assert adapt(text) == (b'[{"role":"assistant","content":"x"}]', ["reasoning of earlier turns left out"])
    assert adapt(text, keep_reasoning=True) == (text, [])


def test_fields_that_are_not_taken_go_from_messages_and_from_the_parts_of_their_content() -> None:
    text = (
        b'[{"role":"user","name":"ann","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}},'
        b'{"type":"text","text":"name"}]},{"role":"user","content":"name"}]'
    )
    after = (
        b'[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"name"}]},'
        b'{"role":"user","content":"name"}]'
    )
    notes = ["messages[].name left out", "messages[].content[].cache_control left out"]
    assert adapt(text, drop_message_fields=["name", "cache_control"]) == (after, notes)


def test_marks_for_a_cache_go_to_those_alone_who_have_one() -> None:
    text = (
        b'[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]},'
        b'{"role":"tool","tool_call_id":"call_1","content":"5","cache_control":{"type":"ephemeral"}}]'
    )
    after = b'[{"role":"user","content":[{"type":"text","text":"hi"}]},{"role":"tool","tool_call_id":"call_1","content":"5"}]'
    notes = ["messages[].content[].cache_control left out", "messages[].cache_control left out"]
    assert adapt(text) == (after, notes)
    assert adapt(text, forward=["cache_control"]) == (text, [])


def test_what_openais_replies_hold_beside_their_text_goes_back_to_openai_alone() -> None:
    text = (
        b'[{"role":"assistant","content":"hi","refusal":null,"annotations":[],"audio":null,"function_call":null},'
        b'{"role":"assistant","content":null,"refusal":"I will not.","annotations":[]}]'
    )
    after = b'[{"role":"assistant","content":"hi"},{"role":"assistant","content":"I will not."}]'
    raw, notes = adapt(text)
    assert raw == after
    assert set(notes) == {
        "messages[].annotations left out",
        "messages[].audio left out",
        "messages[].function_call left out",
        "messages[].refusal left out",
        "a refusal of an earlier turn sent as text",
    }
    assert adapt(text, openai_words=True) == (text, [])


def test_calls_that_are_none_are_left_out() -> None:
    text = b'[{"role":"assistant","content":"a","tool_calls":null},{"role":"assistant","content":"b","tool_calls":[]}]'
    after = b'[{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}]'
    assert adapt(text) == (after, ["messages[].tool_calls without calls left out"])
    assert adapt(CALL) == (CALL, [])


def test_parts_that_are_bare_texts_keep_nothing_from_being_mended() -> None:
    text = b'[{"role":"developer","content":["be brief",{"type":"text","text":"hi","name":"ann"}]}]'
    after = b'[{"role":"system","content":["be brief",{"type":"text","text":"hi"}]}]'
    assert adapt(text, drop_message_fields=["name"])[0] == after


def test_the_name_of_a_called_function_is_not_the_name_of_a_message() -> None:
    assert adapt(CALL, drop_message_fields=["name"]) == (CALL, [])


def test_tool_ids_of_another_shape_are_mapped_alike_in_call_and_answer_and_unknown_keys_survive() -> None:
    text, notes = adapt(CALL, tool_ids=NINE)
    assert notes == ["tool-call ids mapped"]
    messages = json.loads(text)
    new = messages[1]["tool_calls"][0]["id"]
    assert re.fullmatch(NINE, new)
    assert messages[2]["tool_call_id"] == new
    assert text.replace(new.encode(), b"call_1") == CALL
    assert adapt(CALL, tool_ids=NINE)[0] == text


def test_tool_ids_that_fit_stay() -> None:
    fitting = CALL.replace(b"call_1", b"abcDEF123")
    assert adapt(fitting, tool_ids=NINE) == (fitting, [])


def test_a_pattern_that_no_short_id_fits_or_that_is_none_leaves_the_ids() -> None:
    assert adapt(CALL, tool_ids="toolu_[a-z]+") == (CALL, [])
    assert adapt(CALL, tool_ids="[") == (CALL, [])


@given(st.lists(st.text(alphabet="ab1", min_size=1, max_size=10), min_size=1, max_size=12))
def test_ids_that_differ_stay_different_and_the_same_stay_the_same(ids: list[str]) -> None:
    messages = [{"role": "assistant", "tool_calls": [{"id": each, "type": "function"} for each in ids]}]
    messages += [{"role": "tool", "tool_call_id": each, "content": ""} for each in ids]  # type: ignore[dict-item]  # plain data
    after = json.loads(adapt(json.dumps(messages).encode(), tool_ids=NINE)[0])
    called = [call["id"] for call in after[0]["tool_calls"]]
    assert called == [message["tool_call_id"] for message in after[1:]]
    assert len(dict.fromkeys(called)) == len(dict.fromkeys(ids))
    assert len(dict(zip(ids, called, strict=True))) == len(dict.fromkeys(ids))
    assert all(re.fullmatch(NINE, each) for each in called)


def test_an_id_that_is_already_somebody_elses_short_form_is_not_given_twice() -> None:
    short = json.loads(adapt(CALL, tool_ids=NINE)[0])[2]["tool_call_id"]
    messages = [{"role": "tool", "tool_call_id": each, "content": ""} for each in ("call_1", short)]
    first, second = json.loads(adapt(json.dumps(messages).encode(), tool_ids=NINE)[0])
    assert second["tool_call_id"] == short
    assert first["tool_call_id"] != short


def test_a_short_assistant_message_goes_between_tool_and_user() -> None:
    text = b'[{"role":"tool","tool_call_id":"a","content":"5"},{"role":"user","content":"so?"},{"role":"user","content":"?"}]'
    after = (
        b'[{"role":"tool","tool_call_id":"a","content":"5"},{"role":"assistant","content":"Understood."},'
        b'{"role":"user","content":"so?"},{"role":"user","content":"?"}]'
    )
    assert adapt(text, bridge_tool_to_user=True) == (after, ["an assistant message put between tool and user"])
    assert adapt(CALL, bridge_tool_to_user=True) == (CALL, [])


def test_a_placeholder_stands_where_reasoning_is_owed_and_missing() -> None:
    with_place = CALL.replace(
        b'"arguments":"{\\"n\\": 1.50}"}}]}', b'"arguments":"{\\"n\\": 1.50}"}}],"reasoning_content":"[none]"}'
    )
    quirks: dict[str, object] = {"keep_reasoning": True, "reasoning_placeholder": "[none]"}
    assert adapt(CALL, **quirks) == (with_place, ["placeholder sent for missing reasoning_content"])
    assert adapt(with_place, **quirks) == (with_place, [])


@pytest.mark.parametrize(
    "text",
    [
        b'[{"role":"developer"},5]',
        b'[{"role":"developer","tool_calls":[5],"tool_call_id":7}]',
        b'{"developer":"developer"}',
        b'[{"role":"tool","tool_calls":"tool_call"}]',
        b'[{"role":"tool","tool_calls":[{"id":5}]}]',
        b'[{"role":"user","name":"x","content":[5,"cache_control"]}]',
    ],
)
def test_messages_of_another_shape_go_as_they_are_or_mended_and_never_raise(text: bytes) -> None:
    adapted, _ = adapt(text, **EVERYTHING)
    assert isinstance(json.loads(adapted), list | dict)


KEYS = ["role", "content", "name", "tool_calls", "tool_call_id", "reasoning", "thinking", "cache_control", "id", "type"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["developer", "tool", "user", "assistant"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=4))
def test_any_json_never_raises_and_mending_twice_changes_nothing_more(messages: list[object]) -> None:
    once, _ = adapt(json.dumps(messages).encode(), **EVERYTHING)
    assert adapt(once, **EVERYTHING) == (once, [])
    kept, _ = adapt(json.dumps(messages).encode(), **EVERYTHING, keep_reasoning=True)
    assert adapt(kept, **EVERYTHING, keep_reasoning=True) == (kept, [])
