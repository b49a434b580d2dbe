"""The floor: drover-floor with the same task, measured in the same run."""

import os
import sqlite3
import subprocess
import tempfile
import time

import proc


class Floor:
    def __init__(self, programs):
        self.program = f"{programs}/drover-floor"
        self.task = f"{programs}/drover-bench-task"

    def _run(self, *words):
        done = subprocess.run([self.program, *words], check=True, capture_output=True, text=True, timeout=300,
                              stdin=subprocess.DEVNULL)
        return [int(line) for line in done.stdout.split()]

    def starts(self, count, pause=None):
        """Times in ns from before each vfork to the task's first act; with `pause`, one at a time on an idle system."""
        if pause is not None:
            times = []
            for _ in range(count):
                pause()
                times += self.starts(1)
            return times
        with tempfile.TemporaryDirectory() as where:
            stamps = proc.Stamps(f"{where}/stamps")
            with subprocess.Popen([self.program, "start", str(count), where, self.task, stamps.path, "wait"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as floor:
                begun = [int(floor.stdout.readline()) for _ in range(count)]
                stamped = stamps.wait(count, 120)
                floor.stdin.close()
                floor.wait(60)
            return [stamp[0] - begin for begin, stamp in zip(sorted(begun), stamped)]

    def batch(self, count):
        """Seconds until all of them run."""
        with tempfile.TemporaryDirectory() as where:
            stamps = proc.Stamps(f"{where}/stamps")
            with subprocess.Popen([self.program, "start", str(count), where, self.task, stamps.path, "wait"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as floor:
                begun = [int(floor.stdout.readline()) for _ in range(count)]
                last = stamps.wait(count, 120)[-1][0]
                floor.stdin.close()
                floor.wait(60)
            return (last - begun[0]) / 1e9

    def short(self, count):
        """Seconds until all of them have begun and ended."""
        with tempfile.TemporaryDirectory() as where:
            began, ended = self._run("run", str(count), where, self.task, f"{where}/stamps", "end")
            return (ended - began) / 1e9

    def flood(self, size):
        """Bytes a second from the task through a pipe into a file."""
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/tmp")) as where:
            began, ended = self._run("pump", f"{where}/out", self.task, f"{where}/stamps", "flood", str(size))
            return size / ((ended - began) / 1e9)


def rows(count, at_once=1000, size=200):
    """Rows a second of raw SQLite, durable: WAL, synchronous=FULL, so many in a commit."""
    with tempfile.TemporaryDirectory() as where, sqlite3.connect(f"{where}/db", isolation_level=None) as db:
        db.executescript("pragma journal_mode=wal; pragma synchronous=full;"
                         "create table t(number integer primary key, body blob)")
        body = bytes(size)
        began = time.monotonic()
        for first in range(0, count, at_once):
            db.execute("begin")
            db.executemany("insert into t values(?, ?)", ((first + i, body) for i in range(at_once)))
            db.execute("commit")
        return count / (time.monotonic() - began)
