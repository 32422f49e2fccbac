"""How a missing package gets into the Python that runs this worker, which need not be the one of the user's shell."""

from __future__ import annotations

import sys


def install_command(requirement: str) -> str:
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f'{python} -m pip install "{requirement}"'
