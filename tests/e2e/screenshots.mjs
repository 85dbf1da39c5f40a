// screenshots.mjs: the pictures of docs/guide/, each from the state that a reader of the guide would see.
// Called with a folder, and with the parts that are wanted (inbox, settings, linked); without any, all.
import path from 'node:path'
import { until } from '../lib/parley.mjs'
import { answer, bubble, composerOf, openConversation, picture, rowOf, Stage, writeOnPhone } from './stage.mjs'

const [folder, ...wanted] = process.argv.slice(2)
const wants = (part) => wanted.length === 0 || wanted.includes(part)
const stage = await Stage.open()
const WIDE = { width: 1280, height: 800 }
const SMALL = { width: 390, height: 780 }

async function take(page, name) {
  await page.evaluate(() => document.fonts.ready)
  await page.mouse.move(0, 0)
  await page.evaluate(() => document.activeElement?.blur())
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' })
  console.log(`${name}.png`)
}

/** A conversation with a bit of everything, so that the pictures tell something. */
async function tell() {
  const { data: customers } = await stage.demo.control('GET', '/customers')
  const ana = customers[0]
  const phone = await stage.phone(ana, { viewport: SMALL, deviceScaleFactor: 2 })
  const agent = await stage.agent({ viewport: WIDE })
  await openConversation(agent, ana.name)
  await phone.locator('input[type=file]').setInputFiles({ name: 'shelf.png', mimeType: 'image/png', buffer: picture(480, 300) })
  await until(() => agent.locator('.frame img').last().evaluate((img) => img.naturalWidth > 0), 'the picture', 20_000)
  await writeOnPhone(phone, 'It should go with this wall 🙂')
  await bubble(agent, 'It should go with this wall').waitFor()
  await answer(agent, 'It will! I put two aside for you until Saturday.')
  await bubble(agent, 'I put two aside').getByRole('img', { name: 'Read' }).waitFor()
  await phone.locator('.bubble.theirs').filter({ hasText: 'I put two aside' }).waitFor()
  await take(phone, 'phone')
  await phone.context().close()
  await agent.context().close()
  return ana.name
}

async function inbox(name, file, options) {
  const page = await stage.agent({ deviceScaleFactor: 2, ...options })
  if (name) {
    await openConversation(page, name)
    await until(() => page.locator('.frame img').last().evaluate((img) => img.naturalWidth > 0), 'the picture', 20_000)
  } else {
    await rowOf(page, '').first().waitFor()
  }
  await take(page, file)
  await page.context().close()
}

async function settings() {
  const page = await stage.agent({ viewport: WIDE, deviceScaleFactor: 2 })
  for (const [where, heading] of [['settings/channels', 'Channels'], ['health', 'Health'], ['board', 'Board'], ['reports', 'Reports'], ['contacts', 'Contacts'],
    ['settings/templates', 'Templates'], ['settings/realtime', 'Live updates'], ['settings/routing', 'Routing'], ['settings/people', 'People'], ['settings', 'Settings']]) {
    await page.goto(`${stage.demo.url}/${where}`)
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
    await page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
    await page.waitForLoadState('networkidle')
    await take(page, where.split('/').pop())
  }
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: /^Channels/ }).click()
  await page.getByRole('link', { name: /Sandbox shop/ }).click()
  await page.getByRole('button', { name: 'Test now' }).click()
  await page.getByText('All steps passed').waitFor({ timeout: 30_000 })
  await page.waitForLoadState('networkidle')
  await take(page, 'channel')
  const { number_id: number } = await stage.demo.api('GET', `/channels/${stage.demo.channel_id}`)
  for (const [where, file] of [[`channels/${stage.demo.channel_id}/number`, 'number'], [`channels/${stage.demo.channel_id}/webhook`, 'webhook-tools'],
    [`routes/${number}`, 'route']]) {
    await page.goto(`${stage.demo.url}/settings/${where}`)
    await page.getByRole('heading', { level: 1 }).nth(0).waitFor()
    await page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
    await page.waitForLoadState('networkidle')
    await take(page, file)
  }
  await page.context().close()
}

/** Phones of an owner, of customers and of the sandbox's network; a number that waits to be paired, and one that is. */
const OWNER = '6281234567890'
const ANA = '5511999990000'
const BOB = '15550003333'
const phones = (path, body) => stage.demo.control('POST', `/linked/phones/${path}`, body)
const manage = async (number, call, body) => (await stage.demo.api('POST', `/channels/${number}/management/group.${call}`, body)).answer

