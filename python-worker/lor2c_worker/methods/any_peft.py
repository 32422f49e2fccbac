"""Any method that the peft library offers, by its type and the fields of its config."""

from __future__ import annotations

import copy
import dataclasses
import difflib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import torch

from ..adapters.peft_learner import PeftLearner, load_adapter, save_adapter, tensors_of, wrap
from ..adapters.prompt_learner import PromptLearner, cache_argument, load_prompt
from ..learner import Learner
from ..models import LoadedModel, WeightsUse, is_head
from ..settings import SettingsError
from .entry import setting
from .merge import MergedByPeft
from .method import Cell, Method
from .peft_types import misfit
from .plan import Horizon, Part
from .projections import heads_of, target_modules, task_type

if TYPE_CHECKING:
    from peft import PeftConfig

#: Fields of every config that the run determines.
_OURS = {"peft_type", "task_type", "inference_mode", "modules_to_save", "base_model_name_or_path", "revision"}
_OURS |= {"auto_mapping", "peft_version"}
#: Type -> fields that draw from a global generator at every step, so that equal seeds would not give equal numbers.
#: Others are found out by `run.repeats`, before training.
_UNKEYED = {
    "LOHA": ("rank_dropout", "module_dropout"),
    "LOKR": ("rank_dropout", "module_dropout"),
    "P_TUNING": ("encoder_dropout",),
}
#: Initialisations of LoRA that leave the base weights as they are and need no data.
_PLAIN_STARTS = ("gaussian", "orthogonal")
#: Types that cannot be trained here for reasons that their classes do not show.
_UNFIT = {
    "POLY": "it wants a task id with every row",
    "PVERA": "it draws noise from a global generator at every step, also when evaluated: nothing could be repeated",
    "SHADOW": "it runs a second network beside the model, whose hidden states the classifiers here do not understand",
}
#: Types that train other modules than projections; peft chooses them.
_OWN_TARGETS = {"LN_TUNING"}
#: Types that train virtual tokens, and the fields of their configs that the model determines.
_PROMPTS = {"PREFIX_TUNING", "PROMPT_TUNING", "P_TUNING"}
#: Those of them whose tokens stand before the embedded text.
_BEFORE_TEXT = _PROMPTS - {"PREFIX_TUNING"}
#: Types that do no more with the weights of the model than multiply; of others it is not known.
_MULTIPLY = {"LORA", "IA3", "VERA", "LN_TUNING", *_PROMPTS}
_MODELS = {"token_dim", "num_layers", "num_attention_heads", "num_transformer_submodules"}


@dataclass(frozen=True)
class AnyPeftParams:
    """Raises SettingsError when peft has no such type, when the type does not fit our loop, or when its config lacks a
    key or expects another kind of value.
    """

    type: str = setting(
        "LORA", "Type of the method, as peft calls it: LORA, VERA, IA3, LOHA, OFT, BOFT, PREFIX_TUNING, ..."
    )
    config: dict[str, Any] = dataclasses.field(
        default_factory=dict,
        metadata={
            "doc": "Fields of the type's config in peft. target_modules is query and value of the model unless given",
            "source": "documentation of peft",
        },
    )

    def __post_init__(self) -> None:
        config = config_class(self.type)
        start = self.config.get("init_lora_weights")
        if isinstance(start, str) and start not in _PLAIN_STARTS:
            raise SettingsError(
                f"method peft: init_lora_weights {start!r} changes the base weights or needs data first; the saved "
                "adapter would not fit the base model"
            )
        ours = _OURS | (_MODELS if self.type in _PROMPTS else set())
        fields = {field.name: field for field in dataclasses.fields(config) if field.init}
        known, declared = set(fields) - ours, get_type_hints(config)
        for name, value in self.config.items():
            if name in ours:
                raise SettingsError(f"method peft: {name} of the config follows from the run; leave it out")
            if name not in known:
                raise SettingsError(f"method peft: {self.type} has no key {name!r}{hint(name, known)}")
            if value != fields[name].default and (expected := misfit(name, value, declared[name])):
                raise SettingsError(f"method peft: {name} of {self.type} is {value!r}, expected {expected}")
        for name in _UNKEYED.get(self.type, ()):
            if self.config.get(name):
                raise SettingsError(
                    f"method peft: {name} draws from a global generator, so that the same seed would not give the "
                    "same numbers; leave it at 0"
                )
        count = self.config.get("num_virtual_tokens")
        if self.type in _PROMPTS and (type(count) is not int or count < 1):
            raise SettingsError(f"method peft: {self.type} needs num_virtual_tokens, a whole number from 1")


