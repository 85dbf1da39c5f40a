#!/usr/bin/env python3
"""check_test.py: what each kind of test program prints is counted right. Ends with `N passed, N failed`."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check  # noqa: E402


class Counting(unittest.TestCase):
    def test_our_own_programs(self):
        self.assertEqual(check.counted('x_test.c:3: not so: a\n7 passed, 1 failed\n'), (7, 1))

    def test_the_last_line_counts(self):
        self.assertEqual(check.counted('1 passed, 0 failed\nmore\n5 passed, 2 failed\n'), (5, 2))

    def test_vitest(self):
        self.assertEqual(check.counted('\x1b[2m Test Files \x1b[22m 3 passed (3)\n      Tests  22 passed (22)\n'), (22, 0))
        self.assertEqual(check.counted('      Tests  1 failed | 21 passed (22)\n'), (21, 1))
        self.assertEqual(check.counted('      Tests  2 failed (2)\n'), (0, 2))
        self.assertEqual(check.counted('      Tests  2 passed | 1 skipped (3)\n'), (2, 0))

    def test_node(self):
        self.assertEqual(check.counted('ℹ tests 5\nℹ suites 0\nℹ pass 3\nℹ fail 2\nℹ cancelled 0\n'), (3, 2))

    def test_unittest(self):
        self.assertEqual(check.counted('Ran 7 tests in 0.1s\n\nOK\n'), (7, 0))
        self.assertEqual(check.counted('Ran 7 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n'), (4, 3))

    def test_nothing_is_not_zero(self):
        self.assertIsNone(check.counted('Segmentation fault\n'))

    def test_a_crash_counts_as_a_failure(self):
        step = check.Step('x', None)
        step.log = open(os.devnull, 'w')
        self.assertFalse(step.suite(['sh', '-c', 'echo 3 passed, 0 failed; exit 1']))
        self.assertEqual((step.passed, step.failed), (3, 1))
        self.assertTrue(step.suite(['true']))
        self.assertFalse(step.suite(['sh', '-c', 'kill -SEGV $$']))
        self.assertEqual((step.passed, step.failed), (4, 2))
        step.log.close()

    def test_files_lead_to_their_unit_tests(self):
        self.assertEqual(check.unit_name('server/net/http_parse.c'), 'net/http_parse')
        self.assertEqual(check.unit_name('base/json_test.c'), 'base/json')
        self.assertEqual(check.unit_name('base/json.h'), 'base/json')


def main():
    result = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(Counting))
    bad = len(result.failures) + len(result.errors)
    print('%d passed, %d failed' % (result.testsRun - bad, bad))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
