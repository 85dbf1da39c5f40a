#!/usr/bin/env python3
"""measure.py: prints the sizes of our C beside the yardstick of the house. usage: measure.py [FOLDER...]

Functions come from universal-ctags; comments and nesting from the text itself. Generated files are not in the tree,
so they are not measured; tests are measured apart, for they follow other laws.
"""
import json
import os
import re
import subprocess
import sys

import tidy

# What to measure: key, title, what we aim at (low, high) or None.
ROWS = [
    ('files', 'source files', None),
    ('headers', 'headers', None),
    ('code', 'lines of code', None),
    ('comments', 'comment, % of lines', (10, 30)),
    ('file_half', 'file length, median', (100, 400)),
    ('file_most', 'file length, 90th percentile', (150, 600)),
    ('file_max', 'file length, longest', (0, 900)),
    ('functions', 'functions', None),
    ('fn_half', 'function length, median', (0, 12)),
    ('fn_most', 'function length, 90th percentile', (0, 40)),
    ('over60', 'functions over 60 lines, %', (0, 4)),
    ('statics', 'static functions, %', (50, 100)),
    ('params', 'parameters, 90th percentile', (0, 4)),
    ('params_over', 'functions with over 4 parameters, %', (0, 8)),
    ('depth', 'nesting, 90th percentile', (0, 3)),
    ('gotos', 'gotos', (0, 0)),
]


def percentile(values, per_cent):
    values = sorted(values) or [0]
    at = (len(values) - 1) * per_cent / 100
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def functions_of(paths):
    """ctags' tags of all functions, with `end` and `signature`."""
    result = subprocess.run(['ctags', '--output-format=json', '--fields=+neS', '--c-kinds=f', '--language-force=C',
                             '-L', '-', '-f', '-'], input='\n'.join(paths), capture_output=True, text=True,
                            cwd=tidy.ROOT, check=True)
    tags = [json.loads(line) for line in result.stdout.splitlines()]
    return [t for t in tags if t.get('kind') == 'function' and 'end' in t]


def parameters(tag):
    inside = tag.get('signature', '()')[1:-1].strip()
    return 0 if inside in ('', 'void') else inside.count(',') + 1


def depth(lines):
    """Deepest braces of a function, its own being the first."""
    deep = most = 0
    for brace in re.findall(r'[{}]', '\n'.join(lines)):
        deep += 1 if brace == '{' else -1
        most = max(most, deep)
    return most


def measure(paths):
    texts = {}
    for path in paths:
        with open(os.path.join(tidy.ROOT, path), encoding='utf-8') as file:
            texts[path] = tidy.Source(path, file.read())
    sources = [s for p, s in texts.items() if p.endswith('.c')]
    tags = functions_of([s.path for s in sources])
    lengths = [t['end'] - t['line'] + 1 for t in tags]
    code = sum(bool(line.strip()) for s in texts.values() for line in s.code.split('\n'))
    all_lines = sum(bool(line.strip()) for s in texts.values() for line in s.lines)
    files = [len(s.lines) - 1 for s in sources]
    counts = [parameters(t) for t in tags]
    share = 100 / max(1, len(tags))
    tags.sort(key=lambda t: t['line'] - t['end'])
    return {
        'files': len(sources), 'headers': len(texts) - len(sources), 'code': code,
        'comments': 100 * (all_lines - code) / max(1, all_lines),
        'file_half': percentile(files, 50), 'file_most': percentile(files, 90), 'file_max': max(files, default=0),
        'functions': len(tags), 'fn_half': percentile(lengths, 50), 'fn_most': percentile(lengths, 90),
        'over60': share * sum(n > 60 for n in lengths), 'statics': share * sum('file' in t for t in tags),
        'params': percentile(counts, 90), 'params_over': share * sum(n > 4 for n in counts),
        'depth': percentile([depth(texts[t['path']].bare.split('\n')[t['line'] - 1:t['end']]) for t in tags], 90),
        'gotos': sum(len(re.findall(r'\bgoto\b', s.bare)) for s in sources),
        'longest': [(t['end'] - t['line'] + 1, t['name'], t['path']) for t in tags[:8]],
    }


def show(title, figures):
    print(title)
    for key, name, aim in ROWS:
        value = figures[key]
        note = ''
        if aim:
            note = '%s %g to %g' % ('    ' if aim[0] <= value <= aim[1] else '  ! ', *aim)
        print('  %-38s %8.0f %s' % (name, value, note))
    for length, name, path in figures['longest']:
        print('  %6d lines: %s (%s)' % (length, name, path))


def main(folders):
    paths = [p for p in tidy.tracked() if not folders or p.startswith(tuple(folders))]
    tests = [p for p in paths if p.endswith('_test.c') or p.startswith('fuzz/') or '/test' in p]
    show('sources', measure([p for p in paths if p not in tests]))
    if tests:
        show('tests', measure(tests))


if __name__ == '__main__':
    main(sys.argv[1:])
