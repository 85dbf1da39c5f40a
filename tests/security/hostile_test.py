"""Malformed HTTP, WebSocket, JSON and multipart against the whole program: a 4xx and a clear problem, never a crash,
a hang or unbounded memory.

The inputs are files: http/STATUS-NAME as it goes over the wire; multipart/ and json/ are bodies; websocket.txt holds
frames. After each suite the server must still be well.
"""
import glob
import http.client
import json
import os
import re
import socket
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.environ.get('PARLEY_BIN', os.path.join(HERE, '../../build/parley'))
WAIT = 20
MEMORY_GROWTH_MAX = 96 << 20     # with the sanitizers' quarantine; some ten megabytes without
SANITIZED = {'ASAN_OPTIONS': 'quarantine_size_mb=16'}


class Parley:
    """parley serve on a free port and a fresh folder."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='parley-hostile-')
        env = {**os.environ, **SANITIZED, 'PARLEY_DATA': os.path.join(self.folder.name, 'data'),
               'PARLEY_LISTEN': '127.0.0.1:0', 'PARLEY_LOG_LEVEL': 'info'}
        made = subprocess.run([BINARY, 'setup', '--json'], env=env, capture_output=True, check=True, text=True)
        self.made = json.loads(next(line for line in made.stdout.splitlines() if line.startswith('{')))
        self.process = subprocess.Popen([BINARY, 'serve'], env=env, stderr=subprocess.PIPE, text=True, errors='replace')
        self.log = []
        for line in self.process.stderr:
            self.log.append(line)
            ready = re.search(r'ready at http://[^:]+:(\d+)', line)
            if ready:
                self.port = int(ready[1])
                return self
        raise AssertionError('it did not start: ' + ''.join(self.log))

    def __exit__(self, *error):
        self.process.terminate()
        rest = self.process.communicate(timeout=60)[1]
        self.folder.cleanup()
        assert self.process.returncode == 0, 'it ended with %s: %s' % (self.process.returncode, rest[-4000:])

    def memory(self):
        with open('/proc/%d/statm' % self.process.pid, encoding='ascii') as f:
            return int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')

    def connect(self):
        s = socket.create_connection(('127.0.0.1', self.port), timeout=WAIT)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def call(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=WAIT)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        answer = response.status, response.getheader('Content-Type'), response.read()
        connection.close()
        return answer


def send_all(s, data):
    """What a server that has refused us takes no more of is no error here: its answer is read next."""
    try:
        s.sendall(data)
    except OSError:
        pass


def read_all(s):
    """All until the server closes."""
    data = b''
    try:
        while piece := s.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def files(folder):
    return sorted(glob.glob(os.path.join(HERE, folder, '*')))


def contents(path):
    with open(path, 'rb') as f:
        return f.read()


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.parley = cls.enterClassContext(Parley()) if hasattr(cls, 'enterClassContext') else Parley().__enter__()
        cls.parley.call('GET', '/healthz')
        cls.memory = cls.parley.memory()

    def tearDown(self):
        self.assertEqual(self.parley.call('GET', '/healthz')[0], 200, 'it is not well any more')
        self.assertLess(self.parley.memory() - self.memory, MEMORY_GROWTH_MAX)

    def expect_problem(self, status, kind, body):
        self.assertIn('application/problem+json', kind)
        problem = json.loads(body)
        self.assertEqual(problem['status'], status)
        for field in ('code', 'title', 'detail'):
            self.assertTrue(problem[field], field)

    def test_http(self):
        for path in files('http'):
            status = int(os.path.basename(path).split('-')[0])
            with self.subTest(os.path.basename(path)), self.parley.connect() as s:
                send_all(s, contents(path))
                head, _, body = read_all(s).partition(b'\r\n\r\n')
                self.assertEqual(head[:12], b'HTTP/1.1 %d' % status)
                self.assertIn(b'\r\nConnection: close', head)
                # Also fails when what stood behind the request was served: its answer would follow.
                self.expect_problem(status, head.decode(), body)

    def test_chunks_past_the_bound(self):
        with self.parley.connect() as s:
            send_all(s, b'POST /api/v1/session HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
            send_all(s, (b'ffff\r\n' + b'x' * 65535 + b'\r\n') * 60)
            self.assertTrue(read_all(s).startswith(b'HTTP/1.1 413 '))

    def test_websocket(self):
        handshake = ('GET /app/%s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
                     'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n' % self.parley.made['pusher']['key']).encode()
        for line in contents(os.path.join(HERE, 'websocket.txt')).decode().splitlines():
            if line.startswith('#'):
                continue
            name, code, frames = line.rsplit(': ', 2)
            with self.subTest(name), self.parley.connect() as s:
                send_all(s, handshake + bytes.fromhex(frames))
                answer = read_all(s)
                self.assertTrue(answer.startswith(b'HTTP/1.1 101 '), answer[:80])
                self.assertIn(b'\x88', answer)
                close = answer[answer.rindex(b'\x88'):]
                self.assertEqual(int.from_bytes(close[2:4], 'big'), int(code))

    def test_multipart(self):
        headers = {'Authorization': 'Bearer ' + self.parley.made['api_key'],
                   'Content-Type': 'multipart/form-data; boundary=b'}
        for path in files('multipart'):
            with self.subTest(os.path.basename(path)):
                status, kind, body = self.parley.call('POST', '/api/v1/media', contents(path), headers)
                self.assertIn(status, (400, 415, 422), body)
                self.expect_problem(status, kind, body)

    def test_multipart_without_a_boundary(self):
        for kind in ('multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary="b',
                     'multipart/form-data; boundary=' + 'b' * 71):
            with self.subTest(kind):
                status, answered, body = self.parley.call(
                    'POST', '/api/v1/media', contents(os.path.join(HERE, 'multipart/no-end')),
                    {'Authorization': 'Bearer ' + self.parley.made['api_key'], 'Content-Type': kind})
                self.assertIn(status, (400, 415, 422), body)
                self.expect_problem(status, answered, body)

    def test_json(self):
        for path in files('json'):
            with self.subTest(os.path.basename(path)):
                status, kind, body = self.parley.call('POST', '/api/v1/session', contents(path),
                                                      {'Content-Type': 'application/json'})
                self.assertIn(status, (400, 422), body)
                self.expect_problem(status, kind, body)

    def test_many_slow_heads_leave_room_for_others(self):
        slow = [self.parley.connect() for _ in range(300)]
        for s in slow:
            send_all(s, b'POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Len')
        began = time.monotonic()
        self.assertEqual(self.parley.call('GET', '/healthz')[0], 200)
        self.assertLess(time.monotonic() - began, 2)
        answers = [read_all(s) for s in slow]
        self.assertTrue(all(a.startswith(b'HTTP/1.1 408 ') for a in answers))
        self.assertLess(time.monotonic() - began, 19)
        for s in slow:
            s.close()

    def test_announced_bodies_cost_nothing_until_they_come(self):
        waiting = [self.parley.connect() for _ in range(200)]
        for s in waiting:
            send_all(s, b'POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\nx')
        self.assertEqual(self.parley.call('GET', '/healthz')[0], 200)
        self.assertLess(self.parley.memory() - self.memory, MEMORY_GROWTH_MAX)
        for s in waiting:
            s.close()


if __name__ == '__main__':
    unittest.main()
