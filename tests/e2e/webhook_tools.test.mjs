// webhook_tools.test.mjs: an administrator finds out what comes to a number's webhook, and tries one.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { Stage } from './stage.mjs'
import { until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
let stage

before(async () => { stage = await Stage.open({ env: { PARLEY_ALLOW_PRIVATE_CALLS: 'true' } }) })
after(async () => { await stage?.close() })

test('from the number to its webhook, a sample, its story and the message in the inbox', async () => {
  const page = await stage.agent()
  await page.goto(`${stage.demo.url}/settings/channels/${stage.demo.channel_id}`)
  await page.getByRole('button', { name: 'Webhook tools' }).click()
  await page.getByRole('heading', { name: 'Webhook', level: 1 }).waitFor()
  await page.getByText(`/webhooks/cloud/${stage.demo.channel_id}`).first().waitFor()
  await page.getByRole('img', { name: /events in the last hour/ }).waitFor()
  await page.getByRole('searchbox', { name: 'Find a sample' }).or(page.getByLabel('Find a sample')).fill('message text')
  await page.getByLabel('Sample', { exact: true }).selectOption('message-text-01')
  await page.getByRole('button', { name: 'Send it' }).click()
  const asked = page.getByRole('dialog')
  if (await asked.isVisible().catch(() => false)) await asked.getByRole('button', { name: 'Send it' }).click()
  const result = page.getByRole('region', { name: 'What became of it' })
  await result.getByText('Our address answered with status 200.').waitFor()
  await result.getByText('Applied', { exact: true }).waitFor()
  await result.getByRole('link', { name: 'Show the message (text)' }).click()
  await until(() => new URL(page.url()).pathname.startsWith('/inbox/'), 'the inbox')
  await page.context().close()
})

test('a wrong signature is seen where it hurts', async () => {
  const page = await stage.agent()
  await fetch(`${stage.demo.url}/webhooks/cloud/${stage.demo.channel_id}`, { method: 'POST', body: '{}', headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` } })
  await page.goto(`${stage.demo.url}/settings/channels/${stage.demo.channel_id}/webhook`)
  await page.getByText('its signature does not fit the app secret').waitFor()
  await page.context().close()
})

test('an event of the channel is opened, read and played again, by keyboard', async () => {
  const page = await stage.agent()
  await page.goto(`${stage.demo.url}/settings/channels/${stage.demo.channel_id}/webhook`)
  const first = page.getByRole('button', { name: /Applied/ }).first()
  await first.waitFor()
  await first.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('What became of it').waitFor()
  await dialog.getByText('Received', { exact: true }).first().waitFor()
  await dialog.getByRole('button', { name: 'Replay' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('The event is being applied again.').waitFor()
  await until(async () => (await page.getByRole('dialog').count()) === 0, 'the dialog to close')
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true)
  await page.context().close()
})
