"""Every quirk as a row: what a client sends, what a provider gets, what the journal says. Then the catalogue's own rows."""

import json
from importlib.resources import files

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.catalogue import read_catalogue
from hrd.core.failures import UNSIGNED_CALLS
from hrd.core.providers import Provider, Quirks
from hrd.dialects.contract import Fields
from hrd.dialects.quirks import VENDOR_FIELDS, apply

TOOLS = '[{"type":"function","function":{"name":"look","strict":true,"parameters":{}}}]'
NOTHING = '"parameters":{"type":"object","properties":{}}'
LOOSE_TOOLS = '[{"type":"function","function":{"name":"look","parameters":{}}}]'
WAS_MAX = "reasoning_effort changed from max to high"
CATALOGUE, PROBLEMS = read_catalogue(files("hrd.core").joinpath("catalogue.toml").read_text(), {})


def fields_of(text: str) -> Fields:
    return msgspec.json.decode(text.encode(), type=Fields)


def sent(
    text: str, provider: Provider, model: str = "m", *, drop: frozenset[str] = frozenset(), max_tokens: int | None = None
) -> tuple[str, list[str]]:
    fields, notes = apply(fields_of(text), provider, model, drop=drop, max_tokens=max_tokens)
    return msgspec.json.encode(fields).decode(), notes


def provider(**quirks: object) -> Provider:
    return Provider(name="alpha", base_url="http://alpha.test/v1", quirks=msgspec.convert(quirks, Quirks))


