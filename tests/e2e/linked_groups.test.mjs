// linked_groups.test.mjs: a group of a linked number in the inbox: who said what, whom one names, who is in it, asks to be, and may do what.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { pairNumber } from '../lib/linked.mjs'
import { until } from '../lib/parley.mjs'
import { bubble, composerOf, findings, openConversation, picture, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 180_000 }, work)
const WAIT = { timeout: 30_000 }
const PHONE = '6281200000001'
const ANA = '5511999990000'
const BOB = '15550003333'
const SHOTS = process.env.PARLEY_SCREENSHOTS
const CLEO = '6281200000009'
let stage, page, group

const write = (from, to, more) => stage.demo.control('POST', `/linked/phones/${from}/messages`, { to, type: 'text', ...more })

before(async () => {
  stage = await Stage.open()
  const { demo } = stage
  for (const [phone, name] of [[PHONE, 'Shop'], [ANA, 'Ana Souza'], [BOB, 'Bob'], [CLEO, 'Cleo']]) await demo.control('POST', '/linked/phones', { phone, name, play: true })
  const number = await pairNumber(stage.demo, PHONE, { name: 'Front desk' })
  const { answer } = await demo.api('POST', `/channels/${number.id}/management/group.create`, { subject: 'Choir', members: [ANA, BOB] })
  group = answer.group.id
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

test('whoever writes into the group names its members by keyboard, and it goes out as a mention', async () => {
  const field = composerOf(page)
  await field.click()
  await field.pressSequentially('Good, @')
  const list = page.getByRole('listbox', { name: 'Members of the group' })
  await list.getByRole('option', { name: /Ana Souza/ }).waitFor(WAIT)
  assert.deepEqual(await list.getByRole('option').locator('bdi').allInnerTexts(), ['Ana Souza', 'Bob'])
  await page.getByText(/^2 to choose from/).waitFor({ state: 'attached' })
  assert.deepEqual(await findings(page), [])
  await field.press('ArrowDown')
  const chosen = list.getByRole('option', { selected: true })
  assert.match(await chosen.innerText(), /^Bob/)
  assert.equal(await field.getAttribute('aria-activedescendant'), await chosen.getAttribute('id'))
  await field.press('Enter')
  await field.pressSequentially('plays. And @an')
  await field.press('Tab')
  await field.pressSequentially('sings')
  assert.equal(await field.inputValue(), 'Good, @Bob plays. And @Ana Souza sings')
  await field.press('Enter')
  const sent = bubble(page, 'Good, @Bob plays. And @Ana Souza sings')
  await sent.waitFor(WAIT)
  assert.deepEqual(await sent.locator('.mention').allInnerTexts(), ['@Bob', '@Ana Souza'])
  const got = await until(async () => (await stage.demo.control('GET', `/linked/phones/${ANA}/messages`)).messages.find((one) => /^Good/.test(one.content?.body)), 'the message on Ana\'s phone', 30_000)
  assert.equal(got.content.mentions.length, 2)
  await field.pressSequentially('@zz')
  await page.getByText('Nobody in this group is called like that.').waitFor()
  await field.press('Escape')
  await field.fill('')
})

test('the panel beside it shows who is in the group, to who only reads and writes', async () => {
  const sari = await stage.agent(await stage.colleague('Sari'))
  await openConversation(sari, 'Choir')
  const panel = sari.getByRole('complementary', { name: 'Contact' })
  if (!await panel.isVisible()) await sari.getByRole('button', { name: 'Contact details' }).click()
  await panel.getByText('Members: 3').click(WAIT)
  await panel.getByRole('link', { name: 'Bob' }).waitFor()
  assert.equal(await panel.getByRole('button', { name: 'Manage the group' }).count(), 0)
  await sari.context().close()
})

test('who manages channels changes face, roles, what members may do and the link, and lets people in', async () => {
  const panel = page.getByRole('complementary', { name: 'Contact' })
  if (!await panel.isVisible()) await page.getByRole('button', { name: 'Contact details' }).click()
  await panel.getByRole('button', { name: 'Manage the group' }).click()
  const dialog = page.getByRole('dialog', { name: 'Group' })
  const close = () => dialog.locator('footer').getByRole('button', { name: 'Close' }).click()
  await dialog.getByText('Members: 3').waitFor(WAIT)
  assert.deepEqual(await findings(page), [])
  await dialog.getByLabel('Picture', { exact: true }).setInputFiles({ name: 'choir.png', mimeType: 'image/png', buffer: picture(320, 240) })
  await dialog.getByRole('img', { name: /Picture of Choir|Choir/ }).first().waitFor(WAIT)
  await dialog.getByRole('button', { name: 'Make admin: Ana Souza' }).click()
  await dialog.getByRole('button', { name: 'Admin no more: Ana Souza' }).waitFor(WAIT)
  await dialog.getByRole('switch', { name: 'Admins decide who joins' }).check()
  await dialog.getByRole('heading', { name: 'Ask to join: 0' }).waitFor(WAIT)
  await dialog.getByRole('button', { name: 'Show the invitation link' }).click()
  const link = dialog.getByText(/^https:\/\/chat\.whatsapp\.com\//)
  await link.waitFor(WAIT)
  const first = await link.innerText()
  await dialog.getByRole('button', { name: 'Revoke and make a new link' }).click()
  await dialog.getByText('The old link stops working at once.').waitFor()
  await dialog.getByRole('button', { name: 'Revoke the old link now' }).click()
  await until(async () => (await link.innerText()) !== first, 'another link', 30_000)
  const second = await link.innerText()
  await close()

  const cleo = await pairNumber(stage.demo, CLEO, { name: 'Back office' })
  await assert.rejects(stage.demo.api('POST', `/channels/${cleo.id}/management/group.join`, { link: first }))
  await stage.demo.api('POST', `/channels/${cleo.id}/management/group.join`, { link: second })
  await panel.getByRole('button', { name: 'Manage the group' }).click()
  await dialog.getByRole('heading', { name: 'Ask to join: 1' }).waitFor(WAIT)
  await dialog.getByRole('button', { name: /^Let in: / }).click()
  await dialog.getByText('Members: 4').waitFor(WAIT)
  await dialog.getByRole('button', { name: 'Remove: Bob' }).click()
  await dialog.getByText('Members: 3').waitFor(WAIT)
  await dialog.getByLabel('Name of the group').fill('Band')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('region', { name: 'Conversation with Band' }).waitFor(WAIT)
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
