// realtime.test.mjs: a console is never stale: what it missed it gets in order; and it follows its workspace to another server.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { PusherStub } from '../lib/pusher_stub.mjs'
import { until } from '../lib/parley.mjs'
import { bubble, openConversation, rowOf, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 180_000 }, work)
let stage, page, customer, line, stub
const asked = []

before(async () => {
  stub = await new PusherStub().start()
  stage = await Stage.open({ env: { PARLEY_ALLOW_PRIVATE_CALLS: 'true' } })
  customer = await stage.customer('Dora Lind')
  page = await stage.page()
  line = await stage.cuttable(page)
  page.on('request', (request) => { if (request.url().includes('/api/v1/')) asked.push(new URL(request.url()).pathname.replace('/api/v1', '')) })
  await signIn(page)
  await says('Good morning')
  await openConversation(page, customer.name)
  await page.evaluate(() => { window.__sameDocument = true })
})
after(async () => {
  await stage?.close()
  await stub?.stop()
})

async function signIn(on) {
  await on.goto(stage.demo.url)
  await on.getByLabel('E-mail address').fill(stage.demo.email)
  await on.getByLabel('Password').fill(stage.demo.password)
  await on.getByRole('button', { name: 'Sign in', exact: true }).click()
  await on.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor()
}

const says = (text) => stage.demo.customerSays(customer.phone, text)
const inInbox = (text) => until(async () => {
  const { data } = await stage.demo.api('GET', '/conversations?status=all&limit=20')
  return data.find((one) => one.last_message?.text?.body === text)
}, text, 30_000)
const isAway = () => page.getByText('You are not connected').or(page.getByText(/not connected|reconnect/i)).first().waitFor()

test('what happened while the socket was cut is shown when it is back, and nothing is loaded again', async () => {
  const first = `before the cut ${Date.now()}`
  await says(first)
  await bubble(page, first).waitFor()
  await line.cut()
  await isAway()
  const texts = [1, 2, 3].map((n) => `missed ${n} ${Date.now()}`)
  for (const text of texts) {
    await says(text)
    await inInbox(text)
  }
  const conversation = await inInbox(texts[2])
  const label = await stage.demo.api('POST', '/labels', { name: 'Missed', colour: 'blue' }).catch(() => null)
  await stage.demo.api('PATCH', `/conversations/${conversation.id}`, { priority: 'urgent' }).catch(() => {})
  assert.equal(await bubble(page, texts[0]).count(), 0, 'nothing came while the socket was cut')
  asked.length = 0
  line.mend()
  for (const text of texts) await bubble(page, text).waitFor({ timeout: 40_000 })
  await rowOf(page, customer.name).getByText(texts[2]).waitFor()
  const shown = await page.locator('.bubble').allInnerTexts()
  const order = texts.map((text) => shown.findIndex((one) => one.includes(text)))
  assert.deepEqual(order, [...order].sort((a, b) => a - b), 'in their order')
  assert.ok(asked.includes('/realtime/missed'), asked.join(' '))
  assert.ok(!asked.some((path) => path === '/conversations' || path.endsWith('/messages')), `loaded again: ${asked.join(' ')}`)
  assert.ok(await page.evaluate(() => window.__sameDocument), 'the page was loaded again')
  assert.ok(label === null || label.id)
})

test('who missed too much reads anew, and shows what is', async () => {
  await line.cut()
  await isAway()
  const text = `far behind ${Date.now()}`
  await says(text)
  await inInbox(text)
  for (let i = 0; i < 510; i++) await stage.demo.api('POST', '/realtime/events', { event: 'label.updated' })
  asked.length = 0
  line.mend()
  await bubble(page, text).waitFor({ timeout: 40_000 })
  assert.ok(asked.includes('/realtime/missed'))
  assert.ok(asked.some((path) => path === '/conversations'), asked.join(' '))
  assert.ok(await page.evaluate(() => window.__sameDocument), 'the page was loaded again')
})

test('settings refuse a server that does not answer; forced or reachable, the console goes there and back', async () => {
  const admin = await stage.agent()
  await admin.goto(`${stage.demo.url}/settings/realtime`)
  await admin.getByRole('heading', { name: 'Live updates', level: 1 }).waitFor()
  await admin.getByText('Reverb, soketi or another compatible server').click()
  await admin.getByRole('textbox', { name: 'App id' }).fill(stub.appId)
  await admin.getByRole('textbox', { name: 'Key', exact: true }).fill(stub.key)
  await admin.getByLabel('Secret').fill(stub.secret)
  await admin.getByRole('textbox', { name: 'Host' }).fill('127.0.0.1')
  await admin.getByRole('textbox', { name: 'Port' }).fill('1')
  await admin.getByRole('textbox', { name: 'Scheme (http or https)' }).fill('http')
  assert.equal(await admin.getByRole('textbox', { name: 'Cluster' }).count(), 0, 'only what this driver needs')
  await admin.getByRole('button', { name: 'Save', exact: true }).click()
  await admin.getByRole('button', { name: 'Save anyway' }).waitFor()
  await admin.getByRole('textbox', { name: 'Port' }).fill(String(stub.port))
  await admin.getByRole('button', { name: 'Test', exact: true }).click()
  await admin.getByText('The server answers, and the credentials are right.').waitFor()
  await admin.getByRole('button', { name: 'Save', exact: true }).click()
  await until(() => [...stub.channels().keys()].some((name) => name.startsWith('private-workspace-')), 'the console over there', 40_000)

  const there = `by the other server ${Date.now()}`
  await says(there)
  await bubble(page, there).waitFor({ timeout: 30_000 })
  assert.ok(stub.events.some((event) => event.name === 'message.created' && event.data.message.text?.body === there))
  await admin.reload()
  await admin.getByText('Leave it empty to keep ••••2345.').waitFor()

  await admin.getByText("Parley's own hub", { exact: true }).click()
  await admin.getByRole('button', { name: 'Save', exact: true }).click()
  await until(() => stub.channels().size === 0, 'nobody over there any more', 40_000)
  const here = `back at home ${Date.now()}`
  await says(here)
  await bubble(page, here).waitFor({ timeout: 30_000 })
  assert.ok(!stub.events.some((event) => event.data.message?.text?.body === here))
  assert.ok(await page.evaluate(() => window.__sameDocument), 'the page was loaded again')
  // A browser's own socket is silent when it is written to while it closes; the cuttable one is not.
  assert.deepEqual(stage.problems.filter((problem) => !/already in CLOSING or CLOSED/.test(problem)), [])
})
