"""How the weights of a run's model are held, which its method has a say in."""

from __future__ import annotations

import torch

from ..device import resolve_precision
from ..models import Storage, storage_of
from ..settings import Settings
from .entry import parse_params
from .plan import Plan


def storage_for(settings: Settings, method: Plan, device: torch.device) -> Storage:
    """Raises SettingsError when the method cannot train on what the settings ask for."""
    use = method.weights_use(parse_params(method, settings.method_parameters))
    return storage_of(settings.model, resolve_precision(settings.train.precision, device), method.name, use)
