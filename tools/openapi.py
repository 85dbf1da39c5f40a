#!/usr/bin/python3
"""openapi.py IN.yaml OUT.c: the description of the API as JSON in a C array, for GET /openapi.json.

Needs Debian's python3-yaml, so it names that interpreter. Refuses a $ref that leads nowhere.
"""
import json
import sys

import yaml


def check_refs(root, node, where):
    if isinstance(node, dict):
        target = root
        for part in node['$ref'].split('/')[1:] if isinstance(node.get('$ref'), str) else []:
            if part not in target:
                sys.exit(f'openapi.py: {where}: {node["$ref"]} leads nowhere')
            target = target[part]
        for key, value in node.items():
            check_refs(root, value, f'{where}/{key}')
    elif isinstance(node, list):
        for i, value in enumerate(node):
            check_refs(root, value, f'{where}/{i}')


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        root = yaml.safe_load(file)
    check_refs(root, root, '')
    data = json.dumps(root, ensure_ascii=False, separators=(',', ':')).encode()
    # Octets above 127 are negative in a signed char.
    signed = [str(b if b < 128 else b - 256) for b in data]
    lines = '\n'.join('\t' + ','.join(signed[i:i + 24]) + ',' for i in range(0, len(signed), 24))
    with open(sys.argv[2], 'w', encoding='utf-8') as file:
        file.write('/* Made by tools/openapi.py. */\n#include "api/openapi.h"\n\n'
                   f'const char openapi_json[] = {{\n{lines}\n}};\nconst unsigned openapi_json_size = {len(data)};\n')


main()
