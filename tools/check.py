#!/usr/bin/env python3
"""check.py: runs every test there is and counts them; script/test is its face.

The work is a list of steps with their needs. Two run at a time; a step whose need failed is not run and counts as
one failure; a failing step stops nobody else. Each step's output goes to build/check/STEP.log and is shown when the
step fails. The last line is `N passed, N failed`; the exit status is 1 when anything failed or nothing ran.

A suite under tests/ is a folder: with an executable `run` (it ends with `N passed, N failed`), or with *.test.mjs
files (node's own runner), or with *_test.py files (unittest). It finds the server in PARLEY_BIN. See tests/README.md.
"""
import concurrent.futures
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = 'build/check'
COVERAGE_LEAST = 85.0     # per cent of lines of C
FUZZ_SECONDS = '5'
FLAKY_MAX = 3             # files of a suite; more are no accident
UNIT_SECONDS = 240        # no program of unit tests may take longer
STEP_SECONDS = 1500       # no step may take longer
CORES = str(os.cpu_count() or 2)

# Which unit tests run under ThreadSanitizer: those whose code has threads.
THREADED = re.compile(r'^(base/log|runtime/|net/|store/|api/|live/|jobs/|inbox/|provider/)')

# Whose unit tests want both stores.
ON_STORE = ('store/', 'account/', 'inbox/', 'jobs/', 'api/', 'live/', 'routing/', 'report/', 'provider/linked/',
            'main')

BUILDS = {
    # Optimised, as it is shipped.
    'plain': [],
    # Counts lines, too. The processes of the API tests are this one, so their coverage counts.
    'asan': ['-Db_sanitize=address,undefined', '-Db_coverage=true', '-Dbuildtype=debug', '-Doptimization=1'],
    'tsan': ['-Db_sanitize=thread', '-Dbuildtype=debug', '-Doptimization=1'],
    # The second compiler; its build of the decoders is the fuzzed one.
    'clang': ['-Db_sanitize=address,undefined', '-Db_lundef=false', '-Dfuzz=true'],
}
FOLDER = {'plain': 'build', 'asan': 'build-asan', 'tsan': 'build-tsan', 'clang': 'build-clang'}

SANITIZERS = {
    'ASAN_OPTIONS': 'detect_stack_use_after_return=1:strict_string_checks=1:detect_leaks=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
    'TSAN_OPTIONS': 'halt_on_error=1:second_deadlock_stack=1:suppressions=' + os.path.join(ROOT, 'tools/tsan.supp'),
    'LSAN_OPTIONS': 'suppressions=' + os.path.join(ROOT, 'tools/lsan.supp') + ':print_suppressions=0',
}


# What tests write goes to memory where there is room: they wait for thousands of commits, and the kill tests do not
# cut the power.
SHM_LEAST = 2 << 30
if os.path.isdir('/dev/shm') and shutil.disk_usage('/dev/shm').free > SHM_LEAST:
    os.environ.setdefault('TMPDIR', '/dev/shm')


class Failed(Exception):
    """A step could not do its work; what it counted so far goes with it."""


class Step:
    """One line of the summary: a function that runs commands and counts."""

    def __init__(self, name, work, needs=()):
        self.name, self.work, self.needs = name, work, tuple(needs)
        self.passed = self.failed = 0
        self.seconds = 0.0
        self.note = ''
        self.flaky = []       # unit tests that failed at first
        self.log = None
        self.good = False
        self.writing = threading.Lock()

    def count(self, passed, failed):
        with self.writing:
            self.passed += passed
            self.failed += failed

    def run(self, command, env=None, seconds=STEP_SECONDS, group_lives=False):
        """The exit status and the output, which is also in the log. The command's group ends with it, or lives on."""
        start = time.monotonic()
        child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **SANITIZERS, **(env or {})}, text=True,
                                 errors='replace', stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        timer = threading.Timer(seconds, end_group, [child])
        timer.start()
        running.add(child)
        output, _ = child.communicate()
        running.discard(child)
        timer.cancel()
        if not group_lives:
            end_group(child)
        took = time.monotonic() - start
        late = ' (ended: over its time)' if child.returncode == -signal.SIGKILL and took > seconds else ''
        with self.writing:
            self.log.write('$ %s\n%s\n(%.1f s)%s\n' % (' '.join(command), output, took, late))
            self.log.flush()
        return child.returncode, output

    def must(self, command, **more):
        status, output = self.run(command, **more)
        if status != 0:
            raise Failed('%s: exit status %d' % (' '.join(command[:3]), status))
        return output

    def suite(self, command, **more):
        """Runs a program of tests and adds its own count, or counts it as one."""
        status, output = self.run(command, **more)
        passed, failed = counted(output) or (int(status == 0), 0)
        if status != 0 and failed == 0:
            failed = 1
        self.count(passed, failed)
        return failed == 0


