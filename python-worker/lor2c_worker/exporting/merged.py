"""A plain model of transformers with a run's adapter in its weights, which needs neither peft nor lor2c."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from ..data.batch import Batch
from ..data.targets import Targets
from ..methods import import_libraries, load_held, method_of, parse_params
from ..models import LoadedModel, generation_config, thawed
from ..run.adapter_folder import RunInfo
from ..settings import ModelSettings, Settings, SettingsError

#: Largest difference of an output from the adapter's, as a share of the largest output (at least of 1). A product is
#: added to a weight before it meets the input, not after: sums are rounded in another order.
TOLERANCE = 1e-4
#: Real tokens of the rows that both are asked about.
_LENGTHS = (3, 9, 16)
_CPU = torch.device("cpu")


def write_merged(folder: Path, info: RunInfo, base: ModelSettings, target: Path) -> float:
    """Write model and tokenizer into `target`, load them with transformers alone, and compare their outputs with the
    adapter's on rows of random tokens. Returns the largest difference. `base`: the model that the run trained.

    All is in fp32: weights that the run held in few bits are written as what these stand for. Raises SettingsError when
    the method's adapter cannot be in weights, or the outputs differ.
    """
    own = Settings.from_json(info.settings)
    settings = replace(own, model=base, train=replace(own.train, precision="fp32"))
    method = method_of(settings.method["name"])
    params = parse_params(method, settings.method_parameters)
    if (reason := method.unmergeable(params)) is not None:
        raise SettingsError(
            f"method {method.name} cannot be merged: {reason}. Without --merged the adapter's folder is exported, to "
            "be used beside the model"
        )
    import_libraries(method)
    held = load_held(settings, method, info.num_labels, info.kind, _CPU)
    batch = _probe(held, min(settings.train.max_length, max(_LENGTHS)))
    with torch.inference_mode():
        wanted = method.load(held, params, folder).forward(batch, None)[0].clone()
    del held
    model = thawed(load_held(settings, method, info.num_labels, info.kind, _CPU))
    merged: Any = method.merged(model, params, folder)
    if info.kind == "language_model":
        # Weights that were held in few bits come without the base model's stop tokens and sampling.
        merged.generation_config = generation_config(base)[0]
    merged.save_pretrained(target)
    model.tokenizer.save_pretrained(target)
    del merged, model
    return _check(target, info, batch, wanted)


def _check(target: Path, info: RunInfo, batch: Batch, wanted: torch.Tensor) -> float:
    """Raises SettingsError when the model in `target` gives other outputs than `wanted`."""
    text = info.kind == "language_model"
    auto: Any = AutoModelForCausalLM if text else AutoModelForSequenceClassification
    model = auto.from_pretrained(target, dtype=torch.float32, trust_remote_code=False, use_safetensors=True).eval()
    with torch.inference_mode():
        found = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
        if batch.targets is not None:
            states = found.flatten(0, 1)[batch.targets.places]
            found = torch.nn.functional.cross_entropy(states, batch.targets.ids, reduction="none")
    difference = float((found - wanted).abs().max())
    if not difference <= TOLERANCE * max(1.0, float(wanted.abs().max())):
        raise SettingsError(
            f"the merged model gives other outputs than the adapter (largest difference {difference:.3g}, allowed "
            f"{TOLERANCE:g} of the largest output): it was not written. Report it with the run's settings"
        )
    return difference


def _probe(model: LoadedModel, longest: int) -> Batch:
    """Rows of random words, padded on the right; a language model predicts all but the first of each."""
    special = {int(number) for number in model.tokenizer.all_special_ids} | {model.config.pad_token_id}
    words = torch.tensor([n for n in range(int(model.config.vocab_size)) if n not in special])
    lengths = [min(length, longest) for length in _LENGTHS]
    drawn = torch.Generator().manual_seed(0)
    ids = torch.full((len(lengths), max(lengths)), int(model.config.pad_token_id or 0))
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        ids[row, :length] = words[torch.randint(len(words), (length,), generator=drawn)]
        mask[row, :length] = 1
    targets = None if model.head else Targets.every(ids, mask)
    labels = torch.zeros(len(lengths), dtype=torch.int64) if targets is None else targets.ids
    return Batch(torch.arange(len(lengths)), ids, mask, None, labels, sum(lengths), lengths, targets)
