// twenty.test.mjs: twenty agents in twenty browsers work at once, each with customers of their own, and one supervisor looks on.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { answer, bubble, openConversation, Stage } from './stage.mjs'

const AGENTS = 20
const SMALL = { viewport: { width: 1100, height: 700 } }
const test = (name, work) => run(name, { timeout: 400_000 }, work)
let stage, boss
const team = [] // {name, id, page, customer, conversation}

const each = (work) => Promise.all(team.map(work))

before(async () => {
  stage = await Stage.open()
  for (let n = 0; n < AGENTS; n++) {
    const colleague = await stage.colleague(`Agent${String(n).padStart(2, '0')}`)
    const { data } = await stage.demo.api('GET', '/people?limit=100')
    const customer = await stage.customer(`Customer ${String(n).padStart(2, '0')}`)
    team.push({ ...colleague, id: data.find((one) => one.email === colleague.email).id, customer })
  }
  // Signing in costs the server Argon2id on purpose, and a browser its start: in handfuls.
  for (let at = 0; at < AGENTS; at += 4) {
    await Promise.all(team.slice(at, at + 4).map(async (one) => {
      one.page = await stage.agent({ email: one.email, password: one.password, ...SMALL })
      one.page.setDefaultTimeout(90_000)
    }))
  }
  boss = await stage.agent({ email: 'grace@demo.parley.example' })
})
after(async () => {
  await stage?.close()
  assert.deepEqual(stage?.problems ?? [], [])
})

test('twenty customers write at once, and each is given to an agent', async () => {
  await each(({ customer, name }) => stage.demo.customerSays(customer.phone, `I need ${name}`))
  await each(async (one) => {
    one.conversation = await until(() => stage.conversationOf(one.customer.phone), `the conversation of ${one.name}`, 30_000)
    await stage.demo.api('PATCH', `/conversations/${one.conversation.id}`, { assignee_id: one.id })
  })
})

test('each agent sees theirs, and answers it, all at the same time', async () => {
  await each(async ({ page, customer, name }) => {
    await page.locator('label').filter({ hasText: /^Mine/ }).click() // with a count behind it, or without
    await openConversation(page, customer.name)
    await answer(page, `Hello, this is ${name}.`)
    await bubble(page, `this is ${name}`).getByRole('img', { name: /Delivered|Read/ }).waitFor()
  })
})

test('every phone has the words of its own agent, once, and of nobody else', async () => {
  await each(async ({ customer, name }) => {
    const { data } = await stage.demo.control('GET', `/messages?to=${customer.phone}`)
    const texts = data.filter((one) => JSON.stringify(one).includes('Hello, this is'))
    assert.equal(texts.length, 1, `${customer.name} has ${texts.length} answers`)
    assert.ok(JSON.stringify(texts[0]).includes(`this is ${name}.`), JSON.stringify(texts[0]))
  })
})

test('all resolve at once, and the board and the records agree', async () => {
  await boss.getByRole('link', { name: 'Board', exact: true }).click()
  await boss.locator('.tile').filter({ hasText: 'Customer 07' }).waitFor()
  await each(async ({ page }) => {
    await page.getByRole('button', { name: /^Status: / }).first().click()
    await page.getByRole('menuitemradio', { name: 'Resolved', exact: true }).click()
  })
  await each(async ({ conversation, name }) => {
    await until(async () => (await stage.demo.api('GET', `/conversations/${conversation.id}`)).status === 'resolved', `${name} resolved`, 30_000)
  })
  await until(async () => (await boss.locator('.tile').filter({ hasText: /^Customer \d\d/ }).count()) === 0, 'an empty board', 20_000)
  const report = await boss.evaluate(() => fetch('/api/v1/reports/agents').then((answer) => answer.json()))
  for (const { id, name } of team) {
    const figures = report.people.find((one) => one.id === id)
    assert.equal(figures.response.count, 1, `${name} answered once`)
    assert.equal(figures.resolution.count, 1, `${name} resolved once`)
  }
})
