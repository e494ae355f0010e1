"""Draws docs/status.svg: what `hr status` shows of a real demo daemon after some requests.

.venv/bin/python -m docs.generate_picture
"""

import re
import tempfile
from html import escape
from pathlib import Path

import msgspec
import trio

from hrctl.commands.status import drawn
from hrctl.render import Paper
from hrd.admin.wire.status import Status
from tests.e2e.daemon import Router, running

PICTURE = Path(__file__).parent / "status.svg"
REQUESTS = 40
WIDTH_CHARS = 112
CHAR_PX, LINE_PX, MARGIN_PX = 8.0, 19, 16
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "1": "#f0f6fc", "2": "#8b949e", "": "#c9d1d9"}
_RUN = re.compile(r"\x1b\[(\d+)m(.*?)\x1b\[0m|([^\x1b]+)")


def main() -> None:
    status = trio.run(_after_some_requests)
    PICTURE.write_text(svg(f"$ hr status\n{drawn(status, Paper(width=WIDTH_CHARS, colour=True))}"), encoding="utf-8")


async def _after_some_requests() -> Status:
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder), "--demo", PORT="8319") as router:
            await _ask_around(router)
            return msgspec.json.decode((await router.hr("status", "--json")).stdout, type=Status)


async def _ask_around(router: Router) -> None:
    for number in range(REQUESTS):
        reply = await router.chat(f"Question {number}")
        assert reply.status_code == 200, reply.text


def svg(text: str) -> str:
    """*text* with its colours (SGR, ECMA-48) as a picture of a terminal; every run of characters has its place on the grid."""
    lines = text.splitlines()
    width = round(WIDTH_CHARS * CHAR_PX + 2 * MARGIN_PX)
    height = len(lines) * LINE_PX + 2 * MARGIN_PX
    runs = [run for number, line in enumerate(lines) for run in _runs(line, MARGIN_PX + (number + 0.75) * LINE_PX)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            "<title>hr status, in the demo</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
            '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" xml:space="preserve">',
            *runs,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _runs(line: str, y: float) -> list[str]:
    drawn_runs: list[str] = []
    at = 0
    for found in _RUN.finditer(line):
        colour, text = (found[1], found[2]) if found[1] else ("", found[3])
        for word in re.finditer(r"\S+(?: \S+)*", text):
            x = MARGIN_PX + (at + word.start()) * CHAR_PX
            length = len(word[0]) * CHAR_PX
            drawn_runs.append(
                f'<text x="{x:g}" y="{y:g}" fill="{COLOURS[colour]}" textLength="{length:g}">{escape(word[0])}</text>'
            )
        at += len(text)
    return drawn_runs


if __name__ == "__main__":
    main()
