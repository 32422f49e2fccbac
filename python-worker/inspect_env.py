"""What an interpreter imports, against what the worker needs. Standard library only; prints one JSON object.

Set-up and `lor2c doctor` run it with the interpreter and the environment in question:

    export PYTHONPATH=python-worker
    python -P inspect_env.py --project pyproject.toml --lock requirements.lock [--lock requirements-dev.lock]

`missing` and `unsuitable` judge by pyproject.toml's ranges: with either no run can work. `different` is not as locked
(`found` is null when it is not there, and names the folder when another copy is imported): a run may work, with
numbers that differ from those of the locked versions.
"""

import argparse
import importlib.metadata
import json
import sys
import tomllib
from pathlib import Path

from lor2c_worker.imported import imported_version

try:
    from packaging.requirements import Requirement
except ImportError:  # packaging is one of the packages that may be missing; pip brings a copy
    from pip._vendor.packaging.requirements import Requirement  # type: ignore[assignment]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--lock", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    project = tomllib.loads(arguments.project.read_text(encoding="utf-8"))["project"]
    pinned = [line for lock in arguments.lock for line in pins(lock)]
    report = compare([line for line in project["dependencies"] if not is_beside(line, arguments.project)], pinned)
    report["python"] = ".".join(map(str, sys.version_info[:3]))
    report["executable"] = sys.executable
    json.dump(report, sys.stdout)


def pins(lock: Path) -> list[str]:
    lines = lock.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def is_beside(line: str, project: Path) -> bool:
    """Whether a requirement is a folder beside pyproject.toml, imported from there and never installed."""
    return (project.parent / Requirement(line).name.replace("-", "_")).is_dir()


def compare(ranges: list[str], pinned: list[str]) -> dict[str, object]:
    """Missing, unsuitable and different packages as {name, wanted, found}; and how many were looked at."""
    missing: list[dict[str, str | None]] = []
    unsuitable: list[dict[str, str | None]] = []
    different: list[dict[str, str | None]] = []
    looked_at = set()
    locked = {Requirement(line).name for line in pinned}
    for lines, absent, wrong in ((ranges, missing, unsuitable), (pinned, different, different)):
        for requirement in map(Requirement, lines):
            if requirement.marker and not requirement.marker.evaluate():
                continue
            found = installed(requirement.name)
            entry = {"name": requirement.name, "wanted": str(requirement.specifier), "found": found}
            looked_at.add(requirement.name)
            if found is None:
                if all(other["name"] != requirement.name for other in missing):
                    absent.append(entry)
            elif found.startswith("another copy"):
                # Its version is unknown. It is told once, beside the exact version if there is one.
                if lines is pinned or requirement.name not in locked:
                    different.append(entry)
            # 2.13.0+cpu is 2.13.0 built for another device; a pre-release that is installed was meant to be.
            elif not requirement.specifier.contains(found.split("+")[0], prereleases=True):
                wrong.append(entry)
    return {"packages": len(looked_at), "missing": missing, "unsuitable": unsuitable, "different": different}


def installed(name: str) -> str | None:
    try:
        return imported_version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
