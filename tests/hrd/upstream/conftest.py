"""Connections to providers that are closed when their test is over."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trio
import trustme

from hrd.upstream.connections import Connections
from tests.hrd.upstream.parts import connections

Pooled = Callable[..., Connections]


@pytest.fixture
def pooled(nursery: trio.Nursery) -> Iterator[Pooled]:
    made: list[Connections] = []

    def make(**tuned: object) -> Connections:
        made.append(connections(nursery, **tuned))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for pool in made:
        pool.drop_idle()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The one that this machine trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "bundle.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "bundle.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    return made
