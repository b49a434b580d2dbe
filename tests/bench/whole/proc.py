"""What /proc says, and what the tasks of a measurement have stamped."""

import os
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children_named(*names):
    """Pids of all processes whose command has one of these names (as /proc/PID/comm cuts them)."""
    wanted = {name[:15] for name in names}
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/comm", encoding="utf-8", errors="replace") as comm:
                    if comm.read().strip() in wanted:
                        found.append(int(entry))
            except OSError:
                pass
    return found


def pss_kib(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / TICKS


def rest(seconds):
    """Lets time pass: between two looks, and before a measurement that asks for an idle system."""
    threading.Event().wait(seconds)


def wait(done, limit, what):
    """Asks until it says yes; the wall time in ns when it did."""
    deadline = time.monotonic() + limit
    while True:
        answer = done()
        if answer:
            return time.time_ns()
        if time.monotonic() > deadline:
            raise TimeoutError(f"gave up waiting for {what}")
        rest(0.002)


class Stamps:
    """The file to which tasks append when they begin and when they end."""

    def __init__(self, path):
        self.path = path
        open(path, "w", encoding="ascii").close()

    def read(self, what="begins"):
        """(ns, pid) of each, in the order of the file."""
        with open(self.path, encoding="ascii") as lines:
            rows = [line.split() for line in lines]
        return [(int(ns), int(pid)) for ns, pid, said in rows if said == what]

    def wait(self, count, limit, what="begins"):
        """Until there are so many; their times, the earliest first."""
        wait(lambda: os.path.getsize(self.path) >= 28 * count and len(self.read(what)) >= count, limit,
             f"{count} stamps of tasks, there are {len(self.read(what))}")
        return sorted(self.read(what))
