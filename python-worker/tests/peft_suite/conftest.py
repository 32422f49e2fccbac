"""Small models under the names that peft's tests load, and what counts as passed, skipped and not applying."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from not_applying import kind_of, reason_of
from peft import LoraConfig, get_peft_model
from small_models import MODELS, save_all

COUNTS = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub")
    save_all(folder)
    adapter = get_peft_model(MODELS["small-bert"](), LoraConfig(target_modules=["query"]))
    adapter.save_pretrained(folder / "small-bert-lora")
    return folder


@pytest.fixture(autouse=True)
def _names_of_models_are_folders(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNTS] = Counter()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    test, counts = pyfuncitem.originalname, pyfuncitem.config.stash[COUNTS]
    kind = kind_of(test)
    try:
        result = yield
    except pytest.skip.Exception as skip:
        reason = reason_of(test, str(skip))
        if reason is None:
            pytest.fail(f"peft skips this test, and SKIPS in not_applying.py has no such reason: {skip}")
        counts[f"skipped by peft ({reason})"] += 1
        raise
    except BaseException as error:
        if kind is None or not any(str(e).startswith(kind.refusal) for e in (error, error.__context__)):
            raise
        counts[f"not applying ({kind.name})"] += 1
        pytest.xfail(f"not applying: {kind.name}")
    if kind is not None:
        pytest.fail("is on the list of what does not apply (not_applying.py), and passes")
    counts["passed"] += pyfuncitem.cls is not None  # peft's tests are in classes, ours about them are not
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if (counts := config.stash[COUNTS]).total():
        said = ", ".join(f"{counts[name]} {name}" for name in sorted(counts))
        terminalreporter.write_line(f"peft's tests on LoR2C: {said}")
