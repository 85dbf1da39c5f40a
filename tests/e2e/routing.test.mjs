// routing.test.mjs: agents come and go, teams and rules are made by hand and keyboard, and conversations find their people.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { findings, openConversation, rowOf, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
let stage, owner, mira, theo

const statusOf = (page) => page.getByRole('button', { name: /^My status: / })
const choose = async (page, word) => {
  await statusOf(page).click()
  await page.getByRole('menuitemradio', { name: word, exact: true }).click()
}
const settle = async (who) => {
  await until(async () => (await stage.demo.api('GET', '/agents')).data.find((one) => one.name === who)?.status === 'online', `${who} online`, 20_000)
}

before(async () => {
  stage = await Stage.open()
  for (const one of (await stage.demo.api('GET', '/conversations?limit=100')).data) {
    await stage.demo.api('PATCH', `/conversations/${one.id}`, { status: 'resolved' })
  }
  owner = await stage.agent()
  mira = { person: await stage.colleague('Mira') }
  mira.page = await stage.agent(mira.person)
  theo = { person: await stage.colleague('Theo') }
  theo.page = await stage.agent(theo.person)
  await settle('Mira')
  await settle('Theo')
})
after(() => stage?.close())

test('a status chosen by keyboard is seen by the others at once', async () => {
  await statusOf(mira.page).focus()
  await mira.page.keyboard.press('Enter')
  await mira.page.getByRole('menuitemradio', { name: 'Online', exact: true }).waitFor()
  await mira.page.keyboard.press('ArrowDown')
  await mira.page.keyboard.press('Enter')
  await mira.page.getByRole('button', { name: /^My status: Away/ }).waitFor()
  await owner.goto(`${stage.demo.url}/settings/agents`)
  await owner.getByRole('listitem').filter({ hasText: 'Mira' }).getByText('Away').waitFor()
  await choose(mira.page, 'Online')
  await owner.getByRole('listitem').filter({ hasText: 'Mira' }).getByText('Online').waitFor({ timeout: 1000 })
})

test('an agent is given at most so many', async () => {
  await owner.getByRole('button', { name: 'Edit what Theo is given' }).click()
  await owner.getByLabel('Conversations at a time').fill('1')
  await owner.getByRole('button', { name: 'Save' }).click()
  await owner.getByRole('listitem').filter({ hasText: 'Theo' }).getByText('0 / 1').waitFor()
})

test('a team is made, and a rule that gives it what asks for money back', async () => {
  await owner.goto(`${stage.demo.url}/settings/teams`)
  await owner.getByRole('button', { name: 'Add a team' }).click()
  await owner.getByLabel('Name', { exact: true }).fill('Returns')
  await owner.getByRole('checkbox', { name: 'Theo' }).check()
  await owner.getByRole('button', { name: 'Save' }).click()
  await owner.getByRole('listitem').filter({ hasText: 'Returns' }).getByText('Theo').waitFor()

  await owner.goto(`${stage.demo.url}/settings/routing`)
  await owner.getByRole('button', { name: 'Add a rule' }).click()
  await owner.getByLabel('Name', { exact: true }).fill('Money back')
  await owner.getByLabel('Words').fill('refund, money back')
  await owner.getByLabel('Team', { exact: true }).selectOption({ label: 'Returns' })
  await owner.getByLabel('Priority').selectOption({ label: 'High' })
  await owner.getByRole('button', { name: 'Save' }).last().click()
  await owner.getByText('Says refund, money back').waitFor()
  await owner.getByText('team Returns · priority High').waitFor()
})

test('rules change places by button and by drag, and the box says which one takes it', async () => {
  await owner.getByRole('button', { name: 'Add a rule' }).click()
  await owner.getByLabel('Name', { exact: true }).fill('Everybody')
  await owner.getByLabel('Priority').selectOption({ label: 'Low' })
  await owner.getByRole('button', { name: 'Save' }).last().click()
  const rules = owner.getByRole('region', { name: 'Rules' }).getByRole('list').first().getByRole('listitem')
  const order = () => rules.locator('strong').allTextContents()
  await until(async () => (await order()).length === 2, 'two rules')
  await owner.getByRole('button', { name: 'Move Everybody up' }).click()
  await until(async () => (await order())[0] === 'Everybody', 'the first place')
  await rules.nth(0).dragTo(rules.nth(1))
  await until(async () => (await order())[0] === 'Money back', 'the old order')
  await until(async () => (await stage.demo.api('GET', '/routing/rules')).data[0].name === 'Money back', 'the order in the store')
  await owner.getByLabel('First message').fill('I would like my MONEY back!')
  await owner.getByRole('button', { name: 'Try', exact: true }).click()
  await owner.getByText('“Money back” takes it.').waitFor()
})

