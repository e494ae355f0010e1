"""The shapes of accounts: a login goes in, and never shows."""

from hrd.admin.wire.accounts import AccountKept, LoginImport, LoginImported, LoginStep, LoginWish
from tests.hrd.admin.wire.shapes import shape_of

KEPT = AccountKept(fingerprint="codex-1a2b3c4d", fate="added", label="me@example.org", plan="plus")
SHAPE = {"fingerprint": "codex-1a2b3c4d", "fate": "added", "label": "me@example.org", "plan": "plus"}


def test_a_login_does_not_show_when_the_request_is_printed() -> None:
    ask = LoginImport(content='{"tokens": "test-not-a-token"}', path="/home/me/.codex/auth.json")
    assert repr(ask) == str(ask) == "LoginImport(30 characters)"


def test_what_is_asked() -> None:
    assert shape_of(LoginImport(content="{}")) == {"content": "{}"}
    assert shape_of(LoginWish(provider="codex", browser=True)) == {"provider": "codex", "browser": True}


def test_what_is_answered() -> None:
    assert shape_of(LoginImported(accounts=(KEPT,))) == {"accounts": [SHAPE], "key": "", "warnings": []}
    assert shape_of(LoginStep(kind="done", account=KEPT)) == {
        "kind": "done",
        "page": "",
        "code": "",
        "within_s": 0.0,
        "account": SHAPE,
        "message": "",
        "hint": "",
        "warnings": [],
    }
