"""`hr reset`: lift blocks by hand."""

import click

from hrctl.grammar import Command, as_json
from hrctl.hindered import in_short
from hrctl.problems import Misused
from hrctl.render import Paper
from hrctl.session import Session
from hrctl.words import many, plain
from hrd.admin.wire.auth import is_fingerprint
from hrd.admin.wire.quota import RESET, ResetDone, ResetRequest


@click.command(cls=Command, examples=("hr reset groq", "hr reset groq-1a2b3c4d", "hr reset --all"))
@click.argument("which", metavar="[PROVIDER|FINGERPRINT]", default="")
@click.option("--all", "everything", is_flag=True, help="Every provider and key.")
@as_json
@click.pass_obj
def reset(session: Session, which: str, everything: bool, as_json: bool) -> None:
    """Let a provider or a key be asked again now.

    Whatever was concluded from its last refusals is forgotten. Nothing is lost by it: if the reason still stands, the next
    answer brings the block back.
    """
    if everything == bool(which):
        raise Misused("say what to reset: a provider, a fingerprint, or --all", "see what is blocked: hr quota")
    session.show(session.client.ask(RESET, _meant(which)), _drawn, as_json)


def _meant(which: str) -> ResetRequest:
    if not which:
        return ResetRequest(all=True)
    return ResetRequest(fingerprint=which) if is_fingerprint(which) else ResetRequest(provider=which)


def _drawn(done: ResetDone, _paper: Paper) -> str:
    if not done.lifted:
        return "Nothing was blocked"
    lines = [f"{plain(one.title or one.scope)}: {plain(in_short(one.reason))}" for one in done.lifted]
    return "\n".join([f"Lifted {many(len(lines), 'block')}:", *lines])
