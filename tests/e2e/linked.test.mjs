// linked.test.mjs: an owner pairs phones in the console: by QR code and by a code to type, writes with a customer, and is told when a phone unlinks.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { answer, bubble, openConversation, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 180_000 }, work)
const PHONE = '6281234567890'
const OTHER = '6281299990000'
const WAIT = { timeout: 30_000 }
let stage, page, pairedAt

before(async () => {
  stage = await Stage.open()
  page = await stage.agent()
})
after(async () => stage?.close())

/** What the picture on the page holds, as a camera would read it. */
async function shownQr() {
  const id = page.url().split('/').at(-1)
  return until(async () => (await stage.demo.api('GET', `/linked-numbers/${id}/pairing`)).qr, 'a QR code', 30_000)
}

/** The simulated phone with that number, and its page. */
async function phonePage(phone, name) {
  await stage.demo.control('POST', '/linked/phones', { phone, name })
  const at = await stage.page({ viewport: { width: 900, height: 760 } })
  await at.goto(`${stage.demo.sandbox_url}/phone/linked.html?phone=${phone}`)
  await at.locator('summary').filter({ hasText: 'Linked devices' }).click()
  return at
}

/** Presses the button for a QR code until `wanted` is there: a start that comes too soon is refused, and the button waits. */
async function shownWhenAllowed(wanted) {
  const show = page.getByRole('button', { name: 'Show the QR code' })
  await until(async () => {
    if (await show.isVisible() && await show.isEnabled()) await show.click({ timeout: 1000 })
    return wanted.isVisible()
  }, 'a pairing', 60_000)
}

async function link(at, text) {
  await at.getByLabel('Link a device').fill(text)
  await at.getByRole('button', { name: 'Scan or type it' }).click()
}

test('from the choice of a kind to a QR code: the comparison, the notice, and at most a second after the click', async () => {
  await page.goto(`${stage.demo.url}/settings/channels/new`)
  await page.getByText('Official number or linked device?').click()
  await page.getByRole('row', { name: /Risk/ }).getByText('WhatsApp may ban the number without notice').waitFor()
  await page.getByRole('link', { name: 'Pair a phone by QR code instead' }).click()
  await page.getByLabel('Name').fill('Front desk')
  const create = page.getByRole('button', { name: 'Accept and show the QR code' })
  assert.ok(await create.isDisabled())
  await page.getByLabel('I have read this, and I accept the risk for this number.').check()
  const clicked = Date.now()
  await create.click()
  await page.getByRole('img', { name: 'QR code for WhatsApp on the phone' }).waitFor(WAIT)
  process.stderr.write(`# QR code ${Date.now() - clicked} ms after the click\n`)
  assert.match(await page.getByRole('timer').first().innerText(), /00:\d\d|01:00/)
  await page.evaluate(() => { window.notReloaded = true })
})

test('the phone scans it, and the page says so with the phone number, without a reload', async () => {
  const phone = await phonePage(PHONE, 'Olivia')
  await link(phone, (await shownQr()).text)
  await page.getByRole('status').getByText('Connected', { exact: true }).waitFor(WAIT)
  await page.getByText('+62 812 3456 7890').first().waitFor(WAIT)
  pairedAt = page.url()
  assert.ok(await page.evaluate(() => window.notReloaded))
  await page.getByRole('img', { name: /Health score \d+ of 100/ }).first().waitFor()
  await page.getByRole('region', { name: 'What happened' }).getByText('Waiting for the phone').first().waitFor(WAIT)
  await phone.context().close()
})

