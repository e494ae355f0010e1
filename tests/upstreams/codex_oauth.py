"""An emulated login server of ChatGPT accounts, on a loopback socket: sign-in pages, codes, tokens that rotate.

    async with CodexOAuth() as server:
        refresh = server.account("acc-1").sign_in()      # as if the user had
        ...  # point CODEX_AUTH_URL at server.url
        server.lets_in(access_token)                      # what the emulated provider asks of it

Strict where the real one is known to be: a refresh token is good once; who shows a spent one ends the whole family of tokens
(unless `leeway_s` says otherwise). Requests are read with h11.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import h11
import trio

CLIENT_ID = "app_EMoamEEZ73f0CkXaXp7hrann"
_numbers = itertools.count(1)


def jwt(claims: dict[str, Any]) -> str:
    """A token that says *claims*, signed by nobody."""
    parts = (json.dumps({"alg": "none", "typ": "JWT"}), json.dumps(claims), "not-a-signature")
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


class Asked:
    """One request, as it came."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path = urlsplit(target).path

    @property
    def fields(self) -> dict[str, Any]:
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}
        return dict(json.loads(self.body or b"{}"))


class Account:
    """One user of the server's."""

    def __init__(self, server: CodexOAuth, account_id: str, email: str, plan: str) -> None:
        self.server, self.account_id, self.email, self.plan = server, account_id, email, plan

    def tokens(self, family: int) -> dict[str, Any]:
        """New tokens; the refresh token is the only live one of its *family*."""
        server, number = self.server, next(_numbers)
        now = server.now()
        own = {"chatgpt_account_id": self.account_id, "chatgpt_plan_type": self.plan}
        claims = {"iat": now, "exp": now + server.lifetime_s, "jti": number, "https://api.openai.com/auth": own}
        access, refresh = jwt(claims), f"rt_test-not-a-token-{number}"
        server.access[access] = self.account_id, now + server.lifetime_s
        server.refresh[refresh] = self, family
        server.live[family] = refresh
        id_token = jwt({"email": self.email, **claims})
        return {"access_token": access, "refresh_token": refresh, "id_token": id_token, "expires_in": server.lifetime_s}

    def sign_in(self) -> dict[str, Any]:
        """The tokens of a login of its own."""
        return self.tokens(next(_numbers))

    def codex_file(self, tokens: dict[str, Any] | None = None) -> dict[str, Any]:
        """A login as the Codex CLI keeps it."""
        given = tokens or self.sign_in()
        kept = {name: given[name] for name in ("id_token", "access_token", "refresh_token")}
        return {
            "auth_mode": "chatgpt",
            "OPENAI_API_KEY": None,
            "tokens": {**kept, "account_id": self.account_id},
            "last_refresh": "2026-11-20T00:00:00Z",
        }


