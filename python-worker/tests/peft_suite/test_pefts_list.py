"""The list of peft's tests that do not apply names only tests that call what a LoR2C adapter cannot do."""

from __future__ import annotations

import inspect
import re

import pytest
from not_applying import KINDS
from pefts_tests import pefts

files = [pefts(name) for name in ("test_custom_models", "test_decoder_models", "test_feature_extraction_models")]


@pytest.mark.parametrize(("calls", "test"), [(kind.calls, test) for kind in KINDS for test in kind.tests])
def test_it_calls_what_is_refused(calls: str, test: str) -> None:
    found = [each for file in files for each in vars(file).values() if inspect.isclass(each) and test in vars(each)]
    assert found
    for tests in found:
        source = inspect.getsource(getattr(tests, test))
        helpers = [getattr(tests, name) for name in re.findall(r"self\.(_test_\w+|run_checks)\(", source)]
        assert any(re.search(calls, text) for text in [source, *map(inspect.getsource, helpers)]), tests