ROWS = [
    # unknown fields and number spelling
    (
        {},
        '{"model":"m","temperature":0.70,"x_new":{"a":[1.0,null]}}',
        '{"model":"m","temperature":0.70,"x_new":{"a":[1.0,null]}}',
        [],
    ),
    # the output limit, both ways
    ({}, '{"max_completion_tokens":5,"x":1}', '{"max_tokens":5,"x":1}', []),
    ({}, '{"max_tokens":5}', '{"max_tokens":5}', []),
    ({"token_field": "max_completion_tokens"}, '{"max_tokens":5}', '{"max_completion_tokens":5}', []),
    ({}, '{"max_tokens":5,"max_completion_tokens":7}', '{"max_tokens":7}', []),
    ({}, '{"max_tokens":null,"max_completion_tokens":null}', "{}", []),
    ({}, '{"max_tokens":"many"}', '{"max_tokens":"many"}', []),
    ({"drop": ["max_tokens", "max_completion_tokens"]}, '{"max_tokens":5}', "{}", ["max_tokens left out"]),
    ({"drop": ["max_tokens"]}, '{"max_tokens":5}', '{"max_completion_tokens":5}', []),
    # refused, renamed, clamped
    ({"drop": ["seed"]}, '{"seed":1,"n":1}', '{"n":1}', ["seed left out"]),
    ({"rename": {"seed": "random_seed"}}, '{"a":1,"seed":7}', '{"a":1,"random_seed":7}', []),
    ({"clamp": {"top_p": [0, 1]}}, '{"top_p":1.5}', '{"top_p":1}', ["top_p clamped from 1.5 to 1"]),
    ({"clamp": {"top_p": [0.01, 1]}}, '{"top_p":0}', '{"top_p":0.01}', ["top_p clamped from 0 to 0.01"]),
    ({"clamp": {"top_p": [0, 1]}}, '{"top_p":0.50}', '{"top_p":0.50}', []),
    ({"clamp": {"top_p": [0, 1]}}, '{"top_p":"high"}', '{"top_p":"high"}', []),
    (
        {"drop_unless": {"reasoning_effort": ["think", "deep"]}},
        '{"reasoning_effort":"low"}',
        "{}",
        ["reasoning_effort left out"],
    ),
    ({"drop_unless": {"reasoning_effort": ["x", "m"]}}, '{"reasoning_effort":"low"}', '{"reasoning_effort":"low"}', []),
    ({"drop_for": {"top_p": ["o1", "m"]}}, '{"top_p":1}', "{}", ["top_p left out"]),
    ({"drop_for": {"top_p": ["o1"]}}, '{"top_p":1}', '{"top_p":1}', []),
    ({"drop_for": {"top_p": ["m"]}}, '{"top_p":1,"reasoning_effort":"none"}', '{"top_p":1,"reasoning_effort":"none"}', []),
    # private and vendors' fields
    ({}, '{"hermes_profile":"fast","store":true}', "{}", ["hermes_profile left out", "store left out"]),
    ({"forward": ["store"]}, '{"store":true}', '{"store":true}', []),
    # how hard to think, in OpenRouter's words
    ({}, '{"reasoning":{"effort":"high","exclude":true},"top_p":1}', '{"top_p":1,"reasoning_effort":"high"}', []),
    ({}, '{"reasoning":{"effort":"xhigh"}}', '{"reasoning_effort":"high"}', []),
    ({"forward": ["reasoning"]}, '{"reasoning":{"effort":"high"}}', '{"reasoning":{"effort":"high"}}', []),
    ({}, '{"reasoning":{"effort":"high"},"reasoning_effort":"low"}', '{"reasoning_effort":"low"}', ["reasoning left out"]),
    ({}, '{"reasoning":{"max_tokens":2000}}', "{}", ["reasoning left out"]),
    ({}, '{"reasoning":{"enabled":false}}', "{}", ["reasoning left out"]),
    ({}, '{"reasoning":null}', "{}", ["reasoning left out"]),
    ({}, '{"reasoning":"high"}', "{}", ["reasoning left out"]),
    ({"drop": ["reasoning_effort"]}, '{"reasoning":{"effort":"high"}}', "{}", ["reasoning_effort left out"]),
    ({}, '{"reasoning_effort":"max"}', '{"reasoning_effort":"high"}', [WAS_MAX]),
    ({}, '{"reasoning_effort":"minimal"}', '{"reasoning_effort":"low"}', ["reasoning_effort changed from minimal to low"]),
    ({"efforts": ["none", "high"]}, '{"reasoning_effort":"max"}', '{"reasoning_effort":"high"}', [WAS_MAX]),
    ({"efforts": []}, '{"reasoning_effort":"max"}', '{"reasoning_effort":"max"}', []),
    *(({}, one, one, []) for one in [f'{{"reasoning_effort":{said}}}' for said in ('"none"', '"default"', '"high"', "5")]),
    # null
    ({}, '{"temperature":null,"stop":null,"stream":null,"x":null}', '{"x":null}', []),
    # tools
    ({}, '{"tools":[ ],"tool_choice":"auto","parallel_tool_calls":true}', "{}", []),
    ({}, '{"tool_choice":"auto","parallel_tool_calls":true}', "{}", []),
    ({}, '{"functions":[],"function_call":"auto"}', "{}", []),
    ({}, '{"functions":[{"name":"f"}],"function_call":"auto"}', '{"functions":[{"name":"f"}],"function_call":"auto"}', []),
    ({}, f'{{"tools":{TOOLS},"tool_choice":"none"}}', f'{{"tools":{TOOLS},"tool_choice":"none"}}', []),
    (
        {"none_without_tools": True},
        f'{{"tools":{TOOLS},"tool_choice":"none"}}',
        "{}",
        ["tools left out, as tool_choice none is not taken"],
    ),
    (
        {"tool_choice": {"required": "any"}},
        f'{{"tools":{TOOLS},"tool_choice":"required"}}',
        f'{{"tools":{TOOLS},"tool_choice":"any"}}',
        [],
    ),
    (
        {"tool_choice": {"required": ""}},
        f'{{"tools":{TOOLS},"tool_choice":"required"}}',
        f'{{"tools":{TOOLS}}}',
        ["tool_choice required left out"],
    ),
    ({"drop": ["tools"]}, f'{{"tools":{TOOLS},"tool_choice":"auto"}}', "{}", ["tools left out"]),
    (
        {"drop_function_fields": ["strict"]},
        f'{{"tools":{TOOLS}}}',
        f'{{"tools":{LOOSE_TOOLS}}}',
        ["tools[].function.strict left out"],
    ),
    ({"drop_function_fields": ["strict"]}, f'{{"tools":{LOOSE_TOOLS}}}', f'{{"tools":{LOOSE_TOOLS}}}', []),
    ({"drop_function_fields": ["strict"]}, '{"tools":[{"function":"strict"}, 5]}', '{"tools":[{"function":"strict"}, 5]}', []),
    (
        {"function_parameters": True},
        '{"tools":[{"type":"function","function":{"name":"f"}},{"function":{"name":"g","parameters":null}},{"x":1}]}',
        f'{{"tools":[{{"type":"function","function":{{"name":"f",{NOTHING}}}}},{{"function":{{"name":"g",{NOTHING}}}}},{{"x":1}}]}}',
        [],
    ),
    ({"function_parameters": True}, f'{{"tools":{TOOLS}}}', f'{{"tools":{TOOLS}}}', []),
    ({"function_parameters": True}, '{"tools":[{"function":"f"}, 5]}', '{"tools":[{"function":"f"}, 5]}', []),
    # marks for a cache that it does not have
    (
        {},
        '{"tools":[{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral"}}]}',
        '{"tools":[{"type":"function","function":{"name":"f"}}]}',
        ["tools[].cache_control left out"],
    ),
    ({}, '{"tools":["cache_control", 5]}', '{"tools":["cache_control", 5]}', []),
    (
        {"forward": ["cache_control"]},
        '{"tools":[{"function":{"name":"f"}, "cache_control":{}}]}',
        '{"tools":[{"function":{"name":"f"}, "cache_control":{}}]}',
        [],
    ),
    # never dropped, whatever the data says
    ({"drop": ["model", "messages"]}, '{"model":"m","messages":[]}', '{"model":"m","messages":[]}', []),
]


