"""The device of this process, its precision, and its memory."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import sys
from pathlib import Path
from typing import Any

import torch

from .settings import SettingsError


def current_device() -> torch.device:
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def configure_threads() -> int:
    """One thread per worker on CPU unless OMP_NUM_THREADS says otherwise: results then do not depend on the number of
    cores, and several workers side by side use the cores better than the threads of one."""
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    torch.set_num_threads(threads)
    return threads


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
    return {"name": "cpu", "description": _cpu_name(), "memory": _host_memory(), "bf16": _cpu_has_bf16()}


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _cpu_has_bf16() -> bool:
    info = Path("/proc/cpuinfo")
    text = info.read_text(errors="replace") if info.exists() else ""
    return any(flag in text for flag in ("avx512_bf16", "amx_bf16", " bf16"))


def _host_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def resolve_precision(asked: str, device: torch.device) -> str:
    """`fp32` or `bf16`. `auto` is fp32 on CPU, and bf16 on a CUDA device that multiplies it natively."""
    native = device.type == "cuda" and torch.cuda.get_device_properties(device).major >= 8
    if asked == "auto":
        return "bf16" if native else "fp32"
    if asked == "bf16" and not native:
        raise SettingsError(
            "train.precision bf16 needs a CUDA device of compute capability 8.0 or newer; use fp32 or auto"
        )
    if asked not in ("fp32", "bf16"):
        raise SettingsError(f"train.precision {asked!r}: use auto, fp32 or bf16")
    return asked


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager[Any]:
    """Matrix products in bfloat16 where asked; parameters, norms and softmax stay fp32."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def peak_memory(device: torch.device) -> int:
    """Bytes: of the device's allocator on CUDA, of the process's resident set on CPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
