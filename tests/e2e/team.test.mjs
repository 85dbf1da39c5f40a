// team.test.mjs: people work on one inbox: who has it, who types, what is done, and what happens when the line is cut.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { answer, bubble, composerOf, openConversation, rowOf, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
let stage, customer, owner, mira, line

before(async () => {
  stage = await Stage.open()
  customer = await stage.customer('Tomas Lind')
  await stage.demo.customerSays(customer.phone, 'Is anybody there?')
  owner = await stage.agent()
  line = await stage.cuttable(owner)
  await owner.reload() // its socket, too, goes by the line
  mira = { person: await stage.colleague('Mira') }
  mira.page = await stage.agent(mira.person)
  await openConversation(owner, customer.name)
  await openConversation(mira.page, customer.name)
})
after(() => stage?.close())

test('two people see each other look and type', async () => {
  await owner.getByRole('status').filter({ hasText: /Also looking: .*Mira/ }).waitFor()
  await composerOf(mira.page).pressSequentially('Let me', { delay: 30 })
  await owner.getByRole('status').filter({ hasText: /Writing here: .*Mira/ }).waitFor()
  await composerOf(mira.page).fill('')
  await composerOf(mira.page).blur()
  await owner.getByRole('status').filter({ hasText: /Also looking: .*Mira/ }).waitFor()
})

test('an answer of one is seen by the other at once, with its author', async () => {
  const text = `I am here. ${Date.now()}`
  await answer(mira.page, text)
  await bubble(owner, text).waitFor()
  await bubble(owner, text).getByText('Mira').waitFor()
})

test('who takes a conversation is seen by all', async () => {
  await mira.page.getByTitle('Assign to').click()
  await mira.page.getByRole('menuitemradio', { name: 'Mira (me)' }).click()
  await owner.getByTitle('Assign to').filter({ hasText: 'Mira' }).waitFor()
  await rowOf(owner, customer.name).getByText('Mira').waitFor()
  assert.equal((await stage.conversationOf(customer.phone)).assignee.name, 'Mira')
})

test('a resolved conversation stays while it is open, then leaves the list, and a new message brings it back', async () => {
  await mira.page.getByRole('button', { name: 'Resolve', exact: true }).click()
  await owner.getByRole('button', { name: 'Reopen' }).waitFor()
  await rowOf(owner, customer.name).getByText('Resolved').waitFor()
  await owner.keyboard.press('Escape')
  await rowOf(owner, customer.name).waitFor({ state: 'detached' })
  assert.equal((await stage.conversationOf(customer.phone)).status, 'resolved')
  await stage.demo.customerSays(customer.phone, 'One more thing')
  await openConversation(owner, customer.name)
  await owner.getByRole('button', { name: 'Resolve', exact: true }).waitFor()
})

test('when the line is cut the page says so, and catches up when it is back', async () => {
  const text = `Sent while you were away ${Date.now()}`
  await line.cut() // the live socket; what the browser calls offline leaves it whole
  await owner.context().setOffline(true)
  await owner.getByRole('status').filter({ hasText: 'The connection is lost' }).waitFor({ timeout: 20_000 })
  await stage.demo.customerSays(customer.phone, text)
  await bubble(mira.page, text).waitFor()
  assert.equal(await bubble(owner, text).count(), 0)
  line.mend()
  await owner.context().setOffline(false)
  await bubble(owner, text).waitFor({ timeout: 30_000 })
  await owner.getByRole('status').filter({ hasText: 'The connection is lost' }).waitFor({ state: 'detached', timeout: 30_000 })
})

test('an answer written while offline is sent when the line is back', async () => {
  const text = `Written on the train ${Date.now()}`
  await owner.context().setOffline(true)
  await answer(owner, text)
  await bubble(owner, text).waitFor()
  await owner.context().setOffline(false)
  await until(async () => {
    const { messages } = await stage.demo.control('GET', `/customers/${customer.phone}/thread`)
    return messages.some((one) => one.body?.text?.body === text)
  }, 'the message on the phone', 30_000)
})

test('what the role does not allow is not offered', async () => {
  const viewer = await stage.agent(await stage.colleague('Vera', 'viewer'))
  await openConversation(viewer, customer.name)
  assert.equal(await composerOf(viewer).count(), 0)
  assert.equal(await viewer.getByRole('button', { name: 'Resolve', exact: true }).count(), 0)
  await viewer.context().close()
})

test('signing out ends the session', async () => {
  await mira.page.getByRole('button', { name: 'Account and settings' }).click()
  await mira.page.getByRole('menuitem', { name: 'Sign out' }).click()
  await mira.page.getByRole('heading', { name: 'Sign in to Parley' }).waitFor()
  await mira.page.goto(`${stage.demo.url}/inbox`)
  await mira.page.getByRole('heading', { name: 'Sign in to Parley' }).waitFor()
})
