"""The official-style cell: transformers and peft, padded to `max_length`, fp32. The grid is compared with it."""

from __future__ import annotations

from typing import Any

import torch
from contenders import plain_loop
from inputs import pad_to
from parts import Put
from setup import EPOCHS, EVAL_ROWS, Setup, peak_memory, seconds_of, seconds_per_step


def official(small: bool, put: Put) -> None:
    """Seconds of a training step and of an evaluation batch, with TF32 off and on; `dynamic`: padded to the longest row
    of each batch instead."""
    setup = Setup.of(small)
    batches, pad = setup.batches(), int(setup.config().pad_token_id or 0)
    put("positions", setup.batch_size * setup.max_length)
    put("real_tokens", sum(batch.tokens for batch in batches) / len(batches))
    for name, length in (("padded", setup.max_length), ("dynamic", None)):
        model = setup.model()
        step = plain_loop(model, length, pad)
        for tf32 in (False, True):
            with setup.tf32(tf32):
                found: dict[str, Any] = {
                    "seconds_per_step": seconds_per_step(step, batches, setup),
                    "step_memory": peak_memory(lambda step=step: step(batches[0], 0), setup.device),
                }
                module: Any = model.module
                module.eval()
                batch = batches[0] if length is None else pad_to(batches[0], length, pad)

                def evaluate(module: Any = module, batch: Any = batch) -> None:
                    with torch.inference_mode():
                        module(input_ids=batch.input_ids, attention_mask=batch.attention_mask)

                evaluate()
                found["seconds_per_evaluation_batch"] = seconds_of(evaluate, setup.device, setup.repeats)
                module.train()
            put(f"{name}_tf32_{'on' if tf32 else 'off'}", found)


def cell_seconds(found: dict[str, Any], steps_per_epoch: int, batch: int) -> float:
    """A whole official-style cell of MRPC from the values of one kind above."""
    evaluations = -(-EVAL_ROWS // batch) * found["seconds_per_evaluation_batch"]
    return EPOCHS * (steps_per_epoch * found["seconds_per_step"] + evaluations)
