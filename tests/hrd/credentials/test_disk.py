"""auth.json on disk is believed only when it is safe to, and never written over when it was not read."""

import json
import os
import re
import resource
import threading
from pathlib import Path

import pytest

from hrd.core.secrets import fingerprint
from hrd.credentials.auth_file import AuthFile, CredentialProblem
from hrd.credentials.disk import AUTH_BYTES_MAX, Loaded, edit, load, new_proxy_key, store
from hrd.credentials.edits import add_key, remove_key

K1, K2, K3 = "gsk_test-not-a-key-1", "gsk_test-not-a-key-2", "gsk_test-not-a-key-3"
ME = os.geteuid()


def auth_json(folder: Path, tree: object = None, mode: int = 0o600) -> Path:
    path = folder / "auth.json"
    path.write_text(json.dumps({"providers": {"groq": [K1]}} if tree is None else tree))
    path.chmod(mode)
    return path


def loaded(path: Path) -> Loaded:
    result = load(path, ME)
    assert isinstance(result, Loaded), str(result)
    return result


def added(auth: AuthFile, key: str = K2) -> AuthFile:
    result = add_key(auth, "groq", key)
    assert isinstance(result, AuthFile)
    return result


def reason(result: Loaded | CredentialProblem) -> str:
    assert isinstance(result, CredentialProblem)
    return str(result)


def keys_on_disk(path: Path) -> list[str]:
    keys: list[str] = json.loads(path.read_text())["providers"]["groq"]
    return keys


def test_no_file_is_an_empty_one_and_the_first_key_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "auth.json"
    assert loaded(path).stamp is None
    assert isinstance(edit(path, ME, lambda auth: add_key(auth, "groq", K1)), Loaded)
    assert path.read_text() == f'{{\n  "providers": {{\n    "groq": [\n      "{K1}"\n    ]\n  }}\n}}\n'
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_stored_is_what_is_loaded(tmp_path: Path) -> None:
    path = auth_json(tmp_path)
    stored = edit(path, ME, lambda auth: add_key(auth, "groq", K2))
    assert isinstance(stored, Loaded)
    again = loaded(path)
    assert (again.stamp, again.digest) == (stored.stamp, stored.digest)
    assert [secret.reveal() for secret in again.auth.providers["groq"]] == [K1, K2]
    assert isinstance(store(path, stored, added(stored.auth, K3)), Loaded)
    assert keys_on_disk(path) == [K1, K2, K3]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o610, 0o777])
def test_a_file_that_others_may_use_is_refused_with_the_chmod_to_type(tmp_path: Path, mode: int) -> None:
    path = auth_json(tmp_path, mode=mode)
    said = f"{path} has mode {mode:04o}: others may use the keys in it; chmod 600 {path}"
    assert reason(load(path, ME)) == said
    assert reason(edit(path, ME, lambda auth: add_key(auth, "groq", K2))) == said
    assert keys_on_disk(path) == [K1]


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_that_only_we_may_use_is_believed(tmp_path: Path, mode: int) -> None:
    assert "groq" in loaded(auth_json(tmp_path, mode=mode)).auth.providers


def test_somebody_elses_file_is_refused_with_the_chown_to_type(tmp_path: Path) -> None:
    path = auth_json(tmp_path)
    assert reason(load(path, ME + 1)) == f"{path} belongs to user {ME}, not to {ME + 1} who runs hrd; chown {ME + 1} {path}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not whole JSON"),
        (b'{"providers": {"groq": ["gsk_test-not-a', "is not whole JSON"),
        (b"[]", "the file must be a JSON object"),
        (b'{"providers": 1}', "providers must be a JSON object"),
        (b"\0" * 512, "is not whole JSON"),  # what some file systems leave after a power cut
        (b" " * (AUTH_BYTES_MAX + 1), "is larger than 4194304 bytes"),
    ],
)
def test_a_broken_file_is_refused_and_not_written_over(tmp_path: Path, content: bytes, said: str) -> None:
    path = auth_json(tmp_path)
    before = loaded(path)
    path.write_bytes(content)
    assert said in reason(load(path, ME))
    assert said in reason(edit(path, ME, lambda auth: add_key(auth, "groq", K2)))
    assert reason(store(path, before, added(before.auth)))
    assert path.read_bytes() == content
    assert [other.name for other in tmp_path.iterdir()] == ["auth.json"]


def test_a_folder_or_a_pipe_in_its_place_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    path.mkdir()
    assert "a file is wanted here" in reason(edit(path, ME, lambda auth: add_key(auth, "groq", K2)))
    path.rmdir()
    os.mkfifo(path, 0o600)
    assert "a file is wanted here" in reason(edit(path, ME, lambda auth: add_key(auth, "groq", K2)))


