"""The A that all modules of an adapter share (ShareLoR2C), which belongs to the tuner.

peft goes through the layers of the model to freeze, cast and delete; what it does there is done here to the shared A.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peft.tuners.tuners_utils import BaseTuner
from torch import nn

from .common import Common
from .lowrank import LowRank


class SharedTuner(BaseTuner):
    """A tuner with one more matrix for each adapter that shares it, `lor2c_shared_A`."""

    lor2c_shared_A: nn.ParameterDict
    _common: Common

    def _train_shared(self, names: Sequence[str]) -> None:
        for name, parameter in self.lor2c_shared_A.items():
            parameter.requires_grad_(name in names)

    def inject_adapter(self, model: nn.Module, adapter_name: str, *args: Any, **kwargs: Any) -> None:
        """Whether other adapters train stays as it was: peft sees to that since 0.21, but not for the shared A."""
        before = [(parameter, parameter.requires_grad) for parameter in self.parameters() if self._common.names]
        super().inject_adapter(model, adapter_name, *args, **kwargs)
        for parameter, trains in before:
            parameter.requires_grad_(trains)

    def set_adapter(self, adapter_name: str | list[str], inference_mode: bool = False) -> None:
        super().set_adapter(adapter_name, inference_mode=inference_mode)
        self._train_shared([] if inference_mode else self.active_adapters)

    def enable_adapter_layers(self) -> None:
        super().enable_adapter_layers()
        self._train_shared(self.active_adapters)

    def disable_adapter_layers(self) -> None:
        super().disable_adapter_layers()
        self._train_shared([])

    def set_requires_grad(self, adapter_names: str | Sequence[str], requires_grad: bool = True) -> None:
        super().set_requires_grad(adapter_names, requires_grad=requires_grad)
        names = [adapter_names] if isinstance(adapter_names, str) else adapter_names
        for name in set(names) & set(self.lor2c_shared_A.keys()):
            self.lor2c_shared_A[name].requires_grad_(requires_grad)

    def delete_adapter(self, adapter_name: str) -> None:
        was_active = adapter_name in self.active_adapters
        super().delete_adapter(adapter_name)
        if adapter_name in self.lor2c_shared_A:
            del self.lor2c_shared_A[adapter_name]
        if was_active:
            self._train_shared(self.active_adapters)

    def _cast_adapter_dtype(self, adapter_name: str, autocast_adapter_dtype: bool = True) -> None:
        """fp32 instead of lower precision, or with `autocast_adapter_dtype` False the dtype of the layers."""
        super()._cast_adapter_dtype(adapter_name, autocast_adapter_dtype=autocast_adapter_dtype)
        layers = [m for m in self.model.modules() if isinstance(m, LowRank) and adapter_name in m.lor2c_B]
        if not autocast_adapter_dtype:
            for layer in layers:
                layer.cast(adapter_name)
        if adapter_name in self.lor2c_shared_A:
            beside = next(layer.lor2c_B[adapter_name] for layer in layers if adapter_name not in layer.lor2c_A)
            self.lor2c_shared_A[adapter_name] = self.lor2c_shared_A[adapter_name].to(beside.device, beside.dtype)
