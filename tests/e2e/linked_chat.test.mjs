// linked_chat.test.mjs: what only a number paired with a phone has in a thread: votes, disappearing and forwarded messages, stars, what waits and heals.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { pairNumber } from '../lib/linked.mjs'
import { until } from '../lib/parley.mjs'
import { bubble, findings, openConversation, picture, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 180_000 }, work)
const WAIT = { timeout: 30_000 }
const PHONE = '6281200000011'
const ANA = '5511999990011'
const BOB = '15550003311'
const SHOTS = process.env.PARLEY_SCREENSHOTS
let stage, page, number

const write = (from, more) => stage.demo.control('POST', `/linked/phones/${from}/messages`, { to: PHONE, ...more })
const onPhone = (phone, wanted, what) => until(async () => (await stage.demo.control('GET', `/linked/phones/${phone}/messages`)).messages.find(wanted), what, 30_000)
const menuOf = async (text) => {
  const one = bubble(page, text).first()
  await one.hover()
  await one.getByRole('button', { name: 'Message actions' }).click()
}
const moreOf = (name) => page.getByRole('region', { name: `Conversation with ${name}` }).locator('header').getByRole('button', { name: 'More', exact: true })

before(async () => {
  stage = await Stage.open()
  const { demo } = stage
  for (const [phone, name] of [[PHONE, 'Shop'], [ANA, 'Ana Souza'], [BOB, 'Bob']]) await demo.control('POST', '/linked/phones', { phone, name, play: true })
  number = await pairNumber(demo, PHONE)
  await write(BOB, { type: 'text', text: { body: 'Hello from Bob' } })
  await write(ANA, { type: 'text', text: { body: 'Hello from Ana' } })
  page = await stage.agent()
  await openConversation(page, 'Ana Souza')
  await bubble(page, 'Hello from Ana').waitFor(WAIT)
})
after(async () => stage?.close())

test('an edited message shows that it was, and what it said before', async () => {
  const sent = await write(ANA, { type: 'text', text: { body: 'Seven o clock' } })
  await bubble(page, 'Seven o clock').waitFor(WAIT)
  await write(ANA, { type: 'edit', edit: { body: 'Eight o clock' }, reply_to: sent.id })
  await bubble(page, 'Eight o clock').getByText('Edited').waitFor(WAIT)
  await menuOf('Eight o clock')
  await page.getByRole('menuitem', { name: 'What it said before' }).click()
  const dialog = page.getByRole('dialog', { name: 'What it said before' })
  await dialog.getByText('Seven o clock').waitFor(WAIT)
  assert.deepEqual(await findings(page), [])
  await page.keyboard.press('Escape')
})

test('a message that cannot be deciphered is said to wait, and is there when it was sent again', async () => {
  await stage.demo.control('POST', '/linked/faults', { corrupt_percent: 100, count: 1 })
  await write(ANA, { type: 'text', text: { body: 'This one was harmed' } })
  await bubble(page, 'This one was harmed').waitFor(WAIT)
  await stage.demo.control('POST', '/linked/faults', {})
  assert.equal(await page.getByText('Waiting for this message').count(), 0)
})

