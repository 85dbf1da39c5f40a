// example.test.mjs: wa/ as a stranger gets it: installed, found by pkg-config, its example built outside of this tree, and
// paired with a phone of the sandbox.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { startDemo, until } from '../lib/parley.mjs'

const PHONE = '15550107777'
const build = path.dirname(path.resolve(process.env.PARLEY_BIN ?? 'build/parley'))
const run = (command, options, env = {}) => execFileSync(command, options, { encoding: 'utf8', env: { ...process.env, ...env } }).trim()
let demo, folder, root, prefix, pc, compileFlags
const started = []

/** What the build's own options want of those who link with it: the tests' library is a sanitized one. */
function buildFlags() {
  const options = JSON.parse(run('meson', ['introspect', build, '--buildoptions']))
  const value = (name) => options.find((one) => one.name === name)?.value
  return [...(value('b_sanitize') === 'none' ? [] : [`-fsanitize=${value('b_sanitize')}`]), ...(value('b_coverage') ? ['--coverage'] : [])]
}

/** The compiler that the build uses, with what stands before it: "ccache cc". */
function compiler() {
  const commands = JSON.parse(readFileSync(path.join(build, 'compile_commands.json'), 'utf8'))
  const { command } = commands.find((one) => one.file.endsWith('wa/example/pair.c'))
  return command.split(' -')[0].split(' ')
}

const flags = (...which) => run('pkg-config', [`--define-variable=prefix=${prefix}`, ...which, 'parley-wa', 'openssl'], { PKG_CONFIG_PATH: pc }).split(/\s+/)

function compile(...rest) {
  // Meson takes a second to tell.
  compileFlags ??= [...compiler(), '-std=gnu2x', '-Wall', '-Wextra', '-Werror', ...buildFlags()]
  const [cc, ...first] = compileFlags
  run(cc, [...first, ...rest])
}

function headersBelow(where) {
  return readdirSync(where).flatMap((name) => {
    const full = path.join(where, name)
    return statSync(full).isDirectory() ? headersBelow(full) : name.endsWith('.h') ? [full] : []
  })
}

function start(program) {
  const child = spawn(program, [path.join(folder, 'keys'), demo.linked_url, demo.root_key], { env: { ...process.env, LD_LIBRARY_PATH: path.dirname(pc) } })
  child.said = ''
  child.stdout.on('data', (data) => { child.said += data })
  child.stderr.on('data', (data) => { child.said += data })
  started.push(child)
  return child
}

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'parley-wa-'))
  root = path.join(folder, 'root')
  const { version } = JSON.parse(run('meson', ['introspect', build, '--projectinfo']))
  run('ninja', ['-C', build, 'wa/libparley-wa.a', `wa/libparley-wa.so.${version}`])
  run('meson', ['install', '-C', build, '--no-rebuild', '--tags', 'devel,runtime', '--destdir', root])
  pc = run('find', [root, '-name', 'pkgconfig'])
  prefix = path.join(root, /^prefix=(.*)$/m.exec(readFileSync(path.join(pc, 'parley-wa.pc'), 'utf8'))[1])
  cpSync('wa/example', path.join(folder, 'example'), { recursive: true })
  demo = await startDemo()
  demo.root_key = (await demo.control('GET', '/linked')).root_key
})
after(async () => {
  for (const child of started) child.kill('SIGKILL')
  await demo?.remove()
  rmSync(folder, { recursive: true, force: true })
})

test('every installed header compiles by itself, and includes nothing that was not installed', () => {
  const [include] = flags('--cflags-only-I').filter((one) => one.includes('parley-wa'))
  const headers = headersBelow(include.slice(2))
  assert.ok(headers.some((one) => one.endsWith('wa/session/session.h')))
  assert.ok(include.slice(2).startsWith(root) || path.resolve(include.slice(2)).startsWith(root))
  const cflags = flags('--cflags')
  for (const header of headers) compile('-fsyntax-only', '-x', 'c', ...cflags, header)
})

test('the example pairs with a phone, prints what happens, and needs no phone the next time', async () => {
  const program = path.join(folder, 'pair')
  const sources = ['pair.c', 'helper.c', 'socket.c'].map((name) => path.join(folder, 'example', name))
  compile('-o', program, ...sources, ...flags('--cflags', '--libs'))
  const first = start(program)
  const [, qr] = await until(() => /^scan: (.+)$/m.exec(first.said), 'a QR code', 30_000)
  await demo.control('POST', '/linked/scan', { qr, phone: PHONE })
  await until(() => /^paired$/m.test(first.said) && /^state: open$/m.test(first.said), `an open connection after ${first.said}`, 30_000)
  first.kill('SIGKILL')
  await until(async () => (await demo.control('GET', '/linked')).devices.some((one) => one.phone === PHONE && !one.connected), 'its end', 30_000)
  const second = start(program)
  await until(() => /^state: open$/m.test(second.said), 'the second login', 30_000)
  assert.doesNotMatch(second.said, /scan:/)
})

test('the static library alone is enough, too', async () => {
  const program = path.join(folder, 'pair-static')
  const sources = ['pair.c', 'helper.c', 'socket.c'].map((name) => path.join(folder, 'example', name))
  const libs = flags('--static', '--libs').filter((one) => one !== '-lparley-wa')
  compile('-o', program, ...sources, ...flags('--cflags'), path.join(path.dirname(pc), 'libparley-wa.a'), ...libs)
  assert.doesNotMatch(run('ldd', [program]), /parley-wa/)
})
