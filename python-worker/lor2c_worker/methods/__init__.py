"""Registry of methods: one line each."""

from __future__ import annotations

from ..settings import SettingsError
from .adalora import METHOD as adalora
from .adapter import METHOD as adapter
from .any_peft import METHOD as any_peft
from .dylora import METHOD as dylora
from .entry import Entry, parse_params
from .full import METHOD as full
from .lanes import marked, start_of
from .lor2c import METHODS as lor2c_family
from .lora import METHOD as lora
from .method import Build, Cell, Method, Store, Verify, cell_of, import_libraries
from .none import METHOD as none
from .pissa import METHOD as pissa
from .plan import Horizon, Part, Plan, PlannedEvent, count
from .stored import load_held, storage_for

_ALL: tuple[Method, ...] = (none, full, lora, adalora, pissa, dylora, adapter, any_peft, *lor2c_family)

METHODS: dict[str, Method] = {method.name: method for method in _ALL}


def method_of(name: str) -> Method:
    if name not in METHODS:
        raise SettingsError(f"unknown method {name!r}; known are {', '.join(sorted(METHODS))}")
    return METHODS[name]


__all__ = [
    "METHODS",
    "Build",
    "Cell",
    "Entry",
    "Horizon",
    "Method",
    "Part",
    "Plan",
    "PlannedEvent",
    "Store",
    "Verify",
    "cell_of",
    "count",
    "import_libraries",
    "load_held",
    "marked",
    "method_of",
    "parse_params",
    "start_of",
    "storage_for",
]
