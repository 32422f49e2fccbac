"""One suite for every registered method, on tiny encoders and a tiny decoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from loops import CPU, SETTINGS, Seen, training_of
from peft import PeftModel
from safetensors.torch import load_file
from test_train import rows
from transformers import AutoModelForSequenceClassification

import lor2c_peft  # noqa: F401
from lor2c_worker.data.encode import Encoded, encode
from lor2c_worker.evaluation.evaluate import logits_of
from lor2c_worker.learner import EpochRecord, Learner
from lor2c_worker.methods import METHODS, Cell, Horizon, count, parse_params
from lor2c_worker.models import LoadedModel, empty_model, is_head, known_config, load_model
from lor2c_worker.objective import Classify, means
from lor2c_worker.optim.adamw import LaneAdamW
from lor2c_worker.run.loop import train
from lor2c_worker.settings import ModelSettings, SettingsError

#: Of these types peft saves other tensors than it trains: also frozen ones, or the virtual tokens that a network gives.
SAVED_OTHERWISE = ("VERA", "P_TUNING")
KINDS = ("bert", "roberta", "llama")
#: Settings to test each method with: small ranks, and changes of structure if it has them.
TRIED: list[tuple[str, dict[str, Any]]] = [
    ("full", {}),
    ("lora", {"rank": 4}),
    ("adalora", {"init_rank": 4, "target_rank": 2}),
    ("adalora", {"init_rank": 4, "target_rank": 3, "tinit": 8, "tfinal": 4, "delta_t": 3}),
    ("pissa", {"rank": 4}),
    ("pissa", {"rank": 2, "alpha": 8.0}),
    ("peft", {"type": "LORA", "config": {"r": 4, "use_dora": True}}),
    ("peft", {"type": "LORA", "config": {"r": 4, "use_rslora": True}}),
    ("peft", {"type": "VERA", "config": {"r": 8, "d_initial": 1.0}}),
    ("peft", {"type": "IA3"}),
    ("peft", {"type": "LOHA", "config": {"r": 4}}),
    ("peft", {"type": "PREFIX_TUNING", "config": {"num_virtual_tokens": 3}}),
    ("peft", {"type": "PREFIX_TUNING", "config": {"num_virtual_tokens": 3, "prefix_projection": True}}),
    ("peft", {"type": "PROMPT_TUNING", "config": {"num_virtual_tokens": 3}}),
    ("peft", {"type": "P_TUNING", "config": {"num_virtual_tokens": 3}}),
    ("dylora", {"rank": 4}),
    ("dylora", {"rank": 4, "min_rank": 2, "update": "last"}),
    ("adapter", {"bottleneck": 8}),
    ("adapter", {"bottleneck": 4, "style": "houlsby", "activation": "gelu", "adapter_drop": 1}),
    ("adapter", {"bottleneck": 8, "random_drop": True}),
    ("lor2c", {"rank": 4}),
    ("sharelor2c", {"rank": 4}),
    ("sharelor2c", {"rank": 4, "merges": 1, "injections": 1}),
    ("mergelor2c", {"rank": 4, "merges": 1}),
    ("mergelor2c", {"rank": 4, "merges": 2}),
    ("injectlor2c", {"rank": 4, "injections": 1}),
    ("injectlor2c", {"rank": 4, "injections": 3}),
    ("imlor2c", {"rank": 4, "merges": 1, "injections": 1}),
    ("imlor2c", {"rank": 4, "merges": 1, "injections": 1, "rules": "official"}),
]
#: Methods to try on other architectures, one of each sort: lanes, layers of peft, layers of our own, the whole model.
FEW = ("lora", "imlor2c", "adalora", "dylora", "adapter")
OTHERS: dict[str, tuple[str, ...]] = {
    "mpnet": tuple(dict(TRIED)),
    "distilbert": FEW,
    "deberta-v2": FEW,
    "electra": ("imlor2c", "dylora"),  # its layers are BERT's
    "modernbert": (*FEW, "pissa", "full"),
    "xlm-roberta": ("imlor2c",),  # its modules are RoBERTa's
}
#: It trains nothing, and takes no classifier (test_none.py).
ELSEWHERE = {"none"}
#: Types of peft that do not start as the base model, since virtual tokens act from the first step on.
PROMPTS = {"PREFIX_TUNING", "PROMPT_TUNING", "P_TUNING"}
EPOCHS = 4


def test_every_method_is_tried() -> None:
    assert {name for name, _ in TRIED} | ELSEWHERE == set(METHODS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {kind: tiny.save(root / kind, kind) for kind in (*KINDS, *OTHERS)}


@pytest.fixture(scope="module")
def data() -> Encoded:
    return encode(rows(32), tiny.tokenizer(), "classify", 32)


def fresh(folder: Path, seed: int = 3) -> LoadedModel:
    return load_model(ModelSettings(str(folder)), 2, "classify", seed, CPU)


def build(model: LoadedModel, name: str, values: dict[str, Any], seed: int = 3) -> Learner:
    params = parse_params(METHODS[name], values)
    return METHODS[name].build(model, [Cell("c", params, seed)], horizon=Horizon(EPOCHS, EPOCHS * 4, 4))


def run(learner: Learner, data: Encoded, seed: int = 3, epochs: int = EPOCHS) -> tuple[list[float], list[EpochRecord]]:
    """Train through the real loop. Returns the loss of every step, and what the structure did."""
    seen, settings = Seen(), replace(SETTINGS, num_train_epochs=epochs, learning_rate=5e-3)
    optimizer = LaneAdamW(learner.slots(), 1, weight_decay=0.01)
    train(training_of(learner, data, seen, settings, optimizer=optimizer))
    return seen.values("train", "loss", "c"), [record for _, record in seen.records]


def settings_on(kind: str, name: str) -> dict[str, Any]:
    """ModernBERT's projections are parts of modules, of which methods that wrap modules need all."""
    wraps = kind == "modernbert" and name in ("adalora", "pissa", "dylora")
    return dict(reversed(TRIED))[name] | ({"target_modules": "all-linear"} if wraps else {})


