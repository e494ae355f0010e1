"""An emulated provider as a process: `python -m tests.upstreams --behave fine --behave GROQ_TPM`.

The first line of its output is its port. With --count-file one byte is added to that file for each POST that arrived
whole, before anything is answered: a count that outlives a `kill -9` of either side.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection

import trio

from tests.upstreams.anthropic import Anthropic
from tests.upstreams.checks import Rules
from tests.upstreams.codex import Codex
from tests.upstreams.gemini import Gemini
from tests.upstreams.limits import Limits, Told
from tests.upstreams.mistral import Mistral
from tests.upstreams.named import in_turn
from tests.upstreams.responses import Responses
from tests.upstreams.server import Upstream
from tests.upstreams.wires import Wire

WIRES: dict[str, Callable[[Collection[str] | None], Wire]] = {
    "anthropic": Anthropic,
    "codex": lambda _: Codex(),
    "gemini": Gemini,
    "mistral": Mistral,
    "responses": Responses,
}


def main() -> None:
    options = _parser().parse_args()
    limits = None
    if options.per_minute or options.per_day:
        limits = Limits(options.per_minute, options.per_day, Told[options.told.upper()], options.shared)
    upstream = Upstream(
        in_turn(options.behave or ["fine"]),
        models=options.model or ["test-model"],
        rules=None if options.lenient else Rules(options.key or None),
        wire=WIRES[options.wire](options.key or None) if options.wire else None,
        limits=limits,
        count=_counter(options.count_file) if options.count_file else None,
        port=options.port,
    )
    try:
        trio.run(_serve, upstream)
    except* KeyboardInterrupt:
        pass


async def _serve(upstream: Upstream) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(upstream.serve)
        print(upstream.port, flush=True)  # noqa: T201 - this line is the interface


def _counter(path: str) -> Callable[[], None]:
    count_file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def count() -> None:
        os.write(count_file, b".")

    return count


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.upstreams", description="An emulated provider.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--behave", action="append", metavar="NAME", help="taken in turn; see named.py, or a status")
    parser.add_argument("--model", action="append", metavar="ID")
    parser.add_argument("--key", action="append", metavar="KEY", help="a good key; without any, all are")
    parser.add_argument("--wire", choices=WIRES, help="speak and refuse as this provider does, in place of OpenAI's chat")
    parser.add_argument("--lenient", action="store_true", help="check nothing")
    parser.add_argument("--per-minute", type=int)
    parser.add_argument("--per-day", type=int)
    parser.add_argument("--told", choices=[told.name.lower() for told in Told], default="retry_after")
    parser.add_argument("--shared", action="store_true", help="count the limits over all keys together")
    parser.add_argument("--count-file", metavar="FILE")
    return parser


if __name__ == "__main__":
    main()
