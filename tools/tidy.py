#!/usr/bin/env python3
"""tidy.py: holds the rules of the house that a compiler does not know.

usage: tidy.py [FILE...]      (all tracked C files without arguments)

Prints `file:line: message` for each breach and last `N passed, N failed`, a file counting one. The rules: who may
include whom, calls that are banned, memory from base/ only, no SQL outside server/store/, locks where they belong,
and how a file looks. What is let through is listed here, each with its reason; there are no marks in the sources.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLUMNS, TAB = 100, 8

# Left may include right; neighbours between two arrows may not include each other.
LAYERS = ('main > api live jobs > flow campaign report routing > assistant > inbox account > provider > net store wa > '
          'runtime crypto > base')

# Usable without the server, so they include nothing of it.
LIBRARIES = {'base', 'crypto', 'wa'}

# A neighbour that may be included all the same: (from, to) with the reason.
NEIGHBOURS = {
    ('api', 'live'): 'an HTTP route signs for channels of the hub, by the function that knows the form; live knows nothing of api',
    ('inbox', 'account'): 'bodies and names are sealed with the keys of the workspace; account knows nothing of inbox',
}

BANNED = {
    **dict.fromkeys('strcpy strcat stpcpy sprintf vsprintf gets strncpy strncat'.split(), 'has no bound: use buf, or snprintf'),
    **dict.fromkeys('atoi atol atoll atof'.split(), 'hides errors: use str_to_i64'),
    **dict.fromkeys('scanf sscanf fscanf'.split(), 'parses loosely: read it with str_*'),
    **dict.fromkeys('strtok strtok_r'.split(), 'writes into its input: use str_split'),
    **dict.fromkeys('system popen'.split(), 'starts a shell: use posix_spawn with arguments'),
    **dict.fromkeys('tmpnam tempnam mktemp'.split(), 'races for the name: use mkstemp'),
    'alloca': 'has no bound: use the arena',
    'rand': 'is not random: use crypto_random',
    'localtime': 'is not safe with threads: use localtime_r',
    'gmtime': 'is not safe with threads: use gmtime_r',
}

HEAP = set('malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf'.split())
# Memory that a library hands out or wants back by free(): (file, call) with the reason.
HEAP_ALLOWED = {
}

# Locks: state belongs to a lane elsewhere. Files, or folders ending in /, with the reason.
LOCKS_ALLOWED = {
    'server/runtime/': 'pools, lanes and timers are made of them',
    'server/provider/linked/': 'a number is the lane\'s, the loop\'s and the eyes\' of people; callers wait for what the network says',
    'server/inbox/voice_library.c': 'one pthread_once around the loading of libav',
    'base/json.c': 'one pthread_once around jansson\'s global allocator',
    'crypto/crypto.c': 'a cipher context per thread, by pthread_key',
    'base/log.c': 'lines of many threads leave by one descriptor',
    'server/store/': 'the writer\'s queue and the pool of connections; the one place where jobs wait for each other',
    'server/net/': 'any thread may hand bytes to the loop',
    'server/provider/sandbox/sandbox_fixture.c': 'tests read what a receiver on the loop has kept',
    'server/provider/sandbox/linked_media_fault.c': 'set on the loop, read by the workers that play media hosts',
    'base/clock.c': 'a condition that waits by the clock that never goes back',
    'base/clock.h': 'as base/clock.c',
    'server/api/tell.c': 'tellings go one after the other, so that no older state is published behind a newer one',
    'server/jobs/intake.c': 'the intake writer takes what waits from all and wakes them by one commit',
    'server/jobs/outbox_internal.h': 'the outbox\'s own thread sleeps until a row is due or told of',
    'server/jobs/outbox.c': 'the same',
    'server/jobs/outbox_queue.c': 'the same',
    'server/jobs/processor.c': 'the processor\'s own thread sleeps until an event comes in',
    'server/account/seal.c': 'the data keys in use: every job reads them, a rotation writes them',
    'server/account/intake_key.c': 'the keys of webhooks: every intake reads them, a change of a channel writes them',
    'server/jobs/webhook.c': 'the thread sleeps until something is due, told of or finished',
    'server/jobs/webhook_internal.h': 'as server/jobs/webhook.c',
    'server/account/webhook.c': 'who wants to hear what: every change reads it, a change of a webhook writes it',
    'server/live/live_outlet.c': 'whoever publishes puts an event into the queue that a lane sends from',
    'server/live/live_bus.c': 'the threads that talk to Redis take what all others leave',
    'server/live/live_stream.c': 'an event gets its number and its place in one step, whoever publishes',
    'server/account/route_health.c': 'breakers and proofs of channels: senders and receivers note them, every choice reads them',
    'server/account/channel_health.c': 'the proofs of health: every intake and send notes one, a page reads them',
    'server/provider/msg91/group.c': 'templates that wait for each other, on the call workers of one channel or several',
    'server/provider/msg91/pace.c': 'requests a minute of a key, which several channels may share',
}

# The yardstick that the store is held against.
SQL_ALLOWED = {'bench/intake_load.c': 'the bare store: the same rows with nothing around them'}

SQL = re.compile(r'"[^"]*\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX)|'
                 r'ALTER\s+TABLE|DROP\s+TABLE|BEGIN\s+IMMEDIATE|PRAGMA\s+\w+)\b')


def ranks(line):
    """{folder: number}, larger is further left."""
    groups = [group.split() for group in line.split('>')]
    return {name: len(groups) - i for i, group in enumerate(groups) for name in group}


RANKS = ranks(LAYERS)


def layer_of(path):
    """base/json.h: base. server/net/http.h and net/http.h: net. server/main.c and what lies beside it: main."""
    parts = path.split('/')
    if parts[0] == 'server':
        parts = parts[1:]
        if len(parts) == 1:
            return 'main'
    return parts[0] if len(parts) > 1 and parts[0] in RANKS else None


class Source:
    """A file, with a copy in which comments and (in .bare) the insides of strings are blanks."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.lines = text.split('\n')
        self.code, self.bare = blanked(text)
        self.is_test = path.endswith('_test.c') or path in ('base/test.c', 'base/test.h') or path.startswith('fuzz/')
        self.findings = []

    def find(self, line, message):
        self.findings.append((line, message))

    def each(self, pattern, text):
        """(line number, match) of every match."""
        for match in re.finditer(pattern, text):
            yield text.count('\n', 0, match.start()) + 1, match


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blanked(text):
    """(without comments, without comments and string contents); positions stay."""
    def blanks(s):
        return re.sub(r'[^\n]', ' ', s)

    def no_comment(match):
        return blanks(match[0]) if match[0][0] == '/' else match[0]

    def no_string(match):
        return blanks(match[0]) if match[0][0] == '/' else match[0][0] + blanks(match[0][1:-1]) + match[0][-1]

    return TOKEN.sub(no_comment, text), TOKEN.sub(no_string, text)


