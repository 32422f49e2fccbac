"""Tells people who watch what the device reports, while a command is carried out."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from .. import messages
from ..device import current_device, describe_device
from .gauges import DeviceState, gauges_of, gpu_uuid
from .meter import Meter
from .usage_sums import UsageSums


def metered(send: Callable[..., None]) -> Meter:
    """A meter of this process's device that also sends `device_usage`."""
    device, described = current_device(), describe_device()
    identity: dict[str, Any] = {
        "host": platform.node(),
        "pid": os.getpid(),
        "device": described["name"],
        "description": described["description"],
        "uuid": gpu_uuid(device),
    }

    def tell(state: DeviceState, recent: UsageSums) -> None:
        send(
            messages.DeviceUsage,
            **identity,
            **asdict(state),
            utilization=recent.utilization_mean,
            cpu_share=recent.cpu_seconds / recent.seconds if recent.seconds else 0.0,
        )

    return Meter(gauges_of(device), tell=tell)