running = set()       # children, for interrupted()


def interrupted(*_):
    """Nothing of ours outlives us."""
    for child in list(running):
        end_group(child)
    postgres.stop()
    os._exit(130)


def end_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def counted(output):
    """The (passed, failed) that a program printed: ours, vitest's, node --test's or unittest's way."""
    output = re.sub(r'\x1b\[[0-9;]*m', '', output)
    ours = re.findall(r'^(\d+) passed, (\d+) failed\s*$', output, re.M)
    if ours:
        return tuple(map(int, ours[-1]))
    vitest = re.search(r'^\s*Tests\s+(.*\d+ (?:passed|failed).*)$', output, re.M)
    if vitest:
        return tuple(sum(map(int, re.findall(r'(\d+) ' + word, vitest[1]))) for word in ('passed', 'failed'))
    node = re.search(r'^\S+ pass (\d+)$.*^\S+ fail (\d+)$', output, re.M | re.S)
    if node:
        return int(node[1]), int(node[2])
    python = re.search(r'^Ran (\d+) tests? in', output, re.M)
    if python:
        bad = sum(map(int, re.findall(r'(?:failures|errors)=(\d+)', output)))
        return int(python[1]) - bad, bad
    return None


class Postgres:
    """One server for all tests, started by the first that asks, ended with us."""

    def __init__(self):
        self.lock, self.env = threading.Lock(), None

    def start(self, step):
        with self.lock:
            if self.env is None:
                self.env = {}
                output = step.must(['tests/postgres.sh', 'start'], seconds=120, group_lives=True)
                self.env = dict(re.findall(r"^export (\w+)='(.*)'$", output, re.M))
            return self.env

    def stop(self):
        if self.env:
            subprocess.run(['tests/postgres.sh', 'stop'], cwd=ROOT, env={**os.environ, **self.env},
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


postgres = Postgres()


# Builds ---------------------------------------------------------------------------------------------------------

def setup(step, kind):
    """Configures a build folder once; again when the options here have changed."""
    folder = os.path.join(ROOT, FOLDER[kind])
    options = BUILDS[kind]
    stamp = os.path.join(folder, 'check.options')
    wanted = ' '.join(options)
    made = os.path.exists(os.path.join(folder, 'build.ninja'))
    if made and (not options or (os.path.exists(stamp) and open(stamp).read() == wanted)):
        return                          # without options it is as script/build makes it
    env = {'CC': shutil.which('ccache') and 'ccache clang' or 'clang'} if kind == 'clang' else {}
    step.must(['meson', 'setup', FOLDER[kind], *(['--wipe'] if made else []), *options], env=env)
    with open(stamp, 'w') as f:
        f.write(wanted)


def build(step, kind):
    setup(step, kind)
    step.must(['ninja', '-C', FOLDER[kind], '-k', '0', '-j', CORES])
    step.count(1, 0)


def programs(kind):
    """(name, command) of each unit test of a build, as meson knows them."""
    text = subprocess.run(['meson', 'introspect', '--tests', FOLDER[kind]], cwd=ROOT, capture_output=True, text=True)
    if text.returncode != 0:
        raise Failed('meson introspect: ' + text.stderr)
    return [(t['name'], t['cmd'], t['env'], t['timeout']) for t in json.loads(text.stdout)]


def unit_program(step, name, command, env):
    """As suite() below: in CI a failed program gets a second run, and is called flaky when it passes then."""
    for last in ([False, True] if os.environ.get('CI') else [True]):
        status, output = step.run(command, env=env, seconds=UNIT_SECONDS)
        passed, failed = counted(output) or (int(status == 0), 0)
        failed = failed or int(status != 0)
        if last or not failed:
            break
        step.flaky.append(name)
    step.count(passed, failed)
    return failed == 0


def unit(step, kind, wanted=lambda name: True):
    chosen = [p for p in programs(kind) if wanted(p[0])]
    if not chosen:
        raise Failed('no unit tests found')

    def one(program):
        name, command, env, _ = program
        server = postgres.start(step) if name.startswith(ON_STORE) else {}
        # ThreadSanitizer wants its fixed addresses free.
        around = ['setarch', os.uname().machine, '-R'] if kind == 'tsan' else []
        return unit_program(step, name, around + command, {**env, **server})

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one, chosen))
    wrong = [name for (name, *_), good in zip(chosen, results) if not good]
    if wrong:
        step.note = 'failed: ' + ', '.join(wrong)
    elif step.flaky:
        step.note = '%d flaky: %s' % (len(step.flaky), ', '.join(step.flaky))


