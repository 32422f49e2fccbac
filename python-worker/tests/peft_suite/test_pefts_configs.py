"""peft's tests of configs, on LoR2C's."""

from __future__ import annotations

from on_lor2c import on_lor2c
from pefts_tests import pefts

from lor2c_peft import Lor2cConfig

theirs = pefts("test_config")
# An adapter of the hub, from which each class of configs reads.
theirs.PEFT_MODELS_TO_TEST[:] = [("small-bert-lora", None)]
TestConfig = on_lor2c(
    theirs.TestPeftConfig,
    21,
    theirs.ALL_CONFIG_CLASSES,
    {"lor2c": (Lor2cConfig, {})},
    also=["test_from_peft_type"],
)
TestLayersToTransform = on_lor2c(
    theirs.TestPeftConfig, 1, theirs.LAYER_INDEXING_CONFIG_CLASSES, {"lor2c": (Lor2cConfig, {})}
)
