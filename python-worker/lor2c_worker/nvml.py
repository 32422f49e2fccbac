"""An NVIDIA GPU: utilisation, energy, memory, temperature, power. Imports `nvidia-ml-py` when one is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

PACKAGE = "nvidia-ml-py"

Value = TypeVar("Value")


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
        return _told(lambda: float(self._nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu) / 100)

    def energy(self) -> float | None:
        """Joules since the driver was loaded. None: this GPU does not count them."""
        return _told(lambda: float(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle)) / 1000)

    def memory(self) -> tuple[int, int] | None:
        """Bytes in use by all processes, and all bytes. None: not known."""
        info = _told(lambda: self._nvml.nvmlDeviceGetMemoryInfo(self._handle))
        return None if info is None else (int(info.used), int(info.total))

    def temperature(self) -> float | None:
        """Degrees Celsius of the GPU's core. None: not known."""
        core = getattr(self._nvml, "NVML_TEMPERATURE_GPU", 0)
        return _told(lambda: float(self._nvml.nvmlDeviceGetTemperature(self._handle, core)))

    def power(self) -> float | None:
        """Watts. None: not known."""
        return _told(lambda: float(self._nvml.nvmlDeviceGetPowerUsage(self._handle)) / 1000)


def _told(ask: Callable[[], Value]) -> Value | None:
    """The driver's answer; None where it has none, e.g. not supported in a MIG slice."""
    try:
        return ask()
    except Exception:  # of the package's own types, which differ between versions
        return None
