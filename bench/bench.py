#!/usr/bin/env python3
"""bench.py: what Parley does on this machine, as medians of five runs beside a reference in the same run.

usage: bench.py [intake] [start] [pages] [http] [socket] [agents] [linked_cpu]      (all when none is named)

Prints a table and, last, one line of JSON. Works in a temporary folder on loopback; needs `meson compile` of
bench/intake_load, fill, pages, http_bench, ws_bench and linked_cpu in the build folder (make bench does that).
"""
import http.client, json, os, shutil, signal, socket, statistics, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))
CONNECTIONS = 256
SECRET = "bench-app-secret"
PHONE_NUMBER_ID = "106540352242922"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tool(name, *args, **env):
    out = subprocess.run([os.path.join(BUILD, "bench", name), *map(str, args)], capture_output=True, text=True,
                         env={**os.environ, **env})
    if out.returncode:
        sys.exit(f"{name}: {out.stderr}")
    return json.loads(out.stdout.strip().splitlines()[-1])


class Server:
    """parley serve on a fresh data folder, with one channel."""

    def __init__(self, data, **env):
        self.data, self.port = data, free_port()
        self.env = {**os.environ, "PARLEY_DATA": data, "PARLEY_LISTEN": f"127.0.0.1:{self.port}", "PARLEY_LOG_LEVEL": "warn",
                    "PARLEY_ALLOW_PRIVATE_CALLS": "true", **env}

    def setup(self):
        out = subprocess.run([os.path.join(BUILD, "parley"), "setup", "--json"], env=self.env, capture_output=True, text=True)
        if out.returncode:
            sys.exit(f"setup: {out.stderr}")
        self.made = json.loads(out.stdout.strip().splitlines()[-1])

    def start(self):
        begin = time.monotonic()
        self.process = subprocess.Popen([os.path.join(BUILD, "parley"), "serve"], env=self.env, stderr=subprocess.DEVNULL)
        while True:
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return (time.monotonic() - begin) * 1000
            except OSError:
                pass
            if time.monotonic() - begin > 20 or self.process.poll() is not None:
                sys.exit("the server does not become ready")
            time.sleep(0.002)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def call(self, method, path, body=None, key=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            headers["Authorization"] = "Bearer " + key
        c.request(method, path, json.dumps(body) if body is not None else None, headers)
        r = c.getresponse()
        text = r.read()
        c.close()
        return r.status, text

    def api(self, method, path, body=None):
        status, text = self.call(method, "/api/v1" + path, body, self.made["api_key"])
        if status >= 300:
            sys.exit(f"{method} {path}: {status} {text.decode()}")
        return json.loads(text)

    def add_channel(self):
        return self.api("POST", "/channels", {"provider": "cloud", "name": "Bench", "phone_number_id": PHONE_NUMBER_ID,
                                              "waba_id": "102290129340398", "access_token": "EAAbench", "app_secret": SECRET})["id"]

    def metric(self, name):
        for line in self.call("GET", "/metrics")[1].decode().splitlines():
            if line.startswith(f"parley_{name} "):
                return float(line.split()[1])
        return 0.0

    def rss(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(l.split()[1]) * 1024 for l in f if l.startswith("VmRSS"))

    def wait_applied(self, count, limit=600):
        end = time.monotonic() + limit
        while self.metric("events_applied_total") < count and time.monotonic() < end:
            time.sleep(0.2)


def median(values):
    return statistics.median(values) if values else 0


def bench_intake(work, figures):
    intake, p99, reference = [], [], []
    for run in range(RUNS):
        folder = os.path.join(work, f"intake{run}")
        os.makedirs(folder)
        reference.append(tool("intake_load", "store", folder, SECONDS, CONNECTIONS)["per_second"])
        server = Server(os.path.join(folder, "data"))
        server.setup()
        server.start()
        channel = server.add_channel()
        got = tool("intake_load", server.port, f"/webhooks/cloud/{channel}", SECRET, SECONDS, CONNECTIONS,
                   PHONE_NUMBER_ID=PHONE_NUMBER_ID)
        if got["failures"]:
            print("  failures:", got["failures"])
        intake.append(got["per_second"])
        p99.append(got["p99_ms"])
        server.stop()
        shutil.rmtree(folder)
    figures["intake_per_second"], figures["intake_p99_ms"] = median(intake), median(p99)
    figures["store_reference_per_second"] = median(reference)
    figures["intake_share_of_reference"] = median(i / r for i, r in zip(intake, reference))
    print(f"durable intake      {median(intake):9.0f} events/s   p99 {median(p99):.1f} ms   (wants 10000)")
    print(f"bare store          {median(reference):9.0f} rows/s")
    print(f"share               {figures['intake_share_of_reference'] * 100:9.0f} %          (wants 60)")


def bench_start(work, figures):
    folder = os.path.join(work, "start")
    server = Server(folder)
    server.setup()
    ready, idle = [], []
    for _ in range(RUNS):
        ready.append(server.start())
        time.sleep(1)
        idle.append(server.rss())
        server.stop()
    figures["start_to_ready_ms"], figures["rss_idle_mb"] = median(ready), median(idle) / 1e6
    print(f"start to ready      {median(ready):9.0f} ms         (wants 150)")
    print(f"RSS idle            {median(idle) / 1e6:9.1f} MB         (wants 25)")
    server.start()
    channel = server.add_channel()
    count, want = 0, int(os.environ.get("BENCH_LOAD_EVENTS", "1000000"))
    while count < want:
        count += tool("intake_load", server.port, f"/webhooks/cloud/{channel}", SECRET, 9, CONNECTIONS,
                      PHONE_NUMBER_ID=PHONE_NUMBER_ID)["events"]
        server.wait_applied(count)
    figures["rss_after_load_mb"] = server.rss() / 1e6
    print(f"RSS after {count:8d}  {server.rss() / 1e6:9.1f} MB         (wants 60)")
    server.stop()
    shutil.rmtree(folder)


def bench_pages(work, figures):
    for millions in [int(m) for m in os.environ.get("BENCH_MILLIONS", "1,10").split(",")]:
        folder = os.path.join(work, f"pages{millions}")
        os.makedirs(folder)
        filled = tool("fill", folder, millions)
        size = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder) if os.path.isfile(os.path.join(folder, f)))
        figures[f"disk_gb_{millions}m"] = size / 1e9
        print(f"{millions} million messages in {filled['seconds']:.0f} s, {size / 1e9:.2f} GB on disk   (10 million want 5)")
        got = tool("pages", folder, RUNS)
        for name, want in (("list", 20), ("thread", 20), ("search", 100)):
            figures[f"{name}_p99_ms_{millions}m"] = got[name]["p99_ms"]
            print(f"  {name:8} p50 {got[name]['p50_ms']:8.2f}  p99 {got[name]['p99_ms']:8.2f} ms   (wants {want})")
        shutil.rmtree(folder)


