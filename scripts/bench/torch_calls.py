"""Counts the torch operations of a training step by the part of the worker that makes them, and what waits or copies.

Backward operations count where their forward is. Every call is a kernel launch or less on a GPU, so the counts say how
much time a step of a small model spends on launches, also on a machine without one.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

import lor2c_worker

ROOT = Path(lor2c_worker.__file__).parent
#: The part of a file of the worker, by the longest prefix of its path in the package.
PARTS = {
    "adapters/": "adapters",
    "optim/": "optimizer",
    "backbones/": "frozen layers",
    "keyed/attention": "frozen layers",
    "keyed/": "masks",
    "backbones/heads": "head and loss",
    "backbones/unpadded_layout": "batch",
    "data/": "batch",
    "objective": "head and loss",
    "run/gradients": "head and loss",
}
OTHER = "other"
#: Operations that hand a value or a shape to the host, which waits for the GPU.
WAITS = frozenset({"_local_scalar_dense", "nonzero", "masked_select", "unique", "_unique2", "equal", "is_nonzero"})
#: Views and bookkeeping, which launch nothing.
FREE = frozenset(
    """view _unsafe_view _reshape_alias reshape expand permute transpose t select slice split split_with_sizes unbind
    squeeze unsqueeze alias detach lift_fresh as_strided unfold diagonal narrow""".split()  # noqa: SIM905
)


@dataclass
class Calls:
    """Counts by part. `launches`: calls that compute something. `host`: tensors made of Python numbers or lists, each
    of them a copy to the device that waits for nothing only from pinned memory. `copies`: tensors that go from the host
    to another device. `waits`: what the host waits for."""

    calls: Counter[str] = field(default_factory=Counter)
    launches: Counter[str] = field(default_factory=Counter)
    host: Counter[str] = field(default_factory=Counter)
    copies: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    #: Calls by the operation's name.
    names: Counter[str] = field(default_factory=Counter)
    #: Where tensors of Python values, copies and waits were made: "part: file:line operation" -> times.
    places: Counter[str] = field(default_factory=Counter)

    def outside(self, *parts: str, of: str = "calls") -> int:
        """Sum over all parts but these."""
        return sum(n for part, n in getattr(self, of).items() if part not in parts)

    def as_json(self) -> dict[str, Any]:
        return {name: dict(sorted(counter.items())) for name, counter in vars(self).items()}


def count_calls(function: Callable[[], object]) -> Calls:
    """What `function` calls, its backward passes included."""
    mode = _Counting()
    with mode:
        function()
    return mode.found


class _Counting(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.found = Calls()
        self._part_of_node: dict[int, str] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        part, place = self._part()
        found = self.found
        found.calls[part] += 1
        found.names[name] += 1
        found.launches[part] += name.rstrip("_") not in FREE and name not in FREE
        kinds = {
            "host": name == "lift_fresh",
            "copies": name in ("_to_copy", "copy_") and _crosses(result, args),
            "waits": name in WAITS or (name.startswith("index") and _masked(args)) or _reads(name, result, args),
        }
        for kind, counts in kinds.items():
            if counts:
                getattr(found, kind)[part] += 1
                found.places[f"{part}: {place} {name}"] += 1
        return result

    def _part(self) -> tuple[str, str]:
        """(part, file:line) of the operation that runs now."""
        node: Any = torch._C._current_autograd_node()
        if node is not None:
            known = self._part_of_node.get(node._sequence_nr())
            # Sums of gradients belong to trained tensors, which have no forward operation.
            return known or "adapters", f"backward of {node.name()}"
        part, place = _caller()
        # A node gets its number just before its operation runs.
        self._part_of_node.setdefault(torch.autograd._get_sequence_nr() - 1, part)
        return part, place


def _caller() -> tuple[str, str]:
    """Part and line of the innermost function of the worker on the stack."""
    frame: Any = sys._getframe(1)
    prefix = f"{ROOT}/"
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(prefix):
            inside = file[len(prefix) :]
            matching = [p for p in PARTS if inside.startswith(p)]
            return PARTS[max(matching, key=len)] if matching else OTHER, f"{inside}:{frame.f_lineno}"
        frame = frame.f_back
    return OTHER, "outside of the worker"


def _crosses(result: Any, args: Any) -> bool:
    source = args[1] if isinstance(args[1] if len(args) > 1 else None, torch.Tensor) else args[0]
    return source.device.type == "cpu" and result.device.type != "cpu"


def _reads(name: str, result: Any, args: Any) -> bool:
    """A copy back to the host."""
    return (
        name in ("_to_copy", "copy_")
        and isinstance(args[0], torch.Tensor)
        and isinstance(result, torch.Tensor)
        and result.device.type == "cpu"
        and any(isinstance(a, torch.Tensor) and a.device.type != "cpu" for a in args[:2])
    )


def _masked(args: Any) -> bool:
    """Whether an index is a boolean mask, whose number of elements the host must know."""
    indices = args[1] if len(args) > 1 and isinstance(args[1], list | tuple) else ()
    return any(isinstance(i, torch.Tensor) and i.dtype in (torch.bool, torch.uint8) for i in indices)
