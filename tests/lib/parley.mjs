// parley.mjs: starts `parley demo` for a test, in a folder of its own on free ports, and ends it by signal.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import path from 'node:path'

const BINARY = path.resolve(process.env.PARLEY_BIN ?? 'build/parley')
const READY_MS = 60_000

/** What `demo --json` printed, and what a test does with it. */
export class Demo {
  constructor(child, folder, info) {
    Object.assign(this, info)
    this.child = child
    this.folder = folder
  }

  /** A call of the REST API with the API key; throws what is not 2xx. */
  async api(method, where, body) {
    const answer = await fetch(`${this.url}/api/v1${where}`, {
      method,
      headers: { Authorization: `Bearer ${this.api_key}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${text}`)
    return text ? JSON.parse(text) : null
  }

  /** A call of the sandbox's control API. */
  async control(method, where, body) {
    const answer = await fetch(`${this.sandbox_url}/control${where}`, {
      method,
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body ? JSON.stringify(body) : undefined,
    })
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }

  /** A customer writes. */
  customerSays(phone, text) {
    return this.control('POST', `/customers/${phone}/messages`, { type: 'text', text: { body: text } })
  }

  /** Ends the program as a service manager would; the folder stays for a start of the same. */
  async end(signal = 'SIGTERM') {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = new Promise((done) => this.child.once('exit', done))
    this.child.isEnding = true
    this.child.kill(signal)
    await gone
  }

  async remove() {
    try {
      await this.end()
    } finally {
      rmSync(this.folder, { recursive: true, force: true })
    }
  }
}

function firstLine(child) {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error('parley demo did not get ready')), READY_MS)
    const settle = (how, value) => { clearTimeout(timer); how(value) }

    createInterface({ input: child.stdout }).once('line', (line) => settle(done, line))
    child.once('error', (error) => settle(failed, error))
    child.once('exit', (code) => settle(failed, new Error(`parley demo ended with ${code}:\n${child.log}`)))
  })
}

/** options: listen, sandboxListen, folder (of an earlier one), env. */
export async function startDemo(options = {}) {
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'parley-test-'))
  const child = spawn(BINARY, [
    'demo', '--json', '--data', path.join(folder, 'data'),
    '--listen', options.listen ?? '127.0.0.1:0', '--sandbox-listen', options.sandboxListen ?? '127.0.0.1:0',
  ], { cwd: folder, env: { ...process.env, PARLEY_LOG_LEVEL: 'warn', ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] })
  child.log = ''
  child.stderr.on('data', (data) => { child.log = (child.log + data).slice(-20_000) })
  // A test that loses its server tells only of refused connections; this tells why.
  child.once('exit', (code, signal) => {
    if (!child.isEnding) process.stderr.write(`parley demo ended by itself: ${signal ?? code}\n${child.log}\n`)
  })
  process.once('exit', () => child.kill('SIGKILL'))
  return new Demo(child, folder, JSON.parse(await firstLine(child)))
}

/** Waits until look() answers something true, and answers that; what it throws counts as "not yet". */
export async function until(look, what = 'it', ms = 10_000) {
  const end = Date.now() + ms
  let last
  for (;;) {
    try {
      const found = await look()
      if (found) return found
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`${what} did not happen within ${ms} ms`, { cause: last })
    await new Promise((done) => setTimeout(done, 20))
  }
}
