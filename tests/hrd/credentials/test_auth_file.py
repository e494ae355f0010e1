"""auth.json as a value: every file of ours and of the original loads, everything else is a clear refusal."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.providers import CostClass
from hrd.core.secrets import Secret, fingerprint
from hrd.credentials.auth_file import AuthFile, CredentialInfo, CredentialProblem, empty_auth_file, read_auth_file

K1, K2, K3 = "gsk_test-not-a-key-1", "gsk_test-not-a-key-2", "gsk_test-not-a-key-3"
CLIENT_KEY = "sk-router-test-not-a-key-9"


def read(tree: object) -> AuthFile:
    auth = read_auth_file(json.dumps(tree).encode())
    assert isinstance(auth, AuthFile), str(auth)
    return auth


def refused(data: bytes) -> str:
    problem = read_auth_file(data)
    assert isinstance(problem, CredentialProblem)
    return str(problem)


def revealed(secrets: tuple[Secret, ...]) -> list[str]:
    return [secret.reveal() for secret in secrets]


def test_a_file_of_the_original_loads_as_it_is() -> None:
    auth = read(
        {
            "providers": {"groq": [K1, K2], "openrouter": "sk-or-test-not-a-key-1", "opencode": ["x", "y"]},
            "codex_accounts": [
                {"account_id": "acc-1", "refresh_token": "r", "access_token": "a", "last_refresh": "2026-07-31T00:00:00Z"}
            ],
            "proxy_keys": {
                CLIENT_KEY: {
                    "name": "editor",
                    "rpm": 10,
                    "req_per_day": 100,
                    "tokens_per_day": None,
                    "cost_per_day": 0.5,
                    "allowed_providers": ["google", "groq", "opencode"],
                }
            },
        }
    )
    assert {provider: revealed(keys) for provider, keys in auth.providers.items()} == {
        "groq": [K1, K2],
        "openrouter": ["sk-or-test-not-a-key-1"],
    }
    (account,) = auth.codex_accounts
    assert (account.account_id, account.fingerprint, account.tokens.last_refresh) == (
        "acc-1",
        fingerprint("codex", "acc-1"),
        "2026-07-31T00:00:00Z",
    )
    (key,) = auth.proxy_keys
    assert (key.secret.reveal(), key.name, key.rpm, key.req_per_day, key.tokens_per_day, key.cost_per_day) == (
        CLIENT_KEY,
        "editor",
        10,
        100,
        0,
        0.5,
    )
    assert key.allowed_providers == ("gemini", "groq", "opencode")
    assert auth.warnings == ("auth.json has 2 keys of a provider that is not known here; they are kept",)


def test_parts_that_are_not_known_are_named_without_what_they_hold_and_stay() -> None:
    tree = {"version": 1, "credentials": {"groq": [K1]}, K2: "x"}
    auth = read(tree)
    named, key = auth.warnings
    assert named == "auth.json has a part that is not known here, 'credentials': nothing in it counts"
    assert key.endswith(": nothing in it counts; keys are added with: hr auth add PROVIDER")
    assert "not-a-key" not in str(auth.warnings)
    assert json.loads(auth.document.encoded()) == tree
    assert len(read({f"part-{n}": {} for n in range(1000)}).warnings) == 6


@pytest.mark.parametrize(("version", "is_told"), [(1, False), (None, False), (2, True), (99, True), ("x", True)])
def test_a_file_of_another_version_is_told_as_such(version: object, is_told: bool) -> None:
    auth = read({"version": version, "providers": {"groq": [K1]}})
    assert revealed(auth.providers["groq"]) == [K1]
    told = ("auth.json says that it is of another version than this hrd knows: only the parts that are known count",)
    assert auth.warnings == (told if is_told else ())


def test_what_is_noted_of_a_credential() -> None:
    name = fingerprint("groq", K1)
    auth = read(
        {"credential_info": {name: {"account": "org", "label": "work", "class": "paid", "added_at": 1.5, "more": 1}, "x": None}}
    )
    assert auth.info == {
        name: CredentialInfo(account="org", label="work", cost_class=CostClass.PAID, added_at=1.5),
        "x": CredentialInfo(),
    }


def test_our_own_fields_of_a_client_key() -> None:
    (key,) = read(
        {"proxy_keys": {CLIENT_KEY: {"local_only": True, "cost_policy": "free-only", "concurrency": 2, "priority_max": "low"}}}
    ).proxy_keys
    assert (key.local_only, key.cost_policy, key.concurrency, key.allowed_providers) == (True, "free-only", 2, ())
    assert key.priority_max == "low"


@pytest.mark.parametrize(
    ("entry", "keys"),
    [
        ([K1, K2, K1], [K1, K2]),
        ([f"  {K1}\n", "", "  ", None], [K1]),
        (f"{K2}, {K1},", [K2, K1]),
        ("", []),
        (None, []),
        ([], []),
        ([K1, "your-key-here", "two words"], [K1]),
    ],
)
def test_keys_count_once_and_blank_ones_not(entry: object, keys: list[str]) -> None:
    assert revealed(read({"providers": {"groq": entry}}).providers.get("groq", ())) == keys


def test_keys_that_cannot_be_used_are_named_without_being_shown() -> None:
    auth = read({"providers": {"groq": ["your-key-here", "two words"]}, "proxy_keys": {"two words": {}}})
    assert auth.providers == {}
    assert auth.proxy_keys == ()
    assert auth.warnings == (
        "a key of groq in auth.json holds a placeholder, not a key: it is not used",
        "a key of groq in auth.json has white space or a character that no key has: it is not used",
        "a client key in auth.json has white space or a character that no key has: it lets nobody in",
    )


def test_a_provider_under_two_names_is_one() -> None:
    assert revealed(read({"providers": {"groq": [K1], "Groq": [K2, K1]}}).providers["groq"]) == [K1, K2]


def test_all_secrets_are_known_for_scrubbing_and_none_shows() -> None:
    auth = read(
        {
            "providers": {"groq": [K1]},
            "codex_accounts": [
                {"account_id": "a", "access_token": "token-not-a-key", "refresh_token": "refresh-not-a-key"},
                {"refresh_token": "r"},
            ],
            "proxy_keys": {CLIENT_KEY: {}},
        }
    )
    assert revealed(auth.secrets()) == [K1, "token-not-a-key", "refresh-not-a-key", "r", CLIENT_KEY]
    assert repr(auth) == "<auth file: 1 keys, 2 accounts, 1 client keys>"
    assert "not-a-key" not in f"{auth} {auth.document} {auth.providers} {auth.codex_accounts} {auth.proxy_keys}"
    for encode in (msgspec.json.encode, msgspec.to_builtins):
        with pytest.raises(TypeError):
            encode(auth)
        with pytest.raises(TypeError):
            encode(auth.document)


def test_nothing_is_an_empty_file() -> None:
    assert empty_auth_file().document.encoded() == b"{}\n"
    assert read({}).secrets() == ()
    assert read({"providers": None, "codex_accounts": None, "proxy_keys": None, "credential_info": None}).secrets() == ()


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ([], "the file must be a JSON object"),
        ("text", "the file must be a JSON object"),
        (None, "the file must be a JSON object"),
        (1, "the file must be a JSON object"),
        ({"providers": []}, "providers must be a JSON object"),
        ({"providers": "groq"}, "providers must be a JSON object"),
        ({"providers": {"groq": {}}}, "providers.groq must be a list"),
        ({"providers": {"groq": 1}}, "providers.groq must be a list"),
        ({"providers": {"groq": [1]}}, "providers.groq[0] must be text"),
        ({"providers": {"groq": [K1, {"key": K2}]}}, "providers.groq[1] must be text"),
        ({"providers": {K1: [1]}}, "providers.an unknown one[0] must be text"),
        ({"codex_accounts": {}}, "codex_accounts must be a list"),
        ({"codex_accounts": ["x"]}, "codex_accounts[0] must be a JSON object"),
        ({"codex_accounts": [{}]}, "codex_accounts[0] must be an object with an account_id"),
        ({"codex_accounts": [{"account_id": 1}]}, "codex_accounts[0].account_id must be text"),
        ({"codex_accounts": [{"account_id": "a", "access_token": 1}]}, "codex_accounts[0].access_token must be text"),
        ({"codex_accounts": [{"account_id": "a", "last_refresh": []}]}, "codex_accounts[0].last_refresh must be a time"),
        ({"codex_accounts": [{"account_id": "a", "last_refresh": True}]}, "codex_accounts[0].last_refresh must be a time"),
        ({"proxy_keys": [CLIENT_KEY]}, "proxy_keys must be a JSON object"),
        ({"proxy_keys": {CLIENT_KEY: "x"}}, "proxy_keys.F must be a JSON object"),
        ({"proxy_keys": {CLIENT_KEY: {"rpm": "10"}}}, "proxy_keys.F.rpm must be a number, not negative"),
        ({"proxy_keys": {CLIENT_KEY: {"rpm": -1}}}, "proxy_keys.F.rpm must be a number, not negative"),
        ({"proxy_keys": {CLIENT_KEY: {"rpm": 1.5}}}, "proxy_keys.F.rpm must be a whole number, not negative"),
        ({"proxy_keys": {CLIENT_KEY: {"req_per_day": True}}}, "proxy_keys.F.req_per_day must be a number, not negative"),
        ({"proxy_keys": {CLIENT_KEY: {"cost_per_day": "1"}}}, "proxy_keys.F.cost_per_day must be a number, not negative"),
        ({"proxy_keys": {CLIENT_KEY: {"allowed_providers": {}}}}, "proxy_keys.F.allowed_providers must be a list"),
        ({"proxy_keys": {CLIENT_KEY: {"allowed_providers": [1]}}}, "proxy_keys.F.allowed_providers[0] must be text"),
        ({"proxy_keys": {CLIENT_KEY: {"local_only": "yes"}}}, "proxy_keys.F.local_only must be true or false"),
        (
            {"proxy_keys": {CLIENT_KEY: {"cost_policy": "any"}}},
            "proxy_keys.F.cost_policy must be one of free-only, subscription-ok, paid-ok",
        ),
        (
            {"proxy_keys": {CLIENT_KEY: {"priority_max": "urgent"}}},
            "proxy_keys.F.priority_max must be one of low, normal, high",
        ),
        ({"proxy_keys": {CLIENT_KEY: {"name": 1}}}, "proxy_keys.F.name must be text"),
        ({"credential_info": []}, "credential_info must be a JSON object"),
        ({"credential_info": {"f": []}}, "credential_info.* must be a JSON object"),
        (
            {"credential_info": {"f": {"class": "gold"}}},
            "credential_info.*.class must be one of local, free, subscription, paid",
        ),
        ({"credential_info": {"f": {"added_at": "now"}}}, "credential_info.*.added_at must be a number, not negative"),
    ],
)
def test_a_wrong_shape_is_named_and_nothing_of_it_shown(tree: object, said: str) -> None:
    reason = refused(json.dumps(tree).encode())
    assert reason == said.replace(".F", f".{fingerprint('client', CLIENT_KEY)}") + "; mend it or put back a copy of it"
    assert "not-a-key" not in reason


WHOLE = json.dumps({"providers": {"groq": [K1]}, "proxy_keys": {CLIENT_KEY: {"name": "é"}}}, ensure_ascii=False).encode()


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_file_cut_off_anywhere_is_refused(length: int) -> None:
    assert refused(WHOLE[:length]).startswith("is not whole JSON: was it cut off, or edited by hand?; mend it")


BROKEN_TEXTS = (
    "{'a': 1}",
    "{,}",
    '{"a": NaN}',
    '{"a": 1e999}',
    '{"a": "\\ud800"}',
    "{} {}",
    '{"providers": {}}x',
    "# comment\n{}",
    '{"a": 1,}',
)
BROKEN_BYTES = (b'{"a": "\xff"}', b"\xff\xfe{\0}\0", b"[" * 100_000, b"\0" * 100)


@pytest.mark.parametrize("data", [*(text.encode() for text in BROKEN_TEXTS), *BROKEN_BYTES])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    assert "not whole JSON" in refused(data)


def test_what_is_nested_without_end_is_refused() -> None:
    assert refused(b'{"x": ' + b"[" * 60 + b"]" * 60 + b"}").startswith("is nested deeper than anything that belongs here")


def test_a_byte_order_mark_is_no_harm() -> None:
    assert isinstance(read_auth_file(b"\xef\xbb\xbf{}"), AuthFile)


TREES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from([K1, CLIENT_KEY, "groq"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "providers",
                    "groq",
                    "proxy_keys",
                    "codex_accounts",
                    "credential_info",
                    "rpm",
                    "name",
                    "class",
                    "account_id",
                    CLIENT_KEY,
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(TREES)
def test_no_document_is_an_exception_and_what_loads_is_written_as_it_was(tree: Any) -> None:
    data = json.dumps(tree).encode()
    auth = read_auth_file(data)
    if isinstance(auth, AuthFile):
        assert json.loads(auth.document.encoded()) == json.loads(data)
        again = read_auth_file(auth.document.encoded())
        assert isinstance(again, AuthFile)
        assert (again.providers, again.info, again.proxy_keys) == (auth.providers, auth.info, auth.proxy_keys)
    else:
        assert "not-a-key" not in str(auth)


@given(st.binary(max_size=40), st.integers(0, len(WHOLE)))
def test_no_bytes_are_an_exception(junk: bytes, at: int) -> None:
    for data in (junk, WHOLE[:at] + junk + WHOLE[at:]):
        assert isinstance(read_auth_file(data), AuthFile | CredentialProblem)