@pytest.mark.parametrize(("quirks", "before", "after", "notes"), ROWS)
def test_quirk(quirks: dict[str, object], before: str, after: str, notes: list[str]) -> None:
    assert sent(before, provider(**quirks)) == (after, notes)


def test_the_clients_own_fields_are_not_touched() -> None:
    fields = fields_of('{"seed":1,"max_tokens":5,"tools":[]}')
    apply(fields, provider(drop=["seed"]), "m", max_tokens=9)
    assert msgspec.json.encode(fields) == b'{"seed":1,"max_tokens":5,"tools":[]}'


def test_what_was_learned_is_left_out_under_either_name() -> None:
    strict = provider(rename={"seed": "random_seed"})
    assert sent('{"seed":1}', strict, drop=frozenset({"random_seed"})) == ("{}", ["seed left out"])
    assert sent('{"seed":1}', strict, drop=frozenset({"seed"})) == ("{}", ["seed left out"])


def test_a_limit_that_is_not_taken_under_one_name_is_sent_under_the_other() -> None:
    assert sent('{"max_tokens":5}', provider(), drop=frozenset({"max_tokens"})) == ('{"max_completion_tokens":5}', [])
    neither = frozenset({"max_tokens", "max_completion_tokens"})
    assert sent('{"max_tokens":5}', provider(), drop=neither) == ("{}", ["max_tokens left out"])


def test_a_limit_of_the_caller_replaces_the_clients_in_its_place_or_is_added() -> None:
    assert sent('{"max_completion_tokens":5,"x":1}', provider(), max_tokens=4101) == ('{"max_tokens":4101,"x":1}', [])
    assert sent('{"x":1}', provider(), max_tokens=900) == ('{"x":1,"max_tokens":900}', [])


def test_messages_are_mended_too() -> None:
    before = '{"messages":[{"role":"developer","content":"x"}],"n":1}'
    after = '{"messages":[{"role":"system","content":"x"}],"n":1}'
    assert sent(before, provider()) == (after, ["role developer sent as system"])


# the catalogue's rows -------------------------------------------------------------------------------------------------------

FULL = (
    '{"model":"hermes-router","messages":[{"role":"developer","content":"be brief"},'
    '{"role":"user","name":"ann","content":"hi"}],'
    '"max_tokens":100,"temperature":1.5,"top_p":0.9,"seed":7,"user":"ann","store":true,"logit_bias":{},"logprobs":true,'
    f'"frequency_penalty":0.1,"parallel_tool_calls":true,"tools":{TOOLS},"tool_choice":"required","n":1}}'
)


def keys_sent(name: str, model: str = "") -> dict[str, object]:
    row = CATALOGUE[name]
    value = json.loads(sent(FULL, row, model or row.models[0])[0])
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("name", ["openai", "cerebras", "groq"])
def test_these_get_max_completion_tokens(name: str) -> None:
    assert keys_sent(name)["max_completion_tokens"] == 100
    assert "max_tokens" not in keys_sent(name)


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - {"openai", "cerebras", "groq", "anthropic", "codex"}))
def test_the_others_get_max_tokens(name: str) -> None:
    assert keys_sent(name)["max_tokens"] == 100
    assert "max_completion_tokens" not in keys_sent(name)


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - {"anthropic", "codex"}))
def test_developer_reaches_openai_alone(name: str) -> None:
    messages = keys_sent(name)["messages"]
    assert isinstance(messages, list)
    assert messages[0]["role"] == ("developer" if name == "openai" else "system")


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("gemini", ["parallel_tool_calls", "store", "logprobs", "logit_bias"]),
        ("cerebras", ["frequency_penalty", "logit_bias", "parallel_tool_calls", "logprobs"]),
        ("groq", ["logprobs", "logit_bias"]),
        ("mistral", ["seed", "user", "store", "logit_bias", "logprobs"]),
        ("cohere", ["logit_bias", "parallel_tool_calls", "n", "store", "user"]),
        ("zai", ["frequency_penalty", "store"]),
        ("openai", ["logprobs", "temperature", "top_p", "frequency_penalty"]),
    ],
)
def test_what_a_provider_refuses_is_not_sent_to_it(name: str, absent: list[str]) -> None:
    body = keys_sent(name)
    assert [field for field in absent if field in body] == []


