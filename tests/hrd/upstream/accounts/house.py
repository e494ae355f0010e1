"""Accounts in virtual time: auth.json in memory, the emulated login server without sockets, everything between as it is."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import trio

from hrd.core.providers import Credential
from hrd.core.secrets import Secret
from hrd.credentials import AuthFile, CredentialProblem, stored_order
from hrd.credentials.auth_file import read_auth_file
from hrd.credentials.edits import Edit
from hrd.settings import Settings, read_settings
from hrd.upstream.accounts.accounts import Accounts
from hrd.upstream.accounts.keeping import Keeping
from hrd.upstream.accounts.renewal import Renewal
from hrd.upstream.accounts.server import LoginServer, ServerTerms
from hrd.upstream.accounts.signing_in import SigningIn
from hrd.upstream.general import Got, NotGot
from tests.upstreams.codex_oauth import CLIENT_ID, Asked, CodexOAuth

NOON = 1_795_003_200.0
"""2026-11-18, 12:00 UTC."""
URL = "http://login.test"


class Disk:
    """auth.json: every edit is one write. `full`: it takes no more."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self.text = json.dumps(tree).encode()
        self.writes: list[dict[str, Any]] = []
        self.full = False
        self.busy_s = 0.0
        """How long an edit waits for its turn."""

    @property
    def tree(self) -> dict[str, Any]:
        return dict(json.loads(self.text))

    @property
    def accounts(self) -> list[dict[str, Any]]:
        return list(self.tree.get("codex_accounts", []))


class DiskVault:
    """One process's view of the disk."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.auth = self._read()

    def _read(self) -> AuthFile:
        auth = read_auth_file(self.disk.text)
        assert isinstance(auth, AuthFile), auth
        return auth

    async def edit_auth(self, change: Edit) -> CredentialProblem | None:
        await trio.sleep(0.001 + self.disk.busy_s)
        if self.disk.full:
            return CredentialProblem("the disk is full: make room")
        changed = change(self._read())
        if isinstance(changed, CredentialProblem):
            return changed
        self.disk.text = changed.document.encoded()
        self.disk.writes.append(self.disk.tree)
        self.auth = self._read()
        return None

    async def reread_auth(self) -> CredentialProblem | None:
        await trio.sleep(0.001)
        self.auth = self._read()
        return None


class Wire:
    """The general client, leading to the emulated server and nowhere else. `is_down`: it leads nowhere."""

    def __init__(self, server: CodexOAuth) -> None:
        self.server = server
        self.is_down = False

    async def ask(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", within_s: float, bytes_max: int
    ) -> Got | NotGot:
        server = self.server
        await trio.sleep(0.001)
        if self.is_down:
            return NotGot("ConnectError")
        asked = Asked(method, url.removeprefix(URL), dict(headers), body)
        server.asked.append(asked)
        status, answer = server.answer(asked)
        with trio.move_on_after(within_s):
            await trio.sleep(server.delay_s)
            if server.cuts:
                server.cuts -= 1
                return NotGot("RemoteProtocolError")
            return Got(status, {}, answer)
        return NotGot("TooSlowError")


class House:
    """A process with its accounts. *disk* may be shared with another."""

    def __init__(self, folder: Path, server: CodexOAuth, *, disk: Disk | None = None, settings: str = "") -> None:
        self.folder, self.server = folder, server
        self.disk = disk or Disk({})
        self.vault = DiskVault(self.disk)
        self.wire = Wire(server)
        self.told: list[tuple[str, str]] = []
        terms = ServerTerms(url=URL, client_id=CLIENT_ID, originator="codex_cli_rs", answer_s=20.0)
        self.login_server = LoginServer(self.wire, lambda: terms, str)  # type: ignore[arg-type]
        self.keeping = Keeping(self.vault, self.now, lambda name, what: self.told.append((name, what)))
        self.renewal = Renewal(self.keeping, self.login_server, folder, self.now)
        self.accounts = Accounts(self.keeping, self.renewal, early_s=lambda: 600.0, now=self.now)
        self.signing_in = SigningIn(self.login_server, within_s=lambda: 900.0, ports=lambda: (0,), now=self.now)
        found = read_settings({}, settings or None, None)
        assert isinstance(found, Settings)
        self.settings = found

    @staticmethod
    def now() -> float:
        return NOON + trio.current_time()

    def keep(self, *entries: dict[str, Any]) -> None:
        """auth.json holds these accounts."""
        self.disk.text = json.dumps({"codex_accounts": list(entries)}).encode()
        self.vault.auth = self.vault._read()
        self.accounts.take()

    def credentials(self) -> tuple[Credential, ...]:
        return stored_order(self.vault.auth, self.settings).credentials.get("codex", ())

    @property
    def credential(self) -> Credential:
        return self.credentials()[0]

    def shows(self) -> str | None:
        """The access token that the first account shows."""
        secret = self.accounts.secret_of(self.credential)
        return secret.reveal() if secret is not None else None

    async def renewed(self, refused: str | None = None) -> Any:
        """What who was refused gets: an access token as text, or the failure."""
        found = await self.accounts.renewed(self.credential, Secret(refused, "codex") if refused is not None else None)
        return found.reveal() if isinstance(found, Secret) else found


def server(**facts: Any) -> CodexOAuth:
    return CodexOAuth(now=House.now, **facts)


def entry(account_id: str, tokens: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An account as auth.json holds it."""
    kept = {name: tokens[name] for name in ("access_token", "refresh_token")}
    return {"account_id": account_id, **kept, **more}


Start = Callable[[House], None]
