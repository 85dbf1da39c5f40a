// linked_groups.test.mjs: a group of a linked number in the inbox: who said what, whom they name, what they answer.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { openConversation, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 180_000 }, work)
const WAIT = { timeout: 30_000 }
const PHONE = '6281200000001'
const ANA = '5511999990000'
const BOB = '15550003333'
const SHOTS = process.env.PARLEY_SCREENSHOTS
let stage, page

const write = (from, to, more) => stage.demo.control('POST', `/linked/phones/${from}/messages`, { to, type: 'text', ...more })

before(async () => {
  stage = await Stage.open()
  const { demo } = stage
  for (const [phone, name] of [[PHONE, 'Shop'], [ANA, 'Ana Souza'], [BOB, 'Bob']]) await demo.control('POST', '/linked/phones', { phone, name, play: true })
  const number = await demo.api('POST', '/linked-numbers', { name: 'Front desk' })
  const { notice } = await demo.api('GET', '/linked-numbers')
  await demo.api('POST', `/linked-numbers/${number.id}/pair`, { consent: notice.version })
  const qr = await until(async () => (await demo.api('GET', `/linked-numbers/${number.id}/pairing`)).qr, 'a QR code', 30_000)
  await demo.control('POST', '/linked/scan', { qr: qr.text, phone: PHONE })
  await until(async () => (await demo.api('GET', `/linked-numbers/${number.id}`)).state === 'connected', 'the connection', 30_000)
  const { answer } = await demo.api('POST', `/channels/${number.id}/management/group.create`, { subject: 'Choir', members: [ANA, BOB] })
  const asked = await write(BOB, answer.group.id, { text: { body: 'Who sings on Tuesday?' } })
  await until(async () => (await demo.api('GET', '/conversations?limit=5')).data.some((one) => one.last_message?.text?.body === 'Who sings on Tuesday?'), 'what Bob wrote', 30_000)
  await write(ANA, answer.group.id, { text: { body: `I do, if @${BOB} plays`, mentions: [`+${BOB}`] }, reply_to: asked.id })
  page = await stage.agent()
})
after(async () => stage?.close())

test('each message of a group has its writer, quotes theirs, and names stand for numbers', async () => {
  await page.getByRole('region', { name: 'Conversations' }).getByText('Ana Souza: I do, if @Bob plays').waitFor(WAIT)
  await openConversation(page, 'Choir')
  const answer = page.getByRole('group', { name: /^Ana Souza.*I do, if @Bob plays/ })
  await answer.waitFor(WAIT)
  assert.equal(await answer.locator('.author').innerText(), 'Ana Souza')
  assert.equal(await answer.locator('.mention').innerText(), '@Bob')
  assert.match(await answer.getByRole('button', { name: /Who sings/ }).innerText(), /^Bob\n/)
  const asked = page.locator('.bubble').filter({ hasText: 'Who sings on Tuesday?' }).first()
  const colour = (at) => at.locator('.author').evaluate((element) => getComputedStyle(element).color)
  assert.notEqual(await colour(asked), await colour(answer))
  for (const [look, options] of SHOTS ? [['light', {}], ['dark', { colorScheme: 'dark' }], ['small', { viewport: { width: 360, height: 740 } }]] : []) {
    const other = await stage.agent(options)
    await openConversation(other, 'Choir')
    await other.locator('.mention').waitFor()
    await other.screenshot({ path: `${SHOTS}/group-${look}.png` })
    await other.context().close()
  }
  assert.deepEqual(stage.problems, [])
})

test('who manages channels sees the members from the conversation, changes roles and name, and gets the link', async () => {
  const panel = page.getByRole('complementary', { name: 'Contact' })
  if (!await panel.isVisible()) await page.getByRole('button', { name: 'Contact details' }).click()
  await panel.getByRole('button', { name: 'Manage the group' }).click()
  const dialog = page.getByRole('dialog', { name: 'Group' })
  await dialog.getByText('Members: 3').waitFor(WAIT)
  await dialog.getByRole('button', { name: /^Make .*5511999990000 an admin|^Make Ana Souza an admin/ }).click()
  await dialog.getByRole('button', { name: /^Make .*(5511999990000|Ana Souza) no admin any more/ }).waitFor(WAIT)
  await dialog.getByRole('button', { name: /^Remove .*(15550003333|Bob) from the group/ }).click()
  await dialog.getByText('Members: 2').waitFor(WAIT)
  await dialog.getByLabel('Name of the group').fill('Band')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('region', { name: 'Conversation with Band' }).waitFor(WAIT)
  await dialog.getByRole('button', { name: 'Show the invitation link' }).click()
  await dialog.getByText(/^https:\/\/chat\.whatsapp\.com\//).waitFor(WAIT)
  if (SHOTS) for (const [look, options, size] of [['light', { colorScheme: 'light' }, null], ['dark', { colorScheme: 'dark' }, null], ['small', { colorScheme: 'light' }, { width: 360, height: 740 }]]) {
    await page.emulateMedia(options)
    if (size) await page.setViewportSize(size)
    await page.screenshot({ path: `${SHOTS}/group-dialog-${look}.png` })
  }
  await dialog.getByRole('button', { name: 'Leave the group' }).click()
  await dialog.getByText('This number will get no more messages of the group.').waitFor()
  await dialog.getByRole('button', { name: 'Leave now' }).click()
  await dialog.waitFor({ state: 'hidden' })
  assert.deepEqual(stage.problems, [])
})