test('our poll shows who voted; in theirs the number votes, changes its mind and takes it back', async () => {
  const conversation = (await stage.demo.api('GET', '/conversations?limit=10')).data.find((one) => one.contact.name === 'Ana Souza')
  await stage.demo.api('POST', `/conversations/${conversation.id}/messages`, { type: 'poll', poll: { name: 'Which day?', options: ['Monday', 'Tuesday'], selectable_count: 1 } })
  const ours = await onPhone(ANA, (one) => one.type === 'poll' && one.content.name === 'Which day?', 'the poll on the phone')
  await write(ANA, { type: 'poll_vote', poll_vote: { options: ['Tuesday'] }, reply_to: ours.id })
  const asked = bubble(page, 'Which day?')
  await asked.getByRole('listitem').filter({ hasText: 'Tuesday' }).getByText('Ana Souza').waitFor(WAIT)
  await asked.getByText('Voters: 1').waitFor()

  await write(ANA, { type: 'poll', poll: { name: 'Lunch?', options: ['Soup', 'Salad'], selectable_count: 1 } })
  const theirs = bubble(page, 'Lunch?')
  await theirs.getByRole('button', { name: 'Vote' }).click(WAIT)
  await theirs.getByRole('radio', { name: 'Soup' }).check()
  assert.deepEqual(await findings(page), [])
  await theirs.getByRole('button', { name: 'Send the vote' }).click()
  await theirs.getByRole('listitem').filter({ hasText: 'Soup' }).getByRole('img', { name: 'Our vote' }).waitFor(WAIT)
  await theirs.getByRole('button', { name: 'Change our vote' }).click()
  await theirs.getByRole('radio', { name: 'Salad' }).check()
  await theirs.getByRole('button', { name: 'Send the vote' }).click()
  await theirs.getByRole('listitem').filter({ hasText: 'Salad' }).getByRole('img', { name: 'Our vote' }).waitFor(WAIT)
  await theirs.getByRole('button', { name: 'Change our vote' }).click()
  await theirs.getByRole('button', { name: 'Take it back' }).click()
  await theirs.getByRole('button', { name: 'Vote', exact: true }).waitFor(WAIT)
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/linked-chat.png` })
})

test('messages of the chat disappear after a day, as everybody in it is told', async () => {
  await moreOf('Ana Souza').click()
  await page.getByRole('menuitem', { name: 'Disappearing messages' }).click()
  const dialog = page.getByRole('dialog', { name: 'Disappearing messages' })
  await dialog.getByRole('radio', { name: '1 day' }).check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden', ...WAIT })
  await page.locator('p.note').filter({ hasText: 'Messages disappear after 1 day now.' }).waitFor(WAIT)
  await page.locator('.head').getByRole('img', { name: /disappear after 1 day/ }).waitFor()
})

test('a message is passed on to somebody else, who sees that it was', async () => {
  await menuOf('Eight o clock')
  await page.getByRole('menuitem', { name: 'Forward' }).click()
  const dialog = page.getByRole('dialog', { name: 'Forward' })
  await dialog.getByLabel('Bob').check(WAIT)
  assert.deepEqual(await findings(page), [])
  await dialog.getByRole('button', { name: 'Forward now' }).click()
  await dialog.waitFor({ state: 'hidden', ...WAIT })
  await onPhone(BOB, (one) => one.content?.body === 'Eight o clock', 'the message on Bob\'s phone')
  await openConversation(page, 'Bob')
  await bubble(page, 'Eight o clock').getByText('Forwarded').waitFor(WAIT)
})

test('a star and a pin go to the owner\'s phone, and what the phone does comes here', async () => {
  await openConversation(page, 'Bob')
  await menuOf('Hello from Bob')
  await page.getByRole('menuitem', { name: 'Star', exact: true }).click()
  await bubble(page, 'Hello from Bob').getByRole('img', { name: 'Starred' }).waitFor(WAIT)
  await moreOf('Bob').click()
  await page.getByRole('menuitem', { name: 'Pin for everybody' }).click()
  const row = page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: 'Bob' })
  await row.getByRole('img', { name: 'Pinned' }).waitFor(WAIT)
  const done = () => stage.demo.control('GET', `/linked/phones/${PHONE}/chats`).then(({ chats }) => chats.filter((one) => one.with === BOB).map((one) => one.done))
  await until(async () => (await done()).includes('starred') && (await done()).includes('pinned'), 'star and pin on the phone', 30_000)
  await stage.demo.control('POST', `/linked/phones/${PHONE}/chats`, { done: 'muted', with: BOB, until_ms: -1 })
  await row.getByRole('img', { name: 'Muted for everybody' }).waitFor(WAIT)
  await page.getByText(/The owner, on the phone, muted this/).waitFor(WAIT)
  await moreOf('Bob').click()
  await page.getByRole('menuitem', { name: 'Starred messages' }).click()
  await page.getByRole('dialog', { name: 'Starred messages' }).getByRole('button', { name: /Hello from Bob/ }).click(WAIT)
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
})

test('it is seen that the customer writes, calls and has a new phone; a call is refused by the number\'s rule', async () => {
  await openConversation(page, 'Ana Souza')
  await stage.demo.control('POST', `/linked/phones/${ANA}/typing`, { to: PHONE })
  await page.getByText('Ana Souza is writing …').waitFor(WAIT)
  await write(ANA, { type: 'text', text: { body: 'May I call?' } })
  await bubble(page, 'May I call?').waitFor(WAIT)
  await page.getByText('Ana Souza is writing …').waitFor({ state: 'hidden', ...WAIT })
  await stage.demo.control('POST', `/linked/phones/${ANA}/do`, { do: 'call', to: PHONE })
  await page.locator('p.note').filter({ hasText: 'They call the phone.' }).waitFor(WAIT)

  const owner = await stage.agent()
  await owner.goto(`${stage.demo.url}/settings/linked/${number.id}`)
  await owner.getByRole('switch', { name: 'Refuse calls' }).check(WAIT)
  await owner.getByLabel('What callers are told').fill('Please write to us.')
  await owner.getByRole('region', { name: 'Calls' }).getByRole('button', { name: 'Save' }).click()
  await owner.getByText('Calls are refused from now on.').waitFor(WAIT)
  await owner.context().close()
  await stage.demo.control('POST', `/linked/phones/${ANA}/do`, { do: 'call', to: PHONE })
  await page.locator('p.note').filter({ hasText: 'refused by this number\'s rule' }).waitFor(WAIT)
})

test('who reads Indonesian is told in Indonesian, also by the network', async () => {
  const sari = await stage.colleague('Sari')
  const other = await stage.agent(sari)
  await openConversation(other, 'Ana Souza')
  await other.locator('p.note').filter({ hasText: 'Messages disappear after 1 day now.' }).waitFor(WAIT)
  await other.evaluate(async () => {
    const { csrf_token: token } = await (await fetch('/api/v1/session')).json()
    await fetch('/api/v1/session', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token }, body: JSON.stringify({ locale: 'id' }) })
  })
  await other.reload()
  await other.locator('p.note').filter({ hasText: 'Sekarang pesan menghilang setelah 1 hari.' }).waitFor(WAIT)
  await other.locator('p.note').filter({ hasText: 'Mereka menelepon ke ponsel.' }).waitFor(WAIT)
  await other.context().close()
})

test('a picture that may be seen once says so, and reads well on a small dark screen', async () => {
  const form = new FormData()
  form.append('file', new Blob([picture(320, 240)], { type: 'image/png' }), 'a.png')
  const { id } = await (await fetch(`${stage.demo.sandbox_url}/control/media`, { method: 'POST', body: form })).json()
  await write(ANA, { type: 'image', image: { id, view_once: true } })
  const small = await stage.agent({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' })
  await openConversation(small, 'Ana Souza')
  await small.getByText('View once').waitFor(WAIT)
  await small.locator('input[type=file]').setInputFiles({ name: 'b.png', mimeType: 'image/png', buffer: picture(320, 240) })
  await small.getByLabel('May be seen once').check(WAIT)
  await small.getByRole('button', { name: 'Send', exact: true }).click(WAIT)
  await onPhone(ANA, (one) => one.type === 'image' && one.content.view_once, 'the picture on the phone')
  assert.deepEqual(await findings(small), [])
  if (SHOTS) await small.screenshot({ path: `${SHOTS}/linked-chat-small.png` })
  await small.context().close()
})

test('nothing went wrong in the pages', () => assert.deepEqual(stage.problems, []))