def config_class(name: str) -> type[PeftConfig]:
    """The config class of a type. Raises SettingsError for a type that peft lacks or that does not fit our loop."""
    types = types_of_peft()
    fitting = {kind for kind in types if unfit(kind) is None}
    if name not in types:
        raise SettingsError(
            f"method peft: unknown type {name!r}{hint(name, fitting)}; known are {', '.join(sorted(fitting))}"
        )
    reason = unfit(name)
    if reason is not None:
        raise SettingsError(f"method peft: type {name} does not fit: {reason}")
    return types[name][0]


def unfit(name: str) -> str | None:
    """Why a type of peft cannot be trained here; None without a known reason."""
    from peft import PromptLearningConfig

    config, tuner = types_of_peft()[name]
    if name in _UNFIT:
        return _UNFIT[name]
    if issubclass(config, PromptLearningConfig) and name not in _PROMPTS:
        return "its virtual tokens need more than the text of a row: a task id, labels or a text to start from"
    if config.__module__.partition(".")[0] == "lor2c_peft":
        return "it has a method of its own here"
    if tuner is None or "modules_to_save" not in {field.name for field in dataclasses.fields(config)}:
        return "it cannot train the task's head with it (its config has no modules_to_save)"
    if hasattr(tuner, "update_and_allocate"):
        return "it needs calls between the steps, which only a method of its own makes"
    return None


def types_of_peft() -> dict[str, tuple[type[PeftConfig], Any]]:
    """Name of each type -> its config and its tuner, if it has one. LOR2C is among them."""
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING, PEFT_TYPE_TO_TUNER_MAPPING

    import lor2c_peft  # noqa: F401

    # Peft's own are members of an enumeration, types registered elsewhere may be plain text.
    return {
        str(getattr(kind, "value", kind)): (config, PEFT_TYPE_TO_TUNER_MAPPING.get(kind))
        for kind, config in PEFT_TYPE_TO_CONFIG_MAPPING.items()
    }


def hint(name: str, known: Iterable[str]) -> str:
    spelt = {k.lower(): k for k in known}
    near = difflib.get_close_matches(name.lower(), spelt, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(spelt[n] for n in near)}?" if near else ""


