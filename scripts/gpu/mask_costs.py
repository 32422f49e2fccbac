"""The dropout masks of a step: as the worker draws them, and their numbers in a compiled function."""

from __future__ import annotations

import torch
from parts import Put
from setup import Setup, seconds_of

from lor2c_worker.backbones.unpadded_layout import UnpaddedLayout
from lor2c_worker.keyed.device_numbers import numbers_on
from lor2c_worker.keyed.masks import StepMasks
from lor2c_worker.keyed.philox import NUMBERS, agrees_with_numpy, row_numbers


def mask_costs(small: bool, put: Put) -> None:
    """Seconds of all masks of a step's encoder, which its lanes share; and of the numbers of one attention's mask, with
    torch's operations one by one and compiled. On a CPU the worker uses numpy, and nothing is compiled."""
    setup = Setup.of(small)
    batch, config = setup.batches(1)[0], setup.config()
    layout = UnpaddedLayout.of(batch)
    layers, heads, hidden = (
        int(getattr(config, name)) for name in ("num_hidden_layers", "num_attention_heads", "hidden_size")
    )
    put("sites", 3 * layers)

    def draw() -> None:
        masks = StepMasks(17, 1, batch, layout)
        for layer in range(layers):
            masks.pairs(f"{layer}.attention", heads, 0.1)
            for site in ("output", "ffn"):
                masks.tokens(f"{layer}.{site}", hidden, 0.1)

    draw()
    put("step_seconds", seconds_of(draw, setup.device, setup.repeats))
    rows = torch.arange(len(batch.rows), device=setup.device)
    place, step = (torch.tensor(number, device=setup.device) for number in (12345, 1))
    blocks = -(-heads * layout.width**2 // NUMBERS)
    kinds = {"eager": row_numbers}
    if setup.device.type == "cuda":
        kinds["compiled"] = torch.compile(row_numbers, dynamic=True)
        kinds["used"] = numbers_on(setup.device)  # the kernel, if it works here
        put("kernel_is_used", kinds["used"] is not row_numbers)
    for name, numbers in kinds.items():
        put(f"{name}_agrees_with_numpy", agrees_with_numpy(numbers, setup.device))
        numbers(place, step, rows, blocks)
        seconds = seconds_of(lambda numbers=numbers: numbers(place, step, rows, blocks), setup.device, setup.repeats)
        put(f"{name}_seconds", seconds)
