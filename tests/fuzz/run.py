"""The longer forms: random pickles against the C unpickler. `make fuzz`, or `run.py COUNT [FIRST]`.

Streams are numbered, and their number decides what they are: a run that was ended goes on
with the number it last said, and a difference is found again by its number.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scanning.pickle_oracle import Oracle
from scanning.pickle_streams import mutated, program, real_pickles
from scanning.test_pickle_differential import difference

DEFAULT = 1_000_000
_SAID_EVERY = 10_000
_MOST_DIFFERENCES = 20


def stream(number: int, whole: list[bytes]) -> bytes:
    """The stream of a number: a random program, or a real pickle with mistakes."""
    rng = random.Random(number)
    return program(rng) if number % 2 else mutated(rng, rng.choice(whole))


def main(count: int, first: int) -> int:
    """Try `count` streams; print differences, how far it is, and how many there were."""
    whole, wrong = real_pickles(), 0
    with Oracle() as oracle:
        for number in range(first, first + count):
            data = stream(number, whole)
            try:
                said = difference(oracle, data)
            except Exception as error:  # noqa: BLE001 - a crash of ours is a difference
                said = f"{type(error).__name__}: {error}"
            if said:
                wrong += 1
                print(f"{number}: {said}\n  {data!r}", flush=True)
            if (number + 1) % _SAID_EVERY == 0:
                print(f"before {number + 1}: {wrong} differences", flush=True)
            if wrong >= _MOST_DIFFERENCES:
                break
    print(f"{wrong} differences in {number + 1 - first} streams from {first}")
    return 1 if wrong else 0


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(given[0] if given else DEFAULT, given[1] if len(given) > 1 else 0))
