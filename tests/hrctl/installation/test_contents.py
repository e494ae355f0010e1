"""What an installation consists of."""

from hrctl.__main__ import cli
from hrctl.installation.contents import MARK, Piece, Program, contents, declaration_path
from hrctl.installation.layout import system_layout, user_layout

PROGRAMS = (Program("hr", 1, cli),)
SYSTEM = system_layout("/usr/local", "/opt/hermes-router")
USER = user_layout("/home/you", {}, "/home/you/.local/share/hermes-router")


def test_the_machine_gets_units_an_account_commands_pages_and_completions() -> None:
    pieces = contents(SYSTEM, PROGRAMS, "1.0")
    assert [piece.path.removeprefix("/usr/local/") for piece in pieces] == [
        "lib/systemd/system/hrd.service",
        "lib/systemd/system/hrd.socket",
        "lib/sysusers.d/hermes-router.conf",
        "lib/tmpfiles.d/hermes-router.conf",
        "bin/hr",
        "share/man/man1/hr.1",
        "share/bash-completion/completions/hr",
        "share/zsh/site-functions/_hr",
        "share/fish/vendor_completions.d/hr.fish",
    ]
    assert Piece("/usr/local/bin/hr", target="/opt/hermes-router/bin/hr") in pieces
    assert declaration_path(SYSTEM, "sysusers") == pieces[2].path


def test_a_user_has_an_account() -> None:
    assert not [piece for piece in contents(USER, PROGRAMS, "1.0") if "sysusers" in piece.path or "tmpfiles" in piece.path]


def test_without_programs_it_is_the_service_alone() -> None:
    assert [piece.path for piece in contents(USER, (), "1.0")] == [
        "/home/you/.local/share/systemd/user/hrd.service",
        "/home/you/.local/share/systemd/user/hrd.socket",
    ]


def test_every_file_says_that_it_is_ours() -> None:
    for piece in [*contents(SYSTEM, PROGRAMS, "1.0"), *contents(USER, PROGRAMS, "1.0")]:
        assert piece.target or MARK in piece.text, piece.path
