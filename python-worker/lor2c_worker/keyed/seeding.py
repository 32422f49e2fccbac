"""Keyed randomness: every draw is a pure function of (seed, purpose, place), never of what was drawn before it.

So resuming, another number of lanes or another layout draws the same numbers (semantics.md section 11).
"""

from __future__ import annotations

import hashlib

import torch

#: Optimizer step, counted from 0: with seed, site and row the key of dropout draws. Micro-batches of a step share it,
#: so that it does not matter how a step's rows are cut into them.
StepKey = int


def key(seed: int, purpose: str, *place: int | str) -> int:
    """63-bit seed of a named draw. The parts are length-prefixed, so that ("a", "bc") and ("ab", "c") differ."""
    digest = hashlib.blake2b(digest_size=8)
    for part in (seed, purpose, *place):
        text = f"{type(part).__name__}:{part}".encode()
        digest.update(len(text).to_bytes(4, "little") + text)
    return int.from_bytes(digest.digest(), "little") >> 1


def generator(seed: int, purpose: str, *place: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator on `device`, seeded with the key."""
    return torch.Generator(device=device).manual_seed(key(seed, purpose, *place))


def permutation(n: int, seed: int, purpose: str, *place: int | str) -> torch.Tensor:
    """A permutation of range(n), int64 [n]."""
    return torch.randperm(n, generator=generator(seed, purpose, *place))
