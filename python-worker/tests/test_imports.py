"""The contracts of pyproject.toml about imports fail when one is broken, and see the whole package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WORKER = Path(__file__).parents[1]
LAYERS = "A file imports only what stands below it"
CIRCLES = "No circles, neither of packages nor of files"
ADAPTERS = "Adapters are the methods' own: everything else knows a Learner"
METHODS = "No file outside of methods/ knows a single method"
FOR_TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command as main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=root, capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Only the sources and the contracts: import-linter reads files and imports nothing."""
    shutil.copytree(WORKER / "lor2c_worker", tmp_path / "lor2c_worker", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(WORKER / "pyproject.toml", tmp_path)
    return tmp_path


def test_of_this_checkout_are_as_they_should_be(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout
    files = len(list((copy / "lor2c_worker").rglob("*.py")))
    assert f"Analyzed {files} files" in result.stdout
    assert files >= 100


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("learner.py", f"{FOR_TYPES}from .methods import Method\n", LAYERS),
        ("backbones/heads.py", f"{FOR_TYPES}from ..methods import Method\n", LAYERS),
        ("optim/slot.py", "def late():\n    from ..adapters import bank\n", LAYERS),
        ("novel.py", "", LAYERS),
        ("run/tree.py", f"{FOR_TYPES}from .run_tree import run_tree\n", CIRCLES),
        ("evaluation/evaluate.py", "def late():\n    from .choose import CellResult\n", CIRCLES),
        ("inspection.py", "from .adapters.bank import Bank\n", ADAPTERS),
        ("run/prepare.py", "from ..methods.lora import Lora\n", METHODS),
    ],
)
def test_one_that_breaks_a_contract_is_named(copy: Path, file: str, line: str, contract: str) -> None:
    with (copy / "lor2c_worker" / file).open("a", encoding="utf-8") as stream:
        stream.write(line)
    result = lint(copy)
    assert result.returncode == 1
    assert f"{contract} BROKEN" in result.stdout, result.stdout
    assert Path(file).stem in result.stdout.split("Broken contracts")[1]
