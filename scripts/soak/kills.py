"""Jobs that SIGKILL or Ctrl-C hits at random moments, and then the same command until all is finished.

What is stored then equals what an undisturbed job stores, to the bit. A run that was killed well after its first
checkpoint must go on from one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from compare import ask, differences, remains
from place import SPECS, Place, tiny_model
from processes import send, workers

#: Attempts after the first that went on from a checkpoint, and those that began from zero.
RESUMED = "SELECT run, number FROM attempts WHERE resumed_step > 0"
SCRATCH = "SELECT run, number FROM attempts WHERE number > 1 AND total_steps > 0 AND coalesce(resumed_step, 0) = 0"
NEWEST = "SELECT run, max(number) FROM attempts GROUP BY run"
#: The first attempt after a given one that began. One that never began has no `total_steps`.
NEXT = """
    SELECT number, coalesce(resumed_step, 0) FROM attempts WHERE run = '{run}' AND number > {number} AND total_steps > 0
    ORDER BY number LIMIT 1"""

#: More commands than this for one job is a job that does not end.
COMMANDS = 6


#: What is killed; with `ctrl-c` the runner gets SIGINT.
TARGETS = ["runner", "worker", "both", "ctrl-c"]


@dataclass
class Tally:
    """What happened to the jobs of one spec, or to one of them."""

    jobs: int = 0
    kills: int = 0
    resumed: int = 0
    scratch: int = 0
    equal: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kills", type=int, default=10, help="of running jobs, for each spec, at least (10)")
    parser.add_argument("--specs", nargs="+", choices=SPECS, default=["mixed"], help="what is trained (mixed)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments and of what is hit (1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first job, to repeat one (0)")


def run(args: argparse.Namespace) -> int:
    tiny = tiny_model()
    tallies = {}
    for spec in args.specs:
        expected, lasts, faults = undisturbed(tiny, spec)
        tally = tallies[spec] = Tally(faults=faults)
        for number in itertools.count(args.first):
            if tally.kills >= args.kills or faults:
                break
            chance = random.Random(args.seed * 1000 + number)
            tally.add(disturb(tiny, spec, chance, number, expected, lasts))
        if spec != "mixed" and tally.resumed == 0:  # mixed ends before its first checkpoint
            tally.faults.append("none went on from a checkpoint")
    print(f"\n{'spec':10} {'kills':>5} {'from a checkpoint':>18} {'from zero':>10} {'jobs equal':>11} {'faults':>7}")
    for spec, t in tallies.items():
        equal = f"{t.equal} of {t.jobs}"
        print(f"{spec:10} {t.kills:5} {t.resumed:18} {t.scratch:10} {equal:>11} {len(t.faults):7}", flush=True)
    return sum(len(tally.faults) for tally in tallies.values())


def undisturbed(tiny: Path, spec: str = "mixed") -> tuple[Place, float, list[str]]:
    """One worker trains all of it; what two workers store is compared with that as well. Returns its seconds too."""
    place, begun = Place(tiny, spec=spec), time.monotonic()
    faults, lasts = finish(place), time.monotonic() - begun
    print(f"{spec}, undisturbed: {'; '.join(faults) or 'finished'}, {lasts:.1f} s", flush=True)
    return place, lasts, faults


def disturb(tiny: Path, spec: str, chance: random.Random, number: int, expected: Place, lasts: float) -> Tally:
    """A job that lasts `lasts` seconds undisturbed."""
    place = Place(tiny, spec=spec)
    place.command[-1] = str(1 + number % 2)
    hits, held = [], []
    for _ in range(chance.randint(1, 3)):
        hits.append(hit(place, chance, lasts))
        held += checkpointed(place)
    faults = finish(place) + differences(expected.database, place.database, spec)
    tally = Tally(jobs=1, kills=sum(running for running, _ in hits), equal=not faults, faults=faults)
    faults += remains(place)
    tally.resumed, tally.scratch = (len(ask(place.database, sql)) for sql in (RESUMED, SCRATCH))
    for run, number in held:
        began = ask(place.database, NEXT.format(run=run, number=number))
        faults += [f"{run}, attempt {n}: from zero, past its checkpoint" for n, resumed in began if not resumed]
    said = "; ".join(faults) or f"equal, {tally.resumed} went on, {tally.scratch} from zero"
    print(
        f"{spec}, job {number}, --jobs {place.command[-1]}: {', '.join(what for _, what in hits)}: {said}", flush=True
    )
    if faults:
        print(f"  kept: {place.folder}", flush=True)
    else:
        place.remove()
    return tally


def checkpointed(place: Place) -> list[tuple[str, int]]:
    """The runs that have a checkpoint now, each with its newest attempt."""
    trees = (place.database.parent / "runs" / ".checkpoints").glob("*/*/tree.json")
    texts = [tree.read_text() for tree in trees if any(tree.parent.glob("step-*"))]
    runs = {run for text in texts for run in json.loads(text)["cells"]}
    return [(str(run), int(str(n))) for run, n in ask(place.database, NEWEST) if run in runs] if runs else []


def hit(place: Place, chance: random.Random, lasts: float) -> tuple[bool, str]:
    """Starts the job and kills what is drawn: some seconds after its start, or after so many lines.

    Returns whether it still ran then, and what was done.
    """
    target, lines = chance.choice(TARGETS), chance.choice([0, 0, 0, chance.randrange(1, 20)])
    seconds = chance.uniform(0, 0.2 if lines else lasts)
    log = place.folder / "out.txt"
    with log.open("a") as out:
        before = len(log.read_text().splitlines())
        job = place.start(out)
        while job.poll() is None and len(log.read_text().splitlines()) - before < lines:
            time.sleep(0.01)
        end = time.monotonic() + seconds
        while job.poll() is None and (
            time.monotonic() < end or (target in ("worker", "both") and not workers(place.mark))
        ):
            time.sleep(0.01)
        ended = job.poll() is not None
        if target in ("worker", "both"):
            send(workers(place.mark), signal.SIGKILL)
        if target != "worker" and not ended:
            send([job.pid], signal.SIGINT if target == "ctrl-c" else signal.SIGKILL)
        job.wait(timeout=300)
    when = f"after {lines} lines" if lines else f"after {seconds:.1f} s"
    return not ended, f"{target} {when}{' (had ended)' if ended else ''}"


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
