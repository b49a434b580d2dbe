#!/usr/bin/python3
"""A driver for Drover that runs Python code: config.code, or the file config.script with config.args.

It shows all that a driver has to do (docs/drivers.md). Started without arguments in a directory of its own, it listens
at ./driver.sock and answers calls, each connection in a thread. Each task has a minder, a process that outlives this
one: it starts the task, and writes into the task's `notes` which process that is and how it ended. So whatever happens
to the driver, the next one finds every task by its notes, and a start that was cut off happens once or not at all.
"""

import collections
import difflib
import fcntl
import os
import pathlib
import platform
import pwd
import select
import signal
import socketserver
import struct
import subprocess
import sys
import termios
import threading
import time

import msgpack

VERSION = 1
FIELDS = ("code", "script", "args")
START_LIMIT = 30  # seconds, for a minder to say that its task runs
LINGER_LIMIT = 3600  # seconds, for the last output to be read
LONGEST_FRAME = 1 << 20


class Failure(Exception):
    """A call that fails: one of the protocol's words, and a sentence for people."""

    def __init__(self, failure, error):
        super().__init__(error)
        self.failure, self.error = failure, error


# ---- notes: what is remembered of one start, in files


def read(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def write(path, value):
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgpack.packb(value))
    fresh.rename(path)


def load(path):
    data = read(path)
    return msgpack.unpackb(data) if data else None


