"""The end-to-end measurements. Each takes a running Drover and the floor, and gives a list of figures."""

import os
import random
import signal
import statistics
import subprocess
import time

import floor
import proc

IDLE = 0.15  # seconds: a system that was just busy is not idle


class Figure:
    """One row of the page: what was measured, its unit, each value, and what it is held against."""

    def __init__(self, name, unit, values, floor=None, target=None, least=False):
        self.name, self.unit, self.values, self.floor = name, unit, values, floor
        self.target, self.least = target, least  # a bound on the ratio, or on the value where there is no floor

    def median(self):
        return statistics.median(self.values)

    def ratio(self):
        return self.median() / statistics.median(self.floor) if self.floor else None

    def judged(self):
        return self.ratio() if self.floor else self.median()

    def meets(self):
        if self.target is None:
            return None
        return self.judged() >= self.target if self.least else self.judged() <= self.target

    def row(self):
        return {"name": self.name, "unit": self.unit, "values": self.values, "floor": self.floor, "ratio": self.ratio(),
                "target": self.target, "at least": self.least, "meets": self.meets()}


class Bench:
    def __init__(self, programs, drover, scratch):
        self.programs, self.drover, self.scratch, self.jobs = programs, drover, scratch, 0
        self.floor = floor.Floor(programs)

    def _job(self):
        self.jobs += 1
        return f"bench-{self.jobs}", proc.Stamps(f"{self.scratch}/stamps-{self.jobs}")

    def _command(self, stamps, *words):
        return [self.floor.task, stamps.path, *words]

    def _begin(self, count, *words, **task):
        """Submits so many tasks and waits until they run: name, stamps, seconds until the last one did."""
        name, stamps = self._job()
        asked = time.time_ns()
        self.drover.submit(name, self._command(stamps, *(words or ("wait",))), count, **task)
        last = stamps.wait(count, 180)[-1][0]
        proc.wait(lambda: self.drover.counts(name)["running"] == count, 60, f"{count} tasks to be shown running")
        return name, stamps, (last - asked) / 1e9

    def _gone(self, name, stamps, limit=120):
        self.drover.purge(name)
        pids = [pid for _, pid in stamps.read()]
        proc.wait(lambda: not any(map(proc.alive, pids)), limit, f"the tasks of {name} to end")
        proc.wait(lambda: not self.drover.shims(), limit, f"the shims of {name} to end")

    def start(self, rounds):
        times, least = [], []
        for _ in range(rounds):
            proc.rest(IDLE)
            name, stamps, seconds = self._begin(1)
            times.append(seconds * 1e3)
            self._gone(name, stamps)
            least += [ns / 1e6 for ns in self.floor.starts(1)]
        last = [statistics.quantiles(times, n=100)[98]]
        return [Figure("start of one task, request sent -> it runs, p50", "ms", times, least, 2.5),
                Figure("the same, p99", "ms", last, [statistics.quantiles(least, n=100)[98]], 5)]

    # Of both by the word of their supervisor: a task in its own namespaces cannot write where others look.
    def isolated(self, rounds):
        times = {"raw_exec": [], "exec": []}
        for _ in range(rounds):
            for driver, all_of_it in times.items():
                proc.rest(IDLE)
                name, _ = self._job()
                asked = time.time_ns()
                self.drover.submit(name, ["/bin/sleep", "1000"], driver=driver,
                                   resources={"cpu": 0.5, "memory": "64MiB"})
                proc.wait(lambda: self.drover.counts(name)["running"] == 1, 60, f"the task of {driver} to run")
                all_of_it.append((self.drover.started_at(name) - asked) / 1e6)
                self.drover.purge(name)
                proc.wait(lambda: not self.drover.shims(), 60, "its shim to end")
        return [Figure("start of one isolated task (exec), floor: the same by raw_exec, p50", "ms", times["exec"],
                       times["raw_exec"], 3)]

    def batch(self, rounds, count):
        rates, least, stops = [], [], []
        for _ in range(rounds):
            name, stamps, seconds = self._begin(count)
            rates.append(count / seconds)
            pids = [pid for _, pid in stamps.read()]
            asked = time.time_ns()
            self.drover.stop(name)
            ended = proc.wait(lambda: not any(map(proc.alive, pids)), 60, "the tasks to end")
            stops.append((ended - asked) / 1e9)
            self._gone(name, stamps)
            least.append(count / self.floor.batch(count))
        return [Figure(f"{count} tasks in one job until all run", "tasks/s", rates, least, 0.7, least=True),
                Figure(f"stop of {count} tasks that exit on the signal", "s", stops, None, 1.0)]

    def short(self, rounds, count):
        rates, least = [], []
        for _ in range(rounds):
            name, stamps = self._job()
            asked = time.time_ns()
            self.drover.submit(name, self._command(stamps, "end"), count, "batch")
            done = proc.wait(lambda: self.drover.counts(name)["complete"] == count, 180, f"{count} tasks to complete")
            rates.append(count / ((done - asked) / 1e9))
            self._gone(name, stamps)
            least.append(count / self.floor.short(count))
        return [Figure(f"{count} short tasks until every exit is recorded", "tasks/s", rates, least, 0.6, least=True)]

    def stubborn(self, rounds, count):
        times = []
        for _ in range(rounds):
            name, stamps, _ = self._begin(count, "ignore", kill_timeout="2s")
            pids = [pid for _, pid in stamps.read()]
            asked = time.time_ns()
            self.drover.stop(name)
            ended = proc.wait(lambda: not any(map(proc.alive, pids)), 60, "the tasks to be killed")
            times.append((ended - asked) / 1e9)
            self._gone(name, stamps)
        return [Figure(f"stop of {count} tasks that ignore the signal, kill_timeout 2 s", "s", times, None, 2.4)]

    def replacement(self, rounds):
        name, stamps, _ = self._begin(1)
        times, least = [], []
        for done in range(1, rounds + 1):
            proc.rest(IDLE)
            killed = time.time_ns()
            os.kill(stamps.read()[-1][1], signal.SIGKILL)
            times.append((stamps.wait(done + 1, 30)[-1][0] - killed) / 1e6)
            least += [ns / 1e6 for ns in self.floor.starts(1)]
        self._gone(name, stamps)
        return [Figure("kill -9 of a task -> its replacement runs, delay 0, p50", "ms", times, least, 3)]

    def memory(self, count):
        base = proc.pss_kib(self.drover.everything())
        name, stamps, _ = self._begin(count)
        slope = (proc.pss_kib(self.drover.everything()) - base) / count
        self._gone(name, stamps)
        return [Figure(f"supervision memory of an idle task, PSS from 0 to {count}", "KiB", [slope], None, 80),
                Figure("PSS of all services together, idle", "MiB", [base / 1024], None, 40)]

    def recovery(self, rounds, count):
        """A service dies; at once 20 tasks are told to stop. In control is who has ended all of them."""
        figures = {"driver-manager": [], "alloc-runner": []}
        for service, times in figures.items():
            for _ in range(rounds):
                name, stamps, _ = self._begin(count)
                chosen = random.sample(self.drover.allocs(name), 20)
                pids = [alloc["tasks"][0]["pid"] for alloc in chosen]
                killed = time.time_ns()
                self.drover.kill(service)
                for alloc in chosen:
                    self.drover.call("POST", f"/v1/allocs/{alloc['id']}/stop", {})
                ended = proc.wait(lambda: not any(map(proc.alive, pids)), 60, "the tasks to end")
                times.append((ended - killed) / 1e9)
                proc.wait(self.drover.ready, 60, "Drover to be ready")
                self._gone(name, stamps)
        return [Figure(f"kill -9 of {service} with {count} tasks -> 20 of them told and ended", "s", times, None, 1.0)
                for service, times in figures.items()]

    def idle(self, count, seconds):
        name, stamps, _ = self._begin(count)
        proc.rest(5)
        pids = self.drover.everything()
        before = proc.cpu_seconds(pids)
        proc.rest(seconds)
        share = (proc.cpu_seconds(pids) - before) / seconds * 100
        self._gone(name, stamps)
        return [Figure(f"cpu of everything over {seconds} s with {count} idle tasks", "% of a core", [share], None, 0.5)]

    def listening(self, count, seconds):
        """What it costs the driver-manager that somebody listens to what each task uses, every second."""
        name, stamps, _ = self._begin(count)
        hands = [self.drover.pid("driver-manager")]

        def share():
            proc.rest(5)
            before = proc.cpu_seconds(hands)
            proc.rest(seconds)
            return (proc.cpu_seconds(hands) - before) / seconds * 100

        quiet = share()
        figures = []
        for what, topic, target in (("all of them", "task/stats/", 2), ("none, but their node", "stats/node/", None)):
            tap = subprocess.Popen([f"{self.programs}/drover", "tap", topic], stdout=subprocess.DEVNULL,
                                   env={**os.environ, "DROVER_DATA_DIR": self.drover.dir})
            figures.append(Figure(f"cpu of the driver-manager, {count} idle tasks, heard of {what}", "% of a core",
                                  [share()], None, target))
            tap.terminate()
            tap.wait()
        self._gone(name, stamps)
        return [Figure(f"cpu of the driver-manager, {count} idle tasks, nobody listens", "% of a core", [quiet], None, 1),
                *figures]

    def flood(self, rounds, size):
        rates, least = [], []
        for _ in range(rounds):
            name, stamps = self._job()
            self.drover.submit(name, self._command(stamps, "flood", str(size)), 1, "batch",
                               logs={"max_files": 10, "max_file_size": "10MiB"})
            (begins, _), = stamps.wait(1, 60)
            proc.wait(lambda: stamps.read("ends"), 300, "the flood to end")
            rates.append(size / ((stamps.read("ends")[0][0] - begins) / 1e9) / 1e6)
            proc.wait(lambda: self.drover.counts(name)["complete"] == 1, 30, "the flood to be recorded")
            self._gone(name, stamps)
            least.append(self.floor.flood(size) / 1e6)
        return [Figure("log pump, one task that floods its stdout", "MB/s", rates, least, 0.6, least=True)]

    def events(self, rounds, count):
        """From their author over the bus into the database, confirmed; the store is one of its own."""
        rates, raw = [], []
        for _ in range(rounds):
            done = subprocess.run([f"{self.programs}/drover-event-flood", f"{self.programs}/drover-state-store",
                                   str(count)], check=True, capture_output=True, text=True, timeout=300)
            rates.append(float(done.stdout))
            raw.append(floor.rows(count))
        return [Figure("task events, author -> durable, confirmed", "events/s", rates, None, 60_000, least=True),
                Figure("the same against raw SQLite", "events/s", rates, raw, 0.5, least=True)]

    def many(self, counts):
        """Mock tasks, which are all supervision and no process."""
        figures = []
        for count in counts:
            name, _ = self._job()
            asked = time.time_ns()
            self.drover.call("POST", "/v1/jobs", {"job": name, "groups": [{"name": "group", "count": count, "tasks": [
                {"name": "task", "driver": "mock", "config": {"run_for": "1h"},
                 "resources": {"cpu": 0.0001, "memory": "1KiB"}}]}]})
            done = proc.wait(lambda: self.drover.counts(name)["running"] == count, 600, f"{count} mock tasks to run")
            figures.append(Figure(f"start of each of {count} mock tasks", "ms", [(done - asked) / 1e6 / count]))
            self.drover.purge(name)
            proc.wait(lambda: not self.drover.shims(), 300, "the mock tasks to end")
        return figures
