"""Steps of instruction tuning on a Llama-2-7B shape with random weights: real tokens per second, and memory.

The model is made on the device, one tensor after the other: there is no file, and never an fp32 copy of it.
"""

from __future__ import annotations

import contextlib
import gc
import random
import subprocess
import time
from dataclasses import dataclass
from typing import Any

import torch
from learners import SEED, optimizer_of, step_of_parts
from parts import Put
from setup import Setup, wait
from torch import nn
from transformers import AutoModelForCausalLM, LlamaConfig, PretrainedConfig

from lor2c_worker.data.batch import Batch
from lor2c_worker.data.targets import Targets
from lor2c_worker.data.token_batches import first_fit
from lor2c_worker.frozen import LINEARS
from lor2c_worker.learner import Learner
from lor2c_worker.methods import METHODS, Cell, Horizon, parse_params
from lor2c_worker.models import LoadedModel, known_config
from lor2c_worker.objective import LanguageModel

TINY = LlamaConfig(
    vocab_size=128,
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=4,
    intermediate_size=128,
    max_position_embeddings=512,
    pad_token_id=0,
)
#: The paper's larger setting (method.md section 7).
PARAMS = {"rank": 64, "alpha": 32.0, "dropout": 0.05}
#: Tokens of a row, cut at 256, at every eighth of the sample of Alpaca: their mean is 110.
ALPACA_LENGTHS = (29, 51, 62, 73, 86, 108, 147, 205, 256)
#: Seconds of steps after which a case is not repeated once more, and the most steps of a case.
ENOUGH, MOST = 2.0, 6


@dataclass(frozen=True)
class Case:
    """`rows`: `full`, of the cut-off length, or `alpaca`, of lengths as there. `tokens`: of a micro-batch."""

    held: str
    method: str
    tokens: int
    checkpointing: bool = False
    rows: str = "full"
    micro_batches: int = 1

    @property
    def name(self) -> str:
        again = "_checkpointing" if self.checkpointing else ""
        parts = f"_x{self.micro_batches}" if self.micro_batches > 1 else ""
        return f"{self.held}_{self.method}_{self.rows}_{self.tokens}{parts}{again}"


#: What matters most comes first, for a part that runs out of time. The model is made once for each `held`.
CASES = (
    Case("bf16", "lora", 4096),
    Case("bf16", "lora", 8192),
    Case("bf16", "lor2c", 8192),
    Case("bf16", "lora", 12288),
    Case("bf16", "lora", 8192, checkpointing=True),
    Case("bf16", "lora", 8192, rows="alpaca"),
    Case("bf16", "lor2c", 8192, rows="alpaca", micro_batches=2),
    Case("bf16", "lor2c", 4096),
    Case("bf16", "lora", 32768, checkpointing=True),
    Case("bf16", "lora", 16384),
    Case("nf4", "lora", 8192),
    Case("nf4", "lor2c", 8192),
    Case("nf4", "lora", 16384, checkpointing=True),
)
SMALL_CASES = (
    Case("bf16", "lora", 512),
    Case("bf16", "lor2c", 512, checkpointing=True),
    Case("nf4", "lora", 512, rows="alpaca", micro_batches=2),
)


def _llama_2_7b() -> PretrainedConfig:
    """The shape that `lor2c params` counts, with what only a step needs."""
    config = known_config("meta-llama/Llama-2-7b-hf")
    assert config is not None
    config.update({"rms_norm_eps": 1e-5, "pad_token_id": 0})
    return config


def llama(small: bool, put: Put) -> None:
    """Of each case: seconds of a step, real tokens a second, model TFLOP/s (four operations per token and weight), and
    the peak bytes of the device's allocator, weights included."""
    setup = Setup.of(small)
    config, cases = (TINY, SMALL_CASES) if small else (_llama_2_7b(), CASES)
    put("power_limit_watts", power_limit())
    model, held = None, ""
    for case in cases:
        if case.held != held:
            model = None  # two of them need not fit
            collect(setup.device)
            began, held = time.perf_counter(), case.held
            model = random_decoder(config, held, setup.device)
            wait(setup.device)
            seconds = round(time.perf_counter() - began, 2)
            put(f"{held}_model", {"seconds_to_make": seconds, "bytes": allocated(setup.device)})
        assert model is not None
        try:
            found = measure(setup, model, case)
        except torch.OutOfMemoryError:
            found = {"out_of_memory": True}
        put(case.name, found)
        said = found.get("tokens_per_second")
        print(f"  {case.name}: {'out of memory' if said is None else f'{said:,.0f} tokens/s'}", flush=True)
        collect(setup.device)


