"""The tuner: wraps the layers and projections of a model as the adapter's structure says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import torch
from peft import PeftConfig
from peft.tuners.tuners_utils import _ExcludedModule
from peft.utils import AuxiliaryTrainingWrapper
from torch import nn

from .common import Common, random_matrix
from .config import Lor2cConfig
from .layer import InjectedLinear, SpanLayer
from .lowrank import NOT_MERGEABLE, LowRank
from .places import Places
from .shared import SharedTuner
from .tasks import Task, is_excluded, tasks_of


class Lor2cModel(SharedTuner):
    """peft's tuner of type LOR2C. One config owns both the residual modules and the injected projections."""

    prefix = "lor2c_"
    tuner_layer_cls = LowRank
    target_module_mapping = {}  # noqa: RUF012 - the base class declares it

    def __init__(self, model: nn.Module, peft_config: Any, adapter_name: str, **kwargs: Any) -> None:
        """peft passes a dict of configs, and keeps the tuner; where it passes one config, it drops the tuner and with
        it the shared A. Raises ValueError then."""
        if isinstance(peft_config, Lor2cConfig) and peft_config.share:
            raise ValueError(
                "a shared A is shared state, which needs peft's own model around the base model: use `get_peft_model` "
                "or `PeftModel.from_pretrained`. `inject_adapter_in_model`, and with it transformers' `load_adapter`, "
                "`add_adapter` and `from_pretrained` of an adapter's folder, have no place for what layers share."
            )
        super().__init__(model, peft_config, adapter_name, **kwargs)

    def _pre_injection_hook(self, model: nn.Module, config: PeftConfig, adapter_name: str) -> None:
        wrapped = next((module for module in model.modules() if isinstance(module, LowRank)), None)
        self.__dict__["_common"] = wrapped.common if wrapped else Common()
        self.lor2c_shared_A = self._common.shared

    def _prepare_adapter_config(self, peft_config: PeftConfig, model_config: dict[str, Any]) -> PeftConfig:
        return peft_config

    def _prepare_model(self, peft_config: PeftConfig, model: nn.Module) -> None:
        """Work out which layers are targets, and the task of each; in the config's __dict__, which is not saved."""
        assert isinstance(peft_config, Lor2cConfig)
        places = Places(model, peft_config.layers_pattern)
        tasks = tasks_of(peft_config, places)
        _refuse_offloaded(
            model.get_submodule(path) for path, task in tasks.items() if task.ends is not None or task.injected
        )
        peft_config.__dict__["_lor2c_tasks"] = tasks
        self.__dict__["_places"] = places
        self._common.watch(places.list, places.owner)

    def inject_adapter(self, model: nn.Module, adapter_name: str, *args: Any, **kwargs: Any) -> None:
        """`state_dict` is only compared: the config has the whole structure, tensors show where modules end only."""
        state = kwargs.pop("state_dict", None)
        super().inject_adapter(model, adapter_name, *args, **kwargs)
        if state is not None:
            _compare(state, model, adapter_name)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any) -> None:
        """Raises ValueError when `state_dict` has modules where the adapter has none: peft ignores what it does not
        expect, and would leave the old ones in place. It names tensors after the adapter only where there are such."""
        end = ".lor2c_B"
        if odd := sorted(key for key in state_dict if key.startswith(prefix) and key.endswith(end)):
            place = odd[0].removeprefix(f"{prefix}model.").removesuffix(end)
            if any(name == place and isinstance(m, LowRank) and m.lor2c_B for name, m in self.model.named_modules()):
                raise ValueError(
                    f"{odd[0]} names no adapter: peft's load_adapter and set_peft_model_state_dict add the name that "
                    "save_pretrained leaves out"
                )
            raise ValueError(
                f"the tensors have a module at {place}, where the adapter has none: they are of another structure. "
                "Load them under another name, or delete the adapter first"
            )
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    @staticmethod
    def _check_target_module_exists(peft_config: PeftConfig, key: str) -> Any:
        assert isinstance(peft_config, Lor2cConfig)
        if is_excluded(peft_config, key):
            return _ExcludedModule()  # without one, peft warns that nothing was excluded
        return key in peft_config.__dict__["_lor2c_tasks"]

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
        task: Task = peft_config.__dict__["_lor2c_tasks"][current_key]
        if isinstance(target, SpanLayer):
            layer = target
        else:
            layer = SpanLayer(target, task.layer, self._places.hidden, self._common)
            setattr(parent, target_name, layer)
            layer.train(target.training)
        self._common.names[adapter_name] = True
        if task.begins:
            layer.begin(adapter_name)
        if task.ends is not None:
            layer.end(adapter_name, peft_config, task.ends)
            if peft_config.share and adapter_name not in self.lor2c_shared_A:
                b = layer.lor2c_B[adapter_name]
                a = random_matrix(peft_config.r, self._places.hidden)
                self.lor2c_shared_A[adapter_name] = nn.Parameter(a.to(b.device, b.dtype))
        if task.injected:
            # The layer itself is the target, since peft does not look inside a layer that it has already wrapped.
            for path, parts in self._places.injected().items():
                _inject(layer.base_layer, path, parts, self._common).inject(adapter_name, peft_config)

    @contextmanager
    def _enable_peft_forward_hooks(self, *args: Any, **kwargs: Any) -> Iterator[None]:
        """peft calls it around each forward with the arguments that are not the model's own."""
        for name in ("adapter_names", "alora_offsets"):
            if kwargs.get(name) is not None:
                raise ValueError(f"LoR2C takes no {name}: all rows of a batch go through the active adapter")
        yield

    def _check_merge_allowed(self) -> NoReturn:
        raise ValueError(NOT_MERGEABLE)

    def merge_adapter(self, adapter_names: list[str] | None = None, safe_merge: bool = False) -> None:
        raise ValueError(NOT_MERGEABLE)

    def unmerge_adapter(self) -> None:
        raise ValueError(NOT_MERGEABLE)

    def add_weighted_adapter(self, *args: Any, **kwargs: Any) -> None:
        raise ValueError(
            "LoR2C adapters cannot be combined into one: their structures differ. Activate several at once with "
            "`model.base_model.set_adapter([...])`, which adds their branches."
        )

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
        self._common.detach()
        if hasattr(self.model, "peft_config"):
            del self.model.peft_config
        return self.model


