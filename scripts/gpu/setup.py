"""Sizes of what is measured, on a GPU and in the small form, and clocks that wait for the device."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from parts import Put
from shapes import config_of, random_model, random_rows
from transformers import PretrainedConfig

from lor2c_worker.data.batch import Batch
from lor2c_worker.data.encode import Encoded
from lor2c_worker.device import configure_threads, current_device, repeatable, resolve_precision
from lor2c_worker.models import LoadedModel
from lor2c_worker.settings import SettingsError

#: The published script's MRPC cell.
TRAIN_ROWS, EVAL_ROWS, EPOCHS = 3668, 408, 30
BATCH, MAX_LENGTH = 64, 256


@dataclass(frozen=True)
class Setup:
    """Sizes. In the small form the shape is tiny and everything is done once."""

    device: torch.device
    small: bool
    precisions: tuple[str, ...]

    @staticmethod
    def of(small: bool) -> Setup:
        """Sets the number of threads and what makes steps repeatable, as the worker does."""
        configure_threads()
        repeatable()
        device = current_device()
        try:
            kinds: tuple[str, ...] = ("fp32", resolve_precision("mixed", device))
        except SettingsError:
            kinds = ("fp32",)
        return Setup(device, small, kinds[:1] if small else kinds)

    @property
    def shape(self) -> str:
        return "tiny" if self.small else "roberta-base"

    @property
    def decoder_shape(self) -> str:
        return "tiny-llama" if self.small else "llama-small"

    @property
    def batch_size(self) -> int:
        return 4 if self.small else BATCH

    @property
    def max_length(self) -> int:
        return 128 if self.small else MAX_LENGTH

    @property
    def lanes(self) -> tuple[int, ...]:
        return (1, 2, 3) if self.small else (1, 2, 4, 8, 16, 32, 49)

    @property
    def profiled_lanes(self) -> tuple[int, ...]:
        return (2,) if self.small else (1, 8, 32)

    @property
    def repeats(self) -> int:
        return 1 if self.small else 4

    def config(self, shape: str | None = None) -> PretrainedConfig:
        config = config_of(shape or self.shape)
        assert config is not None
        return config

    def model(self, shape: str | None = None) -> LoadedModel:
        return random_model(self.config(shape), self.device)

    def rows(self, count: int, shape: str | None = None) -> Encoded:
        return random_rows(self.config(shape), count)

    def batches(self, count: int = 4, shape: str | None = None) -> list[Batch]:
        """Batches on the device, each padded to its longest row."""
        count, size = (1 if self.small else count), self.batch_size
        rows = self.rows(count * size, shape)
        return [rows.batch(range(first, first + size), self.device) for first in range(0, len(rows), size)]

    @contextmanager
    def tf32(self, on: bool) -> Iterator[None]:
        """Products of fp32 matrices in TF32 or not."""
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("high" if on else "highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


#: Seconds after which what is timed is not repeated once more.
ENOUGH = 2.0


def seconds_of(function: Callable[[], object], device: torch.device, repeats: int = 1) -> float:
    """Median wall seconds of a call, with all that it launches. Long calls are repeated less."""
    found: list[float] = []
    while len(found) < repeats and sum(found) < ENOUGH:
        wait(device)
        began = time.perf_counter()
        function()
        wait(device)
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def seconds_per_step(step: Callable[[Batch, int], None], batches: list[Batch], setup: Setup) -> float:
    """Seconds of a step over all the batches, launched without waiting between them. One round before warms up."""

    def steps() -> None:
        for number, batch in enumerate(batches):
            step(batch, number)

    steps()
    return seconds_of(steps, setup.device, setup.repeats) / len(batches)


def peak_memory(function: Callable[[], object], device: torch.device) -> int | None:
    """Bytes of the device's allocator beyond those in use before; None on a CPU."""
    if device.type != "cuda":
        function()
        return None
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    function()
    wait(device)
    return int(torch.cuda.max_memory_allocated(device) - before)


def machine(small: bool, put: Put) -> None:
    """The device, and torch's version."""
    for name, value in _describe(Setup.of(small).device).items():
        put(name, value)


def _describe(device: torch.device) -> dict[str, Any]:
    found: dict[str, Any] = {"device": device.type, "torch": torch.__version__}
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        found |= {
            "name": properties.name,
            "memory": properties.total_memory,
            "multiprocessors": properties.multi_processor_count,
            "capability": f"{properties.major}.{properties.minor}",
            "cuda": torch.version.cuda,
        }
    return found
