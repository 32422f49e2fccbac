"""What is asked for text: the adapter in a folder on its model, or an untuned model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..backbones.decoder import Decoder
from ..device import autocast, current_device, resolve_precision
from ..methods import Cell, Horizon, import_libraries, load_held, method_of, parse_params
from ..models import load_tokenizer, model_fingerprint
from ..run.adapter_folder import measure_folder, read_info
from ..settings import Settings, SettingsError
from ..versions import NUMERICS


def hash_of(named: Mapping[str, Any]) -> str:
    """SHA-256 of plain values."""
    return f"sha256:{hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()}"


@dataclass(frozen=True)
class Speaker:
    """A language model that is loaded."""

    decoder: Decoder
    tokenizer: Any
    device: torch.device
    precision: str
    #: Most tokens of a text, prompt included, that the model was made for; None: it names none.
    positions: int | None

    def computing(self) -> AbstractContextManager[Any]:
        """Around all that the decoder computes: its precision."""
        return autocast(self.device, self.precision)


@dataclass(frozen=True)
class Subject:
    """`folder` None: the untuned model that the settings name, or a run's whose method is `none`."""

    settings: Settings
    folder: Path | None

    @staticmethod
    def of(folder: str | None, settings: Mapping[str, Any] | None) -> Subject:
        """From a command's fields. Raises SettingsError when it is no language model."""
        if folder is None:
            if settings is None:
                raise SettingsError("name a folder with an adapter, or the settings of a model")
            own = Settings.from_json(settings)
            if method_of(own.method["name"]).trains:
                raise SettingsError(f"method {own.method['name']} without an adapter: only none needs no folder")
            return Subject(own, None)
        info = read_info(Path(folder))
        own = Settings.from_json(info.settings)
        if info.kind != "language_model":
            raise SettingsError(
                f"{folder} is an adapter for the task {own.task.name}, whose model gives labels instead of text: "
                "label texts with lor2c predict"
            )
        # A run that trained nothing has the scores of the model, whoever asks.
        return Subject(own, Path(folder) if method_of(own.method["name"]).trains else None)

    @property
    def device(self) -> torch.device:
        return current_device()

    @property
    def precision(self) -> str:
        """Of products on this device: `fp32` or `mixed`."""
        return resolve_precision(self.settings.train.precision, self.device)

    def tokenizer(self) -> Any:
        return load_tokenizer(self.settings.model)

    def model_hash(self) -> str:
        """Names all of the base model that can change a token: weights, tokenizer, how both are used."""
        stored = {key: value for key, value in vars(self.settings.model).items() if key not in ("name", "revision")}
        # `auto` computes what fp32 does: it holds weights in fewer bits only where they are multiplied in as few.
        stored["dtype"] = "auto" if stored["dtype"] == "fp32" else stored["dtype"]
        named = {
            "model": model_fingerprint(self.settings.model),
            "stored": stored,
            "precision": self.precision,
            "numerics": NUMERICS,
        }
        return hash_of(named)

    def adapter_hash(self) -> str | None:
        """Of all files in the adapter's folder, as that of its artifact; None without an adapter."""
        return None if self.folder is None else measure_folder(self.folder)[1]

    def load(self) -> Speaker:
        """Raises SettingsError when model or adapter cannot be loaded."""
        settings, method = self.settings, method_of(self.settings.method["name"])
        model = load_held(settings, method, 1, "language_model", self.device)
        import_libraries(method)
        params = parse_params(method, settings.method_parameters)
        if self.folder is None:
            learner = method.build(model, [Cell("untuned", params)], horizon=Horizon(0, 0, 1))
        else:
            learner = method.load(model, params, self.folder)
        positions = getattr(model.config, "max_position_embeddings", None)
        return Speaker(learner.decoder(), model.tokenizer, self.device, self.precision, positions)
