"""The kernels of decoders and NF4 in Triton's interpreter, and what happens where they cannot be had."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lor2c_worker.kernels import tried

#: Runs in a process of its own, since Triton reads TRITON_INTERPRET when it is imported.
COMPARE = """
import torch
from lor2c_worker.backbones import decoder_ops, decoder_triton
from lor2c_worker.frozen import nf4, nf4_triton

def both(function, *given):
    found = []
    for kernels in (None, decoder_triton):
        decoder_ops._kernels = lambda device: kernels
        own = [x.detach().clone().requires_grad_(x.requires_grad) if torch.is_tensor(x) else x for x in given]
        out = function(*own)
        trained = [x for x in own if torch.is_tensor(x) and x.requires_grad]
        grad = torch.linspace(-1, 1, out.numel()).view_as(out)
        found.append([out.detach(), *torch.autograd.grad(out, trained, grad)])
    assert len(found[0]) > 1
    for plain, kernel in zip(*found, strict=True):
        torch.testing.assert_close(kernel, plain, rtol=1e-5, atol=1e-5)

def drawn(*shape, trains=True):
    return torch.randn(shape, requires_grad=trains)

torch.manual_seed(1)
for width in (8, 48, 64):
    both(decoder_ops.rms_norm, drawn(2, 5, width), drawn(width, trains=False), 1e-5)
    both(decoder_ops.rms_norm, drawn(2, 5, width), drawn(width), 1e-5)
both(decoder_ops.gated, drawn(2, 5, 1000), drawn(2, 5, 1000))
for heads in (1, 3):
    angles = drawn(5, 4, trains=False)
    both(decoder_ops.rotate, drawn(2, 5, heads * 8), angles.cos(), angles.sin(), 8)

plain = nf4._kernel
for shape in ((40, 136), (64, 64), (3, 5)):
    layer = nf4.Nf4Linear(torch.randn(shape), None)
    nf4._kernel = lambda device: None
    wanted = layer.dense(torch.float32)
    nf4._kernel = lambda device: nf4_triton.dense
    assert torch.equal(layer.dense(torch.float32), wanted), shape
print("equal")
"""


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
def test_the_kernels_compute_what_torch_computes() -> None:
    environment = {**os.environ, "TRITON_INTERPRET": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", COMPARE]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "equal"


def test_where_they_cannot_be_had_torch_computes(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise ImportError("no Triton here")

    def has_no_room() -> None:
        raise torch.OutOfMemoryError("full")

    assert tried(fails, "norms are computed") is None
    assert "norms are computed by torch's operations" in capsys.readouterr().err
    with pytest.raises(torch.OutOfMemoryError):
        tried(has_no_room, "norms are computed")
    assert tried(lambda: 3, "norms are computed") == 3
    assert capsys.readouterr().err == ""
