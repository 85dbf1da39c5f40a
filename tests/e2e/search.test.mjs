// search.test.mjs: one box finds messages, people and conversations; a hit opens its place in the thread.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { bubble, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
let stage, page, rosa, karl

before(async () => {
  stage = await Stage.open()
  rosa = await stage.customer('Rosa Limau')
  karl = await stage.customer('Karl Zitrone')
  await stage.demo.customerSays(rosa.phone, 'The zeppelin invoice is wrong')
  for (let i = 0; i < 60; i++) await stage.demo.customerSays(rosa.phone, `Line ${i}`)
  await stage.demo.customerSays(karl.phone, 'A zeppelin ticket, please')
  await until(async () => (await stage.demo.api('GET', '/search?query=zeppelin')).data.length === 2, 'both messages')
  await until(async () => (await stage.demo.api('GET', `/search?query=line&limit=100`)).data.length === 60, 'all lines', 30_000)
  page = await stage.agent()
})
after(() => stage?.close())

const dialog = () => page.getByRole('dialog', { name: 'Search' })
const box = () => page.getByRole('combobox', { name: 'Search for' })
const group = (name) => page.getByRole('region', { name, exact: true })

test('Ctrl+K opens the box over any page, by keyboard alone a hit opens in its thread', async () => {
  await page.keyboard.press('Control+k')
  await dialog().waitFor()
  await until(() => box().evaluate((field) => field === document.activeElement), 'the box has the focus')
  await page.keyboard.type('zepp inv')
  await dialog().locator('a.hit').first().waitFor()
  assert.equal(await dialog().locator('mark').first().textContent(), 'zeppelin')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Conversation with Rosa Limau' }).waitFor()
  await dialog().waitFor({ state: 'detached' })
  await bubble(page, 'The zeppelin invoice is wrong').waitFor()
  assert.ok(await bubble(page, 'The zeppelin invoice is wrong').isVisible(), 'scrolled to it, far above the end')
})

test('contacts, conversations and messages stand in groups', async () => {
  await page.keyboard.press('Control+k')
  await box().fill('rosa')
  await dialog().getByRole('region', { name: 'Contacts' }).getByText('Limau').waitFor()
  await dialog().getByRole('region', { name: 'Conversations' }).getByText('Limau').waitFor()
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'detached' })
})

test('filters are typed with suggestions', async () => {
  await page.keyboard.press('Control+k')
  await box().pressSequentially('zeppelin fr', { delay: 20 })
  await page.getByRole('option', { name: /^from:/ }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  assert.equal(await box().inputValue(), 'zeppelin from:')
  await box().pressSequentially('karl', { delay: 20 })
  await page.getByRole('option', { name: 'Karl Zitrone' }).click()
  assert.equal((await box().inputValue()).trim(), 'zeppelin from:"Karl Zitrone"')
  await until(async () => (await dialog().getByRole('region', { name: 'Messages' }).locator('a.hit').count()) === 1, 'one hit')
  await dialog().getByText('A zeppelin ticket').waitFor()
  await page.keyboard.press('Enter') // nothing chosen: all results
  await page.getByRole('heading', { name: 'Search', level: 1 }).waitFor()
})

test('the page of results has the filters as controls, and its address holds the search', async () => {
  await page.goto(`${stage.demo.url}/search`)
  await box().fill('zeppelin')
  await until(async () => (await group('Messages').locator('a.hit').count()) === 2, 'two hits')
  await page.getByLabel('Direction').selectOption('out')
  assert.equal(await box().inputValue(), 'zeppelin is:out')
  await page.getByText('Nothing found').waitFor()
  await page.getByLabel('Direction').selectOption('in')
  await page.getByLabel('Written by').fill('Karl Zitrone')
  await until(async () => (await group('Messages').locator('a.hit').count()) === 1, 'one hit')
  await page.reload()
  await group('Messages').getByText('A zeppelin ticket').waitFor()
  assert.equal(await page.getByLabel('Written by').inputValue(), 'Karl Zitrone')
  await page.getByRole('button', { name: 'Clear the search' }).click()
  await box().fill('label:nosuch')
  await page.getByText('label:nosuch names nobody').waitFor()
})

test('nothing in the page went wrong', () => assert.deepEqual(stage.problems, []))
