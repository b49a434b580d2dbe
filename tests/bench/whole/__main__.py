"""usage: whole BIN_DIR [--quick] [--json FILE] [MEASURE...]

Runs a whole Drover of release programs end to end and prints each figure beside its floor and its target. --quick takes
fewer rounds and smaller crowds. MEASURE is any of the names in PLAN; all of them unless said otherwise."""

import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time

import drover
import measures

PLAN = {
    "start": ({"rounds": 40}, {"rounds": 10}),
    "isolated": ({"rounds": 20}, {"rounds": 5}),
    "batch": ({"rounds": 5, "count": 500}, {"rounds": 2, "count": 100}),
    "short": ({"rounds": 5, "count": 500}, {"rounds": 2, "count": 100}),
    "stubborn": ({"rounds": 5, "count": 500}, {"rounds": 1, "count": 100}),
    "replacement": ({"rounds": 40}, {"rounds": 10}),
    "memory": ({"count": 500}, {"count": 100}),
    "recovery": ({"rounds": 5, "count": 1000}, {"rounds": 1, "count": 100}),
    "idle": ({"count": 1000, "seconds": 60}, {"count": 100, "seconds": 10}),
    "listening": ({"count": 1000, "seconds": 60}, {"count": 100, "seconds": 10}),
    "flood": ({"rounds": 5, "size": 1 << 30}, {"rounds": 1, "size": 1 << 28}),
    "events": ({"rounds": 5, "count": 500_000}, {"rounds": 2, "count": 100_000}),
    "many": ({"counts": [100, 1000, 10000]}, {"counts": [100, 500]}),
}


def show(figure):
    spread = f"{min(figure.values):.3g}..{max(figure.values):.3g}"
    line = f"{figure.name:<66} {figure.median():>9.4g} {figure.unit:<11} {spread:>18}"
    if figure.floor:
        line += f"  floor {statistics.median(figure.floor):.4g}, ratio {figure.ratio():.2f}"
    if figure.target is not None:
        bound = ("at least " if figure.least else "at most ") + f"{figure.target:g}"
        line += f"  ({bound}: {'met' if figure.meets() else 'NOT MET'})"
    print(line, flush=True)


def main():
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if words else 2
    programs, words = os.path.abspath(words[0]), words[1:]
    quick = "--quick" in words
    target = words[words.index("--json") + 1] if "--json" in words else None
    names = [word for word in words if word in PLAN] or list(PLAN)
    scratch = tempfile.mkdtemp(prefix="drover-bench-scratch-")
    rows = []
    try:
        for name in names:
            system = drover.Drover(programs)
            try:
                bench = measures.Bench(programs, system, scratch)
                for figure in getattr(bench, name)(**PLAN[name][1 if quick else 0]):
                    show(figure)
                    rows.append(figure.row())
            finally:
                system.close()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if target:
        with open(target, "w", encoding="utf-8") as file:
            json.dump({"date": time.strftime("%Y-%m-%d"), "machine": machine(), "load": os.getloadavg(), "quick": quick,
                       "figures": rows}, file, indent=1)
            file.write("\n")
    return 0


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}"


if __name__ == "__main__":
    sys.exit(main())
