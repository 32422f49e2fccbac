"""Spoilt specs: `lor2c validate` says what is wrong with each, or that it is valid, and does not fall over."""

from __future__ import annotations

import argparse
import random
import re
import shutil
import subprocess
import time
from pathlib import Path

from place import ROOT, Place
from spoil import spoil

SECONDS = 10
#: Lines of a stack trace, and what the program says when it has one.
TRACE = re.compile(r"defect of lor2c|^\s+at .+:\d+:\d+\)?$|file://.*\.js:\d+", re.MULTILINE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=240, help="specs (240)")
    parser.add_argument("--seed", type=int, default=1, help="of what is spoilt (1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first spec, to repeat one (0)")


def run(args: argparse.Namespace) -> int:
    place = Place(Path("/nowhere"))
    configs = place.folder / "configs"
    shutil.copytree(ROOT / "configs", configs)
    files = sorted(configs.glob("**/*.yaml"))
    codes: dict[int, int] = {}
    faults, slowest = 0, 0.0
    for number in range(args.first, args.first + args.count):
        chance = random.Random(args.seed * 100_000 + number)
        whole = chance.choice(files)
        how, text = spoil(whole.read_bytes(), chance)
        file = whole.with_name(f"spoilt-{number}.yaml")
        file.write_bytes(text)
        begun = time.monotonic()
        fault = ""
        try:
            ended = place.lor2c("validate", str(file), timeout=SECONDS * 6)
        except subprocess.TimeoutExpired:
            fault = "no end"
        else:
            codes[ended.returncode] = codes.get(ended.returncode, 0) + 1
            if ended.returncode not in (0, 2):
                fault = f"exit code {ended.returncode}: {ended.stderr[:300]}"
            elif TRACE.search(ended.stderr + ended.stdout):
                fault = f"a stack trace: {ended.stderr[:300]}"
            elif not (ended.stdout + ended.stderr).strip():
                fault = "no word"
        slowest = max(slowest, time.monotonic() - begun)
        if not fault and time.monotonic() - begun > SECONDS:
            fault = f"{time.monotonic() - begun:.1f} s"
        if fault:
            faults += 1
            print(f"spec {number} ({whole.name}, {how}): {fault}\n  kept: {file}", flush=True)
        else:
            file.unlink()
    print(f"{args.count} specs, exit codes {dict(sorted(codes.items()))}, slowest {slowest:.1f} s", flush=True)
    if not faults:
        place.remove()
    return faults
