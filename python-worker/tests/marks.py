"""Marks for tests that only some machines can run."""

from __future__ import annotations

import pytest

from lor2c_worker.device import cpu_has_bf16

needs_bf16 = pytest.mark.skipif(not cpu_has_bf16(), reason="this CPU has no bfloat16 products")
