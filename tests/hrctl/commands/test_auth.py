"""`hr auth`: keys go in unseen and never come out."""

import json

import msgspec
import pytest

from hrd.admin.wire.auth import (
    AUTH_ACCOUNT,
    AUTH_ADD,
    AUTH_LIST,
    AUTH_REMOVE,
    AuthAccount,
    AuthAccountSet,
    AuthAdd,
    AuthAdded,
    AuthCredential,
    AuthList,
    AuthRemove,
    AuthRemoved,
)
from tests.hrctl.conftest import Hr
from tests.hrctl.fake_daemon import FakeDaemon
from tests.hrctl.terminal import Terminal

KEY = "gsk_test-not-a-key-1"
OTHER = "gsk_test-not-a-key-2"


def asked(daemon: FakeDaemon) -> AuthAdd:
    return msgspec.json.decode(daemon.asked[-1].body, type=AuthAdd)


def test_keys_from_standard_input_one_a_line(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(AUTH_ADD, AuthAdded(provider="groq", added=("groq-1a2b3c4d", "groq-5e6f7a8b")))
    ran = hr("auth", "add", "groq", "--key-stdin", stdin=f"{KEY}\n\n  {OTHER} \r\n")
    assert ran == (0, "Added 2 keys for groq: groq-1a2b3c4d, groq-5e6f7a8b\n", "")
    assert asked(daemon) == AuthAdd(provider="groq", keys=(KEY, OTHER))


def test_what_is_said_of_the_keys_goes_with_them(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(AUTH_ADD, AuthAdded(provider="openrouter", added=("openrouter-1a2b3c4d",)))
    hr("auth", "add", "or", "--key-stdin", "--account", "me", "--label", "work", "--class", "paid", stdin=KEY)
    assert asked(daemon) == AuthAdd(provider="or", keys=(KEY,), account="me", label="work", cost_class="paid")


def test_who_takes_no_keys_is_not_asked_for_one(daemon: FakeDaemon, hr: Hr) -> None:
    ran = hr("auth", "add", "ChatGPT", "--key-stdin", stdin="")
    assert ran == (2, "", "hr: ChatGPT takes no keys: its accounts sign in\n    hr auth login codex, or hr auth import-codex\n")
    assert daemon.asked == []


def test_doubts_and_doublets_are_said(daemon: FakeDaemon, hr: Hr) -> None:
    answer = AuthAdded(provider="groq", added=(), already=("groq-1a2b3c4d",), warnings=("keys of groq begin with gsk_",))
    daemon.answers(AUTH_ADD, answer)
    ran = hr("auth", "add", "groq", "--key-stdin", stdin=KEY)
    assert ran.out == "Already there: groq-1a2b3c4d\nwarning: keys of groq begin with gsk_\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("auth", "add", "groq", KEY),
        ("auth", "add", "groq", KEY, OTHER),
        ("auth", "add", KEY + "-and-longer-than-any-name"),
        ("auth", "add", "groq", "--key", KEY),
        ("auth", "add", "groq", f"--api-key={KEY}"),
        ("auth", "add", "groq", "--key-stdin", KEY),
    ],
)
def test_a_key_as_an_argument_is_refused_and_not_repeated(daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...]) -> None:
    ran = hr(*arguments, stdin=OTHER)
    assert ran.code == 2
    assert "keys are never taken as arguments" in ran.err
    assert "treat it as exposed" in ran.err
    assert "hr auth add" in ran.err.splitlines()[-1]
    assert KEY not in ran.out + ran.err
    assert daemon.asked == []


@pytest.mark.parametrize("option", [f"--apikey={KEY}", f"--secret={KEY}"])
def test_a_key_in_an_option_that_is_none_is_not_repeated_either(daemon: FakeDaemon, hr: Hr, option: str) -> None:
    ran = hr("auth", "add", "groq", option)
    assert ran.code == 2
    assert KEY not in ran.out + ran.err
    assert daemon.asked == []


@pytest.mark.parametrize("stdin", ["", "\n", "  \n\t\n"])
def test_no_key_changes_nothing(daemon: FakeDaemon, hr: Hr, stdin: str) -> None:
    ran = hr("auth", "add", "groq", "--key-stdin", stdin=stdin)
    told = "hr: no key was given, nothing has changed\n    give keys one a line: hr auth add groq --key-stdin < FILE\n"
    assert (ran.code, ran.err) == (2, told)
    assert daemon.asked == []


def test_a_whole_disk_is_not_read_in_search_of_keys(daemon: FakeDaemon, hr: Hr) -> None:
    ran = hr("auth", "add", "groq", "--key-stdin", stdin="x" * (1 << 20) + "y")
    assert (ran.code, daemon.asked) == (2, [])
    assert "standard input is longer than 1 MiB" in ran.err


