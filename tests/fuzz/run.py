"""The longer forms: random pickles against the C unpickler. `make fuzz` or with a number of them."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scanning.pickle_oracle import Oracle
from scanning.pickle_streams import mutated, program, real_pickles
from scanning.test_pickle_differential import difference

DEFAULT = 1_000_000


def main(count: int) -> int:
    """Try `count` streams; print the first differences and their number."""
    seed = time.time_ns()
    rng, whole, wrong = random.Random(seed), real_pickles(), 0
    print(f"seed {seed}, {count} streams", flush=True)
    with Oracle() as oracle:
        for number in range(count):
            data = program(rng) if number % 2 else mutated(rng, rng.choice(whole))
            try:
                said = difference(oracle, data)
            except Exception as error:  # noqa: BLE001 - a crash of ours is a difference
                said = f"{type(error).__name__}: {error}"
            if said:
                wrong += 1
                print(f"{said}\n  {data!r}", flush=True)
            if wrong >= 20:
                break
    print(f"{wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT))