def _inject(layer: nn.Module, path: str, parts: list[tuple[int, int]], common: Common) -> InjectedLinear:
    """The module of the projections at `path` of a layer, wrapped if no other adapter has done so."""
    target = layer.get_submodule(path)
    if isinstance(target, InjectedLinear):
        return target
    assert isinstance(target, nn.Linear)
    linear = InjectedLinear(target, parts, common)
    parent, _, child = path.rpartition(".")
    setattr(layer.get_submodule(parent), child, linear)
    linear.train(target.training)
    return linear


def _compare(state: dict[str, torch.Tensor], model: nn.Module, adapter_name: str) -> None:
    """Raises ValueError when `state` has tensors at other places than the adapter."""
    made = {name for name, m in model.named_modules() if isinstance(m, LowRank) and adapter_name in m.lor2c_B}
    given = {key.partition(".lor2c_")[0].removeprefix("base_model.model.") for key in state if ".lor2c_" in key}
    if odd := sorted(made ^ given):
        raise ValueError(f"the state_dict and the config have different structures, e.g. at {odd[0]}")


def _refuse_offloaded(layers: Iterable[nn.Module]) -> None:
    """Raises ValueError when a hook of accelerate takes the weights of one away between its calls: a new matrix would
    have no values."""
    for module in (module for layer in layers for module in layer.modules()):
        weights = list(module.parameters(recurse=False))
        if weights and weights[0].is_meta and getattr(getattr(module, "_hf_hook", None), "offload", False):
            raise ValueError(
                "accelerate has offloaded the model's layers (cpu_offload, dispatch_model): attach the adapter before"
            )
