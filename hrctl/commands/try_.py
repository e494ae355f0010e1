"""`hr try`: one small request, end to end."""

import click
import msgspec

from hrctl.endpoint import open_endpoint
from hrctl.grammar import Command, as_json
from hrctl.problems import Trouble
from hrctl.session import Session, pretty
from hrctl.trial import Trial, drawn_trial, try_out

MAX_TOKENS = 256
PROMPT = "Say hello in one short sentence."


@click.command(
    "try",
    cls=Command,
    examples=('hr try "Say hello."', 'hr try --model groq "Say hello."', 'hr try "Say hello." --json'),
)
@click.argument("prompt", default=PROMPT)
@click.option("--model", default="", metavar="NAME", help="A model, or a provider; without it the router chooses.")
@as_json
@click.pass_obj
def try_(session: Session, prompt: str, model: str, as_json: bool) -> None:
    """Send one small request end to end.

    Prints the answer, the route that it took, tokens, cost and time. It goes to the client endpoint with a client key, as your
    programs' requests do, and is counted like theirs.
    """
    trial = try_out(session.client, open_endpoint(session.client), small_request(prompt, model))
    if as_json:
        session.say(pretty(msgspec.json.encode(trial)))
    if not trial.is_good:
        raise refused(trial)
    if not as_json:
        session.say("\n".join(drawn_trial(trial)))


def small_request(prompt: str, model: str) -> dict[str, object]:
    """*model* empty: the router chooses (it knows every unknown name as its own)."""
    return {"model": model or "hermes-router", "messages": [{"role": "user", "content": prompt}], "max_tokens": MAX_TOKENS}


def refused(trial: Trial) -> Trouble:
    hint = f"see who was asked and why not: hr why {trial.request_id}" if trial.exchange is not None else "see: hr doctor"
    return Trouble(f"refused with {trial.status}: {trial.text}", hint)
