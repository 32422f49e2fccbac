"""Answers commands until stdin ends. Only this module turns exceptions into events."""

from __future__ import annotations

import os
import platform
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from . import __version__, messages
from .benchmarking.evaluate import evaluate
from .benchmarking.plan import plan_evaluation
from .channel import Channel, NoCommand
from .computing import describe_computing
from .device import configure_threads, describe_device, gpu_names, repeatable
from .doing import What, telling
from .errors import PlainError
from .examination import examine, survey
from .exporting.export_adapter import export_adapter
from .exporting.hub import ask_hub, push_folder
from .inspection import Inspection, count_parameters
from .predict import predict
from .predict_file import predict_file
from .prompting.generate import generate
from .run.checkpoint import Found
from .run.find_checkpoints import find_checkpoints
from .run.outcome import send_outcome
from .run.run_tree import run_tree
from .run.tree import TreeCell, group_trees, read_cell
from .settings import Settings, SettingsError
from .sources import all_sources
from .usage import begin_command, log_to
from .versions import package_versions, versions


def serve(channel: Channel, variables: dict[str, str]) -> None:
    """Send `ready`, then carry out one command after the other. Returns when stdin has ended.

    `variables`: those of the process that are stored with a run, from before any library added its own.
    """
    configure_threads()
    repeatable()
    channel.send(
        messages.Ready,
        protocol=messages.PROTOCOL_VERSION,
        worker_version=__version__,
        python=platform.python_version(),
        pid=os.getpid(),
        device=messages.ReadyDevice(**describe_device()),
        gpus=gpu_names(),
        packages=package_versions(),
        variables=variables,
        computing=describe_computing(),
    )
    while (command := channel.next_command()) is not None:
        if isinstance(command, NoCommand):
            channel.log("error", f"not a command: {command.problem}")
            if command.request is not None:
                channel.send_counted(messages.Done, request=command.request, error=f"not a command: {command.problem}")
        elif not isinstance(command, messages.Stop):
            with telling(partial(_tell_doing, channel, command.request)):
                _carry_out(channel, command)
    channel.send_counted(messages.Ended)


def _carry_out(channel: Channel, command: Any) -> None:
    if isinstance(command, messages.Inspect):
        answer_each(channel, command, messages.Inspected, Inspection().inspect, _NOT_INSPECTED)
    elif isinstance(command, messages.Count):
        answer_each(channel, command, messages.Counted, count_parameters, _NOT_COUNTED)
    elif isinstance(command, messages.Examine):
        answer_each(channel, command, messages.Examined, examine, _NOT_EXAMINED)
    elif isinstance(command, messages.Survey):
        answer_survey(channel, command)
    elif isinstance(command, messages.Train):
        answer_train(channel, command)
    elif isinstance(command, messages.Predict):
        answer_predict(channel, command)
    elif (carry_out := _TELLING.get(type(command))) is not None:
        answer(channel, command, carry_out)


def _tell_doing(channel: Channel, request: str, what: What, of: str) -> None:
    channel.send(messages.Doing, request=request, what=what, of=of)


#: Carries out a command with (the command, what sends an event, whether to stop).
Telling = Callable[[Any, Callable[..., None], Callable[[], bool]], None]

_TELLING: dict[type, Telling] = {
    messages.PredictFile: predict_file,
    messages.ExportAdapter: export_adapter,
    messages.AskHub: ask_hub,
    messages.PushFolder: push_folder,
    messages.PlanEvaluation: plan_evaluation,
    messages.Evaluate: evaluate,
    messages.Generate: generate,
}

#: Fields of an event about a cell that could not be inspected.
_NOT_INSPECTED: dict[str, Any] = {"warnings": [], "events": [], "label_names": [], "notes": []} | dict.fromkeys(
    (
        "fingerprint",
        "trainable_parameters",
        "head_parameters",
        "total_parameters",
        "train_rows",
        "eval_rows",
        "total_steps",
        "shape",
    )
)
_NOT_COUNTED: dict[str, Any] = {
    "shapes": "",
    "parts": [],
    "changes": [],
    "head_parameters": 0,
    "total_parameters": 0,
}
_NOT_EXAMINED: dict[str, Any] = {"warnings": [], "report": None}


