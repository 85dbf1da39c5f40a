#!/usr/bin/env python3
"""Turns a folder of webhook samples into one C table. usage: samplegen.py FOLDER OUT.c OUT.d

Every file becomes a row of cloud_samples (server/provider/cloud/sample.h): its name and its JSON without blanks. OUT.d is
a depfile: the build runs this again when a file changes.
"""
import json
import os
import sys


def literal(text):
    """A C string of ASCII; cut, for compilers take no line without end."""
    escaped = text.replace('\\', '\\\\').replace('"', '\\"').replace('?', '\\?')
    return '\n\t\t'.join('"%s"' % piece for piece in cut(escaped, 110))


def cut(text, size):
    """Pieces of about this size; no escape is cut in two."""
    at = 0
    while at < len(text):
        end = min(at + size, len(text))
        while end < len(text) and text[end - 1] == '\\':
            end += 1
        yield text[at:end]
        at = end


def main(folder, out, depfile):
    names = sorted(name for name in os.listdir(folder) if name.endswith('.json'))
    rows = []
    for name in names:
        with open(os.path.join(folder, name), encoding='utf-8') as file:
            body = json.dumps(json.load(file), separators=(',', ':'))
        rows.append('\t{ "%s",\n\t\t%s },\n' % (name[:-5], literal(body)))
    with open(out, 'w', encoding='utf-8') as file:
        file.write('/* Made by tools/samplegen.py. */\n#include "provider/cloud/sample.h"\n\n'
                   'const struct cloud_sample cloud_samples[] = {\n%s};\nconst size_t cloud_sample_count = %d;\n'
                   % (''.join(rows), len(rows)))
    with open(depfile, 'w', encoding='utf-8') as file:
        file.write('%s: %s\n' % (out, ' '.join(os.path.join(folder, name) for name in names)))


if __name__ == '__main__':
    main(*sys.argv[1:4])
