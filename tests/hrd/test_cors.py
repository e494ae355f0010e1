"""CORS: which pages may call, and what their browsers are told."""

import pytest

from hrd.cors import EXPOSED, VARY, cors_of, is_allowed, preflight_headers
from hrd.http.messages import Headers, RequestHead


def head(**headers: str) -> RequestHead:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return RequestHead(
        method="OPTIONS",
        target="/v1/models",
        path="/v1/models",
        query="",
        minor=1,
        headers=Headers(pairs),
        keep_alive=True,
        expects_continue=False,
        content_length=None,
        chunked=False,
    )


PAGE = "http://localhost:3000"


def test_nothing_is_said_unless_origins_are_set() -> None:
    assert cors_of(lambda: ())(head(origin=PAGE)) == ()


@pytest.mark.parametrize("origin", [PAGE, "HTTP://LOCALHOST:3000"])
def test_a_listed_page_is_named_to_its_browser(origin: str) -> None:
    assert cors_of(lambda: (PAGE,))(head(origin=origin)) == (
        VARY,
        (b"access-control-allow-origin", origin.encode()),
        EXPOSED,
    )


@pytest.mark.parametrize("origin", ["http://localhost:3001", "http://localhost", "null", "http://localhost:3000.evil.test", ""])
def test_another_page_is_not(origin: str) -> None:
    assert cors_of(lambda: (PAGE,))(head(origin=origin)) == (VARY,)


def test_a_request_of_no_page_is_told_that_it_matters() -> None:
    assert cors_of(lambda: (PAGE,))(head()) == (VARY,)


def test_a_star_lets_every_page_in_and_origins_may_change_while_it_lives() -> None:
    origins: list[str] = []
    headers = cors_of(lambda: tuple(origins))
    assert headers(head(origin="null")) == ()
    origins.append("*")
    assert (b"access-control-allow-origin", b"null") in headers(head(origin="null"))
    assert is_allowed(b"\xff", ("*",))
    assert not is_allowed(b"\xff", (PAGE,))


def test_a_preflight_allows_what_clients_send_and_nothing_else() -> None:
    asked = "Authorization, content-type,x-stainless-os, anthropic-beta, cookie, x-evil"
    found = dict(preflight_headers(head(access_control_request_headers=asked)))
    assert found[b"access-control-allow-headers"] == b"authorization, content-type, x-stainless-os, anthropic-beta"
    assert found[b"access-control-allow-methods"] == b"GET, HEAD, POST, OPTIONS"
    assert b"access-control-allow-private-network" not in found


def test_a_preflight_that_asks_for_nothing_gets_no_header_list() -> None:
    assert b"access-control-allow-headers" not in dict(preflight_headers(head()))


def test_a_page_of_the_wide_web_may_call_the_users_machine_when_its_browser_asks() -> None:
    found = dict(preflight_headers(head(access_control_request_private_network="true")))
    assert found[b"access-control-allow-private-network"] == b"true"
