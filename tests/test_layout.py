"""Each module has its test, where one looks for it; an exception carries its reason."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

UNTESTED = {
    "hrctl/clients/shapes.py": "values without behaviour",
    "hrctl/problems.py": "values without behaviour; how they end a command is tested in hrctl/test___main__.py",
    "hrd/handover/giving.py": "between two processes; tests/e2e/test_restart.py has them succeed and fail at every step",
    "hrd/handover/spawn.py": "starts processes; tests/e2e/test_restart.py does so, by hand and supervised",
    "hrd/handover/succession.py": "between two processes; tests/e2e/test_restart.py has them stop, die and be killed",
    "hrd/core/ask.py": "values without behaviour",
    "hrd/core/conversation.py": "values without behaviour",
    "hrd/core/facts.py": "values without behaviour",
    "hrd/core/failures.py": "values without behaviour; the table over them is core/failover.py's",
    "hrd/core/journal.py": "values without behaviour",
    "hrd/core/ledger.py": "values without behaviour",
    "hrd/core/remembered.py": "values without behaviour",
    "hrd/core/snapshot.py": "values without behaviour",
    "hrd/core/reply_events.py": "values without behaviour",
    "hrd/core/rules.py": "values without behaviour",
    "hrd/dialects/openai_chat_shapes.py": "values without behaviour; test_openai_chat_request.py reads into them",
    "hrd/upstream/results.py": "values without behaviour",
    "hrd/trip/record.py": "the line's last step; tests/hrd/test_exchange.py and tests/scenarios have it at every ending",
    "hrd/trip/terms.py": "values without behaviour",
}


def modules() -> list[str]:
    paths = [path for package in ("hrd", "hrctl") for path in (ROOT / package).rglob("*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in paths if path.name != "__init__.py")


@pytest.mark.parametrize("module", modules())
def test_a_module_has_its_test(module: str) -> None:
    path = ROOT / "tests" / module
    has_test = path.with_name(f"test_{path.name}").exists()
    assert has_test or module in UNTESTED, f"write tests/{module.rpartition('/')[0]}/test_{path.name}"
    assert not (has_test and module in UNTESTED), f"{module} has a test now: take it off the list"


def test_the_exceptions_are_of_modules_that_exist() -> None:
    assert set(UNTESTED) <= set(modules())


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
