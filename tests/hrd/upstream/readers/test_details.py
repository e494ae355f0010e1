"""Fields, token counts and accounts, as texts name them."""

import pytest

from hrd.upstream.readers.details import (
    account_in_head,
    account_named,
    affordable_tokens,
    ceiling_tokens,
    refused_field,
    scope_named,
)
from hrd.upstream.readers.said import Said, said_in


def _said(message: str) -> Said:
    return said_in({"error": {"message": message}}, 400)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model.", "max_tokens"),
        ("Validation: Unsupported parameter(s): thinking", "thinking"),
        ("Unrecognized request argument supplied: frob", "frob"),
        ("body -> frequency_penalty\n  Extra inputs are not permitted", "frequency_penalty"),
        ("property 'x_y' is unsupported", "x_y"),
        ("Unknown parameter: 'reasoning.effort'.", "reasoning"),
        ("chat() got an unexpected keyword argument 'seed'", "seed"),
        ("'logprobs' is not supported", "logprobs"),
        ("'temperature' does not support 0.2 with this model", "temperature"),
        ("model 'x' is not supported", ""),
        ("Unknown parameter: 'messages[1].name'.", ""),
        ("body -> messages -> 0 -> user -> name\n  Extra inputs are not permitted", ""),
        ("Unknown parameter: 'tools[0].function.strict'.", ""),
        ("'response_format' is not supported", ""),
        ("This model does not support specifying dimensions: 'dimensions' is not supported", ""),
        ("something else", ""),
    ],
)
def test_the_field_that_is_objected_to(message: str, field: str) -> None:
    assert refused_field(_said(message)) == field


def test_a_field_is_named_by_param_or_location_when_no_sentence_does() -> None:
    assert refused_field(said_in({"error": {"message": "no", "param": "seed"}}, 400)) == "seed"
    assert refused_field(said_in({"detail": [{"loc": ["body", "stream_options", "x"], "msg": "no"}]}, 422)) == "stream_options"


@pytest.mark.parametrize(
    ("message", "tokens"),
    [
        ("maximum context length is 131,072 tokens", 131072),
        ("maximum context length of 4096", 4096),
        ("a context length of only 4096 tokens", 4096),
        ("exceeds the maximum number of tokens allowed (1048576).", 1048576),
        ("Current length is 70000 while limit is 65536", 65536),
        ("prompt is too long: 210000 tokens > 200000 maximum", 200000),
        ("Limit 8000, Requested 9500", 8000),
        ("Max size: 8000 tokens.", 8000),
        ("maximum context length is 99999999999999999999", 0),
        ("too long", 0),
    ],
)
def test_the_ceiling_that_was_named(message: str, tokens: int) -> None:
    assert ceiling_tokens(_said(message)) == tokens


def test_what_the_balance_still_pays() -> None:
    assert affordable_tokens(_said("You requested up to 64000 tokens, but can only afford 2,666.")) == 2666
    assert affordable_tokens(_said("more credits")) == 0


def test_accounts_that_providers_name() -> None:
    assert account_named("groq", {}, _said("in organization `org_madeup01` on tokens")) == "org_madeup01"
    assert account_named("openai", {b"openai-organization": b"user-madeup"}, _said("no")) == "user-madeup"
    assert account_named("openai", {b"openai-organization": b"bad name\xff"}, _said("no")) == ""
    assert account_named("groq", {b"openai-organization": b"user-madeup"}, _said("no")) == ""
    assert account_named("openrouter", {}, said_in({"error": {}, "user_id": "user_1"}, 429)) == "user_1"
    assert account_named("openrouter", {}, said_in({"error": {}, "user_id": "a b"}, 429)) == ""


def test_whose_limit_it_is() -> None:
    assert scope_named(_said("limit reached for model `x/y` in organization `org_1` on tokens")) == "account_model"
    assert scope_named(_said("This would exceed your account's rate limit")) == "account"
    assert scope_named(_said("This would exceed your organization's daily token limit")) == "account"
    assert scope_named(_said("Add credit to your account")) == ""


def test_good_replies_name_the_account_too() -> None:
    headers = {b"openai-organization": b"org-madeup", b"anthropic-organization-id": b"6a1b-madeup"}
    assert account_in_head("openai", headers) == "org-madeup"
    assert account_in_head("anthropic", headers) == "6a1b-madeup"
    assert account_in_head("groq", headers) == ""
    assert account_in_head("openai", {}) == ""
    assert account_in_head("openai", {b"openai-organization": b"two words"}) == ""
