"""The configuration as it lives: a broken file never replaces it, and an edit is in force at once."""

import json
import os
import threading
from pathlib import Path

import pytest
import trio

from hrd.configuration.live import TEXT_BYTES_MAX, Unusable, watch
from hrd.core.price import Price
from hrd.credentials import CredentialProblem
from hrd.credentials.edits import add_key
from tests.hrd.configuration.folder import K1, K2, Folder


def test_without_any_file_everything_is_its_default(tmp_path: Path) -> None:
    configuration = Folder(tmp_path).ready()
    assert configuration.settings.port == 8319
    assert configuration.auth.providers == {}
    assert configuration.secrets() == ()


def test_every_problem_of_every_file_is_said_at_once(tmp_path: Path) -> None:
    folder = Folder(tmp_path, PORT="http")
    folder.write(".env", "ROTATION_MODE=fastest\n")
    folder.write("config.toml", '[providers.groq]\nreader = "grok"\n')
    folder.write("auth.json", "{}", mode=0o644)
    found = folder.configuration.read()
    assert isinstance(found, Unusable)
    text = "\n".join(found.lines)
    for part in ("PORT", "ROTATION_MODE", "reader", "chmod 600"):
        assert part in text
    assert K1 not in text


@pytest.mark.parametrize(
    ("name", "content", "mode", "trouble"),
    [
        (".env", "PORT=http\n", 0o600, "PORT"),
        (".env", b"\xff\xfe\x00", 0o600, "line 1 is not UTF-8 text: save the file as UTF-8"),
        (".env", b"\xef\xbb\xbfA=1\nPORT=4001\n\xe9=1\n", 0o600, "line 3 is not UTF-8 text"),
        (".env", "#" * (TEXT_BYTES_MAX + 1), 0o600, ".env"),
        ("config.toml", "[settings\n", 0o600, "config.toml"),
        ("config.toml", "[providers.grok]\n", 0o600, "grok"),
        ("auth.json", '{"providers": {"groq": ["gsk_', 0o600, "not whole JSON"),
        ("auth.json", '{"providers": 5}', 0o600, "providers"),
        ("auth.json", "{}", 0o640, "chmod 600"),
    ],
)
def test_a_broken_file_never_replaces_good_settings(
    tmp_path: Path, name: str, content: str | bytes, mode: int, trouble: str
) -> None:
    folder = Folder(tmp_path)
    folder.keys(K1)
    folder.write(".env", "PORT=4000\n")
    configuration = folder.ready()
    good = configuration.loaded
    folder.write(name, content, mode)
    assert not configuration.reload()
    assert configuration.loaded is good
    assert trouble in "\n".join(configuration.troubles)
    (tmp_path / name).unlink()
    assert configuration.reload()
    assert configuration.troubles == ()


