#!/usr/bin/env python3
"""Turns a few hand-written page files into one C table, as they are.

    embed_pages.py OUT.c FILE...

Every file becomes a row of sandbox_pages (server/provider/sandbox/sandbox_internal.h): name, content type, octets.
"""
import os
import sys

MIME = {'.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
        '.svg': 'image/svg+xml'}


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    out, files = sys.argv[1], sys.argv[2:]
    arrays, rows = [], []
    for number, path in enumerate(files):
        name = os.path.basename(path)
        with open(path, 'rb') as file:
            data = file.read()
        body = '\n'.join('\t' + ','.join(map(str, data[i:i + 24])) + ',' for i in range(0, len(data), 24))
        arrays.append(f'static const unsigned char page_{number}[] = {{\n{body}\n}};\n')
        rows.append(f'\t{{ "{name}", "{MIME[os.path.splitext(name)[1]]}", page_{number}, sizeof page_{number} }},\n')
    with open(out, 'w', encoding='utf-8') as file:
        file.write('/* Made by tools/embed_pages.py. */\n#include "provider/sandbox/sandbox_internal.h"\n\n' + '\n'.join(arrays)
                   + '\nconst struct sandbox_page sandbox_pages[] = {\n' + ''.join(rows)
                   + f'}};\nconst size_t sandbox_page_count = {len(rows)};\n')


if __name__ == '__main__':
    main()
