"""The outcome of runs that an error has ended."""

from __future__ import annotations

from collections.abc import Callable

from .. import messages
from ..device import current_device, is_out_of_memory, peak_memory
from ..errors import PlainError, failed_fields


class Diverged(PlainError, RuntimeError):
    """The training no longer has numbers."""


def diverged_at(step: int, limit: int) -> Diverged:
    """The error of a lane whose loss or gradient norm was not finite for `limit` steps, the first of them `step`."""
    long = "" if limit == 1 else f", for {limit} steps"
    return Diverged(
        f"the loss or its gradient was not finite from step {step} on{long}. Use a lower train.learning_rate; with "
        "train.stop_after_nonfinite: null the run would go on to its end"
    )


def send_outcome(send: Callable[..., None], cells: list[str], error: Exception) -> None:
    """Send `failed`, or `out_of_memory`, for cells that `error`, which is being handled, has ended.

    `send`: of a channel or of a tree's event log.
    """
    if is_out_of_memory(error):
        message = str(error) or "the process ran out of memory"
        send(messages.OutOfMemory, cells=cells, message=message, peak_memory=peak_memory(current_device()))
    else:
        send(messages.Failed, cells=cells, **failed_fields(error))