async function paired(page) {
  for (const [phone, name] of [[OWNER, 'Olivia'], [ANA, 'Ana Souza'], [BOB, 'Bob Miller']]) await stage.demo.control('POST', '/linked/phones', { phone, name, play: true })
  await phones(`${OWNER}/past`, { messages: [{ with: ANA, text: 'Thank you for last week!', from_me: false, at_ms: Date.now() - 3 * 86_400_000, is_read: true, id: 'PAST0001' }] })
  await page.goto(`${stage.demo.url}/settings/linked/new`)
  await page.getByLabel('Name').fill('Front desk')
  await page.getByLabel('I have read this').check()
  await page.getByRole('button', { name: 'Accept and show the QR code' }).click()
  await page.getByRole('img', { name: 'QR code for WhatsApp on the phone' }).waitFor()
  await take(page, 'linked-qr')
  const id = page.url().split('/').at(-1)
  const qr = await until(async () => (await stage.demo.api('GET', `/linked-numbers/${id}/pairing`)).qr, 'a QR code', 30_000)
  await stage.demo.control('POST', '/linked/scan', { qr: qr.text, phone: OWNER })
  await page.getByRole('status').getByText('Connected', { exact: true }).waitFor({ timeout: 30_000 })
  await page.getByText(/^All of it is here/).waitFor({ timeout: 30_000 })
  return id
}

async function chats(page, number) {
  const { group: { id: group } } = await manage(number, 'create', { subject: 'Choir on Tuesday', members: [ANA, BOB] })
  await manage(number, 'settings', { group, approval: true })
  const asked = await phones(`${BOB}/messages`, { to: group, type: 'text', text: { body: 'Who sings on Tuesday?' } })
  await phones(`${ANA}/messages`, { to: group, type: 'text', text: { body: `I do, if @${BOB} plays`, mentions: [`+${BOB}`] }, reply_to: asked.id })
  await page.goto(`${stage.demo.url}/inbox`)
  await openConversation(page, 'Choir on Tuesday')
  await page.locator('.mention').waitFor({ timeout: 30_000 })
  await composerOf(page).pressSequentially('Then we have it, @')
  await page.getByRole('option', { name: /Ana Souza/ }).waitFor({ timeout: 30_000 })
  await take(page, 'group')
  await composerOf(page).fill('')
  await page.getByRole('button', { name: 'Contact details' }).click()
  await page.getByRole('complementary', { name: 'Contact' }).getByRole('button', { name: 'Manage the group' }).click()
  await page.getByRole('dialog', { name: 'Group' }).getByText('Members: 3').waitFor({ timeout: 30_000 })
  await take(page, 'group-manage')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Contact details' }).click()
  await phones(`${ANA}/messages`, { to: OWNER, type: 'text', text: { body: 'Which day suits you?' } })
  await rowOf(page, 'Which day suits you?').click()
  await page.getByRole('region', { name: 'Conversation with Ana Souza' }).waitFor()
  const conversation = page.url().match(/\d{6,}/)[0]
  await stage.demo.api('POST', `/conversations/${conversation}/messages`, { type: 'poll', poll: { name: 'When shall we deliver?', options: ['Monday morning', 'Tuesday evening'], selectable_count: 1 } })
  const poll = await until(async () => (await stage.demo.control('GET', `/linked/phones/${ANA}/messages`)).messages.find((one) => one.type === 'poll'), 'the poll on the phone', 30_000)
  await phones(`${ANA}/messages`, { to: OWNER, type: 'poll_vote', poll_vote: { options: ['Tuesday evening'] }, reply_to: poll.id })
  await page.getByText('Voters: 1').waitFor({ timeout: 30_000 })
  await take(page, 'poll')
}

async function linked() {
  const page = await stage.agent({ viewport: WIDE, deviceScaleFactor: 2 })
  const number = await paired(page)
  await chats(page, number)
  await page.goto(`${stage.demo.url}/settings/linked/${number}`)
  await page.getByRole('heading', { name: 'Pace and risk' }).waitFor()
  await page.waitForLoadState('networkidle')
  await take(page, 'linked-number')
  await stage.demo.api('PATCH', `/channels/${number}/pace`, { tier: 'careful' })
  await page.reload()
  await page.getByText(/^\d+ of \d+$/).first().waitFor({ timeout: 30_000 })
  await page.getByRole('heading', { name: 'Pace and risk' }).evaluate((heading) => heading.scrollIntoView({ block: 'start' }))
  await take(page, 'pace')
  await page.goto(`${stage.demo.url}/settings/linked`)
  await page.getByRole('link', { name: /Front desk/ }).getByText('Connected').waitFor()
  await take(page, 'linked')
  await page.context().close()
}

try {
  if (wants('inbox')) {
    const name = await tell()
    await inbox(name, 'inbox', { viewport: WIDE })
    await inbox(name, 'inbox-dark', { viewport: WIDE, colorScheme: 'dark' })
    await inbox(name, 'inbox-small', { viewport: SMALL })
    await inbox('', 'list-small', { viewport: SMALL })
  }
  if (wants('settings')) await settings()
  if (wants('linked')) await linked()
} finally {
  await stage.close()
}
