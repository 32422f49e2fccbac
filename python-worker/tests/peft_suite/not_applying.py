"""Which of peft's tests LoR2C cannot pass, and which of them peft itself skips. Everything else must pass.

A branch around a whole layer is not linear: no weight could hold it. So tests that merge, or mix adapters in a batch,
end in LoR2C's own refusal; one on the list that passes, or fails with anything else, is a failure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    name: str
    #: What such a test calls; checked in its source.
    calls: str
    #: The beginning of our refusal.
    refusal: str
    tests: tuple[str, ...]


KINDS = (
    Kind(
        "merge",
        r"merge_adapter\(|merge_and_unload\(",
        "a LoR2C adapter cannot be merged into the weights",
        (
            "test_delete_merged_adapter_only_rejects_the_merged_one",
            "test_delete_merged_adapter_raises_without_mutation",
            "test_disable_adapters_with_merging",
            "test_forward_bfloat16",
            "test_forward_bfloat16_no_autocast",
            "test_forward_float16",
            "test_forward_float16_no_autocast",
            "test_merge_layers",
            "test_merge_layers_fp16",
            "test_merge_layers_is_deterministic_in_train_mode",
            "test_merge_layers_is_idempotent",
            "test_merge_layers_multi",
            "test_merge_layers_nan",
            "test_mixed_adapter_batches_merged_raises",
            "test_multiple_active_adapters_merge_and_unmerge",
            "test_safe_merge",
            "test_sequential_merge_matches_batch_merge",
            "test_unmerge_after_sequential_merge_restores_base",
        ),
    ),
    Kind(
        "adapter_names",
        r"adapter_names",
        "LoR2C takes no adapter_names",
        (
            "test_mixed_adapter_batches_length_mismatch_raises",
            "test_mixed_adapter_batches_mlp",
            "test_mixed_adapter_batches_training_mode_raises",
        ),
    ),
)

#: Reasons that peft gives where it skips a test itself.
SKIPS = {
    "adapter_names": "Mixed adapter batches not supported for",
    "weighted": "Test not applicable for .*_test_weighted",
    "prompts": "This test does not apply to|only for prompt learning|not prompt learning|_test_training_prompt",
    "bias": "'bias' argument|Testing bias warnings only|training the bias directly",
    "two heads": "Multiple active adapters with modules_to_save",
}


def kind_of(test: str) -> Kind | None:
    return next((kind for kind in KINDS if test in kind.tests), None)


def reason_of(test: str, skip: str) -> str | None:
    """The key of SKIPS for peft's own words in `skip`."""
    said = f"{skip} _{test}"
    return next((name for name, words in SKIPS.items() if re.search(words, said)), None)
