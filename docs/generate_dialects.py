"""Writes docs/dialects.md from the table of the matrix: run it after changing tests/matrix/cells.py.

.venv/bin/python -m docs.generate_dialects
"""

from collections.abc import Iterator
from pathlib import Path

from tests.matrix.cells import CLIENTS, HOWS, KINDS, PROVIDERS, cells
from tests.matrix.test_moving import WAY

HERE = Path(__file__).parent
PAGE = HERE / "dialects.md"

HEAD = """\
# Dialects

<!-- Written by docs/generate_dialects.py from tests/matrix/cells.py: change that. -->

Whatever a program speaks, whoever is behind the router can answer it. A program speaks one of three dialects: OpenAI's Chat
Completions (`/v1/chat/completions`), OpenAI's Responses (`/v1/responses`) or Anthropic's Messages (`/v1/messages`). A provider
speaks one of three as well: chat completions, as most do; Anthropic's; or that of the Codex backend of ChatGPT subscriptions.

Where both speak the same, bytes pass through as they are, and with them what the router does not know; a Messages reply
alone names the model as the client did. Otherwise requests and replies are translated. What a provider cannot take is left
out and named in `hr why REQUEST_ID`; where leaving it out would change what the request means, somebody who can take it is
asked first.
What OpenAI alone understands in a chat (freeform tools, a choice among allowed tools, functions as before there were tools) is
translated for other providers of chat completions, too.

## What holds

Each field is a test: the official SDK of the dialect asks through the real daemon, an emulated provider answers that refuses
whatever the real one refuses, and both ends must have got what was meant. ✓ is: with whole replies and with streams.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_table(), "", *_meanings(), "", *_moving(), ""])


def _table() -> Iterator[str]:
    held = set(cells())
    columns = [(client, provider) for client in CLIENTS for provider in PROVIDERS]
    yield "| |" + "".join(f" {CLIENTS[client]} → {PROVIDERS[provider]} |" for client, provider in columns)
    yield "|---|" + "---|" * len(columns)
    for name, kind in KINDS.items():
        marks = [_mark([how for how in HOWS if (client, provider, name, how) in held]) for client, provider in columns]
        yield f"| {kind.title} | " + " | ".join(marks) + " |"


def _mark(hows: list[str]) -> str:
    return "✓" if len(hows) == len(HOWS) else ", ".join(hows) or "–"


def _meanings() -> Iterator[str]:
    for kind in KINDS.values():
        yield f"- **{kind.title}**: {kind.means}"


def _moving() -> Iterator[str]:
    names = " → ".join(name.capitalize() for name in WAY)
    yield "## A conversation that moves"
    yield ""
    yield f"A conversation may change its provider at every turn, and between a call and its results. Tried is {names},"
    yield "with thinking and parallel calls, in each of the three dialects. Call ids are mapped to what each provider takes,"
    yield "and back. Signed or encrypted thinking goes back to the provider that made it and to nobody else."


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