def test_a_file_that_changed_since_it_was_read_is_not_written_over(tmp_path: Path) -> None:
    path = auth_json(tmp_path)
    before = loaded(path)
    auth_json(tmp_path, {"providers": {"groq": [K1, K3]}})
    problem = store(path, before, added(before.auth))
    assert isinstance(problem, CredentialProblem)
    assert problem.is_stale
    assert str(problem) == f"{path} was changed by somebody else in the meantime; nothing was written; try again"
    assert keys_on_disk(path) == [K1, K3]


def test_a_change_that_keeps_size_and_time_is_noticed_too(tmp_path: Path) -> None:
    path = auth_json(tmp_path)
    before = loaded(path)
    at = path.stat().st_mtime_ns
    auth_json(tmp_path, {"providers": {"groq": [K3]}})
    os.utime(path, ns=(at, at))
    assert "in the meantime" in reason(store(path, before, added(before.auth)))
    assert keys_on_disk(path) == [K3]


def test_a_file_that_was_made_or_removed_meanwhile_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    none = loaded(path)
    auth_json(tmp_path)
    assert "in the meantime" in reason(store(path, none, added(none.auth)))
    there = loaded(path)
    path.unlink()
    assert "in the meantime" in reason(store(path, there, added(there.auth)))
    assert not path.exists()


def test_a_file_that_was_only_touched_is_no_change(tmp_path: Path) -> None:
    path = auth_json(tmp_path)
    before = loaded(path)
    os.utime(path, (1000, 1000))
    assert isinstance(store(path, before, added(before.auth)), Loaded)
    assert keys_on_disk(path) == [K1, K2]


def test_an_edit_begins_again_when_somebody_else_wrote_and_loses_neither(tmp_path: Path) -> None:
    path = auth_json(tmp_path)
    seen: list[int] = []

    def change(auth: AuthFile) -> AuthFile | CredentialProblem:
        seen.append(len(auth.providers["groq"]))
        if len(seen) == 1:
            auth_json(tmp_path, {"providers": {"groq": [K1, K3]}, "theirs": 1})
        return add_key(auth, "groq", K2)

    assert isinstance(edit(path, ME, change), Loaded)
    assert seen == [1, 2]
    assert json.loads(path.read_text()) == {"providers": {"groq": [K1, K3, K2]}, "theirs": 1}


def test_an_edit_waits_for_that_of_another_process(tmp_path: Path) -> None:
    """During a hand-over there are two: the last to write would win, with the first one's renewed login lost."""
    path = tmp_path / "auth.json"
    begun, go_on = threading.Event(), threading.Event()

    def slowly(auth: AuthFile) -> AuthFile | CredentialProblem:
        begun.set()
        assert go_on.wait(5)
        return added(auth, K1)

    first = threading.Thread(target=edit, args=(path, ME, slowly))
    second = threading.Thread(target=edit, args=(path, ME, added))
    first.start()
    assert begun.wait(5)
    second.start()
    second.join(0.05)
    assert second.is_alive()
    assert not path.exists()
    go_on.set()
    first.join()
    second.join()
    assert [secret.reveal() for secret in loaded(path).auth.providers["groq"]] == [K1, K2]


def test_an_edit_does_not_begin_again_for_ever(tmp_path: Path) -> None:
    path = auth_json(tmp_path)
    rounds: list[int] = []

    def change(auth: AuthFile) -> AuthFile | CredentialProblem:
        rounds.append(len(rounds))
        auth_json(tmp_path, {"providers": {"groq": [K1]}, "round": len(rounds)})
        return add_key(auth, "groq", K2)

    assert "in the meantime" in reason(edit(path, ME, change))
    assert rounds == [0, 1, 2]
    assert keys_on_disk(path) == [K1]


def test_an_edit_that_is_refused_writes_nothing(tmp_path: Path) -> None:
    path = auth_json(tmp_path)
    before = path.stat()
    assert "no credential" in reason(edit(path, ME, lambda auth: remove_key(auth, fingerprint("groq", K2))))
    assert path.stat() == before


def test_when_the_disk_takes_no_more_the_old_keys_stay_and_it_is_said_once(tmp_path: Path) -> None:
    path = auth_json(tmp_path)
    before = path.read_bytes()
    rounds: list[int] = []

    def change(auth: AuthFile) -> AuthFile | CredentialProblem:
        rounds.append(1)
        return add_key(auth, "groq", K2)

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        problem = edit(path, ME, change)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert reason(problem) == f"{path}: cannot be written: the file would be larger than is allowed here (ulimit -f)"
    assert rounds == [1]
    assert path.read_bytes() == before
    assert [other.name for other in tmp_path.iterdir()] == ["auth.json"]


def test_a_made_client_key_is_the_routers_own_shape_and_never_the_same() -> None:
    keys = {new_proxy_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(re.fullmatch(r"sk-router-[A-Za-z0-9_-]{32}", key) for key in keys)
