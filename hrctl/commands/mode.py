"""`hr mode`: how keys are spent."""

from collections.abc import Iterator

import click

from hrctl.client import Answered
from hrctl.grammar import Command, as_json
from hrctl.problems import Misused
from hrctl.render import Paper
from hrctl.session import Session
from hrctl.words import plain
from hrd.admin.wire.mode import MODE, MODE_CHANGE, ModeChange, Modes
from hrd.admin.wire.route import Nothing

_MEANS = {
    "parallel": "spread over all keys by what each has left",
    "sequential": "one key is drained before the next is touched",
}


@click.command(
    cls=Command,
    examples=("hr mode", "hr mode sequential", "hr mode parallel --provider groq", "hr mode default --provider groq"),
)
@click.argument("wanted", metavar="[parallel|sequential|default]", required=False)
@click.option("--provider", default="", metavar="P", help="For this provider alone.")
@as_json
@click.pass_obj
def mode(session: Session, wanted: str | None, provider: str, as_json: bool) -> None:
    """Show or change how keys are spent: parallel or sequential.

    parallel (also round-robin) spreads requests over all usable keys by what they have left; sequential drains one, in the
    order of hr auth list, before it touches the next. With --provider, default makes it like the rest again. Holds from the
    next request on.
    """
    session.show(_asked(session, wanted, provider), drawn, as_json)


def _asked(session: Session, wanted: str | None, provider: str) -> Answered[Modes]:
    if wanted is None:
        if provider:
            raise Misused(f"which mode for {provider}?", f"hr mode parallel --provider {provider}, or sequential, or default")
        return session.client.ask(MODE, Nothing())
    if wanted not in ("parallel", "round-robin", "sequential", "default"):
        raise Misused(
            f"{wanted} is not a mode", "there are parallel (also round-robin), sequential and, with --provider, default"
        )
    if wanted == "default" and not provider:
        raise Misused(
            "default is for one provider: to be like the rest again", "hr mode default --provider P, or hr mode parallel"
        )
    return session.client.ask(MODE_CHANGE, ModeChange(mode=wanted, provider=provider))


def drawn(now: Modes, _paper: Paper) -> str:
    return "\n".join(_lines(now))


def _lines(now: Modes) -> Iterator[str]:
    yield f"{plain(now.mode)} ({plain(now.source)}): {_MEANS.get(now.mode, '')}".rstrip(": ")
    for one in now.providers:
        yield f"{plain(one.provider)}: {plain(one.mode)} ({plain(one.source)})"
