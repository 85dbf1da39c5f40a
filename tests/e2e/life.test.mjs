// life.test.mjs: a conversation's life in the console: snooze and wake, priority, labels, many at once, kept filters, counts, two people.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { bubble, composerOf, openConversation, rowOf, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 180_000 }, work)
let stage, customer, other, owner, mira

const menu = async (page, button, item, within = page) => {
  await within.getByRole('button', { name: button, exact: true }).click()
  await page.getByRole('menuitem', { name: item }).or(page.getByRole('menuitemradio', { name: item })).first().click()
}
const thread = (page, name) => page.getByRole('region', { name: `Conversation with ${name}` })
const line = (page, text) => page.locator('.event').filter({ hasText: text })

before(async () => {
  stage = await Stage.open()
  customer = await stage.customer('Tomas Lind')
  other = await stage.customer('Wati Sari')
  await stage.demo.customerSays(customer.phone, 'Is anybody there?')
  await stage.demo.customerSays(other.phone, 'Where is my order?')
  await until(() => stage.conversationOf(other.phone), 'the conversations')
  await stage.demo.api('POST', '/labels', { name: 'Complaint', colour: '#b3261e' })
  owner = await stage.agent()
  mira = { person: await stage.colleague('Mira') }
  mira.page = await stage.agent(mira.person)
})
after(() => stage?.close())

test('priority, labels and assignment are set in the thread, seen in the list, and told as lines', async () => {
  await openConversation(owner, customer.name)
  await menu(owner, /^Priority:/, 'Urgent', thread(owner, customer.name))
  await menu(owner, 'Labels', 'Complaint', thread(owner, customer.name))
  await rowOf(owner, customer.name).getByText('Complaint').waitFor()
  await rowOf(owner, customer.name).getByTitle('Urgent').waitFor()
  await line(owner, 'You set the priority: Urgent').waitFor()
  await line(owner, 'You put on the label Complaint').waitFor()
  await openConversation(mira.page, customer.name)
  await line(mira.page, 'set the priority: Urgent').waitFor()
  const events = await stage.demo.api('GET', `/conversations/${(await stage.conversationOf(customer.phone)).id}/events`)
  assert.deepEqual(events.data.map((one) => one.kind).filter((kind) => ['priority', 'labelled'].includes(kind)), ['priority', 'labelled'])
})

test('who else is in the conversation is said right above the composer', async () => {
  await owner.getByText(/Mira has this conversation open, too/).waitFor()
  await composerOf(mira.page).pressSequentially('Let me', { delay: 30 })
  await owner.getByText(/Mira is writing here right now/).waitFor()
  await composerOf(mira.page).fill('')
  await composerOf(mira.page).blur()
  await mira.page.keyboard.press('Escape')
  await owner.getByText(/Mira (is writing|has this)/).waitFor({ state: 'detached' })
})

test('a snoozed conversation leaves the list and comes back: at its time, and at once when the customer writes', async () => {
  await menu(owner, /^Status: Open/, 'Snooze for an hour', thread(owner, customer.name))
  await line(owner, /You snoozed this until/).waitFor()
  await owner.keyboard.press('Escape')
  await rowOf(owner, customer.name).waitFor({ state: 'detached' })
  await stage.demo.customerSays(customer.phone, 'Hello?')
  await openConversation(owner, customer.name)
  await line(owner, 'Tomas Lind opened this').waitFor()
  const { id } = await stage.conversationOf(customer.phone)
  await stage.demo.api('PATCH', `/conversations/${id}`, { status: 'snoozed', snoozed_until_ms: Date.now() + 1500 })
  await line(owner, /snoozed this until/).nth(1).waitFor()
  await until(async () => (await stage.conversationOf(customer.phone)).status === 'open', 'it wakes')
  await line(owner, 'Parley opened this').waitFor()
})