class AnyPeft(MergedByPeft, Method):
    name = "peft"
    summary = "Any method that peft offers, by type and config"
    source = "https://github.com/huggingface/peft"
    Params = AnyPeftParams
    libraries = ("peft",)

    def weights_use(self, params: AnyPeftParams) -> WeightsUse:
        plain = params.type in _MULTIPLY and not params.config.get("use_dora")
        return "multiplies" if plain else "reads"

    def config(self, model: LoadedModel, params: AnyPeftParams) -> PeftConfig:
        """Raises SettingsError when the config's own checks refuse the values."""
        from peft import TaskType

        if params.type == "PREFIX_TUNING" and cache_argument(model.module) is None:
            raise SettingsError(
                f"method peft: PREFIX_TUNING gives every layer keys and values, and models of type "
                f"{model.config.model_type} take none: use PROMPT_TUNING or P_TUNING"
            )
        cls = config_class(params.type)
        fields = {field.name for field in dataclasses.fields(cls)}
        values = copy.deepcopy(params.config)
        if "target_modules" in fields and params.type not in _OWN_TARGETS:
            if "target_modules" not in values:
                values["target_modules"] = _query_and_value(model)
            if "feedforward_modules" in fields:
                values.setdefault("feedforward_modules", [])
        if params.type in _BEFORE_TEXT:  # peft looks for the names that BERT's config has
            values["token_dim"] = int(model.module.get_input_embeddings().embedding_dim)  # type: ignore[operator]
            values["num_layers"] = int(model.config.num_hidden_layers)
            values["num_attention_heads"] = int(model.config.num_attention_heads)
        if "encoder_hidden_size" in fields:
            values.setdefault("encoder_hidden_size", int(model.config.hidden_size))
        try:
            return cls(task_type=TaskType(task_type(model)), **(values | {"modules_to_save": heads_of(model)}))
        except (ValueError, TypeError) as error:
            raise SettingsError(f"method peft: {params.type}: {error}") from error

    def parts(self, model: LoadedModel, params: AnyPeftParams) -> list[Part]:
        """Count on a copy of the model, without weights unless the type initialises itself from them.

        Raises SettingsError when peft cannot adapt the model.
        """
        return [
            Part(name.removeprefix("base_model.model."), " * ".join(map(str, p.shape)), p.numel())
            for name, p in self._added(model, params).items()
            if p.requires_grad and not is_head(name, model.head)
        ]

    def kept_parameters(self, model: LoadedModel, params: AnyPeftParams) -> int:
        """Random bases, and whatever else the type adds without training it."""
        return sum(tensor.numel() for tensor in self._added(model, params).values() if not tensor.requires_grad)

    def _added(self, model: LoadedModel, params: AnyPeftParams) -> dict[str, torch.Tensor]:
        """Parameters and buffers that peft adds to the model, its copy of the head included."""
        try:
            return self._copy(model, params, "meta")
        except RuntimeError:
            return self._copy(model, params, "cpu")

    def _copy(self, model: LoadedModel, params: AnyPeftParams, device: str) -> dict[str, torch.Tensor]:
        from peft import get_peft_model

        with torch.random.fork_rng(devices=[]), torch.device(device), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            empty: Any = type(model.module)(model.config)
            empty.requires_grad_(False)
            before = list(tensors_of(empty).values())
            try:
                after = tensors_of(get_peft_model(empty, self.config(model, params)))
            except (ValueError, TypeError, AttributeError) as error:
                raise SettingsError(f"method peft: {params.type} cannot be put on this model: {error}") from error
        own = {id(tensor) for tensor in before}
        # LN_TUNING trains what the model has.
        return {name: tensor for name, tensor in after.items() if tensor.requires_grad or id(tensor) not in own}

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> PeftLearner:
        params, names = cells[0].params, [c.id for c in cells]
        kind = PromptLearner if params.type in _PROMPTS else PeftLearner
        return wrap(kind, model, self.config(model, params), names, cells[0].seed)

    def check_checkpointing(self, params: AnyPeftParams) -> None:
        if params.type == "PREFIX_TUNING":
            raise SettingsError(
                "train.gradient_checkpointing does not fit PREFIX_TUNING, whose layers add to a cache of keys and "
                "values as they compute: leave it out, or use PROMPT_TUNING"
            )

    def positions(self, params: AnyPeftParams) -> int:
        return int(params.config["num_virtual_tokens"]) if params.type in _PROMPTS else 0

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        save_adapter(learner, folder)

    def load(self, model: LoadedModel, params: AnyPeftParams, folder: Path) -> PeftLearner:
        return (load_prompt if params.type in _PROMPTS else load_adapter)(model, folder)

    def unmergeable(self, params: AnyPeftParams) -> str | None:
        return "its virtual tokens stand before the text, and are no weights" if params.type in _PROMPTS else None


def _query_and_value(model: LoadedModel) -> list[str]:
    try:
        return target_modules(model, ["query", "value"])
    except SettingsError as error:
        raise SettingsError(
            f"method peft changes query and value unless target_modules of its config names other modules. {error}"
        ) from error


METHOD = AnyPeft()
