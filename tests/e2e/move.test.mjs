// move.test.mjs: a number moves to another provider by the wizard, while a probe sends a message a second: none is missing, none is twice.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 180_000 }, work)
// So many that none is written to oftener than the network takes.
const CUSTOMERS = Array.from({ length: 8 }, (_, n) => `1202555014${n}`)
let stage

before(async () => { stage = await Stage.open({ env: { PARLEY_ALLOW_PRIVATE_CALLS: 'true' } }) })
after(async () => { await stage?.close() })

/** One message a second until it is stopped; the ids of all that were accepted. */
function probe(demo) {
  const ids = []
  let stopped = false
  const ended = (async () => {
    for (let n = 1; !stopped; n++) {
      const message = await demo.api('POST', '/messages', { to: CUSTOMERS[n % CUSTOMERS.length], from: demo.number, type: 'text', text: { body: `probe ${n}` } })
      ids.push(message.id)
      await new Promise((done) => setTimeout(done, 1000))
    }
  })()
  return { ids, stop: async () => { stopped = true; await ended; return ids } }
}

test('the wizard moves the number, and the probe misses nothing', async () => {
  const { demo } = stage
  const old = await demo.api('GET', `/channels/${demo.channel_id}`)
  const phone = old.phone_number.replace('+', '')
  demo.number = old.phone_number
  for (const phone of CUSTOMERS) {
    await demo.control('POST', '/customers', { phone, name: `Customer ${phone.slice(-2)}` })
    await demo.customerSays(phone, 'hello there')
  }
  await until(async () => (await demo.api('GET', '/contacts?limit=100')).data.length >= CUSTOMERS.length, 'their contacts', 30_000)
  await demo.control('POST', '/numbers', { phone_number_id: '777000777', phone, account_id: '778', token: 'other-token', app_secret: 'other-secret' })
  // To the sandbox these are two numbers, each with windows of its own; in the world they are one.
  await demo.control('POST', '/settings', { enforce_window: false })
  const next = await demo.api('POST', '/channels', { provider: 'cloud', name: 'New way', phone_number: phone, phone_number_id: '777000777', waba_id: '778',
    access_token: 'other-token', app_secret: 'other-secret', environment: old.environment })
  assert.equal(next.number_id, old.number_id)
  await demo.control('POST', '/numbers', { phone_number_id: '777000777', webhook_url: next.webhook_url, verify_token: next.verify_token })
  const sums = async () => Object.fromEntries(await Promise.all(['contacts', 'conversations', 'templates'].map(async (what) =>
    [what, (await demo.api('GET', `/${what}?limit=100`)).data.map((one) => one.id).sort().join()])))
  const before = await sums()
  const probing = probe(demo)

  const page = await stage.agent()
  await page.goto(`${demo.url}/settings/routes/${old.number_id}/move`)
  await page.getByText(`Messages go by ${old.name} now.`).waitFor()
  await page.getByLabel('The new channel').selectOption(next.id)
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('heading', { name: 'Does New way work?' }).waitFor()
  await page.getByRole('button', { name: 'Set it beside' }).click()
  await page.getByRole('heading', { name: 'Both run now' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Both run now' }).waitFor()
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('button', { name: 'Switch to New way' }).click()
  await page.getByText('Messages go by New way now.').waitFor()
  await page.getByRole('button', { name: 'Back to the old one' }).click()
  await page.getByText(`Messages go by ${old.name} now.`).waitFor()
  await page.getByRole('button', { name: 'Switch to New way' }).click()
  await page.getByText('Messages go by New way now.').waitFor()
  await until(() => probing.ids.length > 6, 'some probes', 60_000)
  await page.getByRole('button', { name: `Switch ${old.name} off` }).click()
  await page.waitForURL(`**/settings/routes/${old.number_id}`)
  const reached = probing.ids.length
  await until(() => probing.ids.length >= reached + 3, 'probes after the move', 60_000)

  const ids = await probing.stop()
  await until(async () => {
    const late = []
    for (const id of ids) {
      const message = await demo.api('GET', `/messages/${id}`)
      if (!['sent', 'delivered', 'read'].includes(message.status)) late.push(`${message.status} ${message.error?.code ?? ''}`)
    }
    if (late.length) throw new Error(late.join(', '))
    return true
  }, 'every probe to be with the network', 60_000)
  for (const id of ids) assert.equal((await demo.control('GET', `/messages?biz=${id}`)).count, 1, `message ${id} went once`)
  const carriers = new Set(await Promise.all(ids.map(async (id) => (await demo.api('GET', `/messages/${id}`)).channel_id)))
  assert.deepEqual(carriers, new Set([old.id, next.id]))
  assert.deepEqual(await sums(), before, 'contacts, conversations and templates are what they were')
  assert.equal((await demo.api('GET', `/channels/${old.id}`)).disabled, true)
  await page.context().close()
})