test('filters combine, stay over a reload, and are kept and shared', async () => {
  await owner.keyboard.press('Escape')
  await menu(owner, 'Filter', 'All filters')
  const dialog = owner.getByRole('dialog', { name: 'All filters' })
  await dialog.getByLabel('Label', { exact: true }).selectOption({ label: 'Complaint' })
  await dialog.getByLabel('Priority').selectOption({ label: 'Urgent' })
  await dialog.getByLabel('Keep this filter as').fill('Urgent complaints')
  await dialog.getByLabel('For whom').selectOption({ label: 'Everybody' })
  await dialog.getByRole('button', { name: 'Keep', exact: true }).click()
  await rowOf(owner, other.name).waitFor({ state: 'detached' })
  await rowOf(owner, customer.name).waitFor()
  assert.match(owner.url(), /label=\d+.*priority=urgent|priority=urgent.*label=\d+/)
  await owner.reload()
  await rowOf(owner, customer.name).waitFor()
  assert.equal(await rowOf(owner, other.name).count(), 0)
  await mira.page.reload()
  await mira.page.getByRole('navigation', { name: /kept filters/ }).getByRole('link', { name: 'Urgent complaints' }).click()
  await rowOf(mira.page, other.name).waitFor({ state: 'detached' })
  await rowOf(mira.page, customer.name).waitFor()
  await owner.getByRole('button', { name: 'Remove the filter Complaint' }).click()
  await owner.getByRole('button', { name: 'Remove the filter Urgent' }).click()
  await rowOf(owner, other.name).waitFor()
  await mira.page.goto(`${stage.demo.url}/inbox`)
})