test('a customer writes to it, is answered, and the ticks tell that it came and was read', async () => {
  await stage.demo.control('POST', '/linked/phones', { phone: '12025550147', name: 'Rosamund' })
  await stage.demo.control('POST', '/linked/phones/12025550147/messages', { to: PHONE, type: 'text', text: { body: 'Are you open today?' } })
  await page.goto(`${stage.demo.url}/inbox`)
  await openConversation(page, 'Rosamund')
  await bubble(page, 'Are you open today?').waitFor(WAIT)
  await answer(page, 'Until six this evening.')
  await until(async () => (await stage.demo.control('GET', '/linked/phones/12025550147/messages')).messages.some((one) => one.content?.body === 'Until six this evening.'), 'the answer on the phone', 30_000)
  await bubble(page, 'Until six this evening.').getByRole('img', { name: 'Delivered' }).waitFor(WAIT)
  const { messages: [{ chat }] } = await stage.demo.control('GET', '/linked/phones/12025550147/messages')
  await stage.demo.control('POST', '/linked/phones/12025550147/read', { chat })
  await bubble(page, 'Until six this evening.').getByRole('img', { name: 'Read' }).waitFor(WAIT)
})

test('another number is paired by a code that is typed on the phone; a start too soon says when', async () => {
  await page.goto(`${stage.demo.url}/settings/linked`)
  await page.getByRole('link', { name: /Front desk/ }).getByText('Connected').waitFor()
  await page.getByRole('button', { name: 'Pair a phone' }).click()
  await page.getByLabel('Name').fill('Back office')
  await page.getByLabel('I have read this').check()
  await page.getByRole('button', { name: 'Accept and show the QR code' }).click()
  await page.getByRole('heading', { name: 'Back office', level: 1 }).waitFor(WAIT)
  await shownWhenAllowed(page.getByText('Code to type', { exact: true }))
  await page.getByText('Code to type', { exact: true }).click()
  await page.getByLabel('Number of the phone').fill('+62 812-9999-0000')
  await page.getByRole('button', { name: 'Get a code' }).click()
  const letters = page.locator('.letters')
  await letters.waitFor(WAIT)
  const phone = await phonePage(OTHER, 'Omar')
  await link(phone, (await letters.innerText()).replace('-', ''))
  await page.getByRole('status').getByText('Connected', { exact: true }).waitFor(WAIT)
  await page.getByText('+62 812 9999 0000').first().waitFor(WAIT)
  await phone.context().close()
})

test('a phone that unlinks it: the page says so, and what to do next', async () => {
  const { devices } = await stage.demo.control('GET', '/linked')
  const device = devices.find((one) => one.phone === OTHER && one.connected)
  await stage.demo.control('POST', `/linked/devices/${OTHER}/${device.device}`, { action: 'unlink' })
  await page.getByText('The phone unlinked this device.').first().waitFor(WAIT)
  await page.getByText(/Pair it again: open WhatsApp on the phone/).waitFor()
})

test('a QR code that nobody scans is replaced by itself', async () => {
  const picture = page.getByRole('img', { name: 'QR code for WhatsApp on the phone' })
  await shownWhenAllowed(picture)
  const first = await shownQr()
  const source = await picture.getAttribute('src')
  await until(async () => (await picture.getAttribute('src')) !== source, 'the next code', 90_000)
  const next = await shownQr()
  assert.notEqual(next.text, first.text)
  await page.getByRole('button', { name: 'Stop pairing' }).click()
  await page.getByRole('button', { name: 'Show the QR code' }).waitFor(WAIT)
})

test('the diagnosis tells each step, and many numbers are stopped at once', async () => {
  await page.goto(pairedAt)
  await page.getByRole('button', { name: 'Look now' }).click()
  await page.getByText('All steps work.').waitFor(WAIT)
  await page.goto(`${stage.demo.url}/settings/linked`)
  await page.getByLabel('Choose Front desk').check()
  await page.getByRole('region', { name: 'With the chosen numbers' }).getByRole('button', { name: 'Disconnect' }).click()
  await page.getByRole('link', { name: /Front desk/ }).getByText('Disconnected').waitFor(WAIT)
  await page.getByRole('region', { name: 'With the chosen numbers' }).getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByRole('link', { name: /Front desk/ }).getByText('Connected').waitFor(WAIT)
})

test('nothing went wrong in the pages', () => assert.deepEqual(stage.problems, []))
