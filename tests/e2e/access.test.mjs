// access.test.mjs: every page for everybody: by keyboard, by screen reader, on a small phone, in light and dark.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { bubble, findings, Stage } from './stage.mjs'

const SMALL = { width: 320, height: 640 }
/* Every page there is: the paths of the router, those that need no id. Pages of the settings stand inside it, indented. */
const router = readFileSync(new URL('../../web/console/src/app/router.ts', import.meta.url), 'utf8')
const PAGES = [...router.matchAll(/^( +){ path: '(\/?[a-z][\w/-]*)(?:\/:\w+\([^']*\)\?)?'[^\n]*(?:component|children)/gm)]
  .map(([, indent, path]) => (indent.length > 2 && !path.startsWith('/') ? `/settings/${path}` : path)).filter((path) => path !== '/sign-in')
PAGES.push('/inbox', '/settings')
const SHOTS = process.env.PARLEY_SCREENSHOTS // a folder: every page in it, light, dark and small

const test = (name, work) => run(name, { timeout: 120_000 }, work)
let stage, thread

before(async () => {
  stage = await Stage.open()
  const { data } = await stage.demo.api('GET', '/conversations?status=all&limit=1')
  thread = `/inbox/${data[0].id}`
})
after(() => stage?.close())

async function settled(page) {
  await page.waitForLoadState('networkidle')
  await page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
}

async function show(page, path) {
  await page.goto(stage.demo.url + path)
  await page.locator('h1:visible, h2:visible').first().waitFor()
  await settled(page)
}

async function keepPicture(page, path, look) {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${path.slice(1).replaceAll('/', '-').replace(/\d{5,}/, 'thread')}-${look}.png`, animations: 'disabled' })
}

test('the pages that are looked at are those of the router', () => {
  for (const path of ['/inbox', '/board', '/health', '/settings', '/settings/people', '/settings/channels/new']) assert.ok(PAGES.includes(path), `${path} of ${PAGES}`)
})

for (const colorScheme of ['light', 'dark']) {
  test(`no page has serious findings of axe, ${colorScheme}`, async () => {
    const page = await stage.page({ colorScheme })
    const found = {}
    await page.goto(`${stage.demo.url}/sign-in`)
    await page.getByRole('heading', { name: 'Sign in to Parley' }).waitFor()
    found['/sign-in'] = await findings(page)
    await page.context().close()

    const agent = await stage.agent({ colorScheme })
    for (const path of [...new Set([...PAGES, thread])]) {
      await show(agent, path)
      await keepPicture(agent, path, colorScheme)
      found[path] = await findings(agent)
    }
    await agent.context().close()
    assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([, list]) => list.length)), {})
  })
}

test('the phone page has no serious findings of axe', async () => {
  const { data: [customer] } = await stage.demo.control('GET', '/customers')
  for (const colorScheme of ['light', 'dark']) {
    const phone = await stage.phone(customer, { colorScheme })
    await phone.locator('.bubble').first().waitFor()
    assert.deepEqual(await findings(phone), [], colorScheme)
    await phone.context().close()
  }
})

test('on a small phone nothing has to be scrolled sideways, nor in a script that runs from right to left', async () => {
  const page = await stage.agent({ viewport: SMALL })
  const wide = []
  for (const path of [...new Set([...PAGES, thread])]) {
    await show(page, path)
    for (const dir of ['ltr', 'rtl']) {
      await page.evaluate((value) => { document.documentElement.dir = value }, dir)
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      if (width > SMALL.width) wide.push(`${path} ${dir}: ${width}`)
      if (dir === 'ltr') await keepPicture(page, path, 'small')
    }
  }
  assert.deepEqual(wide, [])
  await page.context().close()
})

test('a conversation is found, opened and answered by keyboard alone', async () => {
  const text = `Typed without a mouse ${Date.now()}`
  const page = await stage.page()
  await page.goto(stage.demo.url)
  await page.getByLabel('E-mail address').waitFor()
  await page.keyboard.press('Tab')
  await until(async () => {
    const name = await page.evaluate(() => document.activeElement?.getAttribute('type'))
    if (name === 'email') return true
    await page.keyboard.press('Tab')
    return false
  }, 'the focus on the e-mail field')
  await page.keyboard.type(stage.demo.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type(stage.demo.password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor()
  await page.getByRole('region', { name: 'Conversations' }).getByRole('link').first().waitFor()
  await page.keyboard.press('j')
  await page.getByRole('region', { name: /^Conversation with/ }).waitFor()
  await page.keyboard.press('c')
  await until(() => page.evaluate(() => document.activeElement?.tagName === 'TEXTAREA'), 'the focus in the composer')
  await page.keyboard.type(text)
  await page.keyboard.press('Enter')
  await bubble(page, text).waitFor()
  await page.context().close()
})

test('a person with another language sees no English words of ours', async () => {
  const page = await stage.page({ locale: 'id-ID' })
  await page.goto(stage.demo.url)
  await page.getByRole('button', { name: 'Bahasa Indonesia' }).click()
  await until(async () => (await page.getByRole('heading', { level: 1 }).textContent()) !== 'Sign in to Parley', 'the other language')
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'id')
  await page.context().close()
})

test('nothing went wrong in any page meanwhile', () => {
  assert.deepEqual(stage.problems, [])
})
