// routes.test.mjs: an administrator finds the route of a number, orders it by hand and keyboard, holds it, and sees a failure.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { findings, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const pictures = process.env.ROUTE_PICTURES // a folder: pictures of the pages are put there to be looked at
let stage, page, number, second

async function picture(name) {
  if (!pictures) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true })
}

const entries = () => page.locator('ol > li:has(.entry)')
const nameAt = (at) => entries().nth(at).getByRole('link').textContent()

before(async () => {
  stage = await Stage.open({ env: { PARLEY_HEALTH_CHECK_SECONDS: '2' } })
  const { demo } = stage
  const channel = await demo.api('GET', `/channels/${demo.channel_id}`)
  second = await demo.api('POST', '/channels', {
    provider: 'cloud', name: 'Spare line', phone_number_id: '106540352242999', waba_id: channel.waba_id, access_token: demo.graph_token, app_secret: demo.app_secret,
  })
  await demo.control('POST', '/numbers', { phone_number_id: '106540352242999', webhook_url: `${demo.url}/webhooks/cloud/${second.id}` })
  number = await until(async () => (await demo.api('GET', '/numbers')).data.find((one) => one.channels.length === 2), 'two channels of one number', 30_000)
  page = await stage.agent()
})
after(() => stage?.close())

test('the settings lead to the route, which says what is in use and why', async () => {
  await page.goto(`${stage.demo.url}/settings`)
  await page.getByRole('link', { name: /^Routes/ }).first().click()
  await page.getByRole('link', { name: new RegExp(number.phone_number.replace('+', '\\+')) }).click()
  await page.getByRole('heading', { name: 'In use now' }).waitFor()
  await page.getByText('It is the first of the route, and works.').first().waitFor()
  assert.equal(await entries().count(), 2)
  assert.deepEqual(await findings(page), [])
  await picture('light')
})

test('the order is changed by keyboard, by drag, and weights appear where they count', async () => {
  const before = await nameAt(0)
  const down = page.getByRole('button', { name: `Move ${before} down` })
  await down.focus()
  await page.keyboard.press('Enter')
  await until(async () => (await nameAt(1)) === before, 'it went down')
  await until(async () => (await stage.demo.api('GET', `/numbers/${number.id}/route`)).channels[1].name === before, 'the server knows')
  await entries().nth(1).dragTo(entries().nth(0))
  await until(async () => (await nameAt(0)) === before, 'it is first again')
  await page.getByText('By weights', { exact: true }).click()
  const weight = page.getByRole('spinbutton', { name: `Weight of ${before}` })
  await weight.fill('70')
  await weight.press('Tab')
  await until(async () => (await stage.demo.api('GET', `/numbers/${number.id}/route`)).channels[0].weight === 70, 'the weight is kept')
  await picture('weights')
  await page.getByText('In order', { exact: true }).click()
  await until(async () => (await stage.demo.api('GET', `/numbers/${number.id}/route`)).mode === 'order', 'the mode is kept')
})

test('a hold says who, why and until when, and is lifted', async () => {
  await page.getByRole('button', { name: 'Hold…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Channel').selectOption(second.id)
  await dialog.getByLabel('Reason').fill('trying the new contract')
  await picture('hold')
  await dialog.getByRole('button', { name: 'Hold to one channel' }).click()
  await page.getByRole('heading', { name: 'Held to Spare line' }).waitFor()
  await page.getByText('trying the new contract').first().waitFor()
  await picture('held')
  await page.getByRole('button', { name: 'Lift the hold' }).click()
  await page.getByText('It is the first of the route, and works.').first().waitFor()
})

test('a channel that fails is seen at once, with the reason, without a reload', async () => {
  await stage.demo.api('PATCH', `/channels/${stage.demo.channel_id}`, { access_token: 'EAAwrong' })
  await page.getByText(/comes first, and does not work/).first().waitFor({ timeout: 30_000 })
  await page.getByText('Down', { exact: true }).waitFor()
  await picture('failed')
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture('dark')
  assert.deepEqual(await findings(page), [])
  await page.setViewportSize({ width: 360, height: 740 })
  await picture('small')
  await entries().first().scrollIntoViewIfNeeded()
  await picture('small-entry')
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360), 'nothing stands over the edge')
  await page.goto(`${stage.demo.url}/settings/routes`)
  await page.getByText('Spare line').first().waitFor()
  await picture('list-small')
  assert.deepEqual(stage.problems, [])
})
