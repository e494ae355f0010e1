"""Where files go."""

import pytest

from hrctl.installation.layout import out_of_reach, system_layout, user_layout


def test_what_an_administrator_installs_goes_below_usr_local() -> None:
    layout = system_layout("/usr/local", "/opt/hermes-router")
    assert layout.units == "/usr/local/lib/systemd/system"
    assert layout.declarations == "/usr/local/lib"
    assert layout.zsh == "/usr/local/share/zsh/site-functions"
    assert layout.data == ("/etc/hermes-router", "/var/lib/hermes-router")


def test_what_a_package_installs_goes_below_usr() -> None:
    layout = system_layout("/usr", "/opt/hermes-router")
    assert (layout.units, layout.commands) == ("/usr/lib/systemd/system", "/usr/bin")
    assert layout.zsh == "/usr/share/zsh/vendor-completions"


def test_a_user_has_everything_at_home() -> None:
    layout = user_layout("/home/you", {}, "/home/you/.local/share/hermes-router")
    assert layout.units == "/home/you/.local/share/systemd/user"
    assert layout.commands == "/home/you/.local/bin"
    assert layout.declarations == ""
    assert layout.data == ("/home/you/.config/hermes-router", "/home/you/.local/state/hermes-router")


def test_a_user_may_have_moved_the_folders() -> None:
    layout = user_layout("/home/you", {"XDG_DATA_HOME": "/d/", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "relative"}, "/p")
    assert layout.man == "/d/man"
    assert layout.data == ("/c/hermes-router", "/home/you/.local/state/hermes-router")


@pytest.mark.parametrize("program", ["/home/you/.venv", "/root/venv", "/tmp/x", "/home"])
def test_a_program_that_the_service_could_not_see_is_found_out(program: str) -> None:
    assert program in out_of_reach(program, "/usr")


def test_neither_may_its_python_be_hidden() -> None:
    assert out_of_reach("/opt/hermes-router", "/home/you/.pyenv/versions/3.12.1").startswith("its Python stands in")
    assert out_of_reach("/opt/hermes-router", "/usr") == ""
    assert out_of_reach("/homes/x", "/rooted") == ""
