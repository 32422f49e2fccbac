"""A step of a small decoder, which runs padded as the transformers module that it is."""

from __future__ import annotations

from learners import lor2c, step_of
from parts import Put
from setup import Setup, peak_memory, seconds_per_step


def decoder(small: bool, put: Put) -> None:
    """Seconds and bytes of a step with 1 and 4 lanes, for each precision."""
    setup = Setup.of(small)
    shape = setup.decoder_shape
    model, batches = setup.model(shape), setup.batches(2, shape)
    put("shape", shape)
    for precision in setup.precisions:
        for lanes in (1, 4):
            step = step_of(lor2c(model, lanes), setup.device, precision)
            seconds = seconds_per_step(step, batches, setup)
            memory = peak_memory(lambda step=step: step(batches[0], 0), setup.device)
            put(f"{precision}_{lanes}", {"seconds_per_step": seconds, "step_memory": memory})