def answer_each(
    channel: Channel,
    command: messages.Inspect | messages.Count | messages.Examine,
    event: type[Any],
    look: Callable[[Settings], dict[str, Any]],
    otherwise: dict[str, Any],
) -> None:
    """Send one event for each of the command's settings: the fields from `look`, or `otherwise` with the problem."""
    for index, raw in enumerate(command.settings):
        fields, problems = otherwise, []
        try:
            fields = look(Settings.from_json(raw))
            problems += fields.get("problems", [])
        except PlainError as error:
            problems.append(str(error))
        except Exception as error:
            problems.append(f"{type(error).__name__}: {error}")
            traceback.print_exc()
        channel.send(event, request=command.request, index=index, **{**fields, "problems": problems})
        if channel.stop_requested.is_set():
            break
    if event is messages.Inspected:
        files = all_sources()
        stamped = None if files is None else [messages.SourcesFile(**file) for file in files]
        channel.send(messages.Sources, request=command.request, files=stamped)
    channel.send_counted(messages.Done, request=command.request, error=None)


def answer_train(channel: Channel, command: messages.Train) -> None:
    """Train the cells of the command, tree by tree. A cell that fails leaves the others alone."""
    if command.log is not None:
        try:
            log_to(command.log)
        except OSError as error:
            message = f"the log cannot be written: {error}"
            channel.send_counted(messages.Done, request=command.request, error=message)
            return
    begin_command()
    cells: list[TreeCell] = []
    for cell in command.cells:
        with _outcome_of(channel, [cell.cell]):
            cells.append(read_cell(cell.cell, Path(cell.folder), cell.settings, cell.fingerprint, cell.resume))
    for tree in group_trees(cells):
        _train_tree(channel, tree, Path(command.checkpoint), command.write_checkpoints)
    channel.forget_stops(cell.cell for cell in command.cells)
    channel.send_counted(messages.Done, request=command.request, error=None)


def _train_tree(channel: Channel, tree: list[TreeCell], folder: Path, saves: bool) -> None:
    """Train cells of one tree. Those in a checkpoint go on from it, the others begin."""
    by_id = {cell.id: cell for cell in tree}
    with _outcome_of(channel, list(by_id)) as closed:
        found, remarks = find_checkpoints(
            folder, [cell.id for cell in tree if cell.resume], versions(tree[0].settings.train.precision)
        )
        for remark in remarks:
            channel.log("warn", remark, list(by_id))
        parts: list[tuple[list[str], Found | None]] = [(source.cells, source) for source in found]
        resumed = {cell for ids, _ in parts for cell in ids}
        parts.append(([cell for cell in by_id if cell not in resumed], None))
        for wanted, source in parts:
            everything = channel.stop_requested.is_set()
            unwanted = [cell for cell in wanted if everything or cell in channel.stopping]
            if unwanted:
                channel.send(messages.Stopped, cells=unwanted, step=0)
                closed.update(unwanted)
            ids = [cell for cell in wanted if cell not in unwanted]
            if not ids:
                continue
            with _outcome_of(channel, ids) as done:
                run_tree(channel, [by_id[cell] for cell in by_id if cell in set(ids)], folder, source, done, saves)
            closed.update(ids)


@contextmanager
def _outcome_of(channel: Channel, cells: list[str]) -> Iterator[set[str]]:
    """Turns an exception inside into the outcome of those `cells` that are not in the set which it yields."""
    closed: set[str] = set()
    try:
        yield closed
    except Exception as error:
        if left := [cell for cell in cells if cell not in closed]:
            send_outcome(channel.send, left, error)


def answer_survey(channel: Channel, command: messages.Survey) -> None:
    try:
        found = survey(Path(command.path), command.model)
    except Exception as error:
        channel.send_counted(messages.Done, request=command.request, error=_told(error))
        return
    channel.send(messages.Surveyed, request=command.request, **found)
    channel.send_counted(messages.Done, request=command.request, error=None)


def answer_predict(channel: Channel, command: messages.Predict) -> None:
    pairs = [t.text_pair for t in command.texts]
    try:
        if any(p is None for p in pairs) and not all(p is None for p in pairs):
            raise SettingsError("some texts have a second text and others have none")
        both = None if pairs[0] is None else [str(p) for p in pairs]
        items = predict(Path(command.folder), [t.text for t in command.texts], both)
    except Exception as error:
        channel.send_counted(messages.Done, request=command.request, error=_told(error))
        return
    channel.send(
        messages.Predictions,
        request=command.request,
        items=[messages.PredictionsItem(**item) for item in items],
    )
    channel.send_counted(messages.Done, request=command.request, error=None)


def answer(channel: Channel, command: Any, carry_out: Telling) -> None:
    """Carry out a command whose function sends the events. `done` tells an error."""
    problem = None
    try:
        carry_out(command, channel.send, channel.stop_requested.is_set)
    except Exception as error:
        problem = _told(error)
    channel.send_counted(messages.Done, request=command.request, error=problem)


def _told(error: Exception) -> str:
    """The text of an error that is being handled. A traceback goes to the log, if the message is not enough."""
    if isinstance(error, PlainError):
        return str(error)
    traceback.print_exc()
    return f"{type(error).__name__}: {error}"
