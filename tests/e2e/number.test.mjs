// number.test.mjs: an administrator looks after a number: what WhatsApp tells, its registration, a QR code, a new app secret, and what messages cost.
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { openConversation, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const prices = path.join(mkdtempSync(path.join(tmpdir(), 'parley-prices-')), 'prices.csv')
writeFileSync(prices, 'market,2025-07-01,OTHER,,*,,\nprice,2025-07-01,OTHER,marketing,0.025,USD,\nprice,2025-07-01,OTHER,utility,0.004,USD,\n')
let stage

before(async () => { stage = await Stage.open({ env: { PARLEY_PRICES_FILE: prices } }) })
after(async () => stage?.close())

const toast = (page, text) => page.locator('.toasts, [role=status]').getByText(text).first().waitFor()

test('the page of a number tells what WhatsApp tells, and manages it', async () => {
  const page = await stage.agent()
  await stage.demo.control('POST', '/numbers', { phone_number_id: stage.demo.phone_number_id, told: { quality_rating: 'YELLOW', expires_at: Math.floor(Date.now() / 1000) + 5 * 86400 } })
  await page.goto(`${stage.demo.url}/settings/channels/${stage.demo.channel_id}`)
  await page.getByRole('button', { name: 'Number and account' }).click()
  await page.getByRole('heading', { name: 'Number and account', level: 1 }).waitFor()
  await page.getByRole('button', { name: 'Ask WhatsApp now' }).click()
  await page.getByText('The access token expires in 5 days.').waitFor()
  await page.getByText('Medium', { exact: true }).waitFor()
  await page.getByText(/of 2,000 people in the last 24 hours/).waitFor()
  await page.getByText('All limits, and since when they are known').click()
  await page.getByRole('row', { name: /What Parley sends at most 80/ }).waitFor()

  await page.getByLabel('Message of a new code').fill('Show me the offers')
  await page.getByRole('button', { name: 'Make a code' }).click()
  await toast(page, 'The code is saved.')
  await page.getByText('Show me the offers').waitFor()
  await page.getByRole('button', { name: 'Delete “Show me the offers”' }).click()
  await toast(page, 'The code is deleted.')

  await page.getByLabel('New app secret').fill('a-new-app-secret')
  await page.getByLabel('Old one stays valid').selectOption('1')
  await page.locator('form').filter({ hasText: 'New app secret' }).getByRole('button', { name: 'Save' }).click()
  await page.getByText(/The old app secret is valid until/).waitFor()
  await page.getByRole('button', { name: 'Remove it now' }).click()
  await toast(page, 'Only the new app secret is valid.')
  await stage.demo.api('PATCH', `/channels/${stage.demo.channel_id}`, { app_secret: stage.demo.app_secret, app_secret_overlap_days: 0 })

  await page.getByLabel('Ice breakers').fill('Book a table\nOpening hours')
  await page.locator('form').filter({ hasText: 'Ice breakers' }).getByRole('button', { name: 'Save' }).click()
  await toast(page, 'The first words are saved.')
  await page.context().close()
})

test('a number that is not registered is verified and registered from its page', async () => {
  const page = await stage.agent()
  await stage.demo.control('POST', '/numbers', { phone_number_id: stage.demo.phone_number_id, unverified: true, unregistered: true })
  await page.goto(`${stage.demo.url}/settings/channels/${stage.demo.channel_id}/number`)
  await page.getByRole('button', { name: 'Ask WhatsApp now' }).click()
  await page.getByRole('button', { name: 'Send the code' }).click()
  await toast(page, 'The code is on its way.')
  await page.getByLabel('Code', { exact: true }).fill('123456')
  await page.getByRole('button', { name: 'Verify', exact: true }).click()
  await toast(page, 'The number is verified.')
  await page.getByLabel('Two-step PIN').fill('246810')
  await page.getByRole('button', { name: 'Register', exact: true }).click()
  await toast(page, 'The number is registered.')
  await page.getByText('The number is registered. You can change its PIN').waitFor()
  await page.context().close()
})

test('a template shows its price before it is sent, and the message and the report afterwards', async () => {
  const page = await stage.agent()
  const { data } = await stage.demo.control('GET', '/customers')
  await openConversation(page, data[0].name)
  await page.getByRole('button', { name: 'Template' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('hello_world').click()
  await dialog.getByText(/Utility, about (US)?\$0\.004 when it is delivered/).waitFor()
  await dialog.getByRole('button', { name: 'Send' }).click()
  await until(async () => (await stage.demo.api('GET', '/reports/costs?days=2')).data.some((row) => row.category === 'utility'), 'the cost of the message', 30_000)
  await page.goto(`${stage.demo.url}/reports`)
  await page.getByRole('link', { name: 'Costs' }).click()
  await page.getByRole('heading', { name: 'Costs', level: 1 }).waitFor()
  await page.getByText('Category', { exact: true }).click()
  await page.getByRole('row', { name: /Utility 1 0 (US)?\$0\.004/ }).waitFor()
  await page.context().close()
})

test('no page made an error', () => assert.deepEqual(stage.problems, []))
