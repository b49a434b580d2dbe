"""usage: peers BIN_DIR [COUNT]

The same task under supervisord and s6 (Debian's packages supervisor and s6), and the floor, so that anybody can check
the comparison: COUNT tasks (100) with their output captured, until all run; one of them killed until its replacement
runs; all stopped; memory of all that is not a task."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xmlrpc.client

import floor
import proc


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect(self.host)


class UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        return UnixConnection(self.path)


class Supervisord:
    name, needs, helpers = "supervisord", "supervisord", ()

    def __init__(self, where, command, count):
        config = f"{where}/supervisord.conf"
        with open(config, "w", encoding="ascii") as file:
            file.write(f"[unix_http_server]\nfile={where}/socket\n[supervisord]\nnodaemon=true\nlogfile={where}/log\n"
                       f"pidfile={where}/pid\nchildlogdir={where}\nminfds=4096\n[rpcinterface:supervisor]\n"
                       "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
                       f"[program:t]\ncommand={' '.join(command)}\nnumprocs={count}\n"
                       "process_name=%(process_num)d\nautostart=false\nautorestart=true\nstartsecs=0\n")
        self.process = subprocess.Popen(["supervisord", "-c", config], stdout=subprocess.DEVNULL)
        proc.wait(lambda: os.path.exists(f"{where}/socket"), 30, "supervisord")
        self.rpc = xmlrpc.client.ServerProxy("http://localhost", UnixTransport(f"{where}/socket")).supervisor

    def start(self):
        self.rpc.startProcessGroup("t", False)

    def stop(self):
        self.rpc.stopProcessGroup("t", False)

    def everything(self):
        return [self.process.pid]

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class S6:
    name, needs = "s6", "s6-svscan"
    helpers = ("s6-supervise", "s6-log")

    def __init__(self, where, command, count):
        self.scan, self.waiting, self.count = f"{where}/scan", f"{where}/waiting", count
        os.mkdir(self.scan)
        for i in range(count):
            self._script(f"{self.waiting}/{i}/run", "exec " + " ".join(command))
            self._script(f"{self.waiting}/{i}/log/run", f"exec s6-log n10 s1000000 {where}/logs/{i}")
        os.mkdir(f"{where}/logs")
        self.process = subprocess.Popen(["s6-svscan", "-c", "2000", self.scan], stderr=subprocess.DEVNULL)
        proc.wait(lambda: os.path.exists(f"{self.scan}/.s6-svscan/control"), 30, "s6-svscan")

    @staticmethod
    def _script(path, line):
        os.makedirs(os.path.dirname(path))
        with open(path, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\n{line}\n")
        os.chmod(path, 0o755)

    def start(self):
        for i in range(self.count):
            os.rename(f"{self.waiting}/{i}", f"{self.scan}/{i}")
        subprocess.run(["s6-svscanctl", "-a", self.scan], check=True)

    def stop(self):
        for i in range(self.count):
            subprocess.run(["s6-svc", "-d", f"{self.scan}/{i}"], check=False)

    def everything(self):
        return [self.process.pid, *proc.children_named(*self.helpers)]

    def close(self):
        subprocess.run(["s6-svscanctl", "-t", self.scan], check=True)
        self.process.wait(60)


def measure(peer, task, count):
    with tempfile.TemporaryDirectory(prefix="drover-peers-") as where:
        stamps = proc.Stamps(f"{where}/stamps")
        system = peer(where, [task, stamps.path, "wait"], count)
        try:
            base = proc.pss_kib(system.everything())
            asked = time.time_ns()
            system.start()
            last = stamps.wait(count, 180)[-1]
            memory = (proc.pss_kib(system.everything()) - base) / count
            killed = time.time_ns()
            os.kill(last[1], signal.SIGKILL)
            replaced = stamps.wait(count + 1, 30)[-1][0]
            pids = [pid for _, pid in stamps.read()]
            stopped = time.time_ns()
            system.stop()
            ended = proc.wait(lambda: not any(map(proc.alive, pids)), 60, "the tasks to end")
        finally:
            system.close()
        print(f"{peer.name:<12} {count / ((last[0] - asked) / 1e9):8.0f} tasks/s  replaced after "
              f"{(replaced - killed) / 1e6:7.1f} ms  all stopped after {(ended - stopped) / 1e9:6.2f} s  "
              f"{memory:7.1f} KiB a task, {base / 1024:.1f} MiB base", flush=True)


def main():
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    programs, count = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100
    task = f"{programs}/drover-bench-task"
    print(f"{'floor':<12} {count / floor.Floor(programs).batch(count):8.0f} tasks/s", flush=True)
    for peer in (Supervisord, S6):
        if shutil.which(peer.needs) is None:
            print(f"{peer.name}: not installed; apt-get install supervisor s6")
            continue
        measure(peer, task, count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
