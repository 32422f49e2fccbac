"""LoR2C as a PEFT method: after `import lor2c_worker.peft`, peft loads, trains and saves adapters of type LOR2C.

import lor2c_worker.peft
model = PeftModel.from_pretrained(base_model, "results/runs/<id>/attempt-1/adapter")
"""

from __future__ import annotations

from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING, PEFT_TYPE_TO_PREFIX_MAPPING, PEFT_TYPE_TO_TUNER_MAPPING

from .config import PEFT_TYPE, Lor2cConfig
from .model import Lor2cModel

# peft.utils.register_peft_method refuses names outside of peft's own enum. The mappings it fills take plain strings.
PEFT_TYPE_TO_CONFIG_MAPPING[PEFT_TYPE] = Lor2cConfig  # type: ignore[index]
PEFT_TYPE_TO_TUNER_MAPPING[PEFT_TYPE] = Lor2cModel  # type: ignore[index]
PEFT_TYPE_TO_PREFIX_MAPPING[PEFT_TYPE] = Lor2cModel.prefix  # type: ignore[index]

__all__ = ["PEFT_TYPE", "Lor2cConfig", "Lor2cModel"]
