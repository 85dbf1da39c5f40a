#!/usr/bin/env python3
"""fuzz.py: replays every corpus, then fuzzes each target for a while.

usage: fuzz.py BUILD_FOLDER SECONDS [TARGET...]

New inputs stay in BUILD_FOLDER/corpus; a crash leaves its input in BUILD_FOLDER/crash-*. Put a smallest form of it
into fuzz/corpus/TARGET/ with the fix. The last line is `N passed, N failed`: a replay and a run count one each.
"""
import glob
import os
import subprocess
import sys

LIMITS = ['-timeout=10', '-rss_limit_mb=1024', '-max_len=16384', '-print_final_stats=0', '-verbosity=0']


def is_libfuzzer(program):
    return b'LLVMFuzzerMutate' in open(program, 'rb').read()


def attempt(title, command, env):
    result = subprocess.run(command, env=env, capture_output=True, text=True, errors='replace')
    if result.returncode == 0:
        return True
    print('FAILED: %s: %s\n%s%s' % (title, ' '.join(command), result.stdout[-4000:], result.stderr[-8000:]))
    return False


def fuzz_one(build, seconds, program):
    """(passed, failed) of one target."""
    name = os.path.basename(program)[len('fuzz_'):]
    seeds, found = 'fuzz/corpus/' + name, os.path.join(build, 'corpus', name)
    env = {**os.environ, 'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1', 'ASAN_OPTIONS': 'detect_leaks=1'}
    files = sorted(glob.glob(seeds + '/*'))
    if not files:
        print('FAILED: %s has no corpus in %s' % (name, seeds))
        return 0, 1
    results = [attempt('replay of ' + name, [program, *files], env)]
    if is_libfuzzer(program) and int(seconds) > 0:
        os.makedirs(found, exist_ok=True)
        results.append(attempt('fuzzing of ' + name, [program, *LIMITS, '-max_total_time=' + seconds,
                                                      '-artifact_prefix=%s/crash-%s-' % (build, name), found, seeds],
                               env))
    return sum(results), len(results) - sum(results)


def main(build, seconds, *wanted):
    passed = failed = 0
    for program in sorted(p for p in glob.glob(build + '/fuzz/fuzz_*') if os.path.isfile(p) and os.access(p, os.X_OK)):
        if not wanted or os.path.basename(program)[len('fuzz_'):] in wanted:
            good, bad = fuzz_one(build, seconds, program)
            passed, failed = passed + good, failed + bad
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
