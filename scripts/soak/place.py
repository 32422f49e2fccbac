"""A folder of its own for one trial, and the command in it. The tiny model and what plans found out are shared."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
CLI = ROOT / "dist" / "cli" / "main.js"
PYTHON = ROOT / "python-worker" / ".venv" / "bin" / "python"
#: Everything that a trial starts inherits this variable, so that nothing it left behind is mistaken for another's.
MARK = "LOR2C_SOAK"

_ROWS = """\
name: soak
model: {model}
task: sst2
data: {{path: {data}}}
"""
_MIXED = """\
method: {{name: imlor2c, rank: 2, injected_rank: 1}}
train: {{num_train_epochs: 12, batch_size: 4, learning_rate: 2e-3, max_length: 16, logging_steps: 4, precision: fp32}}
seed: 17
sweep:
  grid: {{method.merges: 0..1, method.injections: 0..1}}
  include:
    - {{label: LoRA 1, method: {{name: lora, rank: 2}}, seed: 1}}
    - {{label: LoRA 2, method: {{name: lora, rank: 2}}, seed: 2}}
"""
#: 16 steps an epoch, and checkpoints about twice a second.
_LONG = """\
train:
  {{num_train_epochs: EPOCHS, batch_size: 4, learning_rate: 2e-3, max_length: 16, logging_steps: 4, precision: fp32,
  checkpoint_minutes: 0.008, bundle: numbers}}
"""
#: So many that training lasts longer than the start of a worker: a lane of LoRA is fast.
_EPOCHS = {"adalora": 16, "dylora": 16, "full": 16, "lora": 128, "pissa": 16}
#: What a job trains, by name.
SPECS = {
    "mixed": _ROWS + _MIXED,
    **{name: f"{_ROWS}{_LONG.replace('EPOCHS', str(count))}method: {name}\n" for name, count in _EPOCHS.items()},
    "grid": _ROWS
    + _LONG.replace("EPOCHS", "16")
    + """\
method: {{name: imlor2c, rank: 2, injected_rank: 1}}
sweep:
  grid: {{method.merges: 0..1, method.injections: 0..1, train.learning_rate: [1e-3, 2e-3], seed: [1, 2]}}
""",
}


def tiny_model() -> Path:
    """Made once for all trials of a command."""
    folder = Path(tempfile.mkdtemp(prefix="lor2c-soak-tiny-"))
    subprocess.run([PYTHON, ROOT / "python-worker" / "tests" / "tiny.py", folder], check=True)
    return folder


class Place:
    def __init__(self, tiny: Path, command: list[str] | None = None, spec: str = "mixed") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lor2c-soak-"))
        self.database = self.folder / "results" / "lor2c.db"
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.spec = self.folder / "spec.yaml"
        self.spec.write_text(SPECS[spec].format(model=tiny / "model", data=tiny / "data"), encoding="utf-8")
        self.mark = uuid.uuid4().hex
        self.env = os.environ | {
            MARK: self.mark,
            "LOR2C_CACHE": str(tiny / "cache"),
            "LOR2C_DB": str(self.database),
            "TMPDIR": str(self.temporary),
            "HF_HUB_OFFLINE": "1",
        }
        self.command = command or ["run", str(self.spec), "--plain", "--jobs", "1"]

    def lor2c(self, *args: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Runs it to its end."""
        return subprocess.run(
            ["node", CLI, *args], cwd=self.folder, env=self.env,
            capture_output=True, text=True, errors="replace", timeout=timeout, check=False,
        )  # fmt: skip

    def start(self, out: IO[str], command: list[str] | None = None) -> subprocess.Popen[bytes]:
        """A job in a session of its own, as a terminal would start it."""
        words = ["node", str(CLI), *(command or self.command)]
        return subprocess.Popen(words, cwd=self.folder, env=self.env, stdout=out, stderr=out, start_new_session=True)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
