"""Methods of peft that train virtual tokens: prefix tuning, prompt tuning, p-tuning.

This module does not use peft's forward: its prefix tuning needs an argument that newer releases of transformers have
renamed, and on decoders its prompt tuning pools a padding token. Files are read and written in peft's form.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from weakref import WeakMethod

import torch
from torch import nn
from torch.nn import functional as F

from ..backbones.hf_backbone import base_of
from ..backbones.hf_decoder import HfCache, HfDecoder
from ..data.batch import Batch
from ..keyed.seeding import StepKey
from ..models import LoadedModel
from .peft_learner import PeftLearner


def cache_argument(module: nn.Module) -> str | None:
    """The name by which the model without its head takes keys and values; None: it takes none."""
    names = inspect.signature(base_of(module).forward).parameters
    return next((name for name in ("cache", "past_key_values") if name in names), None)


class PromptLearner(PeftLearner):
    """Puts virtual tokens before the real ones. Runs padded.

    Prefix tuning gives every layer keys and values for them, [V, 2 L d]; the text keeps its width, and its positions
    begin at V. The others put [V, d] vectors before the embedded text, which becomes V longer; as in peft, an encoder
    then pools the first virtual token.
    """

    module: Any
    padded = True

    def __init__(self, module: Any, head: tuple[str, ...], cells: list[str], seed: int) -> None:
        super().__init__(module, head, cells, seed)
        wrapped: Any = module
        self._inner: Any = wrapped.get_base_model()
        config: Any = module.active_peft_config
        self._count = int(config.num_virtual_tokens)
        self._prefix = config.peft_type == "PREFIX_TUNING"
        self._cache_name = cache_argument(self._inner) or "past_key_values"
        self._prompts: torch.Tensor | None = None
        if not self._prefix:
            # Its embedding is replaced, but padding has no position; MPNet's is token 1, whatever config.json says.
            padding = {self._inner.config.pad_token_id, wrapped.word_embeddings.padding_idx}
            self._filler = min({0, 1, 2} - padding)
            # A bound method would make a cycle, and keep the model until Python looks for some.
            put = WeakMethod(self._put_prompts)

            def hook(module: Any, args: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
                method = put()
                return output if method is None else method(output)

            wrapped.word_embeddings.register_forward_hook(hook)

    def forward(self, batch: Batch, step: StepKey | None, lanes: Sequence[int] | None = None) -> torch.Tensor:
        """Logits [1, B, C], or losses [1, P] of a language model's targets."""
        return self._with_prefix(batch, step) if self._prefix else self._with_prompts(batch, step)

    def _with_prefix(self, batch: Batch, step: StepKey | None) -> torch.Tensor:
        # Computed for a single row, as it is saved, and repeated: so the loaded adapter gives equal bits.
        cache = self.module.get_prompt(1)
        cache.batch_repeat_interleave(len(batch.input_ids))
        with self._dropout.at(batch, step):
            inputs = self._inputs(dataclasses.replace(batch, attention_mask=self._widen(batch.attention_mask, 1)))
            return self._outputs(batch, {**inputs, self._cache_name: cache}, 0)

    def _with_prompts(self, batch: Batch, step: StepKey | None) -> torch.Tensor:
        types = batch.token_type_ids
        longer = dataclasses.replace(
            batch,
            input_ids=self._widen(batch.input_ids, self._filler),
            attention_mask=self._widen(batch.attention_mask, 1),
            token_type_ids=None if types is None else self._widen(types, 0),
            lengths=[length + self._count for length in batch.row_lengths()],
        )
        self._prompts = self.module.get_prompt(1)
        try:
            with self._dropout.at(longer, step):
                return self._outputs(batch, self._inputs(longer), self._count)
        finally:
            self._prompts = None

    def _outputs(self, batch: Batch, inputs: dict[str, Any], before: int) -> torch.Tensor:
        """`before`: so many virtual tokens stand before each row's own."""
        if self._causal is None or batch.targets is None:
            return self._inner(**inputs, use_cache=False).logits[None]
        places, width = batch.targets.places, batch.input_ids.shape[1]
        at = places // width * (width + before) + before + places % width
        return self._causal.losses(inputs, batch.targets, at)

    def decoder(self) -> PromptDecoder:
        if self._causal is None:
            raise ValueError("a classifier continues no text")
        return PromptDecoder(self._inner, self._begin, self._evaluating)

    def _begin(self, cache: HfCache) -> None:
        """Let each row of the cache begin with the virtual tokens."""
        rows = len(cache.real)
        prompt = self.module.get_prompt(1)
        if self._prefix:
            prompt.batch_repeat_interleave(rows)
            cache.states = prompt
        else:
            inputs = {self._cache_name: cache.states, "use_cache": True}
            base_of(self._inner)(inputs_embeds=prompt.expand(rows, -1, -1), **inputs)
        cache.real = torch.ones(rows, self._count, dtype=torch.bool, device=self._slots[0].tensor.device)

    def _put_prompts(self, output: torch.Tensor) -> torch.Tensor:
        if self._prompts is None:
            return output
        prompts = self._prompts.to(output.dtype).expand(len(output), -1, -1)
        return torch.cat([prompts, output[:, self._count :]], dim=1)

    def _widen(self, x: torch.Tensor, fill: int) -> torch.Tensor:
        return F.pad(x, (self._count, 0), value=fill)

    @staticmethod
    def _inputs(batch: Batch) -> dict[str, torch.Tensor]:
        inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
        return inputs if batch.token_type_ids is None else inputs | {"token_type_ids": batch.token_type_ids}


class PromptDecoder(HfDecoder):
    """Its caches begin with virtual tokens."""

    def __init__(
        self, module: Any, begin: Callable[[HfCache], None], using: Callable[[], AbstractContextManager[Any]]
    ) -> None:
        super().__init__(module, using)
        self._begin = begin

    @torch.inference_mode()
    def new_cache(self, rows: int) -> HfCache:
        cache = super().new_cache(rows)
        with self._using():
            self._begin(cache)
        return cache


def load_prompt(model: LoadedModel, folder: Path) -> PromptLearner:
    """A learner with the saved virtual tokens and head on a freshly loaded model."""
    from peft import PeftModel

    module = PeftModel.from_pretrained(model.module, str(folder))
    return PromptLearner(module.eval(), model.head, [], seed=0)
