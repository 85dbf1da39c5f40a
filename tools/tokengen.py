#!/usr/bin/env python3
"""tokengen.py: makes C of the dictionaries of binary XML. usage: tokengen.py TOKENS.json OUT.c

Out come the words by their number, and a table from the hash of a word to its number: open addressing, the hash as in
stanza/token.h, twice as many slots as needed.
"""
import json
import sys

SLOTS = 4096


def hash_of(word):
    value = 2166136261
    for byte in word.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return (value ^ value >> 16) % SLOTS


def literal(word):
    return 'S("%s")' % word.replace('\\', '\\\\').replace('"', '\\"')


def main(source, out):
    with open(source) as file:
        tokens = json.load(file)
    numbered = list(enumerate(tokens['single']))[1:]
    for dictionary, words in enumerate(tokens['double']):
        numbered += [(256 * (dictionary + 1) + index, word) for index, word in enumerate(words)]
    slots = [0] * SLOTS
    for number, word in numbered:
        slot = hash_of(word)
        while slots[slot]:
            slot = (slot + 1) % SLOTS
        slots[slot] = number
    with open(out, 'w') as file:
        file.write('/* Made by tools/tokengen.py. */\n#include "wa/stanza/token.h"\n\n')
        file.write('const str stanza_words[STANZA_WORDS] = {\n')
        for number, word in numbered:
            file.write('\t[%d] = %s,\n' % (number, literal(word)))
        file.write('};\n\nconst uint16_t stanza_slots[STANZA_SLOTS] = {\n')
        for at in range(0, SLOTS, 16):
            file.write('\t%s,\n' % ', '.join(str(slot) for slot in slots[at:at + 16]))
        file.write('};\n')


if __name__ == '__main__':
    main(*sys.argv[1:3])
