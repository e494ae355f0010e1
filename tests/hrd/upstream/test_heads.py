"""The head that a provider sees."""

import pytest

from hrd.core.providers import Candidate
from hrd.core.secrets import Secret
from hrd.http.messages import Headers
from hrd.upstream.connections import Origin
from hrd.upstream.heads import HEADS_CACHED_MAX, Heads, Made
from hrd.upstream.introductions import NOTHING, About, conversation_id
from hrd.upstream.proxies import Proxies
from tests.hrd.stage import candidate, key, provider


def heads(**forwarded: dict[str, str]) -> Heads:
    return Heads(instance_id="instance-1", user_agent="hermes-router/0", forwarded=forwarded)


def head_for(
    made: Heads, one: Candidate, path: str, length: int, *, stream: bool, about: About = NOTHING
) -> tuple[Origin, bytes]:
    return made.head_for(one, path, length, one.credential.secret, stream=stream, about=about)


def lines(head: bytes) -> dict[str, str]:
    assert head.endswith(b"\r\n\r\n")
    rows = head[:-4].decode().split("\r\n")
    return {"": rows[0], **dict(row.split(": ", 1) for row in rows[1:])}


def test_everything_in_it() -> None:
    origin, head = head_for(heads(), candidate(), "/chat/completions", 42, stream=False)
    assert origin == Origin(is_tls=True, host="alpha.test", port=443)
    assert lines(head) == {
        "": "POST /v1/chat/completions HTTP/1.1",
        "host": "alpha.test",
        "user-agent": "hermes-router/0",
        "authorization": "Bearer test-not-a-key-alpha-a1",
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "x-hermes-hop": "instance-1",
        "content-length": "42",
    }


def test_a_stream_is_asked_for_as_one() -> None:
    assert lines(head_for(heads(), candidate(), "/x", 1, stream=True)[1])["accept"] == "text/event-stream"


@pytest.mark.parametrize(
    ("base_url", "origin", "host", "path"),
    [
        ("http://127.0.0.1:11434/v1", Origin(False, "127.0.0.1", 11434), "127.0.0.1:11434", "/v1/x"),
        ("https://a.test/openai/v1/", Origin(True, "a.test", 443), "a.test", "/openai/v1/x"),
        ("https://a.test", Origin(True, "a.test", 443), "a.test", "/x"),
        ("http://[::1]:80/v1", Origin(False, "::1", 80), "[::1]", "/v1/x"),
    ],
)
def test_where_it_goes(base_url: str, origin: Origin, host: str, path: str) -> None:
    where, head = head_for(heads(), candidate(provider("alpha", base_url=base_url)), "/x", 1, stream=False)
    assert where == origin
    assert lines(head)["host"] == host
    assert lines(head)[""] == f"POST {path} HTTP/1.1"


def test_the_catalogues_headers_and_the_settings_replace_our_own() -> None:
    one = candidate(provider("alpha", headers={"X-Team": "blue", "User-Agent": "theirs"}, user_agent="catalogue/1"))
    head = lines(
        head_for(heads(alpha={"HTTP-Referer": "https://me.test"}, beta={"X-Other": "1"}), one, "/x", 1, stream=False)[1]
    )
    assert (head["x-team"], head["user-agent"], head["http-referer"]) == ("blue", "theirs", "https://me.test")
    assert "x-other" not in head
    plain = candidate(provider("alpha", user_agent="catalogue/1"))
    assert lines(head_for(heads(), plain, "/x", 1, stream=False)[1])["user-agent"] == "catalogue/1"


def test_what_a_client_of_the_same_kind_says_replaces_what_the_catalogue_does() -> None:
    one = candidate(provider("alpha", dialect="anthropic_messages", headers={"anthropic-version": "2023-06-01"}))
    made = heads()
    head = lines(head_for(made, one, "/messages", 1, stream=False)[1])
    assert (head["x-api-key"], head["anthropic-version"]) == ("test-not-a-key-alpha-a1", "2023-06-01")
    assert "authorization" not in head
    said = Headers([(b"anthropic-version", b"2024-01-01"), (b"anthropic-beta", b"a,b")])
    _, asked = head_for(made, one, "/messages", 1, stream=False, about=About(client=said))
    assert (lines(asked)["anthropic-version"], lines(asked)["anthropic-beta"]) == ("2024-01-01", "a,b")
    assert asked.count(b"anthropic-version") == 1
    assert lines(head_for(made, one, "/messages", 1, stream=False)[1]) == head


def test_an_account_is_named_and_so_is_the_conversation() -> None:
    one = candidate(provider("codex", dialect="codex"), credential=key("codex", "c1", account_id="account-1"))
    head = lines(head_for(heads(), one, "/responses", 1, stream=True, about=About(affinity="talk-1"))[1])
    assert (head["chatgpt-account-id"], head["session_id"]) == ("account-1", conversation_id("talk-1").decode())
    assert head["authorization"] == "Bearer test-not-a-key-codex-c1"


def test_a_header_cannot_become_two() -> None:
    one = candidate(provider("alpha", headers={"X-Team": "blue\r\nX-Evil: 1"}))
    with pytest.raises(ValueError, match="line break"):
        head_for(heads(), one, "/x", 1, stream=False)


def test_a_head_is_made_once_a_candidate_and_anew_for_a_new_one_or_other_settings() -> None:
    made = heads()
    one = candidate()
    first = head_for(made, one, "/x", 1, stream=False)[1]
    made._made[id(one), "/x", False] = Made(one, Origin(True, "kept", 1), b"kept\r\n", one.credential.secret)
    assert head_for(made, one, "/x", 7, stream=False) == (Origin(True, "kept", 1), b"kept\r\ncontent-length: 7\r\n\r\n")
    made.renew({"alpha": {"X-New": "1"}}, Proxies())
    assert lines(head_for(made, one, "/x", 1, stream=False)[1]) == {**lines(first), "x-new": "1"}


def test_another_candidate_at_the_same_address_in_memory_gets_its_own_head() -> None:
    made = heads()
    old, new = candidate(), candidate(credential=key("alpha", "a2"))
    made._made[id(new), "/x", False] = Made(old, Origin(True, "old", 1), b"old\r\n", old.credential.secret)
    assert lines(head_for(made, new, "/x", 1, stream=False)[1])["authorization"] == "Bearer test-not-a-key-alpha-a2"


def test_another_secret_of_the_same_account_makes_another_head() -> None:
    made, one = heads(), candidate()
    made.head_for(one, "/x", 1, one.credential.secret, stream=False)
    renewed = Secret("test-not-a-token-2", "alpha")
    _, head = made.head_for(one, "/x", 1, renewed, stream=False)
    assert lines(head)["authorization"] == "Bearer test-not-a-token-2"
    assert len(made._made) == 1


def test_heads_are_bounded() -> None:
    made = heads()
    one = candidate()
    kept: list[Candidate] = [one]
    kept_head = Made(one, Origin(True, "h", 1), b"", one.credential.secret)
    made._made = {(number, "/x", False): kept_head for number in range(HEADS_CACHED_MAX)}
    head_for(made, kept[0], "/x", 1, stream=False)
    assert len(made._made) == 1