# Other steps ----------------------------------------------------------------------------------------------------

def tidy(step):
    step.suite(['python3', 'tools/tidy_test.py'])
    step.suite(['python3', 'tools/tidy.py'])


def tools(step):
    """Tests of the generators, and the shell scripts' own check."""
    for test in sorted(glob.glob('tools/*_test.py', root_dir=ROOT)):
        if test != 'tools/tidy_test.py':
            step.suite(['python3', test])
    step.suite(['bash', '-n', *scripts()])


def scripts():
    found = glob.glob('script/*', root_dir=ROOT) + glob.glob('t*/*.sh', root_dir=ROOT) + ['.ci/run']
    return sorted(found)


def hardening(step):
    step.suite(['python3', 'tools/hardening.py', 'build/parley'])


def console(step):
    """Types, catalogues and bundle."""
    step.must(['script/build', 'console'])
    step.count(1, 0)


def web(step):
    step.suite(['npm', 'run', '--silent', 'test', '--prefix', 'web'])


def suite_command(folder, files=()):
    """How the suite in a folder is run, or None when the folder is not a suite."""
    runner = os.path.join(folder, 'run')
    if os.access(os.path.join(ROOT, runner), os.X_OK):
        return [runner, *files]
    nodes = files or sorted(glob.glob(folder + '/**/*.test.mjs', root_dir=ROOT, recursive=True))
    if nodes:
        return ['node', '--test', '--test-reporter=spec', *nodes]
    if files or glob.glob(folder + '/*_test.py', root_dir=ROOT):
        return ['python3', '-m', 'unittest', *(files or ['discover', '-s', folder, '-p', '*_test.py'])]
    return None


def suites():
    """{name: command} of all suites under tests/."""
    found = {}
    for folder in sorted(glob.glob('tests/*/', root_dir=ROOT)):
        command = suite_command(folder.rstrip('/'))
        # Packages bring tests of their own; they are not ours to run.
        if command and folder != 'tests/node_modules/':
            found[os.path.basename(folder.rstrip('/'))] = command
    return found


# Browsers and timings want the optimised binary; what only speaks HTTP takes the sanitized one.
ON_PLAIN = {'e2e', 'upgrade', 'crash'}


def server_env(name):
    return {'PARLEY_BIN': os.path.join(ROOT, FOLDER['plain' if name in ON_PLAIN else 'asan'], 'parley')}


def suite(step, name, command):
    """In CI, files with a failed test get a second run on their own; what passes then is called flaky in the summary
    and counts as passed. A flaky test is a bug to be mended, but no reason to refuse what it does not speak of."""
    env = {**server_env(name), **postgres.start(step)}
    again = re.compile(r'^test at (tests/[^:]+\.test\.mjs):', re.M)
    mark = step.log.tell()
    if step.suite(command, env=env) or not os.environ.get('CI'):
        return
    with open(step.log.name, errors='replace') as log:
        log.seek(mark)
        files = sorted(set(again.findall(log.read())))
    if not files or len(files) > FLAKY_MAX:
        return
    status, output = step.run(suite_command('tests/' + name, files), env=env)
    if status == 0:
        step.note = '%d flaky: %s' % (step.failed, ', '.join(files))
        step.count(step.failed, -step.failed)