def measure(setup: Setup, model: LoadedModel, case: Case) -> dict[str, Any]:
    """Median over steps, each timed until the device is done; one step before them is not counted."""
    device = setup.device
    learner = learner_of(model, case)
    step = step_of_parts(
        learner, device, setup.precisions[-1], optimizer_of(learner, weight_decay=0.0), objective=LanguageModel()
    )
    parts = micro_batches(model.config, case, 96 if setup.small else 256, device)
    tokens = sum(part.tokens for part in parts)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    step(parts, 0)
    wait(device)
    seconds: list[float] = []
    while len(seconds) < (1 if setup.small else MOST) and sum(seconds) < ENOUGH:
        began = time.perf_counter()
        step(parts, 1 + len(seconds))
        wait(device)
        seconds.append(time.perf_counter() - began)
    middle = sorted(seconds)[len(seconds) // 2]
    return {
        "real_tokens": tokens,
        "rows": sum(len(part.rows) for part in parts),
        "targets": sum(len(part.labels) for part in parts),
        "seconds_per_step": [round(value, 4) for value in seconds],
        "tokens_per_second": tokens / middle,
        "model_teraflops": 4 * weights_of(model) * tokens / middle / 1e12,
        "peak_memory": torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None,
        "trained": learner.trainable_parameters(0)[0],
        "learner": type(learner).__name__,
    }


def learner_of(model: LoadedModel, case: Case) -> Learner:
    method = METHODS[case.method]
    learner = method.build(model, [Cell("c", parse_params(method, PARAMS), SEED)], horizon=Horizon(3, 300, 100))
    if case.checkpointing:
        learner.use_checkpointing()
    return learner


def micro_batches(config: PretrainedConfig, case: Case, longest: int, device: torch.device) -> list[Batch]:
    """Random rows in micro-batches that are filled by tokens. Every token but the first of a row counts, as in the
    published script."""
    own, lengths, budget = random.Random(SEED), list[int](), case.tokens
    wanted = case.micro_batches
    while True:
        length = longest if case.rows == "full" else min(longest, own.choice(ALPACA_LENGTHS))
        batches = first_fit(range(len(lengths) + 1), [*lengths, length], budget)
        if len(batches) > wanted:
            break
        lengths.append(length)
    batches = first_fit(range(len(lengths)), lengths, budget)
    return [random_batch(config, [lengths[row] for row in batch], batch, device) for batch in batches]


def random_batch(config: PretrainedConfig, lengths: list[int], rows: list[int], device: torch.device) -> Batch:
    generator = torch.Generator().manual_seed(SEED + rows[0])
    real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    ids = torch.randint(5, int(config.vocab_size), real.shape, generator=generator) * real
    targets = Targets.of(ids.masked_fill(~real, -100), device)
    return Batch(
        rows=torch.tensor(rows),
        input_ids=ids.to(device),
        attention_mask=real.long().to(device),
        token_type_ids=None,
        labels=targets.ids,
        tokens=sum(lengths),
        lengths=lengths,
        targets=targets,
    )


def random_decoder(config: PretrainedConfig, held: str, device: torch.device) -> LoadedModel:
    """A frozen decoder whose linear maps are held in `held` (bf16 or nf4), embeddings in bfloat16, norms in fp32."""
    with torch.device("meta"):
        module = AutoModelForCausalLM.from_config(config)
    torch.manual_seed(SEED)
    for path, child in list(module.named_modules()):
        if isinstance(child, nn.Linear) and path != "lm_head":
            set_module(module, path, LINEARS[held](drawn(child.weight.shape, device), None))
    for path, weight in list(module.named_parameters()):
        if weight.is_meta:
            value = torch.ones(weight.shape, device=device) if weight.ndim == 1 else drawn(weight.shape, device)
            owner, _, name = path.rpartition(".")
            setattr(module.get_submodule(owner), name, nn.Parameter(value, requires_grad=False))
    with torch.device(device):
        rotary = type(module.model.rotary_emb)(config)  # its buffers are computed, not loaded
    module.model.rotary_emb = rotary
    return LoadedModel(module.eval().requires_grad_(False), None, ())


def drawn(shape: torch.Size, device: torch.device) -> torch.Tensor:
    return torch.empty(shape, dtype=torch.bfloat16, device=device).normal_(std=0.02)


def set_module(module: nn.Module, path: str, child: nn.Module) -> None:
    owner, _, name = path.rpartition(".")
    setattr(module.get_submodule(owner), name, child)


def weights_of(model: LoadedModel) -> int:
    """Weights of the decoder, however they are held."""
    linear = [m for m in model.module.modules() if isinstance(m, nn.Linear) and not isinstance(m.weight, nn.Parameter)]
    held = sum(child.in_features * child.out_features for child in linear)
    return held + sum(p.numel() for p in model.module.parameters())


def allocated(device: torch.device) -> int | None:
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else None


def collect(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def power_limit() -> float | None:
    """Watts of the first GPU; None where its tool does not say."""
    query = ["nvidia-smi", "--query-gpu=power.limit", "--format=csv,noheader,nounits"]
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError, IndexError):
        return float(subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout.split()[0])
    return None
