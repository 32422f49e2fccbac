"""The device of this process, its precision, and its memory."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from .settings import SettingsError
from .usage import peak_resident_bytes


def current_device() -> torch.device:
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def send(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Copy a tensor of the host to the device, on CUDA without waiting for running kernels."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def configure_threads() -> int:
    """Use one thread on CPU unless OMP_NUM_THREADS says otherwise. Results then do not depend on the number of cores,
    and several workers side by side use the cores better than one with several threads. Returns the number. A list, one
    for each level of nested loops, as OpenMP allows, counts with its first number. Raises SettingsError for a text."""
    named = os.environ.get("OMP_NUM_THREADS", "").strip()
    first = named.split(",")[0].strip() or "1"
    if not first.isdecimal() or int(first) < 1:
        raise SettingsError(f"OMP_NUM_THREADS is {named!r}; it must be a number of threads, e.g. 1, or unset")
    threads = int(first)
    torch.set_num_threads(threads)
    return threads


def repeatable() -> None:
    """Let torch choose algorithms that give equal bits when repeated, as far as they exist. Before CUDA is used.

    What has none warns once. Keyed draws, sums in a fixed order and `keyed.attention.plain` leave no such operation in
    a step. Torch would also fill each new tensor, so that code that reads what it never wrote repeats; none does, and
    the filling costs a pass over memory.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def describe_device() -> dict[str, Any]:
    """Fields of the protocol's Device: name, description, memory in bytes, native bfloat16."""
    device = current_device()
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return {
            "name": str(device),
            "description": properties.name,
            "memory": properties.total_memory,
            "bf16": properties.major >= 8,
        }
    return {"name": "cpu", "description": _cpu_name(), "memory": _host_memory(), "bf16": cpu_has_bf16()}


def gpu_names() -> list[str]:
    """Name of every GPU that this process sees, `cuda:0` first."""
    count = (
        torch.cuda.device_count() if torch.cuda.is_available() else 0
    )  # with a driver that is too old torch counts GPUs that it cannot use
    return [torch.cuda.get_device_name(index) for index in range(count)]


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


@cache
def cpu_has_bf16() -> bool:
    info = Path("/proc/cpuinfo")
    text = info.read_text(errors="replace") if info.exists() else ""
    return any(flag in text for flag in ("avx512_bf16", "amx_bf16", " bf16"))


#: Where Linux says how much memory a container may use: version 2 and 1 of control groups.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def _host_memory(limits: Sequence[str] = _LIMITS) -> int:
    """Bytes that this process can have: of the machine, or of its container if that has a limit."""
    bounds = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in map(Path, limits):
        text = path.read_text().strip() if path.is_file() else ""
        bounds += [int(text)] if text.isdecimal() else []  # "max": no limit
    return min(bounds)


def resolve_precision(asked: str, device: torch.device) -> str:
    """`fp32` or `mixed`. `auto` means mixed where bfloat16 products are native and, on a CPU, measurably faster."""
    if device.type == "cuda":
        native = torch.cuda.get_device_properties(device).major >= 8
        here = "this GPU (compute capability 8.0 is needed)"
    else:
        native, here = cpu_has_bf16(), "this CPU"
    return choose_precision(asked, native, here, lambda: device.type == "cuda" or bf16_speedup() >= CLEARLY_FASTER)


def choose_precision(asked: str, native: bool, here: str, faster: Callable[[], bool]) -> str:
    """`faster` takes time and is called only where it decides. Raises SettingsError for what does not work `here`."""
    if asked == "auto":
        return "mixed" if native and faster() else "fp32"
    if asked == "bf16":
        raise SettingsError("train.precision bf16 is called mixed: bfloat16 products, the rest in fp32. Use mixed")
    if asked not in ("fp32", "mixed"):
        raise SettingsError(f"train.precision {asked!r}: use auto, fp32 or mixed")
    if asked == "mixed" and not native:
        raise SettingsError(f"train.precision mixed: {here} has no bfloat16 products; use fp32 or auto")
    return asked


#: Processors with matrix units multiply bfloat16 at least four times faster than fp32, others at half its speed.
#: No processor is near this limit.
CLEARLY_FASTER = 1.3


@cache
def bf16_speedup() -> float:
    """How many times faster this CPU computes a bfloat16 product than an fp32 one, measured once per process.

    Compares the shortest of several alternating repeats, so that other load does not decide. Takes about 0.1 s.
    """
    rows, width = 512, 768
    operands = {t: (torch.ones(rows, width, dtype=t), torch.ones(width, width, dtype=t)) for t in _TIMED}
    least = dict.fromkeys(_TIMED, math.inf)
    for repeat in range(6):
        for kind, (x, weight) in operands.items():
            began = time.perf_counter()
            functional.linear(x, weight)
            if repeat:  # the first repeat also prepares the kernel
                least[kind] = min(least[kind], time.perf_counter() - began)
    return least[torch.float32] / least[torch.bfloat16]


_TIMED = (torch.float32, torch.bfloat16)


def precision_warning(asked: str, device: torch.device) -> str | None:
    """A warning for the plan when the requested precision is a poor choice here; None otherwise."""
    if asked != "mixed" or device.type != "cpu" or bf16_speedup() >= 1.0:
        return None
    return "train.precision mixed: this CPU multiplies bfloat16 more slowly than fp32; auto means fp32 here"


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager[Any]:
    """A context in which `mixed` multiplies in bfloat16; the residual stream, norms, softmax and losses stay fp32.

    Learners that cast by themselves read it (backbones/precision.py); any other module runs under torch's autocast.
    """
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def peak_memory(device: torch.device) -> int:
    """Highest memory since the command began, in bytes: of the allocator on CUDA, of the resident set on CPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return peak_resident_bytes()


#: What libraries say, in errors of no type of their own, when the host or the device has too little memory.
_NO_ROOM = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the host or the device had too little memory."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_ROOM)
