"""A no on the control socket: what a noun returns instead of its answer."""

import msgspec

from hrd.admin.wire.route import Problem, Refused
from hrd.credentials import CredentialProblem
from hrd.store.contract import StoreUnreadableError


class Denied(msgspec.Struct, frozen=True):
    """What happened and what it means; `hint` is what to type next."""

    status: int
    message: str
    hint: str = ""

    def refused(self) -> Refused:
        return Refused(error=Problem(message=self.message, hint=self.hint))


def misused(message: str, hint: str = "") -> Denied:
    """The request makes no sense, whatever the state of the router."""
    return Denied(400, message, hint)


def not_found(message: str, hint: str = "") -> Denied:
    return Denied(404, message, hint)


def unchanged(problem: CredentialProblem) -> Denied:
    """A file could not be changed."""
    return Denied(409, problem.reason, problem.hint)


def stands_elsewhere(message: str, hint: str) -> Denied:
    """It is not in a file that is ours to change."""
    return Denied(409, message, hint)


def unreadable(error: StoreUnreadableError) -> Denied:
    return Denied(503, f"the database cannot be read: {error}", "see how it does: hr status")