def test_a_folder_where_a_file_should_be_is_a_problem_and_no_empty_file(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    found = Folder(tmp_path).configuration.read()
    assert isinstance(found, Unusable)
    assert str(tmp_path / ".env") in found.lines[0]


def test_a_change_is_seen_by_time_size_or_inode(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    configuration = folder.ready()
    assert not configuration.has_changed()
    path = folder.write(".env", "PORT=4000\n")
    assert configuration.has_changed()
    folder.ready()
    assert not configuration.has_changed()
    before = path.stat()
    folder.write(".env", "PORT=4001\n")  # as long, and with the old time
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert configuration.has_changed()
    folder.ready()
    path.unlink()
    assert configuration.has_changed()


@pytest.mark.parametrize(
    ("dotenv", "mode", "warned"),
    [
        (f"GROQ_API_KEY={K1}\n", 0o644, True),
        (f"GROQ_API_KEY={K1}\n", 0o640, True),
        ("PROXY_API_KEYS=sk-router-test-0000001\n", 0o644, True),
        (f"GROQ_API_KEY={K1}\n", 0o600, False),
        ("PORT=4000\n", 0o644, False),
    ],
)
def test_keys_that_others_can_read_are_a_warning(tmp_path: Path, dotenv: str, mode: int, warned: bool) -> None:
    folder = Folder(tmp_path)
    folder.write(".env", dotenv, mode)
    warnings = folder.ready().settings.warnings
    assert any(f"chmod 600 {tmp_path / '.env'}" in warning for warning in warnings) is warned


def test_everything_that_must_not_be_seen_is_known(tmp_path: Path) -> None:
    folder = Folder(tmp_path, OPENAI_API_KEY="sk-test-not-a-key-3")
    folder.write(".env", f"GROQ_API_KEY={K2}\nPROXY_API_KEYS=sk-router-test-0000001\n")
    folder.write("auth.json", json.dumps({"providers": {"groq": [K1]}, "proxy_keys": {"sk-router-test-0000002": {}}}))
    folder.write("config.toml", '[providers.groq]\nheaders = {X-Gateway-Key = "gateway-test-not-a-key"}\n')
    assert {secret.reveal() for secret in folder.ready().secrets()} == {
        K1,
        K2,
        "sk-test-not-a-key-3",
        "sk-router-test-0000001",
        "sk-router-test-0000002",
        "gateway-test-not-a-key",
    }


# edits -----------------------------------------------------------------------------------------------------------------------


async def test_a_key_that_is_added_is_in_force_when_it_is_said_to_be(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.keys(K1)
    configuration = folder.ready()
    assert await configuration.edit_auth(lambda auth: add_key(auth, "groq", K2)) is None
    assert [secret.reveal() for secret in configuration.auth.providers["groq"]] == [K1, K2]
    assert json.loads((tmp_path / "auth.json").read_text())["providers"]["groq"] == [K1, K2]
    assert not configuration.has_changed()


async def test_a_file_that_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    configuration = folder.ready()
    folder.write("auth.json", '{"providers": {"gr')
    problem = await configuration.edit_auth(lambda auth: add_key(auth, "groq", K2))
    assert isinstance(problem, CredentialProblem)
    assert (tmp_path / "auth.json").read_text() == '{"providers": {"gr'


async def test_edits_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    configuration = Folder(tmp_path).ready()
    keys = [f"gsk_test-not-a-key-{n}" for n in range(8)]
    async with trio.open_nursery() as nursery:
        for key in keys:
            nursery.start_soon(configuration.edit_auth, lambda auth, key=key: add_key(auth, "groq", key))
    assert {secret.reveal() for secret in configuration.auth.providers["groq"]} == set(keys)


@pytest.mark.parametrize(
    ("before", "name", "value", "after"),
    [
        (None, "ROTATION_MODE", "sequential", "ROTATION_MODE=sequential\n"),
        ("# mine\nPORT=1 # why\n\nX=2\n", "PORT", "2", "# mine\nPORT=2 # why\n\nX=2\n"),
        ("A=1\nGROQ_MODEL=x\nB=2\n", "GROQ_MODEL", None, "A=1\nB=2\n"),
        ("\ufeffPORT=1\n", "PORT", "2", "\ufeffPORT=2\n"),
    ],
)
async def test_a_variable_is_set_in_place(tmp_path: Path, before: str | None, name: str, value: str | None, after: str) -> None:
    folder = Folder(tmp_path)
    if before is not None:
        folder.write(".env", before, mode=0o640)
    configuration = folder.ready()
    assert await configuration.set_variable(name, value) is None
    assert (tmp_path / ".env").read_text() == after
    assert (tmp_path / ".env").stat().st_mode & 0o777 == (0o600 if before is None else 0o640)


async def test_it_is_in_force_at_once(tmp_path: Path) -> None:
    configuration = Folder(tmp_path).ready()
    await configuration.set_variable("GROQ_ROTATION_MODE", "sequential")
    assert configuration.settings.rotation_mode_of("groq") == "sequential"
    assert not configuration.has_changed()


async def test_what_the_process_environment_sets_is_not_changed_in_a_file(tmp_path: Path) -> None:
    configuration = Folder(tmp_path, ROTATION_MODE="parallel").ready()
    problem = await configuration.set_variable("ROTATION_MODE", "sequential")
    assert problem is not None
    assert "ROTATION_MODE" in str(problem)
    assert "unset ROTATION_MODE" in str(problem)
    assert not (tmp_path / ".env").exists()


@pytest.mark.parametrize(
    ("content", "value", "said"),
    [
        (b"A=1\n", "fastest", "ROTATION_MODE"),
        (b"\xff\xfe", "sequential", "not UTF-8"),
        (b"A=" + b"x" * 40_000, "sequential", "longer than"),
    ],
)
async def test_what_would_be_wrong_is_not_written(tmp_path: Path, content: bytes, value: str, said: str) -> None:
    folder = Folder(tmp_path)
    configuration = folder.ready()
    folder.write(".env", content)
    problem = await configuration.set_variable("ROTATION_MODE", value)
    assert problem is not None
    assert said in str(problem)
    assert (tmp_path / ".env").read_bytes() == content
    assert configuration.settings.rotation_mode == "parallel"


async def test_an_edit_beside_another_broken_file_is_told_as_such(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    configuration = folder.ready()
    folder.write("config.toml", "[settings\n")
    problem = await configuration.edit_auth(lambda auth: add_key(auth, "groq", K1))
    assert problem is not None
    assert str(problem).startswith("written, but the configuration as a whole is not good")


def test_the_first_client_key_is_made_once_and_never_shown(tmp_path: Path) -> None:
    configuration = Folder(tmp_path).ready()
    assert configuration.make_first_key() is None
    [key] = configuration.auth.proxy_keys
    assert key.secret.reveal().startswith("sk-router-")
    assert key.name == "first"
    assert configuration.make_first_key() is None
    assert [one.secret for one in configuration.auth.proxy_keys] == [key.secret]


def test_with_a_key_in_the_settings_none_is_made(tmp_path: Path) -> None:
    configuration = Folder(tmp_path, PROXY_API_KEYS="sk-router-test-0000001").ready()
    assert configuration.make_first_key() is None
    assert not (tmp_path / "auth.json").exists()


def test_a_first_key_that_cannot_be_stored_says_why(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    configuration = folder.ready()
    folder.write("auth.json", "{")
    assert "not whole JSON" in str(configuration.make_first_key())


# the watch -------------------------------------------------------------------------------------------------------------------


async def test_files_are_looked_at_every_two_seconds(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    folder = Folder(tmp_path)
    configuration = folder.ready()
    told: list[tuple[float, int, bool]] = []

    def changed() -> None:
        told.append((trio.current_time() - began, configuration.settings.port, bool(configuration.troubles)))

    async with trio.open_nursery() as nursery:
        began = trio.current_time()
        nursery.start_soon(watch, configuration, changed)
        await trio.sleep(3)
        folder.write(".env", "PORT=4000\n")
        await trio.sleep(4)
        folder.write(".env", "PORT=broken\n")
        await trio.sleep(4)
        folder.write(".env", "PORT=4001\nWATCH_SECONDS=0.5\n")
        await trio.sleep(2.2)
        folder.write(".env", "PORT=4002\n")
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    assert [(round(at, 2), *then) for at, *then in told] == [
        (4.05, 4000, False),
        (8.1, 4000, True),
        (12.15, 4001, False),
        (13.7, 4002, False),
    ]


async def test_what_is_written_in_place_is_read_once_it_is_whole(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    folder = Folder(tmp_path)
    folder.write(".env", "PORT=4000\n")
    configuration = folder.ready()
    told: list[tuple[float, int]] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            watch, configuration, lambda: told.append((round(trio.current_time(), 2), configuration.settings.port))
        )
        await trio.sleep(1.99)
        with (tmp_path / ".env").open("w") as file:  # empty from here on
            await trio.sleep(0.04)
            file.write("PORT=4001\n")
        await trio.sleep(4)
        nursery.cancel_scope.cancel()
    assert told == [(2.1, 4001)]


async def test_files_that_somebody_never_stops_to_write_are_read_all_the_same(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    folder = Folder(tmp_path)
    configuration = folder.ready()
    told: list[float] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch, configuration, lambda: told.append(round(trio.current_time(), 2)))
        for number in range(450):
            folder.write(".env", f"PORT={4000 + number}\n")
            await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert told == [4.0]


def test_an_edit_while_the_files_are_read_is_one_that_was_not_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    configuration = folder.ready()
    for port in range(4000, 4200):
        edit = threading.Thread(target=folder.write, args=(".env", f"PORT={port}\n"))
        edit.start()
        configuration.reload()
        edit.join()
        assert configuration.has_changed() or configuration.settings.port == port


def test_prices_of_the_users_file_are_read_beside_the_settings_and_watched(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(".env", "MODEL_PRICES_FILE=prices.json")
    folder.write("prices.json", '{"gpt": [1, 2]}')
    configuration = folder.ready()
    assert configuration.user_prices == {"gpt": Price(input=1_000_000, output=2_000_000)}
    assert not configuration.has_changed()
    folder.write("prices.json", '{"gpt": [3, 4]}')
    assert configuration.has_changed()
    assert configuration.reload()
    assert configuration.user_prices["gpt"].input == 3_000_000


@pytest.mark.parametrize(("content", "said"), [(None, "there is no"), ('{"gpt": 1}', "US dollars for a million tokens")])
def test_a_file_of_prices_that_is_none_is_a_problem_with_its_name(tmp_path: Path, content: str | None, said: str) -> None:
    folder = Folder(tmp_path)
    path = tmp_path / "prices.json"
    folder.write(".env", f"MODEL_PRICES_FILE={path}")
    if content is not None:
        folder.write("prices.json", content)
    found = folder.configuration.read()
    assert isinstance(found, Unusable)
    assert found.lines[0].startswith("MODEL_PRICES_FILE: ")
    assert str(path) in found.lines[0]
    assert said in found.lines[0]


def test_without_a_file_of_prices_there_are_none(tmp_path: Path) -> None:
    assert Folder(tmp_path).ready().user_prices == {}


def test_the_files_of_a_reading_are_told_apart_from_those_that_are_not_there(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    dotenv, toml, auth = (f"{folder.path}/{name}" for name in (".env", "config.toml", "auth.json"))
    assert folder.ready().read_from() == f"{dotenv}, {toml} and {auth} do not exist, and need not"
    folder.keys(K1)
    folder.write(".env", "")
    assert folder.ready().read_from() == f"read from {dotenv} and {auth}; {toml} does not exist, and need not"
    folder.write("config.toml", "")
    assert folder.ready().read_from() == f"read from {dotenv}, {toml} and {auth}"
