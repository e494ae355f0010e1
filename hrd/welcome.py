"""What somebody who started the daemon by hand reads when it is ready: where it is, a first request, what comes next. Pure."""

import json
import shlex

import msgspec

from hrd.admin.places import Places

HELLO = "Say hello."


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the text is made of."""

    endpoint: str
    places: Places
    hr: str
    """How `hr` is typed here, ready for a shell."""
    model: str
    has_credential: bool
    is_demo: bool


def welcome(about: Welcome) -> str:
    """The whole block, with an empty line before and behind it."""
    return "\n".join(
        ["", *_where(about), "", "Try it:", f"  {first_request(about)}", "", *_places(about), "", *_next(about), ""]
    )


def first_request(about: Welcome) -> str:
    """A line for a shell that asks something. The key goes through a pipe from what shells have built in: the arguments of a
    process are for everybody to see."""
    body = json.dumps({"model": about.model, "messages": [{"role": "user", "content": HELLO}]}, ensure_ascii=False)
    curl = f"curl -sS -w '\\n' {about.endpoint}/v1/chat/completions -H @- -d {shlex.quote(body)}"
    return f"printf 'x-api-key: %s' \"$({about.hr} key reveal)\" | {curl}"


def _where(about: Welcome) -> list[str]:
    return [
        "hermes-router is ready.",
        f"  Base URL for OpenAI clients:  {about.endpoint}/v1",
        f"  Their key:                    {about.hr} key reveal",
        f"  Their model:                  {about.model}",
    ]


def _places(about: Welcome) -> list[str]:
    return [
        f"What it is doing:  {about.hr} status",
        f"Settings:          {about.places.dotenv} (see docs/settings.md; none is needed)",
        f"Keys:              {about.places.auth_json}",
        f"Stop it:           Ctrl-C, or {about.hr} stop",
    ]


def _next(about: Welcome) -> list[str]:
    add = f"  {about.hr} auth add groq"
    if about.is_demo:
        return ["This is a demo: three providers inside make up the answers, until you add a key of a real one:", add]
    if not about.has_credential:
        return ["No provider has a key yet, so requests are answered with 503. Add one:", add]
    return ["Add another key at any time:", add]