def tried_on(*kinds: str, others: dict[str, tuple[str, ...]] | None = None) -> Any:
    cases = [
        pytest.param(kind, name, values, id=f"{kind}-{name}-{'-'.join(str(v) for v in values.values())}")
        for kind in kinds
        for name, values in TRIED
    ]
    more = [(kind, name) for kind, names in (others or {}).items() for name in names]
    cases += [pytest.param(kind, name, settings_on(kind, name), id=f"{kind}-{name}") for kind, name in more]
    return pytest.mark.parametrize(("kind", "name", "values"), cases)


@tried_on(*KINDS, others=OTHERS)
def test_starts_as_the_base_model_and_counts_as_promised(
    folders: dict[str, Path], data: Encoded, kind: str, name: str, values: dict[str, Any]
) -> None:
    base = fresh(folders[kind])
    with torch.no_grad():
        batch = data.batch(range(16), CPU)
        expected = base.module(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
    learner = build(fresh(folders[kind]), name, values)
    alike = torch.allclose(logits_of(learner, data, 16, CPU)[0, :16], expected, atol=1e-5)
    assert alike == (values.get("type") not in PROMPTS)
    body, head = learner.trainable_parameters(0)
    assert head == sum(p.numel() for p in base.head_parameters().values())
    empty = empty_model(ModelSettings(str(folders[kind])), 2, "classify")
    assert count(METHODS[name], empty, parse_params(METHODS[name], values)) == body


@tried_on(*KINDS, others=OTHERS)
def test_trains_only_its_own_saves_and_reloads(
    folders: dict[str, Path], data: Encoded, tmp_path: Path, kind: str, name: str, values: dict[str, Any]
) -> None:
    model = fresh(folders[kind])
    learner = build(model, name, values)
    trained = {id(slot.tensor) for slot in learner.slots()}
    frozen = {n: p.detach().clone() for n, p in model.module.named_parameters() if id(p) not in trained}
    frozen |= {n: b.detach().clone() for n, b in model.module.named_buffers()}
    before, start = loss_of(learner, data), learner.trainable_parameters(0)[0]
    empty = empty_model(ModelSettings(str(folders[kind])), 2, "classify")
    _, records = run(learner, data)
    assert loss_of(learner, data) < before
    now = {**dict(model.module.named_parameters()), **dict(model.module.named_buffers())}
    for full, value in frozen.items():
        assert torch.equal(now[full], value), full
    check_events(name, values, learner, start, records, empty)
    assert METHODS[name].check(learner, Cell("c", parse_params(METHODS[name], values))) == []
    tmp_path.joinpath("adapter").mkdir()
    METHODS[name].save(learner, 0, model, tmp_path / "adapter")
    after = logits_of(learner, data, 16, CPU)
    again = METHODS[name].load(fresh(folders[kind]), parse_params(METHODS[name], values), tmp_path / "adapter")
    assert torch.equal(logits_of(again, data, 16, CPU), after)
    check_peft_reads(folders[kind], tmp_path / "adapter", data, after[0])
    check_sizes(empty, name, values, learner, tmp_path / "adapter")


def check_events(
    name: str, values: dict[str, Any], learner: Learner, start: int, records: list[EpochRecord], empty: LoadedModel
) -> None:
    """Events happened as often as asked, or a remark says at how many tries there was no candidate; the number of
    parameters then changes from `start` as planned."""
    method, cell = METHODS[name], Cell("c", parse_params(METHODS[name], values))
    kinds = [change.kind for record in records for change in record.changes]
    missing = []
    for kind, noun in (("merge", "merges"), ("inject", "injections")):
        done, wanted = kinds.count(kind), values.get(noun, 0)
        assert min(1, wanted) <= done <= wanted  # the first try of either finds a candidate in these models
        if done < wanted:
            vain = f"the rules left no candidate at {wanted - done} of {wanted} tries"
            missing.append(f"{done} of {wanted} {noun} done: {vain}")
    assert method.remarks(learner, cell) == missing
    if not missing and values.get("rules") != "official":  # a frozen LoRA does not count there
        changes = sum(part.count for part in method.changes(empty, cell.params))
        assert learner.trainable_parameters(0)[0] == start + changes


def check_sizes(model: LoadedModel, name: str, values: dict[str, Any], learner: Learner, adapter: Path) -> None:
    """The numbers for a forecast of disk equal those of the saved folder."""
    method, params = METHODS[name], parse_params(METHODS[name], values)
    tensors = load_file(next(adapter.glob("*.safetensors")))
    saved = sum(value.numel() for key, value in tensors.items() if not is_head(key, model.head))
    if values.get("merges") or values.get("injections"):  # the forecast is of the structure at the start
        whole = learner.tensors(0).items()
        assert saved == sum(value.numel() for key, value in whole if not is_head(key, model.head))
    elif values.get("type") not in SAVED_OTHERWISE and "prefix_projection" not in values.get("config", {}):
        assert saved == method.saved_parameters(model, params)


def loss_of(learner: Learner, data: Encoded) -> float:
    """Loss over all rows without dropout, since that of a single step is mostly noise."""
    return float(means(Classify(), logits_of(learner, data, 16, CPU), data.labels)[0])


def check_peft_reads(base: Path, adapter: Path, data: Encoded, expected: torch.Tensor) -> None:
    """If the folder is PEFT's, `PeftModel` gives the same logits and writes the same tensors and config back."""
    batch = data.batch(range(16), CPU)
    if (adapter / "config.json").exists():  # an ordinary checkpoint of transformers
        whole = AutoModelForSequenceClassification.from_pretrained(adapter).eval()
        with torch.no_grad():
            found = whole(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
        assert torch.allclose(found, expected[:16], atol=1e-5)
    if not (adapter / "adapter_config.json").exists():
        return
    module = AutoModelForSequenceClassification.from_pretrained(base, num_labels=2)
    module.config.pad_token_id = data.pad_id
    model = PeftModel.from_pretrained(module, str(adapter)).eval()
    config = model.active_peft_config
    # Except where peft computes something else (see prompt_learner.py): prefixes, and prompts on a decoder.
    if config.peft_type != "PREFIX_TUNING" and not (config.is_prompt_learning and module.config.model_type == "llama"):
        with torch.no_grad():
            found = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
        assert torch.allclose(found, expected[:16], atol=1e-5)
    if getattr(config, "prefix_projection", False):
        return  # peft cannot write this folder again, since the projection is not in it
    back = adapter.with_name("back")
    model.save_pretrained(str(back))
    assert (adapter / "adapter_model.safetensors").read_bytes() == (back / "adapter_model.safetensors").read_bytes()


@tried_on("roberta")
def test_same_seed_same_losses_other_seed_others(
    folders: dict[str, Path], data: Encoded, kind: str, name: str, values: dict[str, Any]
) -> None:
    first = run(build(fresh(folders[kind]), name, values), data)
    torch.rand(10)
    again = run(build(fresh(folders[kind]), name, values), data)
    assert first[0] == again[0]
    assert [r.changes for r in first[1]] == [r.changes for r in again[1]]
    other = run(build(fresh(folders[kind], 4), name, values, 4), data, 4, epochs=1)
    assert other[0][0] != first[0][0]  # later ones also differ because the learning rate falls faster


@pytest.mark.parametrize(
    ("model", "name", "values", "start", "end"),
    [
        ("FacebookAI/roberta-base", "lor2c", {}, 147_456, 147_456),
        ("FacebookAI/roberta-base", "sharelor2c", {}, 79_872, 79_872),
        ("FacebookAI/roberta-base", "lora", {}, 294_912, 294_912),
        ("FacebookAI/roberta-base", "dylora", {}, 294_912, 294_912),
        ("FacebookAI/roberta-base", "adapter", {}, 304_320, 304_320),
        ("FacebookAI/roberta-base", "adapter", {"bottleneck": 48}, 894_528, 894_528),
        ("FacebookAI/roberta-base", "adapter", {"bottleneck": 8, "style": "houlsby"}, 313_536, 313_536),
        ("FacebookAI/roberta-base", "adapter", {"bottleneck": 24, "style": "houlsby"}, 903_744, 903_744),
        ("FacebookAI/roberta-base", "full", {}, 124_055_040, 124_055_040),
        ("FacebookAI/roberta-base", "adalora", {}, 442_656, 442_656),
        ("FacebookAI/roberta-base", "pissa", {}, 294_912, 294_912),
        ("FacebookAI/roberta-base", "peft", {"type": "LORA", "config": {"r": 8}}, 294_912, 294_912),
        # VeRA: vectors b (d) and d (r) of every projection.
        ("FacebookAI/roberta-base", "peft", {"type": "VERA", "config": {"r": 256}}, 24 * 1024, 24 * 1024),
        ("FacebookAI/roberta-base", "peft", {"type": "IA3"}, 24 * 768, 24 * 768),
        ("FacebookAI/roberta-base", "imlor2c", {"merges": 2, "injections": 4}, 147_456, 147_456 - 2 * 12_288),
        ("FacebookAI/roberta-base", "sharelor2c", {"merges": 2, "injections": 1}, 79_872, 79_872 - 2 * 6_144 + 6_144),
        ("meta-llama/Llama-2-7b-hf", "lora", {"rank": 64}, 33_554_432, 33_554_432),
        ("meta-llama/Llama-2-7b-hf", "lor2c", {"rank": 64}, 16_777_216, 16_777_216),
        ("meta-llama/Llama-2-7b-hf", "imlor2c", {"rank": 64, "merges": 8, "injections": 8}, 16_777_216, 12_582_912),
    ],
)
def test_counts_of_the_papers_models(model: str, name: str, values: dict[str, Any], start: int, end: int) -> None:
    """The figures of semantics.md section 8, from shapes alone."""
    method, config = METHODS[name], known_config(model)
    empty = empty_model(ModelSettings(model), 2, "classify", config)
    params = parse_params(method, values)
    assert count(method, empty, params) == start
    assert start + sum(part.count for part in method.changes(empty, params)) == end
    if "roberta" in model:
        assert sum(p.numel() for p in empty.head_parameters().values()) == 592_130
        assert sum(p.numel() for p in empty.module.parameters()) == 124_647_170


@pytest.mark.parametrize("kind", ["distilbert", "electra"])
def test_virtual_tokens_are_as_wide_as_the_embeddings(folders: dict[str, Path], data: Encoded, kind: str) -> None:
    """ELECTRA's are narrower than its layers; DistilBERT's config has names of its own for the sizes."""
    values = {"type": "PROMPT_TUNING", "config": {"num_virtual_tokens": 3}}
    learner = build(fresh(folders[kind]), "peft", values)
    [tokens] = [slot for slot in learner.slots() if slot.role == "body"]
    assert tuple(tokens.tensor.shape) == (3, 12 if kind == "electra" else 16)
    before = loss_of(learner, data)
    run(learner, data)
    assert loss_of(learner, data) < before


@pytest.mark.parametrize(
    ("name", "values"), [("pissa", {}), ("dylora", {}), ("adalora", {}), ("peft", {"type": "IA3"})]
)
def test_a_method_that_wraps_modules_refuses_a_part_of_one(
    folders: dict[str, Path], name: str, values: dict[str, Any]
) -> None:
    empty = empty_model(ModelSettings(str(folders["modernbert"])), 2, "classify")
    with pytest.raises(SettingsError, match=r"query, key and value of this model are one module \(attn\.Wqkv\)"):
        count(METHODS[name], empty, parse_params(METHODS[name], values))
