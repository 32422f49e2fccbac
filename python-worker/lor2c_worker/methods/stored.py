"""A run's model with its weights held as its settings and its method say."""

from __future__ import annotations

import torch

from ..data.task import Kind
from ..device import resolve_precision
from ..models import LoadedModel, Storage, load_model, storage_of
from ..settings import Settings
from .entry import parse_params
from .plan import Plan


def storage_for(settings: Settings, method: Plan, device: torch.device) -> Storage:
    """Raises SettingsError when the method cannot train on what the settings ask for."""
    use = method.weights_use(parse_params(method, settings.method_parameters))
    return storage_of(settings.model, resolve_precision(settings.train.precision, device), method.name, use)


def load_held(settings: Settings, method: Plan, num_labels: int, kind: Kind, device: torch.device) -> LoadedModel:
    """The model that a run of these settings trains, and that its adapter belongs to. Raises SettingsError."""
    return load_model(settings.model, num_labels, kind, settings.seed, device, storage_for(settings, method, device))
