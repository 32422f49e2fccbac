"""Answer commands until stdin ends: the only place that turns exceptions into events."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from . import __version__, messages
from .channel import Channel
from .data import DataError
from .device import configure_threads, current_device, describe_device, peak_memory
from .predict import predict
from .prepare import count_parameters, inspect
from .run_cell import run_cell
from .settings import Settings, SettingsError

#: Packages whose version can change a number.
PACKAGES = ("torch", "transformers", "peft", "tokenizers", "safetensors", "numpy", "scipy", "scikit-learn")


def serve(channel: Channel) -> None:
    """Say `ready`, then carry out one command after the other. Returns when stdin has ended."""
    configure_threads()
    torch.use_deterministic_algorithms(True, warn_only=True)
    channel.send(
        messages.Ready,
        protocol=messages.PROTOCOL_VERSION,
        worker_version=__version__,
        python=platform.python_version(),
        pid=os.getpid(),
        device=messages.ReadyDevice(**describe_device()),
        packages={name: importlib.metadata.version(name) for name in PACKAGES},
    )
    while (command := channel.next_command()) is not None:
        if isinstance(command, messages.DecodeError):
            channel.log("error", f"not a command: {command}")
        elif isinstance(command, messages.Inspect):
            answer_each(channel, command, messages.Inspected, inspect, _NOT_INSPECTED)
        elif isinstance(command, messages.Count):
            answer_each(channel, command, messages.Counted, count_parameters, _NOT_COUNTED)
        elif isinstance(command, messages.Train):
            answer_train(channel, command)
        elif isinstance(command, messages.Predict):
            answer_predict(channel, command)


#: What an event says of a cell that could not be looked at.
_NOT_INSPECTED: dict[str, Any] = {"warnings": []} | dict.fromkeys(
    (
        "fingerprint",
        "trainable_parameters",
        "head_parameters",
        "total_parameters",
        "train_rows",
        "eval_rows",
        "total_steps",
    )
)
_NOT_COUNTED: dict[str, Any] = {
    "shapes": "",
    "parts": [],
    "changes": [],
    "head_parameters": 0,
    "total_parameters": 0,
}


def answer_each(
    channel: Channel,
    command: messages.Inspect | messages.Count,
    event: type[Any],
    look: Callable[[Settings], dict[str, Any]],
    otherwise: dict[str, Any],
) -> None:
    """One event for each settings: what `look` finds, or `otherwise` with the problem."""
    for index, raw in enumerate(command.settings):
        fields, problems = otherwise, []
        try:
            fields = look(Settings.from_json(raw))
        except (SettingsError, DataError) as error:
            problems.append(str(error))
        except Exception as error:
            problems.append(f"{type(error).__name__}: {error}")
            traceback.print_exc()
        channel.send(event, request=command.request, index=index, problems=problems, **fields)
        if channel.stop_requested.is_set():
            break
    channel.send(messages.Done, request=command.request, error=None)


def answer_train(channel: Channel, command: messages.Train) -> None:
    """Train the cells one after another. A cell that fails does not take the next one with it."""
    for cell in command.cells:
        if channel.stop_requested.is_set():
            channel.send(messages.Stopped, cells=[cell.cell], step=0)
            continue
        try:
            run_cell(channel, cell.cell, cell.settings, Path(cell.folder))
        except (torch.OutOfMemoryError, MemoryError) as error:
            message = str(error) or "the process ran out of memory"
            channel.send(
                messages.OutOfMemory, cells=[cell.cell], message=message, peak_memory=peak_memory(current_device())
            )
        except Exception as error:
            trace = traceback.format_exc()
            print(trace, file=sys.stderr, flush=True)
            channel.send(
                messages.Failed,
                cells=[cell.cell],
                error_type=type(error).__name__,
                message=str(error),
                traceback=trace,
            )
    channel.send(messages.Done, request=command.request, error=None)


def answer_predict(channel: Channel, command: messages.Predict) -> None:
    pairs = [t.text_pair for t in command.texts]
    try:
        if any(p is None for p in pairs) and not all(p is None for p in pairs):
            raise SettingsError("some texts have a second text and others have none")
        both = None if pairs[0] is None else [str(p) for p in pairs]
        items = predict(Path(command.folder), [t.text for t in command.texts], both)
    except Exception as error:
        expected = isinstance(error, (SettingsError, DataError))
        if not expected:
            traceback.print_exc()
        message = str(error) if expected else f"{type(error).__name__}: {error}"
        channel.send(messages.Done, request=command.request, error=message)
        return
    channel.send(
        messages.Predictions,
        request=command.request,
        items=[messages.PredictionsItem(**item) for item in items],
    )
    channel.send(messages.Done, request=command.request, error=None)
