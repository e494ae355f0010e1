"""The docs are true: their commands run, their links lead somewhere, and nothing that a user can type is missing.

A line that begins with `$ ` inside a fenced block is typed here, page by page, into one shell beside a real daemon in its demo.
What stands in a block without a `$` is for the reader alone.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from hrctl.manual import contexts
from hrd.admin.wire import accounts, auth, daemon, doctor, forecast, journal, keys, limits, mode, models, quota, status, usage
from hrd.admin.wire.route import Route
from hrd.core.refusals import RefusalKind
from tests.e2e.daemon import running

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/decisions/*.md"), *ROOT.glob("bench/*.md")])
DEFAULT_PORT = "8319"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def _commands(page: Path) -> list[str]:
    blocks = [block for language, block in FENCE.findall(page.read_text()) if language in ("console", "sh")]
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def _named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.e2e
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here")
@pytest.mark.parametrize("page", [page for page in PAGES if _commands(page)], ids=_named)
async def test_what_a_page_tells_to_type_can_be_typed(page: Path, tmp_path: Path) -> None:
    commands = _commands(page)
    async with running(tmp_path, "--demo") as router:
        port = router.endpoint.rpartition(":")[2]
        typed = [command.replace(f":{DEFAULT_PORT}", f":{port}") for command in commands]
        script = "".join(f"echo '% {number}' >&2\n{command} || exit 99\n" for number, command in enumerate(typed))
        with trio.fail_after(30):
            done = await trio.run_process(
                ["/bin/sh"],
                stdin=script.encode(),
                env=router.environment,
                cwd=tmp_path,
                capture_stdout=True,
                capture_stderr=True,
                check=False,
            )
        said, told = done.stdout.decode()[-2000:], done.stderr.decode()
        reached = int(told.rpartition("% ")[2].split()[0])
        assert done.returncode == 0, f"{commands[reached]}\n{said}\n{told[-2000:]}"
        assert b'"error"' not in done.stdout, said


def test_there_are_commands_to_type() -> None:
    assert {"README.md", "docs/quickstart.md", "docs/control.md"} <= {_named(page) for page in PAGES if _commands(page)}


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_link_inside_the_house_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(_prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{_named(page)} links to {target}, which is not there"
        if anchor:
            assert anchor in set(_anchors(found)), f"{_named(page)} links to {target}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_no_page_names_a_command_of_hr_that_there_is_not(page: Path) -> None:
    known = {context.command_path for context in contexts()}
    for words in re.findall(
        r"(?:^|[`(\s])hr ([a-z]+(?:-[a-z]+)*)(?: ([a-z]+(?:-[a-z]+)*))?(?=[`\s)…:,.]|$)", _typed(page), re.MULTILINE
    ):
        command = f"hr {words[0]}"
        assert command in known, f"{_named(page)}: {command}"
        has_subcommands = any(path.startswith(f"{command} ") for path in known)
        assert not (has_subcommands and words[1]) or f"{command} {words[1]}" in known, f"{_named(page)}: {command} {words[1]}"


def test_every_command_of_hr_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for path in (context.command_path for context in contexts()):
        group, _, name = path.removeprefix("hr").strip().partition(" ")
        row = next((line for line in readme.splitlines() if line.startswith(f"| `hr {group}` |")), "")
        assert not group or row, f"`{path}` is missing"
        assert not name or f"`{name}`" in row, f"`{path}` is missing"


def test_every_route_of_the_control_socket_is_documented() -> None:
    page = (ROOT / "docs/control.md").read_text()
    modules = (accounts, auth, daemon, doctor, forecast, journal, keys, limits, mode, models, quota, status, usage)
    routes = [value for module in modules for value in vars(module).values() if isinstance(value, Route)]
    assert len(routes) == 31
    for route in routes:
        assert f"| `{route.method} {route.path}` |" in page, f"{route.method} {route.path}"


def test_every_status_of_a_refusal_is_explained() -> None:
    page = (ROOT / "docs/failures.md").read_text().partition("## When nobody can")[2]
    explained = {int(number) for number in re.findall(r"^\| (\d{3})", page, re.MULTILINE)}
    small_talk = {405, 408, 500}  # the program's own mistakes against HTTP, and our own
    assert {kind.status for kind in RefusalKind} - small_talk <= explained


def test_nobody_is_told_to_install_what_is_somebody_elses() -> None:
    for page in PAGES:
        assert not re.search(r"(?:pip|pipx|uv|uvx)\b[^\n]*\bhermes-router", page.read_text()), _named(page)


def _prose(page: Path) -> str:
    return FENCE.sub("", page.read_text())


def _typed(page: Path) -> str:
    """What stands in code: spans and blocks."""
    text = page.read_text()
    blocks = [block for language, block in FENCE.findall(text) if language in ("sh", "console")]
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    return "\n".join([*blocks, *spans])


def _anchors(page: Path) -> Iterator[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    for heading in re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
