"""Jobs that SIGKILL hits at random moments, and then the same command until all is finished."""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import time
from pathlib import Path

from compare import differences, remains
from place import Place, tiny_model
from processes import send, workers

#: More commands than this for one job is a job that does not end.
COMMANDS = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--jobs", type=int, default=18, help="jobs (18)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments and of what is hit (1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first job, to repeat one (0)")


def run(args: argparse.Namespace) -> int:
    tiny = tiny_model()
    expected = undisturbed(tiny)
    faults = 0
    for number in range(args.first, args.first + args.jobs):
        faults += len(disturb(tiny, random.Random(args.seed * 1000 + number), number, expected))
    return faults


def undisturbed(tiny: Path) -> Place:
    """One worker trains all of it; what two workers store is compared with that as well."""
    place, begun = Place(tiny), time.monotonic()
    faults = finish(place)
    print(f"undisturbed: {'; '.join(faults) or 'finished'}, {time.monotonic() - begun:.1f} s", flush=True)
    return place


def disturb(tiny: Path, chance: random.Random, number: int, expected: Place) -> list[str]:
    place = Place(tiny)
    place.command[-1] = str(1 + number % 2)
    hits = [hit(place, chance) for _ in range(chance.randint(1, 3))]
    faults = finish(place) + differences(expected.database, place.database) + remains(place)
    print(f"job {number}, --jobs {place.command[-1]}: {', '.join(hits)}: {'; '.join(faults) or 'equal'}", flush=True)
    if faults:
        print(f"  kept: {place.folder}", flush=True)
    else:
        place.remove()
    return faults


def hit(place: Place, chance: random.Random) -> str:
    """Starts the job and kills what is drawn: some seconds after its start, or after so many lines."""
    target, lines = chance.choice(["runner", "worker", "both"]), chance.choice([0, 0, *range(1, 60)])
    seconds = chance.uniform(0, 0.2 if lines else 20)
    log = place.folder / "out.txt"
    with log.open("a") as out:
        before = len(log.read_text().splitlines())
        job = place.start(out)
        while job.poll() is None and len(log.read_text().splitlines()) - before < lines:
            time.sleep(0.01)
        end = time.monotonic() + seconds
        while job.poll() is None and (time.monotonic() < end or (target != "runner" and not workers(place.mark))):
            time.sleep(0.01)
        ended = job.poll() is not None
        if target != "runner":
            send(workers(place.mark), signal.SIGKILL)
        if target != "worker" and not ended:
            send([job.pid], signal.SIGKILL)
        job.wait(timeout=300)
    return f"{target} {f'after {lines} lines' if lines else f'after {seconds:.1f} s'}{' (had ended)' if ended else ''}"


def finish(place: Place) -> list[str]:
    """The same command until it says that everything is finished."""
    for _ in range(COMMANDS):
        try:
            ended = place.lor2c(*place.command)
        except subprocess.TimeoutExpired:
            return ["the command did not end within 5 minutes"]
        with (place.folder / "out.txt").open("a") as out:
            out.write(ended.stdout + ended.stderr)
        if "defect of lor2c" in ended.stderr:
            return [f"a defect: {ended.stderr[:400]}"]
        if ended.returncode == 0:
            return []
    return [f"not finished after {COMMANDS} commands: exit code {ended.returncode}: {ended.stderr[-400:]}"]
