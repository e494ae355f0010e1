"""Completions are taken by the shells that they are for, and offer what there is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hrctl.__main__ import cli
from hrctl.installation.completions import SHELLS, completion

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
        environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        return set(subprocess.run(["bash", "-c", ask], env=environ, capture_output=True, text=True, check=True).stdout.split())

    assert offered("hr", "ser") == {"service"}
    assert offered("hr", "auth", "") == {"add", "list", "remove"}
    assert "--purge" in offered("hr", "service", "uninstall", "--")
