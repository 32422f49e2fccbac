"""The command that installs a package into the Python of this worker, which may not be the one of the user's shell."""

from __future__ import annotations

import sys


def install_command(requirement: str, *options: str) -> str:
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return " ".join([python, "-m pip install", *options, f'"{requirement}"'])
