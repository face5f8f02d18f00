"""Adds up what every part of script/test counted, and ends with one line that says it all.

usage: counts.py RESULTS [FAILED-PART ...]
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

# Each part leaves a file; one that is missing did not run, and that is a failure.
EXPECTED = ("HTTPTests", "AWSTests", "EtcdTests", "SupervisionTests", "ClusterPlanningTests", "SimulationTests",
            "DaemonTests", "house", "deployables", "measured", "end-to-end")


def counts(file: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped in one file of JUnit's form."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(file).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main() -> int:
    results, parts = Path(sys.argv[1]), sys.argv[2:]
    total = [0, 0, 0]
    empty = []
    for name in EXPECTED:
        # Swift Testing adds its own word to the name that it was given.
        files = [file for file in (results / f"{name}.xml", results / f"{name}-swift-testing.xml") if file.exists()]
        found = [sum(column) for column in zip(*map(counts, files))] if files else [0, 0, 0]
        if found[0] + found[1] == 0:
            empty.append(name)
        print(f"{name:>22}: {found[0]:4} passed, {found[1]} failed, {found[2]} skipped")
        total = [one + other for one, other in zip(total, found)]
    for name in empty:
        print(f"{name} ran no test")
    for name in parts:
        print(f"part failed: {name}")
    # A part that fails without a failed test (a build, a lint, a crash) counts as one.
    failures = max(total[1], len(parts) + len(empty))
    print(f"{total[0]} passed, {failures} failed, {total[2]} skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