test('conversations find their people; who is full leaves the rest in line, and it can be taken', async () => {
  await owner.getByLabel('How conversations are given out').selectOption({ label: 'In turn' })
  await owner.getByRole('button', { name: 'Save' }).first().click()
  await owner.getByText('Saved', { exact: true }).waitFor()
  await stage.demo.api('PATCH', `/agents/${(await stage.demo.api('GET', '/agents')).data.find((one) => one.name === 'Mira').id}`, { takes: false })
  await choose(owner, 'Away')
  const first = await stage.customer('Ines Vogel')
  await stage.demo.customerSays(first.phone, 'a refund, please')
  await rowOf(theo.page, first.name).getByText('Theo').waitFor()
  await rowOf(theo.page, first.name).getByText('Returns').waitFor()
  const second = await stage.customer('Joao Prado')
  await stage.demo.customerSays(second.phone, 'where is my refund?')
  await rowOf(mira.page, second.name).getByText('In line').waitFor()
  await mira.page.getByRole('button', { name: /Waiting for an agent: 1/ }).click()
  await mira.page.getByRole('region', { name: 'Waiting for an agent' }).getByRole('link', { name: /Joao Prado/ }).waitFor()
  // Room comes, and it goes to Theo by itself.
  await openConversation(theo.page, first.name)
  await theo.page.getByRole('button', { name: 'Resolve', exact: true }).click()
  await rowOf(theo.page, second.name).getByText('Theo').waitFor()
  await mira.page.getByRole('region', { name: 'Waiting for an agent' }).waitFor({ state: 'detached' })
  // And what waits may be taken by hand.
  const third = await stage.customer('Kaya Lund')
  await stage.demo.customerSays(third.phone, 'refund')
  await mira.page.getByRole('button', { name: /Waiting for an agent: 1/, expanded: true }).waitFor()
  await mira.page.getByRole('button', { name: 'Take the next one' }).click()
  await mira.page.getByRole('region', { name: 'Conversation with Kaya Lund' }).waitFor()
  await mira.page.getByTitle('Assign to').filter({ hasText: 'Mira' }).waitFor()
})

test('a conversation is handed to a colleague or a team, with who is there and how busy', async () => {
  await mira.page.getByTitle('Assign to').click()
  await mira.page.getByRole('menuitemradio', { name: /Theo.*1\/1/ }).waitFor()
  await mira.page.getByRole('menuitemradio', { name: 'No team' }).click()
  await until(async () => (await stage.demo.api('GET', '/conversations?limit=100')).data.find((one) => one.contact.name === 'Kaya Lund').team === null, 'no team')
  await mira.page.getByTitle('Assign to').click()
  await mira.page.getByRole('menuitemradio', { name: /Theo/ }).click()
  await mira.page.getByTitle('Assign to').filter({ hasText: 'Theo' }).waitFor()
})

test('menus and dialogs have no serious findings of axe', async () => {
  await mira.page.getByTitle('Assign to').click()
  await mira.page.getByRole('menu', { name: 'Assign to' }).waitFor()
  assert.deepEqual(await findings(mira.page), [])
  await mira.page.keyboard.press('Escape')
  await statusOf(mira.page).click()
  await mira.page.getByRole('menu', { name: 'Who is here' }).waitFor()
  assert.deepEqual(await findings(mira.page), [])
  await mira.page.keyboard.press('Escape')
  for (const [path, button] of [['agents', 'Edit what Mira is given'], ['teams', 'Edit the team Returns'], ['routing', 'Edit the rule Money back']]) {
    await owner.goto(`${stage.demo.url}/settings/${path}`)
    await owner.getByRole('button', { name: button }).click()
    await owner.getByRole('dialog').waitFor()
    assert.deepEqual(await findings(owner), [], path)
  }
})

test('who closes the console is offline for the others', async () => {
  await stage.demo.api('PATCH', '/routing/settings', { offline_after_ms: 5000 })
  await theo.page.context().close()
  await owner.goto(`${stage.demo.url}/settings/agents`)
  await owner.getByRole('listitem').filter({ hasText: 'Theo' }).getByText('Offline').waitFor({ timeout: 20_000 })
})

test('nothing went wrong in the pages', () => {
  assert.deepEqual(stage.problems, [])
})
