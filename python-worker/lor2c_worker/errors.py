"""Errors whose message is enough, and the fields that report a failed run."""

from __future__ import annotations

import sys
import traceback


class PlainError(Exception):
    """An error whose message is enough for the user; it is reported without a traceback."""


class Interrupted(PlainError):
    """The runner has asked to stop."""


def failed_fields(error: Exception) -> dict[str, str]:
    """Fields of the event `failed` besides its cells, for the error being handled. A traceback also goes to the log."""
    trace = "" if isinstance(error, PlainError) else traceback.format_exc()
    if trace:
        print(trace, file=sys.stderr, flush=True)
    return {"error_type": type(error).__name__, "message": str(error), "traceback": trace}
