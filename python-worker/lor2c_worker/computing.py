"""What computes here, besides packages and variables: processor, instruction set, threads, CUDA, determinism."""

from __future__ import annotations

import hashlib
import platform
import re
from pathlib import Path

import torch

_CPU, _DRIVER = Path("/proc/cpuinfo"), Path("/proc/driver/nvidia/version")
_LOCK = Path(__file__).parent.parent / "requirements.lock"
#: A driver's version in the kernel's text, e.g. `NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.124.06  ...`.
_VERSION = re.compile(r"\b\d{3,}\.\d+(\.\d+)?\b")


def describe_computing() -> dict[str, str]:
    """Texts by name; what this machine has not, or does not tell, is left out. After `repeatable`.

    `cpu_kind` is the maker, family and model number of the processor, which are the same whatever name a virtual
    machine gives it. `lock` is a hash of the list of packages that this version of the worker was tested with.
    """
    cpu = _first_of_each(_read(_CPU))
    kind = [cpu.get("vendor_id", ""), cpu.get("cpu family", ""), cpu.get("model", "")]
    texts = {
        "cpu": cpu.get("model name") or platform.processor() or platform.machine(),
        "cpu_kind": "{} {}.{}".format(*kind) if all(kind) else "",
        "instruction_set": str(torch.backends.cpu.get_cpu_capability()),
        "threads": str(torch.get_num_threads()),
        "libc": " ".join(platform.libc_ver()),
        "blas": _libraries(),
        "deterministic": _determinism(),
        "float32_products": torch.get_float32_matmul_precision(),
        "lock": hashlib.sha256(_LOCK.read_bytes()).hexdigest() if _LOCK.is_file() else "",
        **_cuda(),
    }
    return {name: text.strip() for name, text in texts.items() if text.strip()}


def _cuda() -> dict[str, str]:
    """Only where there is a GPU, since the numbers of a CPU do not depend on it."""
    if not torch.cuda.is_available():
        return {}
    major, minor = torch.cuda.get_device_capability(0)
    driver = _VERSION.search(_read(_DRIVER).partition("\n")[0])
    return {
        "cuda": torch.version.cuda or "",
        "cudnn": str(torch.backends.cudnn.version() or ""),
        "driver": driver.group() if driver else "",
        "compute_capability": f"{major}.{minor}",
        "cudnn_benchmark": str(torch.backends.cudnn.benchmark).lower(),
    }


def _determinism() -> str:
    if not torch.are_deterministic_algorithms_enabled():
        return "no"
    return "where possible" if torch.is_deterministic_algorithms_warn_only_enabled() else "yes"


def _libraries() -> str:
    """Which libraries multiply on the CPU."""
    found = {"mkl": torch.backends.mkl.is_available(), "onednn": torch.backends.mkldnn.is_available()}
    return ", ".join(name for name, here in found.items() if here)


def _first_of_each(info: str) -> dict[str, str]:
    """`name : value` lines of the first processor."""
    lines = info.partition("\n\n")[0].splitlines()
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
