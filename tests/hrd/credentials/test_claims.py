"""What tokens say of themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.credentials.claims import NOTHING_SAID, Claims, account_of, claims_of, is_sendable
from tests.upstreams.codex_oauth import jwt

AUTH = "https://api.openai.com/auth"
ORGANIZED = {AUTH: {"organizations": [{"id": "o", "is_default": True}]}}
NOW = 1_795_003_200.0


def test_everything_that_is_said() -> None:
    token = jwt(
        {
            "email": "me@example.org",
            "iat": NOW,
            "exp": NOW + 60,
            AUTH: {
                "chatgpt_account_id": "acc-1",
                "chatgpt_plan_type": "a plan of tomorrow".replace(" ", "-"),
                "organizations": [{"id": "org-1"}, {"id": "org-2", "is_default": True}],
            },
        }
    )
    assert claims_of(token) == Claims(
        account_id="acc-1",
        default_organization="org-2",
        email="me@example.org",
        plan="a-plan-of-tomorrow",
        issued_at=NOW,
        expires_at=NOW + 60,
    )


def test_the_e_mail_address_of_the_profile() -> None:
    assert claims_of(jwt({"https://api.openai.com/profile": {"email": "me@example.org"}})).email == "me@example.org"


@pytest.mark.parametrize(
    ("claims", "left"),
    [
        ({AUTH: "text"}, NOTHING_SAID),
        ({AUTH: {"chatgpt_account_id": 5, "organizations": {"id": "x"}}}, NOTHING_SAID),
        ({AUTH: {"chatgpt_account_id": "two words", "organizations": ["x", {"is_default": True}]}}, NOTHING_SAID),
        ({AUTH: {"chatgpt_account_id": "a\r\nx-evil: 1"}}, NOTHING_SAID),
        ({"email": "x" * 201, "exp": "tomorrow", "iat": True}, NOTHING_SAID),
        ({"exp": -1, "iat": 1e300}, NOTHING_SAID),
    ],
)
def test_what_has_another_shape_is_not_said(claims: dict[str, object], left: Claims) -> None:
    assert claims_of(jwt(claims)) == left


@pytest.mark.parametrize("token", ["", "opaque", "a.b", "a.b.c", "a.bm90anNvbg.c", "a.W10.c", "a.ÿ.c", "." * 100_000, "a..c"])
def test_what_is_no_token_says_nothing(token: str) -> None:
    assert claims_of(token) == NOTHING_SAID


@given(st.text(max_size=200))
def test_nothing_is_too_odd(token: str) -> None:
    claims_of(token)
    claims_of(f"a.{token}.c")


@pytest.mark.parametrize(
    ("access", "id_token", "account"),
    [
        ({AUTH: {"chatgpt_account_id": "from-access"}}, {AUTH: {"chatgpt_account_id": "from-id"}}, "from-id"),
        (
            {AUTH: {"chatgpt_account_id": "from-access"}},
            {AUTH: {"organizations": [{"id": "o", "is_default": True}]}},
            "from-access",
        ),
        ({}, ORGANIZED, "o"),
        (ORGANIZED, {}, "o"),
        ({}, {}, ""),
    ],
)
def test_whose_login_it_is(access: dict[str, object], id_token: dict[str, object], account: str) -> None:
    assert account_of(jwt(access), jwt(id_token)) == account


@pytest.mark.parametrize(
    ("token", "may"), [("abc", True), ("", False), ("a b", False), ("é", False), ("a\n", False), ("x" * 16_385, False)]
)
def test_what_may_stand_in_a_header(token: str, may: bool) -> None:
    assert is_sendable(token) is may