def has_minder(notes):
    """A minder holds a lock on this file for as long as it lives."""
    try:
        with open(notes / "minder", "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False


def state_of(notes):
    """How the task is, as Drover wants to hear it; None: it was never started."""
    # In the order in which a minder does not go unseen: it writes one, then the other, then it goes.
    running = load(notes / "running")
    minded = has_minder(notes)
    ended = load(notes / "ended")
    if ended:
        return ended
    if running and not minded:
        # How it ends is known to nobody, so it is not left running.
        kill_group(running["pid"], signal.SIGKILL)
        exit_record = {"code": -1, "error": "its minder was killed"}
        return {**running, "running": False, "finished_at": time.time_ns(), "exit": exit_record}
    return running


def kill_group(pid, number):
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass


# ---- the minder


def command_of(config):
    program = ["-c", config["code"]] if "code" in config else [config["script"]]
    return [sys.executable, *program, *config.get("args", [])]


def run(task, out, err):
    user = {}
    if task["user"]:
        entry = pwd.getpwnam(task["user"])
        user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return subprocess.Popen(command_of(task["config"]), cwd=task["dir"], env=task["env"], stdout=out, stderr=err,
                            stdin=subprocess.DEVNULL, start_new_session=True, **user)


def mind(notes):
    """Runs the task of these notes, unless somebody has: of any number of minders one gets so far."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    lock = open(notes / "minder", "ab")
    for _ in range(50):  # who only looks has it for a moment
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            time.sleep(0.01)
    else:
        return
    if (notes / "running").exists() or (notes / "ended").exists():
        return
    lock.truncate(0)
    lock.write(str(os.getpid()).encode())
    lock.flush()
    task = load(notes / "task")
    # For reading and writing, so that no task gets a broken pipe while nobody reads.
    pipes = [os.open(task[name], os.O_RDWR) for name in ("stdout", "stderr")]
    try:
        process = run(task, *pipes)
    except (OSError, KeyError) as error:
        write(notes / "ended", {"failed": str(error)})
        return
    state = {"running": True, "pid": process.pid, "started_at": time.time_ns()}
    write(notes / "running", state)
    code = process.wait()
    exit_record = {"code": code} if code >= 0 else {"code": 128 - code, "signal": -code}
    kill_group(process.pid, signal.SIGKILL)  # what the task has left behind
    write(notes / "ended", {**state, "running": False, "finished_at": time.time_ns(), "exit": exit_record})
    # What nobody has read yet would go with the last one who has the pipes open; without its directory nobody will.
    deadline = time.monotonic() + LINGER_LIMIT
    while notes.exists() and any(unread(pipe) for pipe in pipes) and time.monotonic() < deadline:
        time.sleep(0.05)


def unread(pipe):
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


# ---- the driver


def await_end(pid, milliseconds):
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(process, select.POLLIN)
        poll.poll(milliseconds)
    finally:
        os.close(process)


def ended(pid):
    """Has it, and may its parent not know yet?"""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class Driver:
    """What the verbs of the protocol do. Methods are called from many threads."""

    def __init__(self):
        self.tasks = {}  # notes by id
        self.events = collections.deque(maxlen=64)
        self.news = threading.Condition()

    def handshake(self, call):
        if not call["oldest"] <= VERSION <= call["newest"]:
            raise Failure("unsupported", f"this driver speaks version {VERSION} of the protocol only")
        samples = {
            "ends": {"code": "print('hello'); raise SystemExit(7)"},
            "runs": {"code": "import time; print('hello', flush=True); time.sleep(3600)"},
        }
        return {"version": VERSION, "name": "python", "samples": samples}

    def fingerprint(self, _):
        version = platform.python_version()
        info = {"detected": True, "healthy": True, "description": f"Healthy; Python {version}"}
        return {"info": info, "attributes": {"version": version}}

    def start(self, call):
        task = call["task"]
        check(task["config"])
        notes = pathlib.Path(task["notes"])
        if task["id"] in self.tasks or state_of(notes) or has_minder(notes):
            raise Failure("conflict", f"there is a task {task['id']} already")
        write(notes / "task", task)
        # In a session of its own, so that what ends this process does not end it.
        subprocess.Popen([sys.executable, __file__, "mind", str(notes)], start_new_session=True,
                         stdin=subprocess.DEVNULL)
        state = self.await_start(notes, time.monotonic() + START_LIMIT)
        if not state:
            (notes / "task").unlink()  # without it no minder can start the task any more
            state = self.await_start(notes, time.monotonic() + 1)
        if not state:
            raise Failure("unavailable", f"the task did not start within {START_LIMIT} s")
        if "failed" in state:
            raise Failure("invalid", f"the task cannot be started: {state['failed']}")
        self.tasks[task["id"]] = notes
        self.tell(task, f"Python {platform.python_version()} runs it as process {state['pid']}")
        return {"state": state}

    @staticmethod
    def await_start(notes, deadline):
        pause = 0.02
        while not (state := state_of(notes)) and time.monotonic() < deadline:
            time.sleep(pause)
            pause = min(pause * 1.5, 0.3)
        return state

    def recover(self, call):
        task = call["task"]
        notes = pathlib.Path(task["notes"])
        if has_minder(notes):
            self.await_start(notes, time.monotonic() + START_LIMIT)
        state = state_of(notes)
        if not state or "failed" in state:
            raise Failure("not_found", f"there is no task {task['id']}")
        self.tasks[task["id"]] = notes
        return {"state": state}

    def wait(self, call):
        notes = self.notes(call)
        state = state_of(notes)
        if state["running"] and has_minder(notes):
            await_end(state["pid"], call["timeout"] / 1e6)
        # The minder writes down what it has seen, too, and may stay until its task's output is read.
        deadline = time.monotonic() + 1
        while (state := state_of(notes))["running"] and ended(state["pid"]) and time.monotonic() < deadline:
            time.sleep(0.01)
        return {"state": state}

    def stop(self, call):
        self.signal(call)
        state = state_of(self.notes(call))
        if state["running"]:
            timer = threading.Timer(call["timeout"] / 1e9, kill_group, (state["pid"], signal.SIGKILL))
            timer.daemon = True
            timer.start()
        return {}

    def signal(self, call):
        notes = self.notes(call)
        number = getattr(signal, call["signal"], None)
        if not isinstance(number, signal.Signals):
            raise Failure("invalid", f"there is no signal \"{call['signal']}\"")
        state = state_of(notes)
        if state["running"]:
            kill_group(state["pid"], number)
        return {}

    def stats(self, _):
        sessions = {}
        for task, notes in list(self.tasks.items()):
            running = load(notes / "running")
            if running and not (notes / "ended").exists():
                sessions[running["pid"]] = {"id": task, "cpu_time": 0, "memory": 0, "processes": 0}
        tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
        for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = entry.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if use := sessions.get(int(fields[3])):
                use["cpu_time"] += (int(fields[11]) + int(fields[12])) * 10**9 // tick
                use["memory"] += int(fields[21]) * page
                use["processes"] += 1
        return {"usage": list(sessions.values())}

    def tell(self, task, message):
        with self.news:
            number = self.events[-1]["number"] + 1 if self.events else 1
            event = {"number": number, "at": time.time_ns(), "message": message}
            self.events.append({**event, "alloc": task["alloc"], "task": task["task"], "id": task["id"]})
            self.news.notify_all()

    def events_after(self, call):
        def some():
            return [event for event in self.events if event["number"] > call["after"]]

        with self.news:
            self.news.wait_for(some, call["timeout"] / 1e9)
            return {"events": some()}

    def destroy(self, call):
        self.tasks.pop(call["id"], None)
        return {}

    def notes(self, call):
        if call["id"] not in self.tasks:
            raise Failure("not_found", f"there is no task {call['id']}")
        return self.tasks[call["id"]]

    def answer(self, call):
        verbs = {name: getattr(self, name) for name in (
            "handshake", "fingerprint", "start", "recover", "wait", "stop", "signal", "stats", "destroy")}
        verbs["events"] = self.events_after
        try:
            if call["verb"] not in verbs:
                raise Failure("unsupported", f"this driver has no verb {call['verb']}")
            said = verbs[call["verb"]](call)
        except Failure as failure:
            said = {"failure": failure.failure, "error": failure.error}
        except Exception as error:  # pylint: disable=broad-except
            said = {"failure": "unavailable", "error": f"{type(error).__name__}: {error}"}
        return {"number": call["number"], **said}


def check(config):
    for field in config:
        if field not in FIELDS:
            near = difflib.get_close_matches(field, FIELDS, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise Failure("invalid", f"config.{field} is not a field of this driver{meant}")
    if ("code" in config) == ("script" in config):
        raise Failure("invalid", "config needs either code or script")


class Connection(socketserver.StreamRequestHandler):
    """Frames: four bytes with the length, then a map in MessagePack."""

    def handle(self):
        while head := self.rfile.read(4):
            size = struct.unpack(">I", head)[0] if len(head) == 4 else 0
            if not 0 < size <= LONGEST_FRAME:
                return
            try:
                call = msgpack.unpackb(self.rfile.read(size))
                said = msgpack.packb(self.server.driver.answer(call))
                self.wfile.write(struct.pack(">I", len(said)) + said)
            except (ValueError, KeyError, TypeError, OSError, msgpack.UnpackException):
                return


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 512


def main():
    if sys.argv[1:2] == ["mind"]:
        return mind(pathlib.Path(sys.argv[2]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with Server("driver.sock", Connection) as server:
        server.driver = Driver()
        server.serve_forever()


if __name__ == "__main__":
    main()