class CodexOAuth:
    """One server on 127.0.0.1. Enter it, or start `serve` in a nursery of your own."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        lifetime_s: float = 864_000.0,
        leeway_s: float = 0.0,
        client_id: str = CLIENT_ID,
        port: int = 0,
    ) -> None:
        """*leeway_s*: a spent refresh token is good again for so long, and gives what it gave."""
        self.now, self.lifetime_s, self.leeway_s, self.client_id = now, lifetime_s, leeway_s, client_id
        self.port, self.url = port, ""
        self.accounts: dict[str, Account] = {}
        self.access: dict[str, tuple[str, float]] = {}
        """Access token → account, and its end."""
        self.refresh: dict[str, tuple[Account, int]] = {}
        """Every refresh token ever given → account and family."""
        self.live: dict[int, str] = {}
        """Family → its refresh token that is good now. Families that ended are not in it."""
        self.spent: dict[str, tuple[float, dict[str, Any]]] = {}
        self.expired: set[str] = set()
        self.asked: list[Asked] = []
        self.refreshes: list[str] = []
        """Every refresh token that was shown, in order."""
        self.trouble: list[tuple[int, bytes]] = []
        """Answers in place of the next ones to POST /oauth/token, before anything is done."""
        self.delay_s = 0.0
        """Between doing what was asked and answering."""
        self.held: trio.Event | None = None
        """What was asked is done, and no answer leaves before this is set."""
        self.cuts = 0
        """So many answers are cut off after what was asked has been done."""
        self.devices: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, tuple[Account, str, str]] = {}
        """Authorization code → account, PKCE challenge, redirect URI."""
        self.device_logins = True
        self.interval = "1"
        """Seconds between two looks at a code, as text."""

    # what a test does ----------------------------------------------------------------------------------------------------

    def account(self, account_id: str, *, email: str = "", plan: str = "plus") -> Account:
        made = Account(self, account_id, email or f"{account_id}@example.org", plan)
        return self.accounts.setdefault(account_id, made)

    def lets_in(self, access_token: str) -> str | None:
        """Whose token it is; None for one that is not good, or not any more."""
        account, ends_at = self.access.get(access_token, ("", 0.0))
        return account if account and self.now() < ends_at else None

    def expire_access(self, account_id: str = "") -> None:
        """No access token of the account, or of any, is good any more, whatever it says."""
        self.access = {token: good for token, good in self.access.items() if account_id and good[0] != account_id}

    def end_logins(self) -> None:
        """All families end: everybody was signed out."""
        self.live.clear()

    def approve(self, user_code: str, account: Account) -> None:
        """The user enters the code and agrees."""
        self._device(user_code)["account"] = account

    def deny(self, user_code: str) -> None:
        self._device(user_code)["denied"] = True

    def expire(self, user_code: str) -> None:
        self._device(user_code)["expired"] = True

    def _device(self, user_code: str) -> dict[str, Any]:
        return next(device for device in self.devices.values() if device["user_code"] == user_code)

    def agree(self, page: str, account: Account) -> str:
        """The user signs in on *page* with a browser: the URL that it is sent back to."""
        parts = urlsplit(page)
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert parts.path == "/oauth/authorize", page
        assert said["client_id"] == self.client_id
        assert said["response_type"] == "code"
        assert said["code_challenge_method"] == "S256"
        assert {"openid", "offline_access"} <= set(said["scope"].split())
        assert said["redirect_uri"].startswith("http://localhost:")
        code = f"code_test-{next(_numbers)}"
        self.codes[code] = account, said["code_challenge"], said["redirect_uri"]
        return f"{said['redirect_uri']}?{urlencode({'code': code, 'state': said['state']})}"

    # serving -------------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._opening = trio.open_nursery()
        self._nursery = await self._opening.__aenter__()
        await self._nursery.start(self.serve)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._nursery.cancel_scope.cancel()
        if isinstance(error, trio.Cancelled | BaseExceptionGroup):
            return bool(await self._opening.__aexit__(kind, error, trace))
        await self._opening.__aexit__(None, None, None)
        return False

    async def serve(self, task_status: trio.TaskStatus[Self] = trio.TASK_STATUS_IGNORED) -> None:
        listeners = await trio.open_tcp_listeners(self.port, host="127.0.0.1")
        self.port = listeners[0].socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, self._converse, listeners)
            task_status.started(self)

    async def _converse(self, stream: trio.SocketStream) -> None:
        async with stream:
            try:
                asked = await _read(stream)
                if asked is None:
                    return
                self.asked.append(asked)
                status, body = self.answer(asked)
                await trio.sleep(self.delay_s)
                if self.held is not None:
                    await self.held.wait()
                data = _reply(status, body)
                if self.cuts:
                    self.cuts -= 1
                    data = data[: len(data) // 2]
                await stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError):
                pass

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """What is answered, and all that it changes here."""
        if asked.method != "POST":
            return _error(405, "method_not_allowed")
        match asked.path:
            case "/oauth/token":
                return self.trouble.pop(0) if self.trouble else self._token(asked.fields)
            case "/api/accounts/deviceauth/usercode":
                return self._user_code(asked.fields)
            case "/api/accounts/deviceauth/token":
                return self._device_token(asked.fields)
            case _:
                return _error(404, "not_found")

    def _token(self, fields: dict[str, Any]) -> tuple[int, bytes]:
        if fields.get("client_id") != self.client_id:
            return _error(400, "invalid_client")
        if fields.get("grant_type") == "refresh_token":
            return self._refresh(str(fields.get("refresh_token")))
        if fields.get("grant_type") == "authorization_code":
            return self._exchange(fields)
        return _error(400, "unsupported_grant_type")

    def _refresh(self, token: str) -> tuple[int, bytes]:
        self.refreshes.append(token)
        if token not in self.refresh:
            return 400, json.dumps({"error": "invalid_grant", "error_description": f"unknown token {token}"}).encode()
        account, family = self.refresh[token]
        if token in self.expired:
            return _error(401, "refresh_token_expired")
        if token in self.spent:
            at, given = self.spent[token]
            if self.leeway_s and self.now() - at <= self.leeway_s:
                return 200, json.dumps(given).encode()
            self.live.pop(family, None)
            return _error(401, "refresh_token_reused")
        if self.live.get(family) != token:
            return _error(401, "refresh_token_invalidated")
        given = account.tokens(family)
        self.spent[token] = self.now(), given
        return 200, json.dumps(given).encode()

    def _exchange(self, fields: dict[str, Any]) -> tuple[int, bytes]:
        account, challenge, redirect_uri = self.codes.pop(fields.get("code", ""), (None, "", ""))
        verifier = hashlib.sha256(str(fields.get("code_verifier")).encode()).digest()
        if account is None or base64.urlsafe_b64encode(verifier).decode().rstrip("=") != challenge:
            return 400, json.dumps({"error": "invalid_grant", "error_description": "code or verifier"}).encode()
        if fields.get("redirect_uri") != redirect_uri:
            return _error(400, "invalid_request")
        return 200, json.dumps(account.sign_in()).encode()

    def _user_code(self, fields: dict[str, Any]) -> tuple[int, bytes]:
        if not self.device_logins or fields.get("client_id") != self.client_id:
            return _error(404, "not_enabled")
        number = next(_numbers)
        device_id, user_code = f"device_test-{number}", f"CODE-{number:04d}"
        self.devices[device_id] = {"user_code": user_code}
        return 200, json.dumps({"device_auth_id": device_id, "user_code": user_code, "interval": self.interval}).encode()

    def _device_token(self, fields: dict[str, Any]) -> tuple[int, bytes]:
        device = self.devices.get(fields.get("device_auth_id", ""))
        if device is None or device["user_code"] != fields.get("user_code"):
            return _error(400, "invalid_request")
        if device.get("denied"):
            return _error(400, "access_denied")
        if device.get("expired"):
            return _error(400, "expired_token")
        if device.get("account") is None:
            return _error(403, "authorization_pending")
        verifier = f"verifier-{next(_numbers)}"
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        code = f"code_test-{next(_numbers)}"
        self.codes[code] = device["account"], digest, f"{self.url}/deviceauth/callback"
        return 200, json.dumps({"authorization_code": code, "code_verifier": verifier, "code_challenge": digest}).encode()


def _error(status: int, code: str) -> tuple[int, bytes]:
    return status, json.dumps({"error": {"code": code, "message": f"emulated: {code}"}}).encode()


def _reply(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return head.encode() + body


async def _read(stream: trio.SocketStream) -> Asked | None:
    connection, head, body = h11.Connection(h11.SERVER), None, b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive_some(65_536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            headers = {name.decode(): value.decode() for name, value in head.headers}
            return Asked(head.method.decode(), head.target.decode(), headers, body)
        else:
            return None
