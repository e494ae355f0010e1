"""The pool gets auth.json's keys first, then the environment's, each once, and never a client's."""

from typing import Any

from hrd.core.providers import CostClass
from hrd.core.secrets import fingerprint
from hrd.credentials.auth_file import AuthFile, auth_file_of
from hrd.credentials.order import Stored, stored_order
from hrd.settings import Settings, read_settings

K1, K2, K3, K4 = (f"gsk_test-not-a-key-{n}" for n in range(1, 5))


def stored(tree: dict[str, Any], environ: dict[str, str] | None = None, dotenv: str | None = None) -> Stored:
    auth, settings = auth_file_of(tree), read_settings(environ or {}, dotenv, None)
    assert isinstance(auth, AuthFile)
    assert isinstance(settings, Settings)
    return stored_order(auth, settings)


def places(result: Stored, provider: str) -> list[tuple[str, str]]:
    return [(credential.secret.reveal(), credential.source) for credential in result.credentials.get(provider, ())]


def test_auth_json_comes_first_and_a_key_counts_where_it_stands_first() -> None:
    result = stored({"providers": {"groq": [K3, K2]}}, {"GROQ_API_KEYS": f"{K1},{K2}"}, f"GROQ_API_KEY={K4}")
    assert places(result, "groq") == [(K3, "auth.json"), (K2, "auth.json"), (K4, ".env"), (K1, "environment")]
    assert result.credentials.keys() == {"groq"}
    assert result.warnings == ()


def test_what_is_noted_goes_with_the_credential_wherever_it_stands() -> None:
    info = {fingerprint("groq", K1): {"account": "org", "label": "work", "class": "free"}}
    (first,) = stored({"credential_info": info}, {"GROQ_API_KEY": K1}).credentials["groq"]
    assert (first.provider, first.fingerprint) == ("groq", fingerprint("groq", K1))
    assert (first.account, first.label, first.cost_class) == ("org", "work", CostClass.FREE)
    (second,) = stored({}, {"GROQ_API_KEY": K1}).credentials["groq"]
    assert (second.account, second.label, second.cost_class) == ("", "", None)


def test_a_client_key_is_never_used_upstream() -> None:
    client = "sk-router-test-not-a-key-1"
    environ = {"OPENAI_API_KEY": client, "ANTHROPIC_API_KEY": K2, "PROXY_API_KEYS": K2}
    result = stored({"proxy_keys": {client: {}}, "providers": {"groq": [client, K1]}}, environ)
    assert result.credentials.keys() == {"groq"}
    assert places(result, "groq") == [(K1, "auth.json")]
    said = "is a client key of this router: it is not used upstream"
    marks = groq, openai, anthropic = tuple(
        fingerprint(provider, key) for provider, key in [("groq", client), ("openai", client), ("anthropic", K2)]
    )
    assert result.turned_away == marks
    assert result.warnings == (
        f"{groq} in auth.json {said}; take it out: hr auth remove {groq}",
        f"OPENAI_API_KEY (environment), {openai}, {said}",
        f"ANTHROPIC_API_KEY (environment), {anthropic}, {said}",
    )


def test_local_needs_no_key_but_to_be_switched_on() -> None:
    assert stored({"providers": {"local": ["word"]}}, {"LOCAL_API_KEY": "word"}).credentials == {}
    assert places(stored({}, {"LOCAL_MODEL": "llama3.1"}), "local") == [("local", "built in")]
    assert places(stored({}, {"LOCAL_MODEL": "m", "LOCAL_API_KEY": "word"}), "local") == [("word", "environment")]
