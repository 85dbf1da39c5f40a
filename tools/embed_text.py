#!/usr/bin/env python3
"""embed_text.py IN OUT.c NAME: a text file as `const char NAME[]` and `const unsigned NAME_size` in C."""
import sys

if len(sys.argv) != 4:
    sys.exit(__doc__)
_, source, out, name = sys.argv
with open(source, 'rb') as file:
    data = file.read()
body = '\n'.join('\t' + ','.join(map(str, data[i:i + 24])) + ',' for i in range(0, len(data), 24))
with open(out, 'w', encoding='utf-8') as file:
    file.write(f'/* Made by tools/embed_text.py. */\nextern const char {name}[];\nextern const unsigned {name}_size;\n'
               f'const char {name}[] = {{\n{body}\n}};\nconst unsigned {name}_size = {len(data)};\n')
