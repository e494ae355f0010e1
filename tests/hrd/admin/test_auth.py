"""hr auth: keys come in, are named by fingerprints, and go; each change holds for the next request."""

from pathlib import Path

import msgspec
import pytest
import trio

from hrd.admin.wire.auth import AUTH_ADD, AUTH_LIST, AUTH_REMOVE, AuthAdd, AuthQuestion, AuthRemove
from hrd.core.facts import Failed
from hrd.core.failures import Failure, Verdict
from hrd.core.secrets import fingerprint
from tests.hrd.admin.conftest import GROQ_1, GROQ_2, LAPTOP, OPENROUTER, SCRIPT
from tests.hrd.world import NOON, World, demo

NEW = "gsk_test-not-a-key-8"
NEW_PRINT = fingerprint("groq", NEW)


async def test_keys_are_listed_in_the_order_in_which_they_are_asked(world: World) -> None:
    found = await world.ask(AUTH_LIST, AuthQuestion())
    assert [(one.provider, one.index, one.fingerprint, one.source) for one in found.credentials] == [
        ("openrouter", 1, OPENROUTER, ".env"),
        ("groq", 1, GROQ_1, "auth.json"),
        ("groq", 2, GROQ_2, "auth.json"),
    ]
    assert (found.now, found.path) == (NOON, str(world.folder / "auth.json"))
    named, plain = found.credentials[1:]
    assert (named.label, named.account, named.account_by, named.added_at) == ("work", "me", "you", 1_795_000_000)
    assert (plain.label, plain.account, plain.account_by, plain.added_at, plain.state) == ("", "", "", None, "ready")
    assert (found.credentials[0].cost_class, named.cost_class) == ("free", "free")


async def test_one_providers_keys_are_listed_by_any_of_its_names(world: World) -> None:
    found = await world.ask(AUTH_LIST, AuthQuestion(provider="OR"))
    assert [one.fingerprint for one in found.credentials] == [OPENROUTER]
    assert not (await world.ask(AUTH_LIST, AuthQuestion(provider="mistral"))).credentials


async def test_a_list_says_what_keys_are_doing(world: World) -> None:
    claim = world.claim("openrouter")
    world.apply(Failed(claim=claim, failure=Failure(verdict=Verdict.REVOKED, message="revoked")))
    found = await world.ask(AUTH_LIST, AuthQuestion(provider="openrouter"))
    assert (found.credentials[0].state, found.credentials[0].reason) == ("dead", "dead")


async def test_an_unknown_provider_is_answered_with_the_one_that_was_meant(world: World) -> None:
    status, problem = await world.refused(AUTH_LIST, AuthQuestion(provider="groc"))
    assert (status, problem.message, problem.hint) == (404, "there is no provider 'groc'", "did you mean groq?")


async def test_an_added_key_is_asked_by_the_next_request(world: World) -> None:
    key = "test-not-a-key-of-mistral-9"
    done = await world.ask(AUTH_ADD, AuthAdd(provider="mistral", keys=(key,), account="home", label="spare", cost_class="paid"))
    assert (done.provider, done.added, done.already, done.warnings) == ("mistral", (fingerprint("mistral", key),), (), ())
    candidate = world.claim("mistral").candidate
    assert (candidate.credential.secret.reveal(), candidate.cost_class.name) == (key, "PAID")
    assert world.auth()["credential_info"][done.added[0]] == {  # type: ignore[index]
        "account": "home",
        "label": "spare",
        "class": "paid",
        "added_at": NOON,
    }


async def test_several_keys_come_at_once_and_those_that_are_there_stay_in_place(world: World) -> None:
    keys = (NEW, "gsk_test-not-a-key-1", f"  {NEW}  ", "")
    done = await world.ask(AUTH_ADD, AuthAdd(provider="groq", keys=keys))
    assert (done.added, done.already) == ((NEW_PRINT,), (GROQ_1,))
    assert world.auth()["providers"] == {"groq": ["gsk_test-not-a-key-1", "gsk_test-not-a-key-2", NEW]}
    assert world.auth()["credential_info"][GROQ_1]["label"] == "work", "nothing was said of it"  # type: ignore[index]


async def test_what_is_said_of_a_known_key_is_noted_and_its_age_stays(world: World) -> None:
    await world.ask(AUTH_ADD, AuthAdd(provider="groq", keys=("gsk_test-not-a-key-1",), label="home"))
    assert world.auth()["credential_info"][GROQ_1] == {  # type: ignore[index]
        "label": "home",
        "account": "me",
        "added_at": 1_795_000_000,
    }


