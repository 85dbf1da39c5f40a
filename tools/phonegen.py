#!/usr/bin/env python3
"""phonegen.py: server/inbox/calling-codes.json as a C table.

	phonegen.py calling-codes.json OUT.h

A row for each region: calling code, trunk prefix, international prefix (only where it is plain digits: others dial 00 as
well), and the possible lengths of the national number as bits.
"""
import json
import sys


def c_row(region, cc, entry):
	prefix = entry.get('idd') or ''
	lengths, mobile = (sum(1 << n for n in ns if n < 32) for ns in (
		entry['lengths'], entry.get('mobile_lengths', entry['lengths'])))
	return '\t{ "%s", "%s", "%s", "%s", 0x%x, 0x%x },' % (
		region, cc, entry.get('trunk') or '', prefix if prefix.isdigit() else '00', lengths, mobile)


def main(source, target):
	with open(source, encoding='utf-8') as f:
		data = json.load(f)
	rows = [c_row(r['region'], g['cc'], r) for g in data['geographic'] for r in g['regions']]
	rows += [c_row('', g['cc'], g) for g in data['non_geographic']]
	with open(target, 'w', encoding='utf-8') as f:
		f.write('/* Made by tools/phonegen.py of calling-codes.json. Do not edit. */\n')
		f.write('static const struct region regions[] = {\n' + '\n'.join(rows) + '\n};\n')


if __name__ == '__main__':
	main(*sys.argv[1:])
