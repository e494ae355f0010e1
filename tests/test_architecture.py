"""Imports point one way, and what must not wait imports nothing that waits. Each rule fails with its reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for package in ("hrd", "hrctl") for path in (ROOT / package).rglob("*.py"))

RANK = {
    "hrd": 0,  # __version__
    "hrd.core": 0,
    "hrd.dialects": 1,
    "hrd.settings": 1,
    "hrd.waking": 1,
    "hrd.admin.wire": 1,
    "hrd.admin.places": 1,
    "hrd.files": 1,
    "hrd.printing": 1,
    "hrd.http": 1,
    "hrd.log_lines": 1,
    "hrd.credentials": 2,
    "hrd.logbook": 2,
    "hrd.metrics": 2,
    "hrd.exposition": 3,
    "hrd.notify": 1,
    "hrd.signals": 1,
    "hrd.pool": 2,
    "hrd.configuration": 3,
    "hrd.demo": 3,
    "hrd.downstream": 3,
    "hrd.store": 3,
    "hrd.upstream": 3,
    "hrd.trip": 4,
    "hrd.admin": 5,
    "hrd.bounds": 5,
    "hrd.stamps": 5,
    "hrd.cors": 5,
    "hrd.exchange": 5,
    "hrd.handover": 5,
    "hrd.model_list": 6,
    "hrd.model_shapes": 7,
    "hrd.pages": 8,
    "hrd.clients_side": 9,
    "hrd.providers_side": 9,
    "hrd.control_side": 10,
    "hrd.daemon": 11,
    "hrd.welcome": 11,
    "hrd.start": 12,
    "hrd.checkup": 13,
    "hrd.__main__": 14,
}
"""The longest prefix counts. Nobody imports a higher rank, nor a sibling from rank 3 on: those meet in whoever uses both."""
SIBLINGS_FROM = 3

ALONE = {
    "hrd.http": "HTTP knows nothing of models, providers or the router",
    "hrd.core": "what the router knows depends on nothing that does something with it",
}

PURE = (
    "hrd.core",
    "hrd.dialects",
    "hrd.settings",
    "hrd.admin.wire",
    "hrd.admin.places",
    "hrd.configuration.assemble",
    "hrd.configuration.demo",
    "hrd.credentials.account_edits",
    "hrd.credentials.accounts",
    "hrd.credentials.auth_file",
    "hrd.credentials.claims",
    "hrd.credentials.edits",
    "hrd.credentials.logins",
    "hrd.credentials.order",
    "hrd.pool",
)
NOT_IN_PURE = {
    "trio": "it waits",
    "httpx2": "it waits",
    "httptools": "it belongs to hrd.http",
    "sqlite3": "it waits",
    "sqlite_utils": "it waits",
    "socket": "it waits",
    "structlog": "facts are returned; the shell logs",
    "logging": "facts are returned; the shell logs",
    "time": "the caller passes `now`",
    "datetime.datetime.now": "the caller passes `now`",
    "random": "the caller passes the draw",
    "secrets": "the caller passes the draw",
    "os": "the shell reads the world",
    "pathlib.Path": "the shell reads the world",
}

ONLY_IN = {
    "httptools": (("hrd.http",), "one parser of HTTP"),
    "httpx2": (
        ("hrd.upstream.general",),
        "off the data plane, imported in one place, so that changing it is a change of one file",
    ),
    "sqlite3": (("hrd.store",), "one owner of the database"),
    "sqlite_utils": (("hrd.store",), "one owner of the database"),
    "structlog": (("hrd.logbook",), "one place writes lines"),
    "prometheus_client": (("hrd.exposition",), "one place knows Prometheus"),
    "click": (
        ("hrctl", "hrd.start", "hrd.checkup", "hrd.__main__"),
        "commands belong to hr; the daemon has a command line of its own",
    ),
    "tomlkit": (("hrctl.clients.toml_text",), "hr is to start quickly: loaded when a file in TOML is written"),
    "ruamel": (("hrctl.clients.yaml_text",), "hr is to start quickly: loaded when a file in YAML is written"),
    "trio": (
        (
            *("hrd.http", "hrd.downstream", "hrd.upstream", "hrd.store", "hrd.demo", "hrd.admin", "hrd.configuration.live"),
            *(
                "hrd.exchange",
                "hrd.trip",
                "hrd.handover",
                "hrd.pages",
                "hrd.waking",
                "hrd.control_side",
                "hrd.daemon",
                "hrd.start",
                "hrd.checkup",
            ),
            "hrd.signals",
        ),
        "waiters wait, deciders do not",
    ),
}

HRCTL_MAY = (
    *("hrctl", "hrd.admin.wire", "hrd.admin.places", "hrd.core.aliases"),
    *("hrd.files", "hrd.printing", "hrd.__version__", "hrd.__main__"),
)
"""hrd.core.aliases is names alone, for when no daemon is there to ask; hrd.files and hrd.printing know nothing of either; the
last is for the words of its help alone, which hrctl makes a man page of."""
BANNED_WORDS = {"manager", "service", "helper", "helpers", "util", "utils", "common", "base", "handler", "processor"}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_by(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_in(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def home_of(name: str) -> str:
    """The entry of RANK that *name* belongs to."""
    fitting = [prefix for prefix in RANK if is_in(name, (prefix,))]
    assert len(fitting) > 1 or name in ("hrd", "hrd.__version__"), f"{name} has no rank: where does it belong?"
    return max(fitting, key=len)


def trespasses(module: str, source: str) -> list[str]:
    """What *module* imports that it should not, with the reason."""
    found = []
    for name in imported_by(source):
        if is_in(name, ("hrd",)):
            found += _wrong_way(module, name)
        if is_in(module, PURE):
            found += [f"imports {name}: {why}" for banned, why in NOT_IN_PURE.items() if is_in(name, (banned,))]
        for package, (homes, why) in ONLY_IN.items():
            if is_in(name, (package,)) and not is_in(module, homes):
                found.append(f"imports {name}, which only {', '.join(homes)} may: {why}")
    return found


def _wrong_way(module: str, name: str) -> list[str]:
    if is_in(module, ("hrctl",)):
        return [] if is_in(name, HRCTL_MAY) else [f"imports {name}: hr and hrd share the wire and nothing else"]
    mine, theirs = home_of(module), home_of(name)
    if mine == theirs or theirs == "hrd":
        return []
    if mine in ALONE:
        return [f"imports {name}: {ALONE[mine]}"]
    if RANK[theirs] > RANK[mine]:
        return [f"imports {name}: {mine} ({RANK[mine]}) is before {theirs} ({RANK[theirs]})"]
    if RANK[theirs] == RANK[mine] >= SIBLINGS_FROM:
        return [f"imports {name}: {mine} and {theirs} are siblings; whoever uses both brings them together"]
    return []


@pytest.mark.parametrize("path", MODULES, ids=module_of)
def test_imports_point_one_way(path: Path) -> None:
    assert trespasses(module_of(path), path.read_text()) == []


@pytest.mark.parametrize("path", MODULES, ids=module_of)
def test_a_module_is_named_by_one_noun(path: Path) -> None:
    words = set(path.stem.split("_"))
    assert not words & BANNED_WORDS
    assert "and" not in words


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("hrd.core.tour", "import trio", "it waits"),
        ("hrd.core.tour", "def f():\n    from time import time", "the caller passes `now`"),
        ("hrd.core.tour", "from hrd.pool import Pool", "depends on nothing"),
        ("hrd.dialects.sse", "import os.path", "the shell reads the world"),
        ("hrd.http.wire", "from hrd.core.ask import Ask", "knows nothing of models"),
        ("hrd.upstream.attempt", "from hrd.store.contract import Store", "siblings"),
        ("hrd.pool", "from hrd.exchange import Exchange", "is before hrd.exchange"),
        ("hrd.admin.wire.route", "from hrd.admin.server import x", "is before hrd.admin"),
        ("hrd.exchange", "import httpx2", "only hrd.upstream.general"),
        ("hrctl.client", "from hrd.pool import Pool", "share the wire"),
    ],
)
def test_the_gate_names_what_it_stops(module: str, source: str, reason: str) -> None:
    assert any(reason in line for line in trespasses(module, source))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("hrctl.client", "from hrd.admin.wire.status import Status\nfrom hrd import __version__"),
        ("hrd.pool", "from hrd.core import failover"),
        ("hrd.admin.server", "from hrd.admin.wire import route\nfrom hrd.store.contract import Store"),
        ("hrd.upstream.general", "import httpx2\nimport trio"),
    ],
)
def test_the_gate_lets_through_what_is_right(module: str, source: str) -> None:
    assert trespasses(module, source) == []


def test_relative_imports_are_refused() -> None:
    with pytest.raises(AssertionError, match="absolute"):
        list(imported_by("from . import tour"))
