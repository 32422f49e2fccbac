"""Utilisation and energy of an NVIDIA GPU, by its driver. `nvidia-ml-py` is imported when one is opened."""

from __future__ import annotations

from typing import Any

PACKAGE = "nvidia-ml-py"


class Unmeasured(Exception):
    """The driver's numbers cannot be read here. The message says why, in words for the user."""


class Gpu:
    """One GPU. What it measures is of the whole device, other processes on it included."""

    def __init__(self, uuid: str) -> None:
        """`uuid`: as the driver names it, e.g. `GPU-d1b7...`. Raises Unmeasured."""
        try:
            import pynvml
        except ImportError:
            raise Unmeasured(f"the package {PACKAGE} is not installed (pip install {PACKAGE})") from None
        self._nvml: Any = pynvml
        try:
            pynvml.nvmlInit()
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(uuid)
        except Exception as error:  # of the package's own types, which differ between versions
            raise Unmeasured(f"NVML: {error}") from error

    def busy(self) -> float | None:
        """Share of the driver's last sample period, up to a second, in which the GPU computed. None: not known."""
        try:
            return float(self._nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu) / 100
        except Exception:  # e.g. not supported in a MIG slice
            return None

    def energy(self) -> float | None:
        """Joules since the driver was loaded. None: this GPU does not count them."""
        try:
            return float(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle)) / 1000
        except Exception:
            return None