# The rules: each takes a Source and finds breaches. ---------------------------------------------------------------

def rule_includes(source):
    here = layer_of(source.path)
    if not here:
        return
    for line, match in source.each(r'#include\s+"([^"]+)"', source.code):
        there = layer_of(match[1])
        if not there or there == here or (here, there) in NEIGHBOURS:
            continue
        if source.is_test and match[1] == 'base/test.h':
            continue
        if not source.path.startswith('server/') and there not in LIBRARIES and here in LIBRARIES:
            source.find(line, '%s is a library of its own and includes nothing of server/' % here)
        elif RANKS[there] >= RANKS[here]:
            word = 'its neighbour' if RANKS[there] == RANKS[here] else 'above it'
            source.find(line, '%s may not include %s, %s (%s)' % (here, there, word, LAYERS))


def rule_own_header_first(source):
    """A source includes its own header before all others: so each header stands alone."""
    own = re.sub(r'^server/', '', source.path)[:-2] + '.h'
    found = re.findall(r'#include\s+(["<][^">]+[">])', source.code)
    if source.path.endswith('.c') and '"%s"' % own in found and found[0] != '"%s"' % own:
        source.find(1, 'includes its own header after others')


def rule_calls(source):
    for line, match in source.each(r'(?<![\w.>])(\w+)\s*\(', source.bare):
        if match[1] in BANNED:
            source.find(line, '%s() %s' % (match[1], BANNED[match[1]]))


