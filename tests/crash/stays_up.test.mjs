// stays_up.test.mjs: a stop under load, a full disk, a database that goes away: nothing acknowledged is lost, refusals are
// 503 with a problem, and the server recovers by itself.
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { World, load, sleep, stores } from '../lib/world.mjs'

for (const store of stores) {
  test(`${store}: a stop under load finishes what was accepted`, { timeout: 300000 }, async (t) => {
    const world = new World(store)
    t.after(() => world.close())
    await world.open()
    await world.openWindows(60)
    const stopWebhooks = load(200, (n) => world.webhook(n))
    const stopSends = load(20, (n) => world.send(n))
    for (let i = 0; i < 3; i++) {
      await sleep(1000)
      const code = new Promise((done) => world.process.once('exit', (status, signal) => done(signal ?? status)))
      world.process.kill('SIGTERM')
      assert.equal(await code, 0, 'it ends by itself, with 0')
      await world.start()
    }
    await stopWebhooks()
    await stopSends()
    let seen
    await world.until(async () => {
      seen = await world.readThreads()
      return [...world.acknowledged].every((id) => seen.has(id))
    }, 'all acknowledged webhooks are in the threads')
    assert.deepEqual([...seen].filter(([, count]) => count !== 1), [])
  })
}

/** Fills the disk of a folder to the last octet; the returned function makes room again. */
function fill(folder) {
  const file = path.join(folder, 'ballast')
  const fd = openSync(file, 'w')
  const block = Buffer.alloc(4096)
  try {
    for (;;) writeSync(fd, block)
  } catch (error) {
    assert.equal(error.code, 'ENOSPC')
  }
  closeSync(fd)
  return () => unlinkSync(file)
}

test('sqlite: a full disk is answered 503, loses nothing, and is over when there is room', { timeout: 300000 }, async (t) => {
  const disk = mkdtempSync(path.join(tmpdir(), 'parley-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk])
  if (mounted.status !== 0) return t.skip('cannot mount a small disk here')
  t.after(() => {
    spawnSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true, force: true })
  })
  const world = new World('sqlite', { data: path.join(disk, 'data') })
  t.after(() => world.close())
  await world.open()
  const stopWebhooks = load(100, (n) => world.webhook(n))
  await sleep(1000)
  const makeRoom = fill(disk)
  await world.until(async () => (await world.api('GET', '/workspace')) !== null, 'the server still answers reads')
  let refused
  await world.until(async () => {
    refused = await world.postWebhook('full-disk')
    return refused?.status === 503
  }, 'webhooks are refused with 503')
  assert.equal(refused.json().code, 'store')
  assert.notEqual((await world.get('/readyz')).status, 200)
  makeRoom()
  await world.until(async () => (await world.get('/readyz')).status === 200, 'it is ready again by itself')
  await stopWebhooks()
  let seen
  await world.until(async () => {
    seen = await world.readThreads()
    return [...world.acknowledged].every((id) => seen.has(id))
  }, 'all acknowledged webhooks are in the threads')
  assert.deepEqual([...seen].filter(([, count]) => count !== 1), [])
})

if (stores.includes('postgres') && process.env.PARLEY_TEST_POSTGRES) {
  test('postgres: a database that goes away is answered 503, and used again when it is back', { timeout: 300000 }, async (t) => {
    const world = new World('postgres')
    t.after(() => world.close())
    await world.open()
    const stopWebhooks = load(100, (n) => world.webhook(n))
    await sleep(1000)
    const admin = process.env.PARLEY_TEST_POSTGRES
    execFileSync('psql', [admin, '-qc', `ALTER DATABASE ${world.database} WITH ALLOW_CONNECTIONS false`])
    const cut = () => execFileSync('psql', [admin, '-qAtc',
      `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '${world.database}'`])
    cut()
    let refused
    await world.until(async () => {
      refused = await world.postWebhook('database-away')
      return refused?.status === 503
    }, 'webhooks are refused with 503')
    assert.equal(refused.json().code, 'store')
    await world.until(async () => (await world.get('/readyz')).status === 503, 'it says that it is not ready')
    execFileSync('psql', [admin, '-qc', `ALTER DATABASE ${world.database} WITH ALLOW_CONNECTIONS true`])
    await world.until(async () => (await world.get('/readyz')).status === 200, 'it is ready again by itself')
    await stopWebhooks()
    let seen
    await world.until(async () => {
      seen = await world.readThreads()
      return [...world.acknowledged].every((id) => seen.has(id))
    }, 'all acknowledged webhooks are in the threads')
    assert.deepEqual([...seen].filter(([, count]) => count !== 1), [])
  })
}
