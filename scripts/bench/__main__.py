"""Time of a training step, ours against transformers + peft, on the same rows, in turns within one process.

    python-worker/.venv/bin/python scripts/bench --data GLUE/MRPC

docs/speed.md says what it measures and how to read it. GLUE/MRPC is the folder with MRPC's train.tsv and dev.tsv.
"""

from __future__ import annotations

import sys

from options import ROOT, arguments

sys.path.insert(0, str(ROOT / "python-worker"))


def main() -> int:
    given = arguments(__doc__)
    from measure import measure

    from lor2c_worker.errors import PlainError

    try:
        return measure(given)
    except PlainError as error:
        sys.exit(f"bench: error: {error}")


if __name__ == "__main__":
    sys.exit(main())
