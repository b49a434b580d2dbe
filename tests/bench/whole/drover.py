"""A whole Drover, as a user starts it."""

import http.client
import json
import os
import signal
import subprocess
import tempfile
import shutil

import proc

SERVICES = ("state-store", "alloc-runner", "driver-manager", "gateway")


class Drover:
    def __init__(self, programs):
        self.dir = tempfile.mkdtemp(prefix="drover-bench-")
        self.log = open(f"{self.dir}/dev.log", "w", encoding="utf-8")
        self.dev = subprocess.Popen([f"{programs}/drover", "dev", "--data-dir", self.dir, "--stop-tasks"],
                                    stdout=self.log, stderr=self.log)
        try:
            proc.wait(self.ready, 30, "Drover to be ready")
        except TimeoutError:
            self.close()
            raise

    def close(self):
        self.dev.send_signal(signal.SIGTERM)
        try:
            self.dev.wait(120)
        except subprocess.TimeoutExpired:
            self.dev.kill()
        self.log.close()
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            for line in mounts:
                if line.split()[1].startswith(self.dir + "/"):
                    subprocess.run(["umount", line.split()[1]], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def _address(self):
        with open(f"{self.dir}/run/gateway.addr", encoding="ascii") as file:
            return file.readline().strip().rpartition("//")[2]

    def ready(self):
        try:
            return self.call("GET", "/v1/health").get("ok") and any(
                node["state"] == "ready" for node in self.call("GET", "/v1/nodes")["nodes"])
        except (OSError, http.client.HTTPException, KeyError, ValueError):
            return False

    def call(self, verb, path, body=None):
        connection = http.client.HTTPConnection(self._address(), timeout=60)
        try:
            connection.request(verb, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300 and path != "/v1/health":
                raise ValueError(f"{verb} {path}: {answer.status} {text[:300]!r}")
            return json.loads(text)
        finally:
            connection.close()

    def submit(self, name, command, count=1, kind="service", **task):
        """Returns once the store has taken it."""
        work = {"name": "task", "driver": "raw_exec", "config": {"command": command[0], "args": list(command[1:])},
                "resources": {"cpu": 0.001, "memory": "1MiB"}, **task}
        group = {"name": "group", "count": count, "tasks": [work],
                 "restart": {"attempts": 100, "interval": "1h", "delay": "0s", "mode": "delay"}}
        self.call("POST", "/v1/jobs", {"job": name, "type": kind, "groups": [group]})

    def stop(self, name):
        self.call("DELETE", f"/v1/jobs/{name}")

    def purge(self, name):
        self.call("DELETE", f"/v1/jobs/{name}?purge=true")

    def counts(self, name):
        return self.call("GET", f"/v1/jobs/{name}")["groups"]["group"]

    def allocs(self, name):
        return self.call("GET", f"/v1/jobs/{name}")["allocs"]

    def started_at(self, name):
        """When the only task of a job has last started, in ns."""
        alloc = self.call("GET", f"/v1/allocs/{self.allocs(name)[0]['id']}")
        return [event["time"] for event in alloc["tasks"][0]["events"] if event["type"] == "Started"][-1]

    def pid(self, service):
        try:
            with open(f"{self.dir}/run/drover-{service}.ready", encoding="ascii") as file:
                return int(file.readline())
        except (OSError, ValueError):
            return 0

    def services(self):
        return [self.pid(service) for service in SERVICES]

    def everything(self):
        """All processes that are not tasks."""
        return [self.dev.pid, *self.services(), *proc.children_named("drover-shim")]

    def shims(self):
        return proc.children_named("drover-shim")

    def kill(self, service):
        os.kill(self.pid(service), signal.SIGKILL)
