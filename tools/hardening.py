#!/usr/bin/env python3
"""hardening.py: reads a program's ELF and wants the protections it was built with. usage: hardening.py PROGRAM"""
import re
import subprocess
import sys


def readelf(program, *options):
    return subprocess.run(['readelf', '-W', *options, program], check=True, capture_output=True, text=True).stdout


# Libraries that bring dozens of others and are wanted seldom: loaded when they are (inbox/voice_library.h).
LOADED_LATE = ('libav', 'libsw')


def checks(program):
    """Pairs of a sentence and whether it holds."""
    header, segments = readelf(program, '-h'), readelf(program, '-l')
    dynamic, symbols = readelf(program, '-d'), readelf(program, '--dyn-syms')
    stack = re.search(r'GNU_STACK.*', segments)
    return [
        ('is position independent (PIE)', 'DYN (Position-Independent Executable' in header),
        ('has a read-only relocation segment (RELRO)', 'GNU_RELRO' in segments),
        ('binds at start (BIND_NOW), so all of RELRO is read-only', bool(re.search(r'BIND_NOW|FLAGS.*NOW', dynamic))),
        ('has a stack that is not executable', bool(stack) and 'E' not in stack[0].split()[-2]),
        ('has no segment that is writable and executable', not re.search(r'LOAD.* RWE ', segments)),
        ('guards its stack frames', '__stack_chk_fail' in symbols),
        ('calls the checked variants of libc (_FORTIFY_SOURCE)', bool(re.search(r'__\w+_chk', symbols))),
        ('is not linked to what is loaded late', not re.search(r'NEEDED.*\[(%s)' % '|'.join(LOADED_LATE), dynamic)),
        ('names no folder to search for libraries', not re.search(r'\((RPATH|RUNPATH)\)', dynamic)),
    ]


def main(program):
    failed = 0
    results = checks(program)
    for sentence, holds in results:
        if not holds:
            failed += 1
            print('FAILED: %s %s' % (program, sentence))
    print('%d passed, %d failed' % (len(results) - failed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
