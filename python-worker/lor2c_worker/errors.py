"""Errors that are told by their message, and how the failure of a run is told."""

from __future__ import annotations

import sys
import traceback


class PlainError(Exception):
    """The message is all there is to know: where in the code it was raised helps nobody."""


def failed_fields(error: Exception) -> dict[str, str]:
    """Fields of the event `failed` besides its cells, for the error being handled; a stack also goes to the log."""
    trace = "" if isinstance(error, PlainError) else traceback.format_exc()
    if trace:
        print(trace, file=sys.stderr, flush=True)
    return {"error_type": type(error).__name__, "message": str(error), "traceback": trace}
