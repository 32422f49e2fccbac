"""peft's tests of decoders, on LoR2C."""

from __future__ import annotations

from on_lor2c import WITHOUT_SPANS, on_lor2c, structures
from pefts_tests import pefts

from lor2c_peft import Lor2cConfig

theirs = pefts("test_decoder_models")
TestDecoders = on_lor2c(
    theirs.TestDecoderModels,
    36,
    theirs.ALL_CONFIGS,
    {name: (Lor2cConfig, values) for name, values in structures(task_type="CAUSAL_LM").items()},
    # Its name is not llama's: peft skips merging for these, whatever the method.
    models=(theirs.PEFT_DECODER_MODELS_TO_TEST, {"llama": "small-decoder"}),
    only={"test_training_decoders_layer_indexing": WITHOUT_SPANS},
)
