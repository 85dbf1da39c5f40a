// screenshots.mjs: the pictures of docs/guide/, each from the state that a reader of the guide would see.
import path from 'node:path'
import { until } from '../lib/parley.mjs'
import { answer, bubble, openConversation, picture, rowOf, Stage, writeOnPhone } from './stage.mjs'

const folder = process.argv[2]
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

try {
  const name = await tell()
  await inbox(name, 'inbox', { viewport: WIDE })
  await inbox(name, 'inbox-dark', { viewport: WIDE, colorScheme: 'dark' })
  await inbox(name, 'inbox-small', { viewport: SMALL })
  await inbox('', 'list-small', { viewport: SMALL })
  await settings()
} finally {
  await stage.close()
}