def test_openai_does_not_get_back_what_its_own_requests_have_no_member_for() -> None:
    fields = {"model": "m", "messages": [{"role": "assistant", "content": "hi", "refusal": None, "annotations": []}]}
    mended, notes = apply(fields_of(json.dumps(fields)), CATALOGUE["openai"], "gpt-6-luna")
    assert json.loads(bytes(mended["messages"])) == [{"role": "assistant", "content": "hi", "refusal": None}]
    assert notes == ["messages[].annotations left out"]


def test_openai_gets_no_longer_ids_of_calls_than_it_takes() -> None:
    fields = {
        "model": "m",
        "messages": [{"role": "assistant", "tool_calls": [{"id": ""}, {"id": "chatcmpl-tool-" + "0" * 32}]}],
    }
    mended, notes = apply(fields_of(json.dumps(fields)), CATALOGUE["openai"], "gpt-6-luna")
    ids = [call["id"] for call in json.loads(bytes(mended["messages"]))[0]["tool_calls"]]
    assert notes == ["tool-call ids mapped"]
    assert len(set(ids)) == 2
    assert all(0 < len(each) <= 40 for each in ids)


def test_mistral_gets_its_own_words() -> None:
    body = keys_sent("mistral")
    assert (body["random_seed"], body["tool_choice"]) == (7, "any")
    assert body["messages"] == [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]


def test_openais_older_models_keep_their_sampling() -> None:
    body = keys_sent("openai", "gpt-4.1-mini")
    assert (body["temperature"], body["top_p"], body["user"], body["store"]) == (1.5, 0.9, "ann", True)


def test_vendors_fields_reach_openrouter_and_nobody_else() -> None:
    before = '{"provider":{"sort":"price"},"models":["a"],"plugins":[],"session_id":"s"}'
    assert sent(before, CATALOGUE["openrouter"]) == (before, [])
    for name in sorted(set(CATALOGUE) - {"openrouter"}):
        assert sent(before, CATALOGUE[name])[0] == "{}", name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
KNOWN = [
    "tools",
    "tool_choice",
    "max_tokens",
    "functions",
    "messages",
    "temperature",
    "stream_options",
    "reasoning_effort",
    "n",
]


@given(st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=5), JSON, max_size=8), st.sampled_from(sorted(CATALOGUE)))
def test_any_object_is_taken_by_every_row_of_the_catalogue(value: dict[str, object], name: str) -> None:
    after, _ = sent(json.dumps(value), CATALOGUE[name])
    assert isinstance(json.loads(after), dict)


@given(st.dictionaries(st.text(min_size=1, max_size=8).filter(lambda name: not name.startswith("hermes_")), JSON, max_size=6))
def test_unknown_fields_pass_byte_for_byte(value: dict[str, object]) -> None:
    known = {*VENDOR_FIELDS, *KNOWN, "model", "input", "stream", "max_completion_tokens"}
    unknown = {name: each for name, each in value.items() if name not in known and each is not None}
    text = msgspec.json.encode(fields_of(json.dumps(unknown))).decode()
    assert sent(text, provider()) == (text, [])


def test_a_stand_in_signs_foreign_calls_for_the_models_that_want_one() -> None:
    called = '{"messages":[{"role":"assistant","tool_calls":[{"id":"a"}]}]}'
    gemini = CATALOGUE["gemini"]
    body, notes = sent(called, gemini, "gemini-3.1-flash-lite")
    call = json.loads(body)["messages"][0]["tool_calls"][0]
    assert call == {"id": "a", "extra_content": {"google": {"thought_signature": "skip_thought_signature_validator"}}}
    assert notes == ["a stand-in sent for the thought signature of another vendor's call"]
    assert sent(called, gemini, "gemini-2.5-flash-lite") == (called, [])
    asked_for, _ = apply(fields_of(called), gemini, "gemini-flash-latest", drop=frozenset({UNSIGNED_CALLS}))
    assert json.loads(bytes(asked_for["messages"]))[0]["tool_calls"] == [call]
