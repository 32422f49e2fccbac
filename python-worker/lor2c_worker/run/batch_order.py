"""A hash over the rows of all steps in order, by which two trainings can be seen to have read the same rows."""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Sequence


def after_step(before: str, micro: Sequence[Sequence[int]]) -> str:
    """SHA-256, in hexadecimal digits, of the hash before the step (empty for the first) and its micro-batches: of each
    the number of rows, then the rows by their place in the training set. Numbers have 8 bytes, the lowest first."""
    digest = hashlib.sha256(before.encode())
    for rows in micro:
        numbers = array("q", [len(rows), *rows])
        if sys.byteorder == "big":
            numbers.byteswap()
        digest.update(numbers.tobytes())
    return digest.hexdigest()
