"""The version that is stored is the one of the copy that is imported."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest

from lor2c_worker.imported import imported_version, top_modules
from lor2c_worker.versions import PACKAGES, package_versions


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as pip leaves one, on sys.path: `some-thing` 1.5 with a package and a module."""
    site = tmp_path / "site-packages"
    package(site, "some_thing")
    (site / "_thing.py").touch()
    info = site / "some_thing-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-thing\nVersion: 1.5\n")
    (info / "RECORD").write_text("some_thing/__init__.py,,\nsome_thing/inner/__init__.py,,\n_thing.py,,\n../bin/x,,\n")
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    return site


def package(folder: Path, name: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").touch()


def test_the_installed_copy(installed: Path) -> None:
    assert top_modules(importlib.metadata.distribution("some-thing")) == ["_thing", "some_thing"]
    assert imported_version("some-thing") == "1.5"
    assert imported_version("some-thing", "some_thing") == "1.5"
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        imported_version("some-other-thing")


@pytest.mark.parametrize("name", ["some_thing", "_thing"])
def test_another_copy_that_comes_first(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    other = tmp_path / "other"
    package(other, name)
    monkeypatch.setattr(sys, "path", [*sys.path, str(other)])
    assert imported_version("some-thing") == "1.5"  # behind the installed one it does not matter
    monkeypatch.setattr(sys, "path", [str(other), *sys.path])
    assert imported_version("some-thing") == f"another copy ({other})"


def test_a_link_to_the_folder_and_an_editable_install_are_the_installed_copy(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(installed)
    monkeypatch.setattr(sys, "path", [str(link), *sys.path])
    assert imported_version("some-thing") == "1.5"
    package(tmp_path / "sources", "some_thing")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "sources"), *sys.path])
    direct = installed / "some_thing-1.5.dist-info" / "direct_url.json"
    direct.write_text('{"url": "file:///x"}')
    assert imported_version("some-thing").startswith("another copy")
    direct.write_text('{"url": "file:///x", "dir_info": {"editable": true}}')
    assert imported_version("some-thing") == "1.5"


def test_the_worker_knows_by_which_module_each_package_is_imported() -> None:
    for name, module in PACKAGES.items():
        assert module in top_modules(importlib.metadata.distribution(name))
    assert package_versions() == {name: importlib.metadata.version(name) for name in PACKAGES}


def test_no_package_of_this_environment_is_another_copy() -> None:
    """Also compiled ones, whose `__init__` is a library of the system."""
    names = {str(package.metadata["Name"]) for package in importlib.metadata.distributions()}
    copies = {name: version for name in names if (version := imported_version(name)).startswith("another copy")}
    assert copies == {}
    assert len(names) > 20
