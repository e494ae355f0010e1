"""`hr key`: the keys that programs of this machine show to the router."""

from collections.abc import Iterator, Sequence
from typing import Final

import click
import msgspec

from hrctl.endpoint import widest_key
from hrctl.grammar import DOLLARS, Command, InOrder, as_json
from hrctl.problems import Trouble
from hrctl.render import Column, Paper, table
from hrctl.session import Session, pretty
from hrctl.words import count, many, money, plain, sentence
from hrd.admin.wire.keys import (
    KEY_CREATE,
    KEY_REVOKE,
    KEYS,
    ClientKey,
    KeyCreate,
    KeyCreated,
    KeyLimits,
    KeyRevoke,
    KeyRevoked,
    Keys,
    KeysQuestion,
)


@click.group(cls=InOrder)
def key() -> None:
    """Create, list, reveal and revoke client keys."""


@key.command(cls=Command, examples=("hr key create laptop", "hr key create ci --rpm 10 --req-day 500 --cost-policy free-only"))
@click.argument("name")
@click.option("--rpm", type=click.IntRange(min=0), default=0, help="Requests a minute at most.")
@click.option("--req-day", type=click.IntRange(min=0), default=0, help="Requests a day at most.")
@click.option("--tokens-day", type=click.IntRange(min=0), default=0, help="Tokens a day at most.")
@click.option("--cost-day", type=DOLLARS, default=0.0, help="US dollars a day at most.")
@click.option("--concurrency", type=click.IntRange(min=0), default=0, help="Requests at once at most.")
@click.option("--providers", default="", metavar="A,B", help="Only these providers may serve it.")
@click.option("--local-only", is_flag=True, help="Nothing leaves the machine.")
@click.option(
    "--cost-policy", type=click.Choice(["free-only", "subscription-ok", "paid-ok"]), help="What its replies may cost."
)
@click.option("--priority-max", type=click.Choice(["low", "normal", "high"]), help="The highest priority of its requests.")
@as_json
@click.pass_obj
def create(
    session: Session,
    name: str,
    rpm: int,
    req_day: int,
    tokens_day: int,
    cost_day: float,
    concurrency: int,
    providers: str,
    local_only: bool,
    cost_policy: str | None,
    priority_max: str | None,
    as_json: bool,
) -> None:
    """Make a key for a program. It is shown now, and later with hr key reveal NAME.

    Without options it may do what the settings allow to every key (PROXY_LIMIT_RPM and its like). Change it later with hr limit
    set.
    """
    limits = KeyLimits(
        rpm=rpm,
        req_per_day=req_day,
        tokens_per_day=tokens_day,
        cost_per_day=cost_day,
        concurrency=concurrency,
        allowed_providers=tuple(one.strip() for one in providers.split(",") if one.strip()),
        local_only=local_only,
        cost_policy=cost_policy or "",
        priority_max=priority_max or "",
    )
    session.show(session.client.ask(KEY_CREATE, KeyCreate(name=name, limits=limits)), _created, as_json)


def _created(done: KeyCreated, _paper: Paper) -> str:
    return f"Made {plain(done.name)} ({plain(done.fingerprint)}):\n{plain(done.key)}"


@key.command("list", cls=Command, examples=("hr key list", "hr key list --reveal"))
@click.option("--reveal", is_flag=True, help="Show the keys themselves.")
@as_json
@click.pass_obj
def list_(session: Session, reveal: bool, as_json: bool) -> None:
    """The client keys, where they stand and what they may do."""
    session.show(session.client.ask(KEYS, KeysQuestion(reveal=reveal)), _listed, as_json)


_COLUMNS: Final = (
    Column("NAME", shrinks=True),
    Column("FINGERPRINT"),
    Column("KEY"),
    Column("SOURCE"),
    Column("LIMITS", shrinks=True),
)


def _listed(found: Keys, paper: Paper) -> str:
    if not found.keys:
        return "No client keys: make one with hr key create NAME"
    rows = [[one.name, one.fingerprint, one.key or "", one.source, sentence(*_limits(one))] for one in found.keys]
    return table(paper, _COLUMNS, rows)


def _limits(one: ClientKey) -> Iterator[str]:
    limits = one.limits
    ceilings = (
        (limits.rpm, "requests/min"),
        (limits.req_per_day, "requests/day"),
        (limits.tokens_per_day, "tokens/day"),
        (limits.concurrency, "at once"),
    )
    yield from (f"{count(number)} {unit}" for number, unit in ceilings if number)
    if limits.cost_per_day:
        yield f"{money(max(1, round(limits.cost_per_day * 1e6)))}/day"
    if limits.allowed_providers:
        yield f"only {' '.join(limits.allowed_providers)}"
    if limits.local_only:
        yield "local only"
    if limits.priority_max not in ("", "high"):
        yield f"priority {limits.priority_max}"
    yield limits.cost_policy


@key.command(cls=Command, examples=("hr key reveal", "hr key reveal laptop"))
@click.argument("which", metavar="[NAME|FINGERPRINT]", default="")
@as_json
@click.pass_obj
def reveal(session: Session, which: str, as_json: bool) -> None:
    """Print one key alone, for a shell to put in.

    As in: export OPENAI_API_KEY="$(hr key reveal)". Without a name it is one without limits of its own, where there is one.
    """
    keys = session.client.ask(KEYS, KeysQuestion(reveal=True)).value.keys
    found = named_key(keys, which) if which else widest_key(keys)
    if found is None:
        raise Trouble(
            f"there is no client key {plain(which)}", f"see which there are: hr key list. Or: hr key create {plain(which)}"
        )
    session.say(pretty(msgspec.json.encode(found)) if as_json else found.key or "")


def named_key(keys: Sequence[ClientKey], which: str) -> ClientKey | None:
    """By name or fingerprint."""
    return next((one for one in keys if which in (one.name, one.fingerprint)), None)


@key.command(cls=Command, examples=("hr key revoke laptop", "hr key revoke client-1a2b3c4d"))
@click.argument("which", metavar="NAME|FINGERPRINT")
@as_json
@click.pass_obj
def revoke(session: Session, which: str, as_json: bool) -> None:
    """Revoke a client key: from the next request on it opens nothing.

    Keys of PROXY_API_KEYS are not hr's to revoke; it says where they stand.
    """
    session.show(session.client.ask(KEY_REVOKE, KeyRevoke(which=which)), _revoked, as_json)


def _revoked(done: KeyRevoked, _paper: Paper) -> str:
    return f"Revoked {plain(done.name)} ({plain(done.fingerprint)}), {many(done.left, 'client key')} left"
