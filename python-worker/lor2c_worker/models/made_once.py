"""A packaged model that has to be made: once, on first use, into the user's cache folder."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from filelock import FileLock, Timeout

from ..data.cache import cache_folder
from ..doing import doing
from ..settings import SettingsError


@dataclass(frozen=True)
class MadeOnce(ABC):
    """A model folder with safetensors, config and tokenizer; the other members as in `PackagedModel`."""

    name: str
    summary: str
    hub_id: str
    rounded: str | None = field(default=None, kw_only=True)

    #: What is done to it again when its folder was deleted.
    made: ClassVar[str]

    @property
    def remedy(self) -> str:
        return f"delete the folder {self._folder()}, so that the model is {self.made} again"

    def here(self) -> bool:
        return (self._folder() / "config.json").is_file()

    def path(self) -> Path:
        """The model's folder, made on first use: up to a minute beside the download.

        Raises SettingsError when it cannot be made, DataError when a package cannot be downloaded or the cache folder
        cannot be written.
        """
        folder = self._folder()
        if self.here():
            return folder
        self._check_can_make()
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with self._alone(folder):
                if not self.here():
                    self._make(folder)
        except OSError as error:
            raise SettingsError(
                f"model {self.name!r} cannot be written to {folder.parent}: {error.strerror or error}"
            ) from error
        return folder

    def _folder(self) -> Path:
        return cache_folder() / "models" / f"{self.name}-{self._key()}"

    @contextmanager
    def _alone(self, folder: Path) -> Iterator[None]:
        """Waits for another process that is making `folder`, and says so."""
        lock = FileLock(f"{folder}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            with doing("wait", self.name):
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _make(self, folder: Path) -> None:
        """Make `folder`, whole or not at all. What a process that was killed left half-written is removed first."""
        part = folder.with_name(f"{folder.name}.part")
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            self._fill(part)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    @abstractmethod
    def _key(self) -> str:
        """Names the content: a folder of another release, or of an older lor2c, is not taken for it."""

    @abstractmethod
    def _check_can_make(self) -> None:
        """Raises SettingsError when something that `_fill` needs is missing."""

    @abstractmethod
    def _fill(self, folder: Path) -> None:
        """Write the model's files into `folder`, and leave nothing else there. OSError when the disk refuses."""
