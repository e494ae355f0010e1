"""The daemon and `hr` find the same places, by the table of the documentation."""

import pytest

from hrd.admin.places import SOCKET_BYTES_MAX, SYSTEM_SOCKET, Nowhere, Places, find_places, socket_candidates

HOME = "/home/ada"


def found(environ: dict[str, str], uid: int = 1000, home: str = HOME) -> Places:
    places = find_places(environ, uid, home)
    assert isinstance(places, Places)
    return places


def test_by_hand_without_any_variable() -> None:
    places = found({})
    assert places.dotenv == "/home/ada/.config/hermes-router/.env"
    assert places.config_toml == "/home/ada/.config/hermes-router/config.toml"
    assert places.auth_json == "/home/ada/.local/state/hermes-router/auth.json"
    assert places.database == "/home/ada/.local/state/hermes-router/hrd.db"
    assert places.lock == "/home/ada/.local/state/hermes-router/hrd.lock"
    assert places.control_socket == "/home/ada/.local/state/hermes-router/control.sock"


def test_a_user_service_follows_the_xdg_variables() -> None:
    places = found({"XDG_CONFIG_HOME": "/c/", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/run/user/1000"})
    assert places == Places(config="/c/hermes-router", state="/s/hermes-router", runtime="/run/user/1000/hermes-router")


def test_the_system_service_is_handed_its_folders_and_needs_no_home() -> None:
    environ = {
        "CONFIGURATION_DIRECTORY": "/etc/hermes-router",
        "STATE_DIRECTORY": "/var/lib/hermes-router:/var/lib/other",
        "RUNTIME_DIRECTORY": "/run/hermes-router",
        "XDG_RUNTIME_DIR": "/run/user/0",
    }
    places = found(environ, uid=990, home="")
    assert places == Places(config="/etc/hermes-router", state="/var/lib/hermes-router", runtime="/run/hermes-router")
    assert places.control_socket == SYSTEM_SOCKET


def test_one_folder_can_hold_everything_whatever_else_is_set() -> None:
    environ = {"HERMES_ROUTER_HOME": "/tmp/h/", "STATE_DIRECTORY": "/var/lib/x", "XDG_RUNTIME_DIR": "/run/user/1000"}
    assert found(environ, home="") == Places(config="/tmp/h", state="/tmp/h", runtime="/tmp/h")
    assert found(environ).control_socket == "/tmp/h/control.sock"


def test_relative_xdg_paths_do_not_count() -> None:
    places = found({"XDG_CONFIG_HOME": "conf", "XDG_STATE_HOME": "", "XDG_RUNTIME_DIR": "run"})
    assert places == found({})


def test_the_runtime_folder_of_another_user_is_not_ours() -> None:
    assert found({"XDG_RUNTIME_DIR": "/run/user/1000"}, uid=0, home="/root").runtime == "/root/.local/state/hermes-router"
    assert found({"XDG_RUNTIME_DIR": "/run/user/0"}, uid=0, home="/root").runtime == "/run/user/0/hermes-router"


@pytest.mark.parametrize(
    ("environ", "home", "said"),
    [
        ({"HERMES_ROUTER_HOME": "here"}, HOME, "HERMES_ROUTER_HOME is 'here': set it to an absolute path"),
        ({"HERMES_ROUTER_HOME": "~/h"}, HOME, "HERMES_ROUTER_HOME is '~/h': set it to an absolute path"),
        ({"HERMES_ROUTER_HOME": "/a\0b"}, HOME, "HERMES_ROUTER_HOME is '/a\\x00b': set it to an absolute path"),
        ({}, "", "this user has no home folder: set HERMES_ROUTER_HOME to a folder"),
        ({"STATE_DIRECTORY": "/var/lib/x"}, "", "this user has no home folder: set HERMES_ROUTER_HOME to a folder"),
    ],
)
def test_no_place_says_what_to_set(environ: dict[str, str], home: str, said: str) -> None:
    nowhere = find_places(environ, 1000, home)
    assert isinstance(nowhere, Nowhere)
    assert str(nowhere).startswith(said)


def test_a_socket_path_may_have_107_bytes_and_not_108() -> None:
    fits = "/" + "d" * (SOCKET_BYTES_MAX - len("//control.sock"))
    assert len(found({"HERMES_ROUTER_HOME": fits}).control_socket) == 107
    nowhere = find_places({"HERMES_ROUTER_HOME": fits + "d"}, 1000, HOME)
    assert isinstance(nowhere, Nowhere)
    assert "has 108 bytes and a socket's may have 107: set XDG_RUNTIME_DIR or HERMES_ROUTER_HOME" in str(nowhere)
    assert isinstance(find_places({"HERMES_ROUTER_HOME": fits[:-1] + "é"}, 1000, HOME), Nowhere)  # two bytes in UTF-8
    assert isinstance(find_places({"HERMES_ROUTER_HOME": "/" + "\udc80" * 90}, 1000, HOME), Places)  # one byte each


@pytest.mark.parametrize(
    ("environ", "asked_for", "candidates"),
    [
        ({"HERMES_ROUTER_SOCKET": "/b", "HERMES_ROUTER_HOME": "/h"}, "a.sock", ("a.sock",)),
        ({"HERMES_ROUTER_SOCKET": "/b", "HERMES_ROUTER_HOME": "/h"}, None, ("/b",)),
        ({"HERMES_ROUTER_HOME": "/h/"}, None, ("/h/control.sock",)),
        (
            {"XDG_RUNTIME_DIR": "/run/user/1000"},
            None,
            (
                "/run/user/1000/hermes-router/control.sock",
                "/home/ada/.local/state/hermes-router/control.sock",
                "/run/hermes-router/control.sock",
            ),
        ),
        (
            {"XDG_RUNTIME_DIR": "/r", "XDG_STATE_HOME": "/s"},
            None,
            (
                "/r/hermes-router/control.sock",
                "/run/user/1000/hermes-router/control.sock",
                "/s/hermes-router/control.sock",
                "/run/hermes-router/control.sock",
            ),
        ),
    ],
)
def test_hr_looks_where_it_is_told_else_at_its_users_then_at_the_systems(
    environ: dict[str, str], asked_for: str | None, candidates: tuple[str, ...]
) -> None:
    assert socket_candidates(environ, 1000, HOME, asked_for) == candidates


def test_hr_without_a_home_still_looks() -> None:
    assert socket_candidates({}, 7, "") == ("/run/user/7/hermes-router/control.sock", SYSTEM_SOCKET)


@pytest.mark.parametrize(
    "environ", [{}, {"XDG_RUNTIME_DIR": "/run/user/1000"}, {"XDG_STATE_HOME": "/s"}, {"HERMES_ROUTER_HOME": "/h"}]
)
def test_hr_looks_first_where_a_daemon_with_the_same_environment_is(environ: dict[str, str]) -> None:
    assert found(environ).control_socket in socket_candidates(environ, 1000, HOME)
