"""Completions are taken by the shells that they are for, and offer what there is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hrctl.__main__ import cli
from hrctl.installation.completions import SHELLS, completion
from hrd.__main__ import main as hrd

MARK = "ours"


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script_that_can_be_told_to_be_ours(shell: str) -> None:
    script = completion(cli, "hr", shell, MARK)
    assert f"# {MARK}\n" in script
    assert "_HR_COMPLETE" in script
    assert script.endswith("\n")
    if shell == "zsh":
        assert script.startswith("#compdef hr\n")
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=script, capture_output=True, text=True).stderr == ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed here")
def test_bash_is_offered_commands_and_options(tmp_path: Path) -> None:
    script = completion(cli, "hr", "bash", MARK)

    def offered(*words: str) -> set[str]:
        typed = " ".join(f"'{word}'" for word in words)
        ask = f'{script}\nCOMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _hr_completion hr; echo "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", ask], env=environ(tmp_path), capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    assert offered("hr", "ser") == {"service"}
    assert offered("hr", "auth", "") == {"add", "list", "remove", "group", "login", "import-codex"}
    assert "--purge" in offered("hr", "service", "uninstall", "--")


def environ(home: Path) -> dict[str, str]:
    return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(home), "TERM": "dumb"}


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed here")
def test_fish_is_offered_commands_with_what_they_do(tmp_path: Path) -> None:
    folder = tmp_path / "share/fish/vendor_completions.d"
    folder.mkdir(parents=True)
    (folder / "hr.fish").write_text(completion(cli, "hr", "fish", MARK))

    def offered(typed: str) -> list[str]:
        command = ["fish", "--command", f"complete --do-complete '{typed}'"]
        world = environ(tmp_path) | {"XDG_DATA_HOME": str(tmp_path / "share")}
        said = subprocess.run(command, env=world, capture_output=True, text=True, check=True).stdout
        return [line for line in said.splitlines() if line]

    assert offered("hr rest") == ["restart\tHave a new daemon take over, and cut nothing."]
    assert [line.partition("\t")[0] for line in offered("hr auth ")] == [
        "add",
        "group",
        "import-codex",
        "list",
        "login",
        "remove",
    ]


TYPED_IN_ZSH = """
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell "fpath=($1 \\$fpath); autoload -U compinit; compinit -u -D; echo is${IFS[1]}ready"
zpty -r -m shell said "*is ready*"
zpty -w -n shell "$2"$'\\t'
zpty -r -m shell said "*$3*" && print found
"""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed here")
@pytest.mark.parametrize(
    ("typed", "shown"), [("hr serv", "hr service"), ("hr auth a", "hr auth add"), ("hrd --ch", "hrd --check-config")]
)
def test_zsh_completes_what_is_typed(tmp_path: Path, typed: str, shown: str) -> None:
    (tmp_path / "_hr").write_text(completion(cli, "hr", "zsh", MARK))
    (tmp_path / "_hrd").write_text(completion(hrd, "hrd", "zsh", MARK))
    command = ["zsh", "-f", "-c", TYPED_IN_ZSH, "zsh", str(tmp_path), typed, shown]
    done = subprocess.run(command, env=environ(tmp_path), capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "found\n", done.stderr
