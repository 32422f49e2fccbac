"""LoR2C as a PEFT method: after `import lor2c_peft`, peft loads, trains and saves adapters of type LOR2C.

import lor2c_peft
model = PeftModel.from_pretrained(base_model, "results/runs/<id>/attempt-1/adapter")
"""

from __future__ import annotations

from .config import Lor2cConfig
from .model import Lor2cModel
from .register import register

__all__ = ["Lor2cConfig", "Lor2cModel"]

register()