def bench_http(_work, figures):
    """Request to answer without store, beside a bare epoll program."""
    found = tool("http_bench", RUNS, 2)
    for kind in ("bare", "loop", "worker"):
        print(f"request, {kind:6}    {found[kind + '_per_second']:9d} /s        {found[kind + '_us']:.1f} us of processor time each")
    print(f"loop of bare        {found['bare_us'] / found['loop_us']:9.2f}            (wants 0.8, by processor time)")
    figures.update({"http_" + name: value for name, value in found.items()})


def bench_socket(_work, figures):
    """Memory of a quiet WebSocket, deliveries of a frame to all."""
    found = tool("ws_bench", 5000, 200)
    print(f"idle WebSocket      {found['idle_bytes']:9d} bytes      (wants 2048)")
    print(f"deliveries          {found['deliveries_per_cpu_second']:9d} a processor second")
    figures.update({"socket_" + name: value for name, value in found.items()})


def bench_agents(_work, figures):
    """200 agents connected, 100 messages a second: from a webhook to the DOM of a console in Chromium."""
    binary = os.path.join(BUILD, "parley")
    done = subprocess.run(["node", "bench/agents.mjs"], env={**os.environ, "PARLEY_BIN": binary}, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"webhook to DOM      p50 {found['p50_ms']} ms, p95 {found['p95_ms']} ms, p99 {found['p99_ms']} ms   (p95 wants 100), "
          f"{found['agents']} agents, {found['messages_a_second']} messages a second, {found['frames_lacking']} frames lacking")
    figures.update({"agents_" + name: found[name] for name in ("p50_ms", "p95_ms", "p99_ms", "frames_lacking")})


def bench_linked_cpu(_work, figures):
    """CPU per message of linked numbers, beside Baileys in Node: at 1, 10 and 50 numbers, and ours at 500."""
    binary = os.path.join(BUILD, "parley")
    done = subprocess.run(["node", "bench/linked_cpu.mjs"], env={**os.environ, "PARLEY_BIN": binary}, check=True, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    print("\n".join(lines[:-1]))
    figures.update({"linked_" + name: value for name, value in json.loads(lines[-1]).items()})


def main():
    benches = {"intake": bench_intake, "start": bench_start, "pages": bench_pages, "http": bench_http,
               "socket": bench_socket, "agents": bench_agents, "linked_cpu": bench_linked_cpu}
    wanted = sys.argv[1:] or list(benches)
    figures, work = {}, tempfile.mkdtemp(prefix="parley-bench-", dir=os.environ.get("BENCH_FOLDER"))
    try:
        for name in wanted:
            benches[name](work, figures)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(json.dumps({k: round(v, 3) for k, v in figures.items()}))


if __name__ == "__main__":
    main()
