"""What all wrapped layers of one model have in common."""

from __future__ import annotations

import threading
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle


class Inputs(threading.local):
    """Inputs of the layers where modules begin, until the modules end.

    Each thread has its own: replicas of DataParallel run in threads and have this object from the model they copy.
    """

    def __init__(self) -> None:
        self.of: dict[tuple[str, int], torch.Tensor] = {}

    def forget(self, *_: Any) -> None:
        """A hook of the layers' owner. Without an error there is nothing left to forget."""
        self.of.clear()

    def __deepcopy__(self, memo: dict[int, Any]) -> Inputs:
        # There are activations in it only during a forward, and non-leaf tensors cannot be copied.
        return memo.setdefault(id(self), Inputs())

    def __reduce__(self) -> tuple[type[Inputs], tuple[()]]:
        return Inputs, ()


class Matrices(nn.ParameterDict):
    """A or B by adapter. A matrix that peft casts or moves stays frozen if it was.

    Called with the adapter's name it returns its matrix: hooks with which accelerate brings offloaded parameters run
    around calls of the module that has them.
    """

    __call__ = nn.Module.__call__  # ParameterDict refuses calls

    def forward(self, key: str) -> torch.Tensor:
        return self[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self and isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter):
            value = nn.Parameter(value.detach(), requires_grad=self[key].requires_grad)
        super().__setitem__(key, value)


class Common:
    """Passed from layer to layer, and found again by a second tuner on the same model."""

    def __init__(self) -> None:
        self.inputs = Inputs()
        #: All adapters of the model. So layers agree on the next active one, also those that only one adapter has.
        self.names: dict[str, bool] = {}
        #: The A of each adapter whose modules share one. Its parameters are registered with the tuner.
        self.shared = Matrices()
        self._hooks: dict[str, RemovableHandle] = {}

    def watch(self, path: str, owner: nn.Module) -> None:
        """Forget inputs when the layers at `path`, which run in the forward of `owner`, end in an error."""
        if path not in self._hooks:
            self._hooks[path] = owner.register_forward_hook(self.inputs.forget, always_call=True)

    def detach(self) -> None:
        for hook in self._hooks.values():
            hook.remove()
        self._hooks.clear()


def random_matrix(d_out: int, d_in: int) -> torch.Tensor:
    """Kaiming-uniform with a = sqrt 5 (semantics.md section 1), in fp32 on the CPU, from torch's generator as peft's
    own methods do."""
    bound = d_in**-0.5
    return torch.empty(d_out, d_in, device="cpu", dtype=torch.float32).uniform_(-bound, bound)