def fuzz(step):
    """Every corpus, then each target a few seconds on its own."""
    step.suite(['python3', 'tools/fuzz.py', FOLDER['clang'], FUZZ_SECONDS])


def coverage(step):
    output = step.must(['gcovr', '--root', '.', '--object-directory', FOLDER['asan'], '--gcov-ignore-parse-errors',
                        '--exclude-directories', 'build$', '--filter', '(base|crypto|wa|server)/', '--exclude',
                        r'.*_test\.c', '--exclude', r'base/test\.c', '--print-summary', '-o',
                        LOGS + '/coverage.txt'])
    lines = re.search(r'^lines: ([\d.]+)% \((\d+) out of (\d+)\)', output, re.M)
    if not lines:
        raise Failed('gcovr printed no figure')
    step.note = 'coverage of C: %s %% of %s lines (at least %g %%)' % (lines[1], lines[3], COVERAGE_LEAST)
    good = float(lines[1]) >= COVERAGE_LEAST
    step.count(int(good), int(not good))


def forget_coverage(step):
    """Counts of earlier runs would flatter."""
    for path in glob.glob(FOLDER['asan'] + '/**/*.gcda', root_dir=ROOT, recursive=True):
        os.unlink(os.path.join(ROOT, path))
    build(step, 'asan')


def all_steps():
    """In the order in which they should start."""
    found = suites()
    steps = [
        # Every C build embeds the console.
        Step('console', console),
        Step('tidy', tidy),
        Step('tools', tools),
        Step('build', lambda s: build(s, 'plain'), ['console']),
        Step('build-asan', forget_coverage, ['console']),
        Step('unit', lambda s: unit(s, 'asan'), ['build-asan']),
        Step('web', web, ['console']),
    ]
    for name, command in found.items():
        need = 'build' if name in ON_PLAIN else 'build-asan'
        steps.append(Step(name, lambda s, n=name, c=command: suite(s, n, c), [need]))
    return steps + [
        Step('build-tsan', lambda s: build(s, 'tsan'), ['console']),
        Step('tsan', lambda s: unit(s, 'tsan', THREADED.match), ['build-tsan']),
        Step('build-clang', lambda s: build(s, 'clang'), ['console']),
        Step('fuzz', fuzz, ['build-clang']),
        Step('hardening', hardening, ['build']),
        # Last: all that runs the counting build has run then.
        Step('coverage', coverage, ['unit', *[n for n in found if n not in ON_PLAIN]]),
    ]


# Running --------------------------------------------------------------------------------------------------------

def run_step(step, done):
    start = time.monotonic()
    with open(os.path.join(ROOT, LOGS, step.name + '.log'), 'w') as step.log:
        try:
            # Coverage is of interest even when a test failed; nothing else is, without what it needs.
            missing = [n for n in step.needs if n in done and not done[n].good and n.startswith('build')]
            if missing:
                raise Failed('not run: %s failed' % ', '.join(missing))
            step.work(step)
        except Failed as why:
            step.note = str(why)
            step.failed += 1
            step.log.write('%s\n' % why)
        except Exception as why:            # a fault of ours must not hide the other steps
            step.note = 'check.py: %r' % why
            step.failed += 1
    step.good = step.failed == 0
    step.seconds = time.monotonic() - start


def report(step):
    word = 'ok  ' if step.good else 'FAIL'
    print('%s %6.1f s  %-12s %4d passed, %d failed  %s' % (word, step.seconds, step.name, step.passed, step.failed,
                                                          step.note), flush=True)
    if not step.good:
        with open(os.path.join(ROOT, LOGS, step.name + '.log'), errors='replace') as log:
            for line in interesting(log.read().splitlines()):
                print('     | ' + line)


