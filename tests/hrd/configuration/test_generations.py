"""Generations: what was learned besides the files goes into the next one."""

from pathlib import Path

from hrd.configuration.assemble import Demo
from hrd.configuration.generations import Generations
from hrd.core.remembered import AccountNamed, Discovered
from tests.hrd.configuration.folder import K1, K2, Folder
from tests.hrd.stage import key, provider

FOUND = Discovered(provider="groq", models=("listed",), contexts={"listed": 4096}, at=1.0)


def made(folder: Path) -> tuple[Folder, Generations]:
    files = Folder(folder)
    files.keys(K1)
    return files, Generations(files.ready(), [], [])


def test_each_is_a_new_one_of_what_the_files_say_now(tmp_path: Path) -> None:
    files, generations = made(tmp_path)
    assert generations.next([]).roster.generation == 1
    files.keys(K1, K2)
    assert len(generations.next([]).roster.credentials["groq"]) == 1  # not read yet
    files.ready()
    second = generations.next([])
    assert second.roster.generation == 3
    assert len(second.roster.credentials["groq"]) == 2


def test_lists_and_accounts_that_are_new_make_another(tmp_path: Path) -> None:
    _, generations = made(tmp_path)
    [credential] = generations.next([]).roster.credentials["groq"]
    named = AccountNamed(credential=credential.fingerprint, account="org_x")
    assert generations.learn([], []) is False
    assert generations.learn([FOUND], []) is True
    assert generations.learn([], [named]) is True
    assert generations.learn([], [named]) is False
    roster = generations.next([]).roster
    assert roster.listed["listed"] == ("groq",)
    assert roster.credentials["groq"][0].account == "org_x"


def test_what_a_process_before_learned_is_in_the_first(tmp_path: Path) -> None:
    files = Folder(tmp_path)
    files.keys(K1)
    roster = Generations(files.ready(), [FOUND], []).next([]).roster
    assert roster.contexts == {("groq", "listed"): 4096}


def test_the_demo_is_in_it_while_it_runs_and_nobody_else_is_there(tmp_path: Path) -> None:
    files = Folder(tmp_path)
    generations = Generations(files.ready(), [], [])
    generations.demo = Demo(providers=(provider("demo_fine"),), credentials={"demo_fine": (key("demo_fine", "d1"),)})
    assert generations.next([]).roster.demo
    files.keys(K1)
    files.ready()
    assert not generations.next([]).roster.demo


def test_our_own_address_is_known_to_it(tmp_path: Path) -> None:
    files, generations = made(tmp_path)
    files.write(".env", "GROQ_BASE_URL=http://127.0.0.1:8319/v1\n")
    files.ready()
    assert generations.next([("127.0.0.1", 8319)]).roster.enabled == []
    assert generations.next([("127.0.0.1", 8320)]).roster.enabled == ["groq"]