test('counts follow what two people do, and equal the lists', async () => {
  const nav = owner.getByRole('navigation', { name: /Numbers/ })
  const shown = async () => Number((await nav.getByRole('region', { name: 'Numbers' }).getByRole('link').first().getByLabel(/^Open:/).textContent()) ?? 0)
  const before = await until(shown, 'a count')
  const { id } = await stage.conversationOf(other.phone)
  await stage.demo.api('PATCH', `/conversations/${id}`, { status: 'resolved' })
  await until(async () => (await shown()) === before - 1, 'one less')
  await openConversation(mira.page, customer.name)
  await mira.page.getByRole('button', { name: 'Resolve', exact: true }).click()
  await until(async () => (await shown()) === before - 2, 'two less')
  for (const one of [customer, other]) await stage.demo.api('PATCH', `/conversations/${(await stage.conversationOf(one.phone)).id}`, { status: 'open' })
  await until(async () => (await shown()) === before, 'as before')
  const counts = await stage.demo.api('GET', '/conversations/counts')
  const ids = []
  for (let cursor = ''; cursor !== null;) {
    const page = await stage.demo.api('GET', `/conversations?status=open&limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    ids.push(...page.data)
    cursor = page.next_cursor
  }
  assert.equal(counts.all.total, ids.length)
  assert.equal(counts.all.unread, ids.filter((one) => one.unread_count > 0).length)
  assert.equal(counts.unassigned.total, ids.filter((one) => !one.assignee).length)
})

test('the title tells of all that is unread, on every page, whatever the list shows', async () => {
  const page = await stage.agent()
  await page.goto(`${stage.demo.url}/contacts`)
  const unread = async () => (await stage.demo.api('GET', '/conversations/counts')).all.unread
  const shown = async () => Number(/^\((\d+)\)/.exec(await page.title())?.[1] ?? 0)
  await until(async () => (await shown()) === (await unread()) && (await unread()) > 0, 'the count of the server')
  const before = await shown()
  const third = await stage.customer('Pia Berg')
  await stage.demo.customerSays(third.phone, 'One more')
  await until(async () => (await shown()) === before + 1, 'one more')
  await page.goto(`${stage.demo.url}/inbox?status=resolved`)
  await until(async () => (await shown()) === before + 1, 'the same beside another list')
  await stage.demo.api('PATCH', `/conversations/${(await stage.conversationOf(third.phone)).id}`, { status: 'archived' })
  await until(async () => (await shown()) === before, 'as before')
  await page.context().close()
})

test('many are changed at once, with their progress, and put back', async () => {
  await owner.goto(`${stage.demo.url}/inbox`)
  await rowOf(owner, customer.name).waitFor()
  await owner.getByRole('button', { name: 'Choose several' }).click()
  await owner.getByLabel(`Choose ${customer.name}`).check()
  await owner.getByLabel(`Choose ${other.name}`).check()
  await owner.getByText('Chosen: 2').waitFor()
  const bulk = owner.getByRole('group', { name: 'Change many at once' })
  await bulk.getByRole('button', { name: 'Status' }).click()
  await owner.getByRole('menuitem', { name: 'Resolved' }).click()
  await bulk.getByText('Changed: 2').waitFor()
  await rowOf(owner, customer.name).waitFor({ state: 'detached' })
  assert.equal((await stage.conversationOf(other.phone)).status, 'resolved')
  await bulk.getByRole('button', { name: 'Undo' }).click()
  await bulk.getByText('Put back: 2').waitFor()
  await rowOf(owner, customer.name).waitFor()
  assert.equal((await stage.conversationOf(other.phone)).status, 'open')
  await owner.getByRole('button', { name: 'Stop choosing' }).click()
})

test('two conversations of one person become one by the menu, for everybody, and part again', async () => {
  const names = async () => (await owner.locator('.bubble').allInnerTexts()).join(' ')
  await owner.goto(`${stage.demo.url}/inbox`)
  await openConversation(owner, customer.name)
  await openConversation(mira.page, other.name)
  await menu(owner, 'More', 'Merge with another conversation', thread(owner, customer.name))
  const dialog = owner.getByRole('dialog', { name: 'Merge with another conversation' })
  await dialog.getByRole('searchbox').fill(other.phone)
  await dialog.getByRole('button', { name: new RegExp(other.name) }).click()
  await dialog.getByRole('region', { name: customer.name }).getByText('stays').waitFor()
  await dialog.getByRole('region', { name: other.name }).getByText('Where is my order?').waitFor()
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  await bubble(owner, 'Where is my order?').waitFor()
  await bubble(owner, 'Is anybody there?').waitFor()
  await line(owner, 'You joined another conversation with this one').waitFor()
  await rowOf(owner, other.name).waitFor({ state: 'detached' })
  // Who had the other one open is where its messages are now.
  await thread(mira.page, customer.name).waitFor()
  await bubble(mira.page, 'Is anybody there?').waitFor()
  await rowOf(mira.page, other.name).waitFor({ state: 'detached' })
  await owner.getByRole('status').getByRole('button', { name: 'Undo' }).click()
  await bubble(owner, 'Where is my order?').waitFor({ state: 'detached' })
  await rowOf(owner, other.name).waitFor()
  await rowOf(mira.page, other.name).waitFor()
  assert.doesNotMatch(await names(), /Where is my order/)
})

test('messages of somebody else are split off from a message on, by keyboard alone, and moved back', async () => {
  await stage.demo.customerSays(customer.phone, 'Here is her brother Jonas')
  await bubble(owner, 'Here is her brother Jonas').waitFor()
  await owner.getByRole('button', { name: 'More', exact: true }).focus()
  await owner.keyboard.press('Enter')
  const item = owner.getByRole('menuitem', { name: 'Split off' })
  await item.waitFor()
  for (let i = 0; i < 20 && !(await item.evaluate((el) => el === document.activeElement)); i++) await owner.keyboard.press('ArrowDown')
  await owner.keyboard.press('Enter')
  const dialog = owner.getByRole('dialog', { name: 'Split off messages' })
  await dialog.getByText('Messages that move to another contact: 1').waitFor()
  await dialog.getByRole('textbox').focus()
  await owner.keyboard.type('+1 202 555 0199')
  await owner.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await bubble(owner, 'Here is her brother Jonas').waitFor({ state: 'detached' })
  await line(owner, 'You moved messages to another contact').waitFor()
  await rowOf(owner, '+12025550199').getByText('Here is her brother Jonas').waitFor()
  await owner.getByRole('status').getByRole('button', { name: 'Undo' }).click()
  await bubble(owner, 'Here is her brother Jonas').waitFor()
})

test('both are there on a phone, and a message has its own way to split', async () => {
  const page = await stage.agent({ viewport: { width: 360, height: 740 } })
  await openConversation(page, customer.name)
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360)
  await menu(page, 'More', 'Merge with another conversation', thread(page, customer.name))
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await bubble(page, 'Here is her brother Jonas').getByRole('button', { name: 'Message actions' }).click()
  await page.getByRole('menuitem', { name: 'Split off from here' }).click()
  const dialog = page.getByRole('dialog', { name: 'Split off messages' })
  await dialog.getByLabel('From this message on').getByText('Here is her brother Jonas').waitFor({ state: 'attached' })
  assert.ok(await dialog.getByRole('button', { name: 'Split off' }).isDisabled())
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await page.context().close()
})

/* The list as it is with a hundred thousand: the pages are made here, all else is the console's own. */
test('a list of a hundred thousand scrolls, and only what is seen is drawn', async () => {
  const TOTAL = 100_000
  const model = (await stage.demo.api('GET', '/conversations?limit=1')).data[0]
  const rowAt = (i) => ({ ...model, id: String(9_000_000_000_000_000 - i), last_message_ms: 1_700_000_000_000 - i, contact: { ...model.contact, name: `Customer ${i}` }, last_message: null })
  const page = await stage.agent()
  await page.route(/\/api\/v1\/conversations\?/, (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0)
    const data = Array.from({ length: 2000 }, (_, i) => rowAt(from + i)).filter((_, i) => from + i < TOTAL)
    return route.fulfill({ json: { data, next_cursor: from + 2000 < TOTAL ? String(from + 2000) : null } })
  })
  await page.goto(`${stage.demo.url}/inbox?sort=newest`)
  const list = page.getByRole('list', { name: 'Conversations' })
  await list.getByText('Customer 0', { exact: true }).waitFor()
  const slowest = await page.evaluate(async (total) => {
    const box = document.querySelector('.list')
    let worst = 0
    for (let size = 0; size < total * 76;) {
      const start = performance.now()
      box.scrollTop = box.scrollHeight
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
      worst = Math.max(worst, performance.now() - start)
      size = box.scrollHeight
    }
    box.scrollTop = box.scrollHeight
    return worst
  }, TOTAL)
  await list.getByText(`Customer ${TOTAL - 1}`, { exact: true }).waitFor()
  const drawn = await list.getByRole('listitem').count()
  assert.ok(drawn > 5 && drawn < 60, `drawn: ${drawn}`)
  const last = list.getByRole('listitem').last()
  assert.deepEqual([await last.getAttribute('aria-posinset'), await last.getAttribute('aria-setsize')], [String(TOTAL), String(TOTAL)])
  await page.evaluate(() => { document.querySelector('.list').scrollTop = 50_000 * 76 })
  await list.getByText('Customer 50000', { exact: true }).waitFor()
  console.log(`# list of ${TOTAL}: ${drawn} rows drawn, slowest step ${Math.round(slowest)} ms`)
  assert.ok(slowest < 1500, `the slowest step took ${Math.round(slowest)} ms`)
  await page.context().close()
})

/* A thread of the same length: pages at both ends, as the server would give them. */
test('a thread of a hundred thousand messages is read from its end to its middle, and only what is seen is drawn', async () => {
  const TOTAL = 100_000
  const page = await stage.agent()
  const { id } = await stage.conversationOf(customer.phone)
  const [sample] = (await stage.demo.api('GET', `/conversations/${id}/messages`)).data
  const FIRST = 700_000_000_000_000_000n
  const messageAt = (i) => ({ ...sample, id: String(FIRST + BigInt(i)), type: 'text', text: { body: `Message ${i}` }, created_ms: sample.created_ms + i })
  const placeOf = (text) => Number(BigInt(text) - FIRST)
  await page.route(new RegExp(`/conversations/${id}/messages`), (route) => {
    const query = new URL(route.request().url()).searchParams
    const limit = Number(query.get('limit') ?? 50)
    const around = query.has('around') ? placeOf(query.get('around')) - limit / 2 : null
    const from = query.has('before') ? placeOf(query.get('before')) - limit : query.has('after') ? placeOf(query.get('after')) + 1 : around ?? TOTAL - limit
    const data = Array.from({ length: limit }, (_, i) => from + i).filter((i) => i >= 0 && i < TOTAL).map(messageAt)
    return route.fulfill({ json: { data, has_before: from > 0, has_after: from + limit < TOTAL } })
  })
  await page.goto(`${stage.demo.url}/inbox/${id}`)
  await page.locator('.bubble').getByText(`Message ${TOTAL - 1}`, { exact: true }).waitFor()
  const box = page.getByRole('region', { name: 'Messages', exact: true })
  for (let i = 0; i < 40; i++) {
    await box.evaluate((element) => { element.scrollTop = 0 })
    await page.waitForTimeout(30)
  }
  const rows = await box.getByRole('listitem').count()
  assert.ok(rows > 3 && rows < 90, `drawn: ${rows}`)
  const read = await box.locator('.bubble').first().innerText()
  assert.ok(Number(/Message (\d+)/.exec(read)[1]) < TOTAL - 500, read)
  await page.goto(`${stage.demo.url}/inbox/${id}?m=${FIRST + 50_000n}`)
  await page.locator('.bubble').getByText('Message 50000', { exact: true }).waitFor()
  await page.getByRole('button', { name: /To the latest message/ }).click()
  await page.locator('.bubble').getByText(`Message ${TOTAL - 1}`, { exact: true }).waitFor()
  await page.context().close()
})

test('nothing went wrong in the pages', () => assert.deepEqual(stage.problems, []))
