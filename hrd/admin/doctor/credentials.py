"""The keys: whether there are any, and whether each looks like one of its provider's."""

from collections.abc import Iterator, Mapping

from hrd.admin.doctor.finding import fine, odd, wrong
from hrd.admin.wire.doctor import Finding
from hrd.core.key_shapes import key_warning
from hrd.core.providers import Credential

SUBJECT = "keys"


def key_shapes(held: Mapping[str, tuple[Credential, ...]]) -> Iterator[Finding]:
    """*held*: every credential, by provider."""
    if not any(held.values()):
        yield wrong(SUBJECT, "no provider has a key yet, so there is nobody to ask", "hr setup")
        return
    odd_ones = 0
    for provider, credentials in held.items():
        for one in credentials:
            if warning := key_warning(provider, one.secret.reveal()):
                odd_ones += 1
                yield odd(SUBJECT, f"{one.fingerprint}: {warning}", f"if it is wrong: hr auth remove {one.fingerprint}")
    if not odd_ones:
        counted = ", ".join(f"{provider} {len(credentials)}" for provider, credentials in held.items() if credentials)
        yield fine(SUBJECT, f"all look right: {counted}")
