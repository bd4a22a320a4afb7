"""``python -m tests.simulation SEED [--day]``: the story of one world, and whether it went well.

``python -m tests.simulation --from 0 --seeds 2000`` tries many, in as many processes as there are
processors.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.many import try_all
from tests.simulation.script import ORDINARY, WHOLE_DAY
from tests.simulation.story import Violation
from tests.simulation.world import run, run_crowd


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?")
    parser.add_argument("--day", action="store_true", help="a day of twenty checks")
    parser.add_argument("--crowd", action="store_true", help="hundreds of services")
    parser.add_argument(
        "--keeps", action="store_true", help="of a crowd: with a history, and kills"
    )
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--seeds", type=int, default=100)
    options = parser.parse_args()
    begun = time.perf_counter()
    try:
        if options.seed is None:
            outcomes = try_all(range(options.first, options.first + options.seeds))
            seconds = sum(one.seconds for one in outcomes)
            print(
                f"{len(outcomes)} worlds, {seconds / 3600:.1f} h, "
                f"{sum(one.probes for one in outcomes)} probes, "
                f"{sum(one.transitions for one in outcomes)} transitions "
                f"in {time.perf_counter() - begun:.1f} s"
            )
            return 0
        if options.crowd:
            tell = None if options.quiet else print
            print(run_crowd(options.seed, keeps=options.keeps, tell=tell))
            return 0
        size = WHOLE_DAY if options.day else ORDINARY
        print(run(options.seed, size, None if options.quiet else print))
    except Violation as violation:
        print(violation, file=sys.stderr)
        return 1
    print(f"{time.perf_counter() - begun:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
