// supervisor.test.mjs: the live board, giving by dragging and by keyboard, promises, and figures.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { answer, openConversation, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
let stage, boss, agent, tom, customer

const tile = (name) => boss.locator('.tile').filter({ hasText: name })
const column = (name) => boss.getByRole('region', { name, exact: true })

before(async () => {
  stage = await Stage.open()
  customer = await stage.customer('Karim Aziz')
  boss = await stage.agent({ email: 'grace@demo.parley.example', viewport: { width: 1680, height: 900 } })
  agent = await stage.agent({ email: 'tom@demo.parley.example' })
  tom = 'Tom'
  await boss.getByRole('link', { name: 'Board', exact: true }).click()
  await boss.getByRole('heading', { name: 'Board', level: 1 }).waitFor()
})
after(async () => {
  await stage?.close()
  assert.deepEqual(stage?.problems ?? [], [])
})

test('a customer who writes is on the board within two seconds, unassigned and waiting', async () => {
  const before = Date.now()
  await stage.demo.customerSays(customer.phone, 'Is anybody there?')
  await column('Nobody').locator('.tile').filter({ hasText: 'Karim Aziz' }).waitFor()
  console.log(`phone to board: ${Date.now() - before} ms`)
  await tile('Karim Aziz').getByText(/waits/).waitFor()
})

test('dragging a card gives the conversation away, and everybody sees it', async () => {
  await tile('Karim Aziz').dragTo(column(tom).locator('h2'))
  await column(tom).locator('.tile').filter({ hasText: 'Karim Aziz' }).waitFor()
  const conversation = await until(() => stage.conversationOf(customer.phone), 'the conversation')
  await until(async () => (await stage.demo.api('GET', `/conversations/${conversation.id}`)).assignee?.name === tom, 'Tom has it')
})

test('the menu of a card does the same by keyboard', async () => {
  await tile('Karim Aziz').getByRole('button', { name: /^Give the conversation with Karim Aziz/ }).focus()
  await boss.keyboard.press('Enter')
  await boss.getByRole('menuitemradio', { name: 'Grace' }).press('Enter')
  await column('Grace').locator('.tile').filter({ hasText: 'Karim Aziz' }).waitFor()
  await boss.getByText('Given to Grace').waitFor({ state: 'attached' })
})

test('a promise that an owner makes counts down on the board', async () => {
  const owner = await stage.agent()
  await owner.goto(`${stage.demo.url}/settings/promises`)
  await owner.getByRole('button', { name: 'Add a promise' }).click()
  await owner.getByLabel('First response').fill('30')
  await owner.getByLabel('Count business hours only').uncheck()
  await owner.getByRole('button', { name: 'Save' }).click()
  await owner.getByText('The promises are saved.').waitFor()
  await owner.goto(`${stage.demo.url}/settings/hours`)
  await owner.getByText('None are set yet').waitFor()
  await owner.getByRole('button', { name: 'Save' }).click()
  await owner.getByText('The business hours are saved.').waitFor()
  await owner.context().close()
  await boss.reload()
  await tile('Karim Aziz').getByText(/answer in (29|30) min/).waitFor()
})

test('an answer ends the wait, and shows in the figures', async () => {
  await openConversation(agent, 'Karim Aziz')
  await answer(agent, 'Yes, I am here.')
  await tile('Karim Aziz').getByText(/waits/).waitFor({ state: 'detached' })
  await boss.getByRole('link', { name: 'Reports', exact: true }).click()
  const row = boss.getByRole('row', { name: /^Tom/ })
  await row.waitFor()
  assert.equal(await row.getByRole('cell').nth(1).innerText(), '1')
  const [file] = await Promise.all([boss.waitForEvent('download'), boss.getByRole('button', { name: 'Download CSV' }).click()])
  assert.equal(file.suggestedFilename(), 'agents.csv')
})

test('health shows the messages of the days', async () => {
  await boss.goto(`${stage.demo.url}/health`)
  await boss.getByRole('region', { name: 'Messages of the last seven days' }).waitFor()
})
