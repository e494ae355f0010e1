"""A secret is held without being shown, and found again in what others write."""

import copy
import json
import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.secrets import CLIENT, LOOK_ALIKES, Lookout, Secret, fingerprint, scrub

KEY = "gsk_test-not-a-key-1"


def test_a_fingerprint_is_the_provider_and_eight_hex_digits_of_the_salted_key() -> None:
    # printf 'hermes-router:gsk_test-not-a-key-1' | sha256sum
    assert fingerprint("groq", KEY) == "groq-a2b4a280"
    assert fingerprint("nvidia", KEY) == "nvidia-a2b4a280"
    assert fingerprint(CLIENT, "\ud800").startswith("client-")


@pytest.mark.parametrize("shown", [repr, str, "{}".format, "{!r:>20}".format, lambda secret: f"{secret:20}"])
def test_however_it_is_printed_only_the_fingerprint_shows(shown: object) -> None:
    text = shown(Secret(KEY, "groq"))  # type: ignore[operator]
    assert "groq-a2b4a280" in text
    assert "test" not in text


def test_a_token_that_somebody_echoes_is_scrubbed_to_whose_it_is() -> None:
    token = Secret(KEY, "codex").shown_as("codex-0a0b0c0d")
    assert scrub(f"bad token {KEY}", [token]) == "bad token [codex-0a0b0c0d]"
    assert token == Secret(KEY, "codex")


def test_a_secret_is_not_written_by_accident() -> None:
    secret = Secret(KEY, "groq")
    for encode in (msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins, json.dumps, pickle.dumps):
        with pytest.raises(TypeError):
            encode({"key": secret})
    with pytest.raises(TypeError):
        vars(secret)  # there is nothing that a logger could unfold
    assert secret.reveal() == KEY


def test_secrets_are_equal_by_value_whoever_they_are_for() -> None:
    assert Secret(KEY, "groq") == Secret(KEY, CLIENT)
    assert hash(Secret(KEY, "groq")) == hash(Secret(KEY, CLIENT))
    assert Secret(KEY, "groq") != Secret(KEY + "2", "groq")
    assert Secret(KEY, "groq") != KEY
    assert Secret("\ud800", "groq") == Secret("\ud800", "groq")
    assert copy.deepcopy(Secret(KEY, "groq")) == Secret(KEY, "groq")


SECRETS = (Secret(KEY, "groq"), Secret("plain0words0without0a0prefix", "mistral"), Secret("local", "local"))


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("Invalid API Key: gsk_test-not-a-key-1.", "Invalid API Key: [groq-a2b4a280]."),
        ("plain0words0without0a0prefix twice plain0words0without0a0prefix", "[M] twice [M]"),
        ("a local model", "a local model"),
        ("Incorrect API key provided: sk-proj-****abcd.", "Incorrect API key provided: [redacted]."),
        ('{"api_key": "abcdefghij0123456789"}', '{"api_key": "[redacted]"}'),
        ("token=abcdefghij0123456789&x=1", "token=[redacted]&x=1"),
        ("secret key for you: abcdefghij0123456789", "secret key for you: [redacted]"),
        ("Authorization: Bearer abc.def-12345", "Authorization: Bearer [redacted]"),
        ("authorization: basic dXNlcjpwYXNzd29yZA==", "authorization: basic [redacted]"),
        ("nvapi-abcdefgh1 AIzaSyAbcdefgh hf_abcdefghij csk-abcdefghij", "[redacted] [redacted] [redacted] [redacted]"),
        ("sk-or-v1-abcdefgh sk-ant-api03-abcdefgh sk-router-abcdefgh", "[redacted] [redacted] [redacted]"),
        ("github_pat_abcdefgh ghp_abcdefghij", "[redacted] [redacted]"),
        ("id eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.sig done", "id [redacted] done"),
        ("https://user:word@host/v1", "https://[redacted]@host/v1"),
        ("the task-risk-desk-something is fine", "the task-risk-desk-something is fine"),
        ("Bearer token is missing", "Bearer token is missing"),
        (
            "Limit 8000 tokens per day, model llama-3.3-70b-versatile",
            "Limit 8000 tokens per day, model llama-3.3-70b-versatile",
        ),
        ("This key is not valid for the model gpt-oss-120b", "This key is not valid for the model gpt-oss-120b"),
        ("", ""),
    ],
)
def test_what_is_a_key_or_looks_like_one_is_taken_out(text: str, scrubbed: str) -> None:
    assert scrub(text, SECRETS) == scrubbed.replace("[M]", f"[{SECRETS[1].fingerprint}]")


@given(st.sampled_from(LOOK_ALIKES).flatmap(lambda known: st.tuples(st.just(known[0]), st.from_regex(known[1]))))
def test_whatever_a_pattern_finds_holds_one_of_its_words(found: tuple[tuple[str, ...], str]) -> None:
    words, text = found
    assert any(word in text.casefold() for word in words)


@pytest.mark.parametrize("name", ["API \u212aEY", "\u017fecret", "credent\u0131al", "author\u0130zat\u0131on"])
def test_letters_that_python_takes_for_others_hide_nothing(name: str) -> None:
    assert scrub(f"the {name}: abcdefghijklmnopqrstuvwxyz0") == f"the {name}: [redacted]"


def test_the_result_is_bounded_and_says_that_it_was_cut() -> None:
    assert scrub("a" * 5000, limit=100) == "a" * 100 + "…"
    assert len(scrub("a" * 10_000_000)) == 4097


@pytest.mark.parametrize("before", range(90, 101))
def test_a_key_across_the_cut_is_taken_out_whole(before: int) -> None:
    long_key = Secret("".join(chr(97 + i % 26) for i in range(3000)), "codex")
    scrubbed = scrub(" " * before + long_key.reveal() + " end", [long_key], limit=100)
    assert "abcd" not in scrubbed
    assert scrubbed == (" " * before + f"[{long_key.fingerprint}]" if before < 100 else " " * 100) + "…"


@given(
    pieces=st.lists(
        st.one_of(st.sampled_from(SECRETS[:2]), st.text(max_size=30), st.sampled_from(["key=", "Bearer ", "://", "@", "sk-"])),
        max_size=12,
    ),
    limit=st.integers(0, 120),
)
def test_no_planted_key_survives_in_whatever_text(pieces: list[Secret | str], limit: int) -> None:
    text = "".join(piece.reveal() if isinstance(piece, Secret) else piece for piece in pieces)
    scrubbed = scrub(text, SECRETS, limit)
    for secret in SECRETS[:2]:
        assert secret.reveal() not in scrubbed
        assert secret.reveal()[:12] not in scrubbed or secret.reveal()[:12] in text.replace(secret.reveal(), "")


@pytest.mark.parametrize(
    "text", ["key " * 2000, "sk-" * 3000, "eyJ" * 3000, "bearer " * 1500, "key=" + "a" * 9000, "://" * 3000]
)
def test_hostile_text_does_not_take_long(text: str) -> None:
    assert len(scrub(text)) <= 20_000


def test_a_secret_is_found_inside_of_text_but_a_short_word_is_not_looked_for() -> None:
    lookout = Lookout((Secret("gsk_test-not-a-key-1", "groq"), Secret("test.+not a key", "x"), Secret("local", "local")))
    assert lookout.sees_one("groq:gsk_test-not-a-key-1")
    assert lookout.sees_one("x/test.+not a key/y")
    assert not lookout.sees_one("gsk_test-not-a-key-")
    assert not lookout.sees_one("test++not a key")
    assert not lookout.sees_one("local/llama3.1")
    assert not Lookout([]).sees_one("")
    assert "gsk" not in repr(lookout)
