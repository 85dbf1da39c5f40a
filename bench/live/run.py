#!/usr/bin/env python3
"""run.py: Parley's live hub beside `ws` and `socket.io`, in the same minutes on the same machine.

	bench/live/run.py BUILD [SUBSCRIBERS...]

BUILD is a release build with parley and bench/live/live_load. The server has one core, the load another. Each server is run
twice at each size: `full` keeps 32 messages under way, `paced` sends 50,000 deliveries a second and measures how late they
come. Prints a table in Markdown and, last, all figures as one line of JSON.
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build-rel")
SIZES = [int(n) for n in sys.argv[2:]] or [1000, 5000, 10000]
SERVER_CORE, LOAD_CORE = os.environ.get("BENCH_CORES", "0,1").split(",")
WINDOW, PACED, SECONDS = 32, 50_000, 5


def rss(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS"))


class Node:
    """One of the servers from npm."""

    def __init__(self, script):
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CORE, "node", script], cwd=HERE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.pid, self.extra = self.process.pid, []

    def stop(self):
        self.process.kill()
        self.process.wait()


class Parley:
    def __init__(self, folder):
        env = {**os.environ, "PARLEY_DATA": folder, "PARLEY_LISTEN": "127.0.0.1:0", "PARLEY_LOG_LEVEL": "info"}
        made = subprocess.run([f"{BUILD}/parley", "setup", "--json"], env=env, capture_output=True, text=True, check=True)
        app = json.loads(made.stdout.strip().splitlines()[-1])["pusher"]
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CORE, f"{BUILD}/parley", "serve"], env=env, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "ready at" in line:
                break
        self.port = int(line.split("ready at ")[1].split()[0].rsplit(":", 1)[1])
        self.pid = self.process.pid
        self.extra = [str(app["app_id"]), app["key"], app["secret"]]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def measure(kind, server, size):
    figures = {}
    for mode, rate in (("full", WINDOW), ("paced", PACED / size)):
        before = rss(server.pid)
        load = subprocess.Popen(["taskset", "-c", LOAD_CORE, f"{BUILD}/bench/live/live_load", kind, str(server.port), str(size), mode,
                                 str(SECONDS), str(rate), str(server.pid), *server.extra],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if load.stdout.readline() != "ready\n":
            sys.exit(f"{kind}: the load did not start")
        if mode == "full":
            figures["bytes_per_connection"] = (rss(server.pid) - before) // size
        out, _ = load.communicate("go\n", timeout=120)
        if load.returncode:
            sys.exit(f"{kind}: the load failed")
        figures[mode] = json.loads(out)
    return figures


def main():
    rows = {}
    for size in SIZES:
        for name, kind in (("Parley", "pusher"), ("ws", "ws"), ("socket.io", "socketio")):
            with tempfile.TemporaryDirectory() as folder:
                server = Parley(folder) if name == "Parley" else Node(f"{kind}_server.mjs")
                try:
                    rows[f"{name} {size}"] = measure(kind, server, size)
                finally:
                    server.stop()
    print("| server | subscribers | deliveries/s | CPU s per million | p50 | p99 | RSS per connection |\n|---|---|---|---|---|---|---|")
    for name, f in rows.items():
        server, size = name.rsplit(" ", 1)
        print(f"| {server} | {int(size):,} | {f['full']['deliveries_per_second']:,.0f} | {f['full']['cpu_per_million']:.2f} "
              f"| {f['paced']['p50_ms']:.1f} ms | {f['paced']['p99_ms']:.1f} ms | {f['bytes_per_connection']:,} |")
    print(json.dumps(rows))


main()
