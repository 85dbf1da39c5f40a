#!/usr/bin/env python3
"""tidy_test.py: each rule finds its breach, and leaves good code alone. Ends with `N passed, N failed`."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tidy  # noqa: E402


def found(path, body, opening=None):
    """The messages for a file with that body under a proper opening comment."""
    name = os.path.basename(path)
    return [message for _, message in tidy.check(path, (opening or '/* %s: a test. */\n' % name) + body)]


class Tidy(unittest.TestCase):
    def assert_finds(self, part, path, body, **more):
        messages = found(path, body, **more)
        self.assertTrue(any(part in m for m in messages), 'expected "%s" among %r' % (part, messages))

    def assert_clean(self, path, body, **more):
        self.assertEqual(found(path, body, **more), [])

    def test_right_may_be_included(self):
        for path, header in [('server/api/people.c', 'inbox/inbox.h'), ('server/main.c', 'api/api.h'),
                             ('server/inbox/send.c', 'provider/provider.h'), ('wa/noise/noise.c', 'crypto/crypto.h'),
                             ('server/net/http.c', 'runtime/job.h'), ('crypto/crypto.c', 'base/buf.h'),
                             ('server/inbox/send.c', 'inbox/inbox_internal.h'), ('base/log.c', 'base/json.h'),
                             ('server/api/errors.c', 'base/err.h')]:
            self.assert_clean(path, '#include "%s"\n' % header)

    def test_inbox_may_include_account_and_not_the_other_way(self):
        self.assert_clean('server/inbox/send.c', '#include "account/seal.h"\n')
        self.assert_finds('its neighbour', 'server/account/seal.c', '#include "inbox/inbox.h"\n')

    def test_left_may_not(self):
        for path, header in [('server/inbox/send.c', 'api/api.h'), ('base/log.c', 'crypto/crypto.h'), ('server/runtime/job.c', 'net/loop.h'),
                             ('server/store/sqlite.c', 'inbox/inbox.h'), ('server/provider/cloud/send.c', 'inbox/inbox.h')]:
            self.assert_finds('above it', path, '#include "%s"\n' % header)

    def test_neighbours_may_not(self):
        for path, header in [('server/net/http.c', 'store/store.h'), ('server/store/sqlite.c', 'net/loop.h'),
                             ('server/account/person.c', 'inbox/inbox.h'), ('server/live/live.c', 'api/api.h'), ('server/runtime/pool.c', 'crypto/crypto.h'), ('server/jobs/outbox.c', 'api/api.h')]:
            self.assert_finds('its neighbour', path, '#include "%s"\n' % header)

    def test_libraries_include_nothing_of_the_server(self):
        for path, header in [('wa/session/session.c', 'runtime/job.h'), ('wa/session/session.c', 'server/store/store.h'),
                             ('crypto/crypto.c', 'runtime/job.h'), ('base/log.c', 'runtime/job.h')]:
            self.assert_finds('library of its own', path, '#include "%s"\n' % header)

    def test_an_include_in_a_comment_is_none(self):
        self.assert_clean('base/log.c', '/* #include "api/api.h" */\n')

    def test_tests_are_held_to_the_layers_too(self):
        self.assert_finds('above it', 'server/net/http_test.c', '#include "api/api.h"\n')

    def test_own_header_comes_first(self):
        self.assert_finds('own header', 'base/log.c', '#include "base/clock.h"\n#include "base/log.h"\n')
        self.assert_finds('own header', 'server/net/http.c', '#include <stdio.h>\n#include "net/http.h"\n')
        self.assert_clean('server/net/http.c', '#include "net/http.h"\n\n#include <stdio.h>\n')

    def test_banned_calls(self):
        for call in ['strcpy', 'strcat', 'sprintf', 'vsprintf', 'gets', 'atoi', 'atol', 'strtok', 'strncpy', 'scanf',
                     'system', 'popen', 'tmpnam', 'mktemp', 'alloca']:
            self.assert_finds(call + '()', 'server/net/http.c', 'void f(void)\n{\n\t%s(a, b);\n}\n' % call)

    def test_a_name_that_only_contains_a_banned_call_is_fine(self):
        self.assert_clean('server/net/http.c', 'void f(void)\n{\n\tsnprintf(a, 1, b);\n\tmy_system(a);\n\tx->free(y);\n}\n')

    def test_a_banned_word_in_text_is_fine(self):
        self.assert_clean('server/net/http.c', 'const char *a = "system(x) free(y) goto";\n')

    def test_heap_only_in_base(self):
        for call in ['malloc', 'calloc', 'realloc', 'free', 'strdup']:
            body = 'void f(void)\n{\n\t%s(a);\n}\n' % call
            self.assert_finds('outside base/', 'server/net/http.c', body)
            self.assert_clean('base/arena.c', body)

    def test_locks_only_where_they_belong(self):
        body = 'static pthread_mutex_t lock;\nvoid f(void)\n{\n\tpthread_mutex_lock(&lock);\n}\n'
        self.assert_finds('let a lane own', 'server/inbox/send.c', body)
        self.assert_clean('server/runtime/pool.c', body)
        self.assert_clean('server/inbox/send_test.c', body)

    def test_no_sql_outside_the_store(self):
        for text in ['SELECT id FROM contact', 'INSERT INTO contact VALUES ($1)', 'UPDATE contact SET a = 1',
                     'DELETE FROM contact', 'CREATE TABLE x (a)', 'PRAGMA journal_mode']:
            self.assert_finds('SQL outside', 'server/inbox/send.c', 'const char *q = "%s";\n' % text)
            self.assert_clean('server/store/sqlite.c', 'const char *q = "%s";\n' % text)
        self.assert_clean('server/api/a.c', 'const char *q = "Select a person from the list, or update it.";\n')

    def test_no_goto_and_nothing_unfinished(self):
        self.assert_finds('goto', 'base/a.c', 'void f(void)\n{\n\tgoto end;\n}\n')
        self.assert_finds('unfinished', 'base/a.c', '/* TO' 'DO: later */\n')
        self.assert_finds('unfinished', 'base/a.c', '/* FIX' 'ME */\n')

    def test_comments(self):
        self.assert_finds('// comment', 'base/a.c', 'int a; // b\n')
        self.assert_clean('base/a.c', 'const char *a = "https://example.com";\n')
        self.assert_clean('base/a.c', '/* see https://example.com */\n')
        self.assert_finds('does not open', 'base/a.c', 'int a;\n', opening='#include <stdio.h>\n')
        self.assert_finds('name of the file', 'base/a.c', 'int a;\n', opening='/* something else */\n')

    def test_layout(self):
        self.assert_finds('columns', 'base/a.c', 'int %s;\n' % ('a' * tidy.COLUMNS))
        self.assert_finds('white space at the end', 'base/a.c', 'int a; \n')
        self.assert_finds('indented with spaces', 'base/a.c', 'void f(void)\n{\n        a();\n}\n')
        self.assert_finds('indented with spaces', 'base/a.c', 'void f(void)\n{\n    a();\n}\n')
        self.assert_finds('one newline', 'base/a.c', 'int a;')
        self.assert_finds('one newline', 'base/a.c', 'int a;\n\n')
        self.assert_finds('guard', 'base/a.h', 'int a;\n')
        self.assert_clean('base/a.h', '#ifndef BASE_A_H\n#define BASE_A_H\nint a;\n#endif\n')

    def test_alignment_under_an_open_bracket_is_fine(self):
        self.assert_clean('base/a.c', 'void f(void)\n{\n\tcall(one,\n\t     two);\n\tcall_it_all(one,\n\t            two);\n}\n')
        self.assert_clean('base/a.c', '/*\n * a comment\n *     with more\n */\n')

    def test_findings_carry_their_line(self):
        self.assertEqual(tidy.check('base/a.c', '/* a.c: x. */\nint a;\n\nint b; \n')[0][0], 4)


def main():
    result = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(Tidy))
    bad = len(result.failures) + len(result.errors)
    print('%d passed, %d failed' % (result.testsRun - bad, bad))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