def test_without_a_terminal_nobody_is_asked(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(AUTH_LIST, LISTED)
    ran = hr("auth", "add", "groq", stdin=KEY)
    assert (ran.code, [asked.target for asked in daemon.asked]) == (2, ["/v1/auth?provider=groq"])
    assert ran.err.splitlines()[1] == "    give keys one a line: hr auth add groq --key-stdin < FILE"


def test_a_refusal_is_passed_on(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.refuses(AUTH_ADD, 404, "there is no provider grok", "did you mean groq?")
    assert hr("auth", "add", "grok", "--key-stdin", stdin=KEY) == (
        1,
        "",
        "hr: there is no provider grok\n    did you mean groq?\n",
    )


def test_keys_typed_at_the_prompt_are_taken_and_not_shown(daemon: FakeDaemon) -> None:
    daemon.answers(AUTH_LIST, LISTED)
    daemon.answers(AUTH_ADD, AuthAdded(provider="groq", added=("groq-1a2b3c4d",)))
    terminal = Terminal("auth", "add", "groq")
    terminal.wait_for("Key for groq (not shown): ")
    assert not terminal.echoes()
    terminal.type(f"{KEY}, {OTHER}\n")
    terminal.wait_for("Another, or Enter alone to finish: ")
    terminal.type("gsk_test-not-a-key-3\n")
    terminal.wait_for("finish: \r\nAnother")
    terminal.type("\n")
    terminal.wait_for("Added 1 key for groq: groq-1a2b3c4d")
    assert terminal.end() == 0
    assert asked(daemon).keys == (KEY, OTHER, "gsk_test-not-a-key-3")
    assert "gsk_" not in terminal.shown


def test_nobody_is_asked_for_a_key_of_a_provider_that_there_is_not(daemon: FakeDaemon) -> None:
    daemon.refuses(AUTH_LIST, 404, "there is no provider 'grok'", "did you mean groq?")
    terminal = Terminal("auth", "add", "grok")
    terminal.wait_for("did you mean groq?")
    assert terminal.end() == 1
    assert "(not shown)" not in terminal.shown


def test_enter_alone_at_the_first_prompt_changes_nothing(daemon: FakeDaemon) -> None:
    daemon.answers(AUTH_LIST, LISTED)
    terminal = Terminal("auth", "add", "groq")
    terminal.wait_for("(not shown): ")
    terminal.type("\n")
    terminal.wait_for("no key was given, nothing has changed")
    terminal.wait_for("when you have it: hr auth add ")
    assert (terminal.end(), len(daemon.asked)) == (2, 1)


def test_an_interrupt_at_the_prompt_changes_nothing_and_leaves_the_terminal_as_it_was(daemon: FakeDaemon) -> None:
    daemon.answers(AUTH_LIST, LISTED)
    terminal = Terminal("auth", "add", "groq")
    terminal.wait_for("(not shown): ")
    terminal.type("\x03")
    assert (terminal.end(), len(daemon.asked)) == (130, 1)
    assert "Traceback" not in terminal.shown


LISTED = AuthList(
    now=1_000.0,
    credentials=(
        AuthCredential(
            provider="groq",
            index=1,
            fingerprint="groq-1a2b3c4d",
            source="auth.json",
            account="org",
            account_by="provider",
            cost_class="free",
            added_at=86_400.0 * 7,
            state="ready",
        ),
        AuthCredential(
            provider="groq",
            index=2,
            fingerprint="groq-5e6f7a8b",
            source=".env",
            cost_class="free",
            state="rejected",
            reason="rejected",
            until=1_300.0,
        ),
    ),
)


def test_the_list(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(AUTH_LIST, LISTED)
    assert hr("auth", "list").out.splitlines() == [
        "PROVIDER  #  FINGERPRINT    STATE     CLASS  ACCOUNT                     SOURCE     ADDED       NOTE",
        "groq      1  groq-1a2b3c4d  ready     free   org (said by the provider)  auth.json  1970-01-08",
        f"groq      2  groq-5e6f7a8b  rejected  free  {'':27}  .env                   key rejected, for 5 min",
    ]


def test_the_list_of_one_provider_for_a_program(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(AUTH_LIST, LISTED)
    ran = hr("auth", "list", "groq", "--json")
    assert msgspec.json.decode(ran.out, type=AuthList) == LISTED
    assert daemon.asked[0].target == "/v1/auth?provider=groq"


def test_an_empty_list_says_what_to_do(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(AUTH_LIST, AuthList(now=1.0, credentials=()))
    assert hr("auth", "list").out == "No keys yet: add one with hr auth add PROVIDER\n"
    assert hr("auth", "list", "sambanova").out == "sambanova has no key: add one with hr auth add sambanova\n"
    assert hr("auth", "list", "codex").out == "codex has no key: add one with hr auth login codex\n"


@pytest.mark.parametrize(
    ("arguments", "ask"),
    [
        (("groq-1a2b3c4d",), AuthRemove(fingerprint="groq-1a2b3c4d")),
        (("groq", "2"), AuthRemove(provider="groq", index=2)),
    ],
)
def test_removing_by_fingerprint_or_number(daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...], ask: AuthRemove) -> None:
    daemon.answers(AUTH_REMOVE, AuthRemoved(provider="groq", fingerprint="groq-1a2b3c4d", left=1))
    assert hr("auth", "remove", *arguments).out == "Removed groq-1a2b3c4d, 1 key left\n"
    assert msgspec.json.decode(daemon.asked[0].body, type=AuthRemove) == ask


def test_removing_the_last_key_says_what_that_means(daemon: FakeDaemon, hr: Hr) -> None:
    answer = AuthRemoved(provider="groq", fingerprint="groq-1a2b3c4d", left=0, warnings=("GROQ_API_KEY in .env is now used",))
    daemon.answers(AUTH_REMOVE, answer)
    assert hr("auth", "remove", "groq-1a2b3c4d").out.splitlines() == [
        "Removed groq-1a2b3c4d, none left: groq is not asked any more",
        "warning: GROQ_API_KEY in .env is now used",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("groq", "0"), "0 is not in the range"),
        (("groq", "first"), "not a valid integer"),
        ((KEY + "-and-longer",), "If it was a key, treat it as exposed"),
        ((), "Missing argument"),
    ],
)
def test_removing_nothing_in_particular_is_misuse(daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...], told: str) -> None:
    ran = hr("auth", "remove", *arguments)
    assert (ran.code, daemon.asked) == (2, [])
    assert told in ran.err
    assert KEY not in ran.err


def test_a_provider_alone_names_no_key(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(AUTH_LIST, LISTED)
    ran = hr("auth", "remove", "groq")
    hint = "see them with hr auth list groq, then hr auth remove groq NUMBER"
    assert (ran.code, ran.err) == (2, f"hr: which key of groq?\n    {hint}\n")
    assert [asked.target for asked in daemon.asked] == ["/v1/auth?provider=groq"]


def test_of_a_provider_without_a_key_none_can_be_removed(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(AUTH_LIST, AuthList(now=1.0, credentials=()))
    told = "hr: sambanova has no key\n    add one with hr auth add sambanova\n"
    assert hr("auth", "remove", "sambanova") == (1, "", told)


def test_json_of_what_was_done(daemon: FakeDaemon, hr: Hr) -> None:
    daemon.answers(AUTH_ADD, AuthAdded(provider="groq", added=("groq-1a2b3c4d",)))
    ran = hr("auth", "add", "groq", "--key-stdin", "--json", stdin=KEY)
    assert json.loads(ran.out) == {"provider": "groq", "added": ["groq-1a2b3c4d"], "already": [], "warnings": []}


# whose account --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "ask", "answer", "said"),
    [
        (("me",), AuthAccount(fingerprint="groq-1a2b3c4d", account="me"), ("me", ("groq-5e6f7a8b",)),
         "groq-1a2b3c4d draws on the account me, shared with groq-5e6f7a8b"),
        (("--alone",), AuthAccount(fingerprint="groq-1a2b3c4d", alone=True), ("groq-1a2b3c4d", ()),
         "groq-1a2b3c4d is an account of its own"),
        (("--auto",), AuthAccount(fingerprint="groq-1a2b3c4d"), ("", ()),
         "groq-1a2b3c4d is an account of its own, unless groq says otherwise"),
    ],
)  # fmt: skip
def test_a_key_is_put_into_an_account(
    daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...], ask: AuthAccount, answer: tuple[str, tuple[str, ...]], said: str
) -> None:
    account, others = answer
    daemon.answers(
        AUTH_ACCOUNT,
        AuthAccountSet(provider="groq", fingerprint="groq-1a2b3c4d", account=account, shared_with=others),
    )
    assert hr("auth", "group", "groq-1a2b3c4d", *arguments) == (0, f"{said}\n", "")
    assert msgspec.json.decode(daemon.asked[-1].body, type=AuthAccount) == ask


@pytest.mark.parametrize("arguments", [("groq-1a2b3c4d",), ("groq-1a2b3c4d", "me", "--alone"), ("groq", "me")])
def test_an_account_that_is_not_said_is_asked_for(daemon: FakeDaemon, hr: Hr, arguments: tuple[str, ...]) -> None:
    assert hr("auth", "group", *arguments).code == 2
    assert daemon.asked == []
