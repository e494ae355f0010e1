"""A rule: if a refusal looks like this, it means that. Tables of rules are read from the top; the first that fits decides."""

from collections.abc import Iterable
from typing import Final

import msgspec

from hrd.core.failures import Verdict
from hrd.upstream.readers.said import Said


class Rule(msgspec.Struct, frozen=True):
    """Fits when the status is among `status`, a sign is there, `also` is in the text, and one code or one phrase fits.

    What is left empty asks for nothing. Codes and phrases are alternatives, for providers rename their codes more often
    than they rewrite their sentences, and the other way round."""

    verdict: Verdict
    status: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    """Whole codes or types, in lower case."""
    says: tuple[str, ...] = ()
    """Parts of the text, in lower case."""
    also: tuple[str, ...] = ()
    """One of these has to be in the text as well."""
    sign: str = ""
    scope: str = ""
    """As in `Failure.scope`."""
    period: str = ""
    """The window that is used up, where the text names none: `day`, `month` …"""
    hint_s_min: float = 0.0
    """A hint shorter than this is not believed."""
    may_be_short: bool = False
    """QUOTA_EXHAUSTED: a hint within the hour says that it is a limit of the minute after all."""
    needs: str = ""
    """MODEL_UNAVAILABLE: only for requests with `tools` or `images`."""
    field: str = ""
    """BAD_PARAM: the field that is meant, where the text does not name it so."""

    def fits(self, said: Said) -> bool:
        if self.status and said.status not in self.status:
            return False
        if self.sign and self.sign not in said.signs:
            return False
        if self.also and not _any_in(self.also, said.text):
            return False
        if not self.codes and not self.says:
            return True
        return not said.codes.isdisjoint(self.codes) or _any_in(self.says, said.text)


def _any_in(phrases: Iterable[str], text: str) -> bool:
    return any(phrase in text for phrase in phrases)


def first_fit(tables: Iterable[tuple[Rule, ...]], said: Said) -> Rule | None:
    """The rule that decides."""
    for table in tables:
        for rule in table:
            if rule.fits(said):
                return rule
    return None


CLIENT_ERRORS: Final = (400, 413, 422)
"""Statuses under which a provider objects to what was asked."""
