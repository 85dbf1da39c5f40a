#!/usr/bin/env python3
"""format.py: breaks lines that are too long, by clang-format, and touches no other. usage: format.py [FILE...]"""
import re
import subprocess
import sys

import tidy


def long_lines(text):
    return [n for n, line in enumerate(text.split('\n'), 1) if len(line.expandtabs(tidy.TAB)) > tidy.COLUMNS]


def comments_above(text):
    """A comment behind a line that is too long goes before it."""
    lines = text.split('\n')
    for n in reversed(long_lines(text)):
        match = re.fullmatch(r'(\t*)([^/"]*[;,]) +(/\* .* \*/)', lines[n - 1])
        if match:
            lines[n - 1:n] = [match[1] + match[3], match[1] + match[2]]
    return '\n'.join(lines)


def format_file(path):
    with open(path, encoding='utf-8') as file:
        before = file.read()
    if not long_lines(before):
        return
    before = comments_above(before)
    lines = long_lines(before)
    command = ['clang-format', *('--lines=%d:%d' % (n, n) for n in lines), '--assume-filename=' + path]
    after = before
    if lines:
        after = subprocess.run(command, input=before, check=True, capture_output=True, text=True).stdout
    # clang-format forgets the space when it breaks a comment that holds an example.
    after = re.sub(r'^(\s*) \*(?=[^\s*/])', r'\1 * ', after, flags=re.M)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(after)
    for n in long_lines(after):
        print('%s:%d: still too long: break it by hand' % (path, n))


if __name__ == '__main__':
    for name in sys.argv[1:] or tidy.tracked():
        format_file(name)