def rule_heap(source):
    if source.path.startswith('base/'):
        return
    for line, match in source.each(r'(?<![\w.>])(\w+)\s*\(', source.bare):
        if match[1] in HEAP and (source.path, match[1]) not in HEAP_ALLOWED:
            source.find(line, '%s() outside base/: use the arena, or heap_alloc and heap_free' % match[1])


def rule_locks(source):
    allowed = any(source.path == place or (place.endswith('/') and source.path.startswith(place))
                  for place in LOCKS_ALLOWED)
    if allowed or source.is_test:
        return
    for line, match in source.each(r'\bpthread_(mutex|rwlock|spin|cond)_\w+', source.bare):
        source.find(line, '%s outside runtime/ and its few friends: let a lane own the state' % match[0])


def rule_sql(source):
    if source.path.startswith('server/store/') or source.path in SQL_ALLOWED:
        return
    for line, match in source.each(SQL, source.code):
        source.find(line, 'SQL outside server/store/: name a query in store/queries/')


def rule_words(source):
    for line, match in source.each(r'\bgoto\b', source.bare):
        source.find(line, 'goto: what a job takes is given back by job_defer')
    for number, line in enumerate(source.lines, 1):
        if re.search(r'\b(TODO|FIXME|XXX|HACK)\b', line):
            source.find(number, 'unfinished: do it, or open an issue')


def rule_comments(source):
    opening = re.match(r'/\*(.*?)\*/', source.text, re.S)
    name = os.path.basename(source.path)
    if not opening:
        source.find(1, 'does not open with a comment that says what it is')
    elif name not in opening[1]:
        source.find(1, 'the opening comment does not begin with the name of the file')
    blank = TOKEN.sub(lambda m: m[0] if m[0].startswith('//') else re.sub(r'[^\n]', ' ', m[0]), source.text)
    for line, _ in source.each(r'//', blank):
        source.find(line, '// comment: write /* */')


def rule_layout(source):
    for number, line in enumerate(source.lines, 1):
        if len(line.expandtabs(TAB)) > COLUMNS:
            source.find(number, '%d columns, at most %d (make format)' % (len(line.expandtabs(TAB)), COLUMNS))
        if line != line.rstrip():
            source.find(number, 'white space at the end of the line')
        if re.match(r'\t* {8,}\S| {1,7}[^\s*]', line) and not continues(source, number):
            source.find(number, 'indented with spaces: use tabs')
    if not source.text.endswith('\n') or source.text.endswith('\n\n'):
        source.find(len(source.lines), 'must end with one newline')
    if source.path.endswith('.h') and not re.search(r'#ifndef \w+_H\n#define \w+_H\n', source.code):
        source.find(1, 'header without a guard')


def continues(source, number):
    """Whether a line goes on from the one before, aligned under it, or stands inside a comment or a macro."""
    before = source.lines[number - 2].rstrip() if number > 1 else ''
    inside = source.code.split('\n')[number - 1].strip() == ''
    return inside or not before or before[-1] not in ';{}' or before.endswith('\\')


RULES = [rule_includes, rule_own_header_first, rule_calls, rule_heap, rule_locks, rule_sql, rule_words, rule_comments,
         rule_layout]


def check(path, text):
    """All findings of one file: [(line, message)], in order."""
    source = Source(path, text)
    for rule in RULES:
        rule(source)
    return sorted(set(source.findings))


def tracked():
    listed = subprocess.run(['git', 'ls-files', '--cached', '--others', '--exclude-standard', '*.c', '*.h'], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout.split()
    return [path for path in listed if os.path.exists(os.path.join(ROOT, path))]


def main(arguments):
    paths = [os.path.relpath(os.path.abspath(a), ROOT) for a in arguments] or tracked()
    passed = failed = 0
    for path in paths:
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            findings = check(path, file.read())
        for line, message in findings:
            print('%s:%d: %s' % (path, line, message))
        passed, failed = passed + (not findings), failed + bool(findings)
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
