"""Jobs that SIGKILL hits at random moments, and then the same command until all is finished.

A run that was killed well after its first checkpoint must go on from one.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import time
from pathlib import Path

from compare import ask, differences, remains
from place import SPECS, Place, tiny_model
from processes import send, workers

#: Checkpoints are this many steps apart at most, in the specs that write some often.
STEPS = 120
#: Attempts that go on from a checkpoint; those of runs that were killed late and begin from zero all the same.
RESUMED = "SELECT run, number FROM attempts WHERE resumed_step > 0"
FROM_ZERO = f"""
    SELECT a.run, a.number FROM attempts a JOIN attempts b ON b.run = a.run AND b.number = a.number - 1
    WHERE coalesce(a.resumed_step, 0) = 0
    AND (SELECT max(step) FROM metrics WHERE attempt = b.id) >= coalesce(b.resumed_step, 0) + {STEPS}"""

#: More commands than this for one job is a job that does not end.
COMMANDS = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--jobs", type=int, default=18, help="jobs for each spec (18)")
    parser.add_argument("--specs", nargs="+", choices=SPECS, default=["mixed"], help="what is trained (mixed)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments and of what is hit (1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first job, to repeat one (0)")


def run(args: argparse.Namespace) -> int:
    tiny = tiny_model()
    faults = 0
    for spec in args.specs:
        expected, lasts = undisturbed(tiny, spec)
        kills = resumed = 0
        for number in range(args.first, args.first + args.jobs):
            chance = random.Random(args.seed * 1000 + number)
            hits, went_on, wrong = disturb(tiny, spec, chance, number, expected, lasts)
            kills, resumed, faults = kills + hits, resumed + went_on, faults + len(wrong)
        print(f"{spec}: {kills} kills, {resumed} attempts went on from a checkpoint", flush=True)
        if spec != "mixed" and args.jobs >= 10 and resumed == 0:  # it ends before its first checkpoint
            print("  FAULT: none went on from a checkpoint", flush=True)
            faults += 1
    return faults


def undisturbed(tiny: Path, spec: str) -> tuple[Place, float]:
    """One worker trains all of it; what two workers store is compared with that as well. Returns its seconds too."""
    place, begun = Place(tiny, spec=spec), time.monotonic()
    faults, lasts = finish(place), time.monotonic() - begun
    print(f"{spec}, undisturbed: {'; '.join(faults) or 'finished'}, {lasts:.1f} s", flush=True)
    return place, lasts


def disturb(
    tiny: Path, spec: str, chance: random.Random, number: int, expected: Place, lasts: float
) -> tuple[int, int, list[str]]:
    """(kills, attempts that went on from a checkpoint, faults) of a job that lasts `lasts` seconds undisturbed."""
    place = Place(tiny, spec=spec)
    place.command[-1] = str(1 + number % 2)
    hits = [hit(place, chance, lasts) for _ in range(chance.randint(1, 3))]
    faults = finish(place) + differences(expected.database, place.database) + remains(place)
    went_on = len(ask(place.database, RESUMED))
    if spec != "mixed":
        faults += [f"{run}, attempt {n}: from zero" for run, n in ask(place.database, FROM_ZERO)]
    said = "; ".join(faults) or f"equal, {went_on} went on"
    print(f"{spec}, job {number}, --jobs {place.command[-1]}: {', '.join(hits)}: {said}", flush=True)
    if faults:
        print(f"  kept: {place.folder}", flush=True)
    else:
        place.remove()
    return len(hits), went_on, faults


def hit(place: Place, chance: random.Random, lasts: float) -> str:
    """Starts the job and kills what is drawn: some seconds after its start, or after so many lines."""
    target, lines = chance.choice(["runner", "worker", "both"]), chance.choice([0, 0, *range(1, 60)])
    seconds = chance.uniform(0, 0.2 if lines else lasts)
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
