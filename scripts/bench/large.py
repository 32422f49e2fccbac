"""Seconds and memory until the first batch of a large table, each stage in the same process: read, hash, look, tokens.

    python-worker/.venv/bin/python scripts/bench/large.py --rows 500000

writes a table of SST-2's form with 20 words a row into a temporary folder and prints a line for each stage: seconds
since the process started, and the highest memory until then. `--all` goes through every batch of an epoch. The model is
left out, so that the figures are those of the rows: its weights and activations come on top.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

STARTED = time.monotonic()
sys.path.insert(0, str(Path(__file__).parents[2] / "python-worker"))

import torch  # noqa: E402

from lor2c_worker.data import load_task  # noqa: E402
from lor2c_worker.data.encode import encode, train_batches  # noqa: E402
from lor2c_worker.data.row_tokens import longest_tokens, mean_tokens  # noqa: E402
from lor2c_worker.models import load_tokenizer  # noqa: E402
from lor2c_worker.settings import DataSettings, ModelSettings  # noqa: E402
from lor2c_worker.usage import peak_resident_bytes  # noqa: E402

WORDS = "good bad tea book film slow fast bright dull plain kind warm cold sharp quiet noise river stone green light"


def write_table(path: Path, rows: int) -> None:
    """Rows of 20 words and a name of their own, labels 0 and 1 in turns."""
    draw, words = random.Random(0), WORDS.split()
    with path.open("w", encoding="utf-8") as file:
        file.write("sentence\tlabel\n")
        for row in range(rows):
            file.write(f"{' '.join(draw.choices(words, k=19))} x{row:07d}\t{row % 2}\n")


def report(stage: str) -> None:
    print(f"{stage:<12} {time.monotonic() - STARTED:7.1f} s {peak_resident_bytes() / 1e9:6.2f} GB", flush=True)


def measure(folder: Path, model: str, train_rows: int | None, whole: bool) -> None:
    report("imports")
    data = load_task("sst2", DataSettings(path=str(folder), train_rows=train_rows))
    report("read")
    _ = data.fingerprint
    report("hashed")
    mean_tokens(data.train, 128), longest_tokens(data.train, 128)
    report("looked at")
    encoded = encode(data.train, load_tokenizer(ModelSettings(model)), "classify", 128)
    batches = train_batches(encoded, 16, 0, 1)
    encoded.expect(batches)
    for number, rows in enumerate(batches if whole else batches[:5]):
        encoded.batch(rows, torch.device("cpu"))
        if number == 0:
            report("first batch")
    report("last batch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--folder", type=Path, help="has train.tsv and dev.tsv already: nothing is written")
    parser.add_argument("--train-rows", type=int, help="data.train_rows")
    parser.add_argument("--model", default="minilm", help="whose tokenizer is taken")
    parser.add_argument("--all", action="store_true", help="every batch of an epoch, not five")
    given = parser.parse_args()
    if given.folder is not None:
        measure(given.folder, given.model, given.train_rows, given.all)
        return
    with tempfile.TemporaryDirectory() as name:
        folder, began = Path(name), time.monotonic()
        write_table(folder / "train.tsv", given.rows)
        write_table(folder / "dev.tsv", 200)
        global STARTED
        STARTED += time.monotonic() - began  # writing the table does not count
        measure(folder, given.model, given.train_rows, given.all)


if __name__ == "__main__":
    main()