def interesting(lines, most=60):
    """Lines that tell of a failure with some around them, or the end of the log."""
    marks = [i for i, line in enumerate(lines) if re.search(
        r'error:|FAILED|ERROR: |WARNING: ThreadSanitizer|runtime error|^\S+:\d+: |not ok|✖|FAIL|AssertionError', line)]
    keep = sorted({j for i in marks for j in range(max(0, i - 2), min(len(lines), i + 12))})[:most]
    return [lines[i] for i in keep] if keep else lines[-most:]


def run_all(steps):
    """Two at a time, in order, each when its needs are done. A build takes both cores, so builds do not overlap."""
    done, lock, building = {}, threading.Condition(), [False]
    waiting = list(steps)

    def next_step():
        for step in waiting:
            heavy = step.name.startswith('build')
            if all(n in done or n not in {s.name for s in steps} for n in step.needs) and not (heavy and building[0]):
                building[0] = building[0] or heavy
                waiting.remove(step)
                return step
        return None

    def take():
        with lock:
            while waiting:
                step = next_step()
                if step:
                    return step
                lock.wait()
        return None

    def work():
        while step := take():
            run_step(step, done)
            with lock:
                building[0] = building[0] and not step.name.startswith('build')
                done[step.name] = step
                report(step)
                lock.notify_all()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(work), pool.submit(work)]:
            future.result()


# One file, one step ---------------------------------------------------------------------------------------------

def unit_name(path):
    """base/json.c, base/json_test.c: base/json. server/net/http.c: net/http."""
    path = re.sub(r'^server/', '', os.path.relpath(os.path.abspath(path), ROOT))
    return re.sub(r'(_test)?\.[ch]$', '', path)


def one_file(path):
    inside = os.path.relpath(os.path.abspath(path), ROOT)
    if re.search(r'\.[ch]$', path):
        name = unit_name(path)
        return named_units(lambda n: n == name, 'unit tests of ' + path)
    if inside.startswith('web/'):
        return [Step('web', lambda s: s.suite(['npm', 'run', '--silent', 'test', '--prefix', 'web', '--',
                                               os.path.relpath(inside, 'web')]))]
    if inside.startswith('tests/'):
        name = inside.split('/')[1]
        command = suite_command('tests/' + name, [inside])
        kind = 'plain' if name in ON_PLAIN else 'asan'
        return [Step('console', console), Step('build', lambda s: build(s, kind), ['console']),
                Step(name, lambda s: suite(s, name, command), ['build'])]
    return [Step(os.path.basename(path), lambda s: s.suite(['python3', inside]))]


def named_units(wanted, title):
    def work(step):
        setup(step, 'asan')
        step.must(['ninja', '-C', FOLDER['asan'], 'build.ninja'])
        chosen = [(n, c) for n, c, _, _ in programs('asan') if wanted(n)]
        if not chosen:
            raise Failed('no unit test is named so')
        step.must(['ninja', '-C', FOLDER['asan'], *[os.path.relpath(c[0], os.path.join(ROOT, FOLDER['asan']))
                                                    for _, c in chosen]])
        unit(step, 'asan', wanted)

    step = Step('unit', work)
    step.note = title
    return [step]


def choose(arguments):
    steps = {s.name: s for s in all_steps()}
    if not arguments:
        return list(steps.values())
    if arguments[0] == 'unit' and len(arguments) > 1:
        return named_units(lambda n: any(a in n for a in arguments[1:]), ' '.join(arguments))
    chosen = []
    for argument in arguments:
        if argument in steps:
            names = [n for n in steps[argument].needs if n.startswith('build')] + [argument]
            chosen += [steps[n] for n in names if steps[n] not in chosen]
        elif os.path.exists(argument):
            chosen += one_file(argument)
        else:
            sys.exit('script/test: neither a step nor a file: %s (steps: %s)' % (argument, ' '.join(steps)))
    return chosen


def main(arguments):
    os.chdir(ROOT)
    os.makedirs(LOGS, exist_ok=True)
    if arguments == ['--list']:
        print('\n'.join(s.name for s in all_steps()))
        return 0
    steps = choose(arguments)
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    start = time.monotonic()
    try:
        run_all(steps)
    finally:
        postgres.stop()
    passed, failed = sum(s.passed for s in steps), sum(s.failed for s in steps)
    print('%.0f s in all' % (time.monotonic() - start))
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