async def test_an_odd_key_is_stored_with_a_warning_that_does_not_hold_it(world: World) -> None:
    key = "nvapi-test-not-a-key-10"
    done = await world.ask(AUTH_ADD, AuthAdd(provider="groq", keys=(key,)))
    mark = fingerprint("groq", key)
    assert done.added == (mark,)
    assert done.warnings == (f"{mark}: this looks like a key of nvidia, not of groq",)


async def test_a_key_that_stands_elsewhere_too_is_told(world: World) -> None:
    done = await world.ask(AUTH_ADD, AuthAdd(provider="or", keys=("sk-or-test-not-a-key-3",)))
    assert done.warnings == (f"{OPENROUTER} also stands in .env (OPENROUTER_API_KEY)",)
    assert done.added == (OPENROUTER,)


@pytest.mark.parametrize(
    ("key", "mark"), [("sk-router-test-not-a-key-4", LAPTOP), ("script-test-not-a-key-5", SCRIPT)], ids=["auth.json", ".env"]
)
async def test_a_client_key_of_ours_is_refused_as_a_providers(world: World, key: str, mark: str) -> None:
    before = world.read("auth.json")
    status, problem = await world.refused(AUTH_ADD, AuthAdd(provider="mistral", keys=(key,)))
    assert (status, problem.hint) == (400, "get a key from mistral, then: hr auth add mistral")
    assert problem.message == f"this is a client key of this router ({mark}), no provider knows it; nothing has changed"
    _, problem = await world.refused(AUTH_ADD, AuthAdd(provider="groq", keys=(NEW, key)))
    assert problem.message.startswith("key 2 of 2 is a client key of this router")
    assert world.read("auth.json") == before


async def test_a_key_for_the_local_server_waits_until_local_is_switched_on(world: World) -> None:
    done = await world.ask(AUTH_ADD, AuthAdd(provider="ollama", keys=("any-word",)))
    assert done.provider == "local"
    assert "local is not asked until LOCAL_BASE_URL or LOCAL_MODEL is set" in done.warnings


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        (AuthAdd(provider="groq", keys=()), 400, "no key was given"),
        (AuthAdd(provider="groq", keys=("  ", "")), 400, "no key was given"),
        (AuthAdd(provider="groq", keys=(NEW, "gsk_with a blank-11")), 400, "key 2 of 2 has white space"),
        (AuthAdd(provider="groq", keys=("your-key-here",)), 400, "this holds a placeholder"),
        (AuthAdd(provider="groq", keys=tuple(f"{NEW}{n}" for n in range(1001))), 400, "more than 1000 keys"),
        (AuthAdd(provider="groq", keys=(NEW,), cost_class="cheap"), 400, "a class is free, subscription or paid"),
        (AuthAdd(provider="groq", keys=(NEW,), label="two\nlines"), 400, "an account or label is one line"),
        (AuthAdd(provider="groq", keys=(NEW,), account="x" * 201), 400, "an account or label is one line"),
        (AuthAdd(provider="chatgpt", keys=(NEW,)), 400, "codex takes no keys"),
        (AuthAdd(provider="nobody", keys=(NEW,)), 404, "there is no provider 'nobody'"),
        (AuthAdd(provider=NEW * 2, keys=(NEW,)), 404, "there is no provider by such a long name"),
    ],
)
async def test_what_cannot_be_added_changes_nothing_and_is_not_repeated(
    world: World, ask: AuthAdd, status: int, said: str
) -> None:
    before = world.read("auth.json")
    found, problem = await world.refused(AUTH_ADD, ask)
    assert (found, said in problem.message) == (status, True), problem
    assert "gsk_" not in problem.message + problem.hint
    assert world.read("auth.json") == before


async def test_a_file_that_others_can_read_is_not_written_and_says_what_to_type(world: World) -> None:
    path = world.folder / "auth.json"
    path.chmod(0o644)
    status, problem = await world.refused(AUTH_ADD, AuthAdd(provider="groq", keys=(NEW,)))
    assert (status, problem.hint) == (409, f"chmod 600 {path}")
    assert NEW not in world.read("auth.json")


async def test_a_removed_key_is_not_asked_by_the_next_request(world: World) -> None:
    done = await world.ask(AUTH_REMOVE, AuthRemove(fingerprint=GROQ_1))
    assert (done.provider, done.fingerprint, done.left, done.warnings) == ("groq", GROQ_1, 1, ())
    assert world.claim("groq").candidate.credential.fingerprint == GROQ_2
    assert world.auth()["credential_info"] == {}


async def test_a_key_is_removed_by_provider_and_number(world: World) -> None:
    done = await world.ask(AUTH_REMOVE, AuthRemove(provider="groq", index=2))
    assert (done.fingerprint, done.left) == (GROQ_2, 1)


