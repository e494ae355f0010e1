"""Accounts: logins of other programs that are handed over, and logins of the router's own. Tokens travel inwards only."""

from hrd.admin.wire.route import Answer, Ask, Route


class LoginImport(Ask, frozen=True, kw_only=True):
    """The content of another program's login file. *path* is where it stands, absolute."""

    content: str
    path: str = ""
    label: str = ""

    def __repr__(self) -> str:
        return f"LoginImport({len(self.content)} characters)"


class AccountKept(Answer, frozen=True, kw_only=True):
    """An account whose login is kept. *fate*: `added`, `updated`, or `kept`: what the router has is as new, or newer."""

    fingerprint: str
    fate: str
    label: str = ""
    plan: str = ""


class LoginImported(Answer, frozen=True, kw_only=True):
    """*key*: the fingerprint of a key of the OpenAI platform that stood there in place of a login."""

    accounts: tuple[AccountKept, ...] = ()
    key: str = ""
    warnings: tuple[str, ...] = ()


class LoginWish(Ask, frozen=True, kw_only=True):
    """To sign in; *browser*: with one of this machine, else with a code that is entered anywhere."""

    provider: str
    browser: bool = False
    label: str = ""


class LoginStep(Answer, frozen=True, kw_only=True):
    """One step of signing in. `kind` is `visit` (the user goes to *page*, and enters *code* if there is one), `done` or
    `failed`."""

    kind: str
    page: str = ""
    code: str = ""
    within_s: float = 0.0
    account: AccountKept | None = None
    message: str = ""
    hint: str = ""
    warnings: tuple[str, ...] = ()


LOGIN_IMPORT = Route("POST", "/v1/auth/import", LoginImport, LoginImported)
LOGIN = Route("POST", "/v1/auth/login", LoginWish, LoginStep, streams=True)
