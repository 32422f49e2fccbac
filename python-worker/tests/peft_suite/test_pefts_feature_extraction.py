"""peft's tests of models for feature extraction, on LoR2C."""

from __future__ import annotations

from on_lor2c import WITHOUT_SPANS, on_lor2c, structures
from pefts_tests import pefts

from lor2c_peft import Lor2cConfig

theirs = pefts("test_feature_extraction_models")
TestFeatureExtraction = on_lor2c(
    theirs.TestPeftFeatureExtractionModel,
    18,
    theirs.ALL_CONFIGS,
    {name: (Lor2cConfig, values) for name, values in structures(task_type="FEATURE_EXTRACTION").items()},
    models=(theirs.PEFT_FEATURE_EXTRACTION_MODELS_TO_TEST, {"bert": "small-bert"}),
    only={"test_training_layer_indexing": WITHOUT_SPANS},
)
