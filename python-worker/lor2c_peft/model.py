"""The tuner: finds the layers and projections of a model, and wraps them as the adapter's structure says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftConfig
from peft.tuners.tuners_utils import BaseTuner
from peft.utils import AuxiliaryTrainingWrapper
from torch import nn

from .config import Lor2cConfig
from .layer import NOT_MERGEABLE, InjectedLinear, Inputs, LowRank, SpanLayer, random_matrix
from .places import Places


class Lor2cModel(BaseTuner):
    """peft's tuner of type LOR2C. One config owns both the residual modules and the injected projections."""

    prefix = "lor2c_"
    tuner_layer_cls = LowRank
    target_module_mapping = {}  # noqa: RUF012 - the base class declares it
    uses_shared_state = True

    def _pre_injection_hook(self, model: nn.Module, config: PeftConfig, adapter_name: str) -> None:
        if not hasattr(self, "lor2c_shared_A"):
            self.lor2c_shared_A = nn.ParameterDict()
            self.__dict__["_inputs"] = Inputs()
            self.__dict__["_places"] = Places(model)

    def _prepare_adapter_config(self, peft_config: PeftConfig, model_config: dict[str, Any]) -> PeftConfig:
        return peft_config

    def _prepare_model(self, peft_config: PeftConfig, model: nn.Module) -> None:
        """Work out which layers are targets, and the task of each; in the config's __dict__, which is not saved."""
        assert isinstance(peft_config, Lor2cConfig)
        names = self._places.layers
        targets: dict[str, Task] = {}

        def task(layer: int) -> Task:
            return targets.setdefault(names[layer], Task(layer))

        for first, last in peft_config.resolved_spans(len(names)):
            task(first).begins = True
            task(last).ends = first
        for layer in peft_config.injected:
            task(layer).injected = True
        peft_config.__dict__["_lor2c_targets"] = targets
        if peft_config.share and any(t.ends is not None for t in targets.values()):
            name = next(name for name, config in self.peft_config.items() if config is peft_config)
            device = next(model.parameters()).device
            self.lor2c_shared_A[name] = random_matrix(peft_config.r, self._places.hidden).to(device)

    @staticmethod
    def _check_target_module_exists(peft_config: PeftConfig, key: str) -> bool:
        return key in peft_config.__dict__["_lor2c_targets"]

    def _create_and_replace(
        self,
        peft_config: PeftConfig,
        adapter_name: str,
        target: nn.Module,
        target_name: str,
        parent: nn.Module,
        current_key: str,
        parameter_name: str | None = None,
    ) -> None:
        assert isinstance(peft_config, Lor2cConfig)
        task: Task = peft_config.__dict__["_lor2c_targets"][current_key]
        if isinstance(target, SpanLayer):
            layer = target
        else:
            layer = SpanLayer(target, task.layer, self._inputs, self.lor2c_shared_A)
            setattr(parent, target_name, layer)
            layer.train(target.training)
        if task.begins:
            layer.begin(adapter_name)
        if task.ends is not None:
            layer.end(adapter_name, peft_config, task.ends, self._places.hidden)
        changed: list[SpanLayer | InjectedLinear] = [layer]
        if task.injected:
            # The layer itself is the target, since peft does not look inside a layer that it has already wrapped.
            linears = self._places.injected.items()
            changed += [inject(layer.base_layer, path, parts, adapter_name, peft_config) for path, parts in linears]
        device = next(target.parameters()).device
        for module in changed:
            module._move_adapter_to_device_of_base_layer(adapter_name, device=device)
            module.set_adapter(self.active_adapters, inference_mode=peft_config.inference_mode)

    def set_adapter(self, adapter_name: str | list[str], inference_mode: bool = False) -> None:
        super().set_adapter(adapter_name, inference_mode=inference_mode)
        active = [adapter_name] if isinstance(adapter_name, str) else adapter_name
        for name, parameter in self.lor2c_shared_A.items():
            parameter.requires_grad_(name in active and not inference_mode)

    def delete_adapter(self, adapter_name: str) -> None:
        super().delete_adapter(adapter_name)
        if adapter_name in self.lor2c_shared_A:
            del self.lor2c_shared_A[adapter_name]

    def _cast_adapter_dtype(self, adapter_name: str, autocast_adapter_dtype: bool = True) -> None:
        """Cast adapters in fp16 or bf16 to fp32, as peft does for its own methods."""
        super()._cast_adapter_dtype(adapter_name, autocast_adapter_dtype=autocast_adapter_dtype)
        shared = self.lor2c_shared_A
        if (
            autocast_adapter_dtype
            and adapter_name in shared
            and shared[adapter_name].dtype in (torch.float16, torch.bfloat16)
        ):
            shared[adapter_name].data = shared[adapter_name].data.float()

    def _check_merge_allowed(self) -> None:
        raise ValueError(NOT_MERGEABLE)

    def merge_adapter(self, adapter_names: list[str] | None = None, safe_merge: bool = False) -> None:
        raise ValueError(NOT_MERGEABLE)

    def _unload_and_optionally_merge(
        self,
        merge: bool = True,
        progressbar: bool = False,
        safe_merge: bool = False,
        adapter_names: list[str] | None = None,
    ) -> Any:
        """Replaces peft's version, which expects a `weight` on the restored module; a transformer layer has none."""
        if merge:
            self._check_merge_allowed()
        wrappers = (SpanLayer, InjectedLinear, AuxiliaryTrainingWrapper)
        wrapped = [(name, m) for name, m in self.model.named_modules() if isinstance(m, wrappers)]
        for name, module in reversed(wrapped):  # inner ones first
            parent, _, child = name.rpartition(".")
            if isinstance(module, AuxiliaryTrainingWrapper):
                base = module.unload_and_optionally_merge_module(merge, safe_merge, adapter_names)
            else:
                base = module.detach_from_base()
            setattr(self.model.get_submodule(parent), child, base)
        if hasattr(self.model, "peft_config"):
            del self.model.peft_config
        return self.model


@dataclass
class Task:
    """What one adapter does at one layer: a span begins; a span that began at `ends` ends; LoRA is injected."""

    layer: int
    begins: bool = False
    ends: int | None = None
    injected: bool = False


def inject(
    layer: nn.Module, path: str, parts: list[tuple[int, int]], adapter_name: str, config: Lor2cConfig
) -> InjectedLinear:
    """Put LoRA on the projection at `path` of a layer, or on `parts` of it, where another adapter may already have
    injected some."""
    target = layer.get_submodule(path)
    if not isinstance(target, (nn.Linear, InjectedLinear)):
        raise ValueError(f"{path} is a {type(target).__name__}; LoRA can be injected into linear projections only")
    linear = target if isinstance(target, InjectedLinear) else InjectedLinear(target, parts)
    if linear is not target:
        parent, _, child = path.rpartition(".")
        setattr(layer.get_submodule(parent), child, linear)
        linear.train(target.training)
    linear.inject(adapter_name, config)
    return linear
