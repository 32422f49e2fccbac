"""The last layer computes only the tokens that the head reads, beyond its keys and values: the same numbers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from test_backbones import LENGTHS, bank_of, batch_of, build
from torch import nn

from lor2c_worker.adapters.bank import Structure
from lor2c_worker.backbones.unpadded import UnpaddedEncoder
from lor2c_worker.keyed.masks import StepMasks
from lor2c_worker.schedule import Layout, Span

#: Structures over four layers, by what the last layer has.
STRUCTURES = {
    "a module that begins and ends there": Layout((Span(0, 1), Span(3, 3)), (2,)),
    "a span that ends there": Layout((Span(0, 0), Span(1, 3))),
    "the one module, so that the layer itself is frozen": Layout((Span(0, 3),)),
    "injected LoRA": Layout((Span(0, 1),), (3,)),
    "nothing": Layout((Span(1, 1),)),
}


@pytest.fixture(scope="module")
def module() -> Any:
    return build("bert", torch.float64, dropout=0.3)


def results(module: Any, layout_: Layout, where: str, step: int | None, *, cut: bool) -> list[torch.Tensor]:
    """Hidden states of one token of each row for two lanes, then all gradients. `cut`: the backbone computes only them.
    The lanes differ in structure: the second has no adapter."""
    backbone, batch = UnpaddedEncoder(module), batch_of("bert", LENGTHS)
    bank = bank_of(backbone, module, dropout=0.3)
    bank.set_structure(0, Structure(layout_))
    bank.fork([0, 0])
    bank.set_structure(1, Structure(Layout(())))
    layout = backbone.layout(batch)
    masks = None if step is None else StepMasks(7, step, batch, layout)
    at = layout.first() if where == "first" else layout.last()
    out = backbone.forward(batch, layout, 2, bank.begin(masks), masks, at=at if cut else None)
    out = out if cut else out[:, at]
    weight = torch.arange(out.numel(), dtype=out.dtype).view_as(out).cos()
    (out * weight).sum().backward()
    return [out.detach(), *(slot.tensor.grad for slot in bank.slots() if slot.tensor.grad is not None)]


@pytest.mark.parametrize("step", [None, 4], ids=["evaluation", "training"])
@pytest.mark.parametrize("where", ["first", "last"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_equals_the_whole_layer(module: Any, structure: str, where: str, step: int | None) -> None:
    """In float64, with dropout at every site: masks are the rows of the whole layer's."""
    want = results(module, STRUCTURES[structure], where, step, cut=False)
    got = results(module, STRUCTURES[structure], where, step, cut=True)
    assert len(got) == len(want)
    assert len(want) > 1
    for one, other in zip(got, want, strict=True):
        assert one.shape == other.shape
        assert torch.allclose(one, other, rtol=0, atol=1e-12)


def test_the_last_layer_multiplies_pooled_rows(module: Any) -> None:
    """The work that this saves: rows of each product in the last layer and in the one before."""
    rows: dict[str, int] = {}

    def count(name: str) -> Any:
        return lambda layer, args, out: rows.__setitem__(name, args[0].shape[-2])

    hooks = [
        child.register_forward_hook(count(name))
        for name, child in module.bert.encoder.named_modules()
        if isinstance(child, nn.Linear)
    ]
    try:
        results(module, STRUCTURES["nothing"], "first", None, cut=True)
    finally:
        for hook in hooks:
            hook.remove()
    whole, pooled = rows["layer.2.attention.self.query"], rows["layer.3.attention.self.query"]
    assert (whole, pooled) == (sum(LENGTHS) + 2, 16)
    last = {name.removeprefix("layer.3."): n for name, n in rows.items() if name.startswith("layer.3.")}
    assert {name for name, n in last.items() if n == whole} == {"attention.self.key", "attention.self.value"}
    assert {n for name, n in last.items() if not name.endswith(("key", "value"))} == {pooled}
