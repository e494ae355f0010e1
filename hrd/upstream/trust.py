"""Trust: the certificates that the machine's other programs trust, as `truststore` finds them.

truststore's own context asks the system anew for every connection. On macOS and Windows the system judges each certificate, so
that is the point of it; on Linux it means reading a bundle of a hundred and more certificates, about 18 ms of the loop's time a
connection. There the context is filled once, by truststore's own search (SSL_CERT_FILE and SSL_CERT_DIR, OpenSSL's default
places, then those of the distributions), and again after a certificate was not trusted: the store may have been changed.
"""

import ssl
import sys


class SystemTrust:
    """Call it for the context to connect with."""

    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None

    def __call__(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = system_context()
        return self._context

    def look_again(self) -> None:
        """The next context is read anew from the system."""
        self._context = None


def system_context() -> ssl.SSLContext:
    """A client's context with the system's certificates as they are now."""
    import truststore  # noqa: PLC0415 - only a daemon with a TLS provider needs it

    if sys.platform != "linux":
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    from truststore import _openssl  # noqa: PLC0415 - its way of finding the store; elsewhere there is no such thing

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with _openssl._configure_context(context):  # noqa: SLF001 - the only door to it; tests hold it
        return context