async def test_a_key_in_dotenv_is_not_ours_to_remove(world: World) -> None:
    before = world.read(".env")
    status, problem = await world.refused(AUTH_REMOVE, AuthRemove(fingerprint=OPENROUTER))
    assert (status, problem.message) == (409, f"{OPENROUTER} stands in .env (OPENROUTER_API_KEY), not in auth.json")
    assert problem.hint == f"take it out of {world.folder / '.env'}"
    assert world.read(".env") == before


async def test_a_key_in_both_places_goes_on_from_the_other(world: World) -> None:
    await world.ask(AUTH_ADD, AuthAdd(provider="openrouter", keys=("sk-or-test-not-a-key-3",)))
    done = await world.ask(AUTH_REMOVE, AuthRemove(provider="openrouter", index=1))
    assert (done.fingerprint, done.left) == (OPENROUTER, 1)
    assert done.warnings[0].startswith("the same key stands in .env (OPENROUTER_API_KEY) and is asked from there")


async def test_the_local_server_needs_no_key_and_has_none_to_remove(world: World) -> None:
    world.write(".env", "LOCAL_MODEL=llama3.1\n")
    world.configuration.reload()
    world.changed()
    status, problem = await world.refused(AUTH_REMOVE, AuthRemove(provider="local", index=1))
    assert (status, problem.hint) == (409, "local is switched off by unsetting LOCAL_BASE_URL and LOCAL_MODEL")


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        (AuthRemove(), 400, "name a credential by its fingerprint, or by provider and number"),
        (AuthRemove(fingerprint=GROQ_1, index=1), 400, "name a credential by its fingerprint, or by provider and number"),
        (AuthRemove(fingerprint="groq-00000000"), 404, "there is no credential of that fingerprint"),
        (AuthRemove(provider="groq", index=3), 404, "groq has 2 keys"),
        (AuthRemove(provider="groq", index=0), 404, "groq has 2 keys"),
        (AuthRemove(provider="openrouter", index=3), 404, "openrouter has 1 key"),
        (AuthRemove(provider="sambanova", index=1), 404, "sambanova has no key"),
        (AuthRemove(provider="", index=1), 404, "there is no provider ''"),
    ],
)
async def test_what_cannot_be_removed_is_told(world: World, ask: AuthRemove, status: int, said: str) -> None:
    found, problem = await world.refused(AUTH_REMOVE, ask)
    assert (found, problem.message) == (status, said)
    assert problem.hint


async def test_an_account_that_signed_in_is_listed_and_can_be_removed(world: World) -> None:
    tree = world.auth() | {"codex_accounts": [{"account_id": "account-1", "access_token": "t-1", "refresh_token": "t-2"}]}
    world.write("auth.json", msgspec.json.encode(tree).decode())
    world.configuration.reload()
    world.changed()
    found = await world.ask(AUTH_LIST, AuthQuestion(provider="chatgpt"))
    mark = fingerprint("codex", "account-1")
    assert [(one.fingerprint, one.state, one.cost_class) for one in found.credentials] == [(mark, "ready", "subscription")]
    done = await world.ask(AUTH_REMOVE, AuthRemove(fingerprint=mark))
    assert (done.provider, done.left) == ("codex", 0)
    assert world.auth()["codex_accounts"] == []
    assert "gsk_test-not-a-key-1" in world.read("auth.json")


async def test_an_account_ends_the_demo_as_a_key_does(tmp_path: Path, nursery: trio.Nursery) -> None:
    world = World(tmp_path, auth={"codex_accounts": [{"account_id": "account-1", "refresh_token": "t-1"}]})
    world.demo = demo()
    world.changed()
    await world.open(nursery)
    assert not world.pool.roster.demo
    found = await world.ask(AUTH_LIST, AuthQuestion())
    assert [(one.provider, one.state) for one in found.credentials] == [("codex", "ready")]


async def test_the_first_key_ends_the_demo(tmp_path: Path, nursery: trio.Nursery) -> None:
    world = World(tmp_path)
    world.demo = demo()
    world.changed()
    await world.open(nursery)
    assert world.claim().candidate.provider.name == "demo_fine"
    assert (await world.ask(AUTH_LIST, AuthQuestion())).credentials == (), "what is built in is nobody's key"
    await world.ask(AUTH_ADD, AuthAdd(provider="groq", keys=(NEW,)))
    assert (world.claim().candidate.provider.name, world.pool.roster.demo) == ("groq", False)


async def test_no_answer_of_a_list_holds_a_key(world: World) -> None:
    body = (await world.http("GET", "/v1/auth")).body
    assert b"not-a-key" not in body
