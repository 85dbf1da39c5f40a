#!/usr/bin/env python3
"""Turns folders of built web pages into one C table, so that the binary serves them without files.

    embed.py OUT.c OUT.d DIR...

Every file becomes an entry of console_assets (server/api/assets.h): its path from the web root, content
type, ETag and gzip-compressed body. The table is sorted by path, so a reader may search it by halves.
OUT.d is a depfile: the build runs this again when a file changes. The output depends on nothing but the
files, so two builds of one source are equal. A first argument --or-none makes an empty table when the
pages are not built yet; the build looks again when the folder around them changes.
"""
import gzip
import hashlib
import os
import sys

MIME = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.mjs': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.json': 'application/json',
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
    '.jpg': 'image/jpeg',
    '.webp': 'image/webp',
    '.ico': 'image/x-icon',
    '.woff2': 'font/woff2',
    '.mp3': 'audio/mpeg',
    '.txt': 'text/plain; charset=utf-8',
    '.webmanifest': 'application/manifest+json',
}
ETAG_HEX = 16


def find(folders):
    """All files under the folders as (web path, file), sorted; names with a leading dot are not served."""
    found = {}
    for folder in folders:
        for place, names, files in os.walk(folder):
            names[:] = sorted(name for name in names if not name.startswith('.'))
            for name in files:
                if name.startswith('.'):
                    continue
                path = os.path.join(place, name)
                web = '/' + os.path.relpath(path, folder).replace(os.sep, '/')
                if web in found:
                    sys.exit(f'embed.py: {web} is in two folders')
                found[web] = path
    return sorted(found.items())


def c_string(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def c_bytes(data):
    return '\n'.join('\t' + ','.join(map(str, data[i:i + 24])) + ',' for i in range(0, len(data), 24))


def entry(number, web, path):
    mime = MIME.get(os.path.splitext(web)[1])
    if mime is None:
        sys.exit(f'embed.py: no content type for {path}: add its ending to MIME')
    with open(path, 'rb') as file:
        body = file.read()
    packed = gzip.compress(body, 9, mtime=0)
    etag = '"' + hashlib.sha256(body).hexdigest()[:ETAG_HEX] + '"'
    array = f'static const unsigned char gzip_{number}[] = {{\n{c_bytes(packed)}\n}};\n'
    row = (f'\t{{ {c_string(web)}, {c_string(mime)}, {c_string(etag)}, '
           f'gzip_{number}, sizeof gzip_{number}, {len(body)}u }},\n')
    return array, row


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def main():
    args = sys.argv[1:]
    or_none = args[:1] == ['--or-none']
    args = args[or_none:]
    if len(args) < 3:
        sys.exit(__doc__)
    out, depfile, folders = args[0], args[1], args[2:]
    files = find(folders)
    around = sorted({os.path.dirname(folder) for folder in folders} | {f for f in folders if os.path.isdir(f)})
    around = [folder for folder in around if os.path.isdir(folder)]
    if or_none and not files:
        write(out, '/* Made by tools/embed.py. */\n#include "api/assets.h"\n\n'
              'const struct asset console_assets[] = {\n\t{ 0 },\n};\nconst unsigned console_asset_count = 0;\n')
        write(depfile, f'{out}: {" ".join(around)}\n')
        return
    if not any(web == '/index.html' for web, _ in files):
        sys.exit(f'embed.py: no index.html in {" ".join(folders)}: build the pages first')
    made = [entry(i, web, path) for i, (web, path) in enumerate(files)]
    write(out, '/* Made by tools/embed.py. */\n#include "api/assets.h"\n\n'
          + '\n'.join(array for array, _ in made)
          + '\nconst struct asset console_assets[] = {\n' + ''.join(row for _, row in made) + '};\n'
          + f'const unsigned console_asset_count = {len(made)};\n')
    used = [path for _, path in files] + around
    write(depfile, f'{out}: {" ".join(path.replace(" ", chr(92) + " ") for path in used)}\n')


if __name__ == '__main__':
    main()
