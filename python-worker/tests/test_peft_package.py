"""lor2c_peft is a package of its own: what it imports, and what its wheel contains."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import lor2c_peft

FOLDER = Path(lor2c_peft.__file__).parent
ALLOWED = {"torch", "transformers", "peft", "safetensors"}


def test_it_imports_only_its_four_libraries() -> None:
    found: set[str] = set()
    files = sorted(FOLDER.glob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(str(node.module).partition(".")[0])
    assert len(files) > 5
    assert {"torch", "peft"} <= found
    assert found - ALLOWED - sys.stdlib_module_names == set()


def test_its_wheel_has_every_file(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BUILD, str(tmp_path)]
    subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("lor2c_peft-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {f"lor2c_peft/{f.relative_to(FOLDER).as_posix()}" for e in ("py", "toml") for f in FOLDER.rglob(f"*.{e}")}
    sources -= {name for name in sources if "/build/" in name or name.endswith("pyproject.toml")}
    assert any(name.endswith("bert.toml") for name in sources)
    assert sources <= names


#: Without pip, which the worker's environment may not have. Builds in the folder given, not beside the sources.
BUILD = """
import shutil, sys, os
from pathlib import Path
folder = Path(sys.argv[1]) / "sources"
shutil.copytree(".", folder, ignore=shutil.ignore_patterns("__pycache__"))
os.chdir(folder)
from setuptools.build_meta import build_wheel
build_wheel(sys.argv[1])
"""
