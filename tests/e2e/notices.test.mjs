// notices.test.mjs: whoever does not look is told, once, and nobody is told of what they see or muted.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { PushService } from '../lib/push_service.mjs'
import { until } from '../lib/parley.mjs'
import { openConversation, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
let stage, push, owner, tab, other, customer

/* Counts what a page plays and shows: a headless browser has neither speaker nor desktop. */
const eavesdrop = () => {
  window.heard = { tones: 0, notices: [] }
  const start = OscillatorNode.prototype.start
  OscillatorNode.prototype.start = function (...when) { window.heard.tones++; return start.apply(this, when) }
  ServiceWorkerRegistration.prototype.showNotification = async function (title, options) { window.heard.notices.push({ title, ...options }) }
  Object.defineProperty(Notification, 'permission', { get: () => 'granted' })
  Notification.requestPermission = async () => 'granted'
  Object.defineProperty(document, 'visibilityState', { get: () => window.isAway ? 'hidden' : 'visible' })
}
const goAway = (page, away = true) => page.evaluate((is) => { window.isAway = is; document.dispatchEvent(new Event('visibilitychange')) }, away)
const heard = (page) => page.evaluate(() => window.heard)
const settle = () => new Promise((done) => setTimeout(done, 700))

async function says(who, text) {
  await stage.demo.customerSays(who.phone, text)
  await until(async () => (await stage.conversationOf(who.phone))?.last_message?.text?.body === text, `"${text}" in the inbox`)
}

before(async () => {
  push = await PushService.open()
  stage = await Stage.open({ env: { PARLEY_ALLOW_PRIVATE_CALLS: 'true' } })
  customer = await stage.customer('Nadia Bell')
  other = await stage.customer('Omar Quiet')
  await says(customer, 'Hello')
  await says(other, 'Hello')
  tab = await stage.agent()
  await tab.context().addInitScript(eavesdrop)
  await tab.reload()
  await tab.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor()
  owner = await stage.demo.api('GET', '/people').then(({ data }) => data.find((one) => one.email === stage.demo.email))
  for (const one of [customer, other]) await stage.demo.api('PATCH', `/conversations/${(await stage.conversationOf(one.phone)).id}`, { assignee_id: owner.id })
  await tab.mouse.click(700, 500) // the first gesture: sound may play
  await settle()
})
after(async () => {
  await stage?.close()
  push?.close()
})

test('a message elsewhere sounds while the page is in front, and shows a notice when it is not', async () => {
  await says(customer, 'One')
  await until(async () => (await heard(tab)).tones === 2, 'the sound')
  assert.equal((await heard(tab)).notices.length, 0)
  await goAway(tab)
  await settle()
  await settle() // many at once are one sound
  await says(customer, 'Two')
  const [notice] = await until(async () => { const { notices } = await heard(tab); return notices.length && notices }, 'a notice')
  assert.equal(notice.title, 'Nadia Bell')
  assert.match(notice.body, /new message/)
  assert.match(notice.data.url, /^\/inbox\/\d+\?m=\d+$/)
  assert.ok(!JSON.stringify(notice).includes('Two'), 'no text of a message')
  await goAway(tab, false)
})

test('of several tabs one speaks', async () => {
  const second = await tab.context().newPage()
  await second.goto(`${stage.demo.url}/settings/profile`)
  await second.getByRole('heading', { name: 'Profile', level: 1 }).waitFor()
  await settle()
  await goAway(tab)
  await goAway(second)
  const before = (await heard(tab)).notices.length
  await says(other, 'For one of them')
  await until(async () => (await heard(tab)).notices.length + (await heard(second)).notices.length > before, 'a notice')
  await settle()
  assert.equal((await heard(tab)).notices.length + (await heard(second)).notices.length, before + 1)
  await second.close()
  await goAway(tab, false)
})

test('nothing is told of the conversation that is before the eyes, nor of a muted one', async () => {
  await openConversation(tab, customer.name)
  await settle()
  await settle()
  const before = await heard(tab)
  await says(customer, 'You see this')
  await settle()
  assert.deepEqual(await heard(tab), before)
  await openConversation(tab, other.name)
  await tab.getByRole('button', { name: /^Mute/ }).click()
  await tab.getByRole('button', { name: 'Hear of it again' }).waitFor()
  await tab.goto(`${stage.demo.url}/settings/notifications`)
  await tab.getByRole('region', { name: 'Muted conversations' }).getByText('Omar Quiet').waitFor()
  await goAway(tab)
  await says(other, 'Unheard')
  await settle()
  const after = await heard(tab)
  assert.deepEqual([after.tones, after.notices.length], [0, 0])
  await goAway(tab, false)
  await tab.getByRole('region', { name: 'Muted conversations' }).getByRole('button', { name: 'Hear of it again' }).click()
  await tab.getByRole('region', { name: 'Muted conversations' }).waitFor({ state: 'detached' })
})

test('settings are kept at once, by event and way, with quiet hours', async () => {
  await tab.getByRole('checkbox', { name: 'A message in one of somebody else: Sound' }).check()
  await tab.getByRole('checkbox', { name: /^Quiet hours/ }).check()
  await tab.getByLabel('From', { exact: true }).fill('21:30')
  await tab.getByLabel('From', { exact: true }).blur()
  await until(async () => {
    const settings = await tab.evaluate(() => fetch('/api/v1/notifications/settings').then((answer) => answer.json()))
    return settings.events.other.includes('sound') && settings.quiet?.from_min === 21 * 60 + 30
  }, 'the settings')
  await tab.reload()
  assert.equal(await tab.getByLabel('From', { exact: true }).inputValue(), '21:30')
  await tab.getByRole('checkbox', { name: /^Quiet hours/ }).uncheck()
  await tab.getByLabel('From', { exact: true }).waitFor({ state: 'detached' })
})

test('a browser subscribes, hears a real push sealed for it, shows it, and a click opens the conversation', async () => {
  const browser = push.subscribe('chromium')
  /* There is no push service of Google here: the subscription is the test's own. */
  await tab.evaluate((given) => {
    const subscription = { endpoint: given.endpoint, toJSON: () => given, unsubscribe: async () => true }
    let mine = null
    PushManager.prototype.subscribe = async (options) => { window.pushKey = new Uint8Array(options.applicationServerKey).length; mine = subscription; return mine }
    PushManager.prototype.getSubscription = async () => mine
  }, browser)
  await tab.getByRole('button', { name: 'Turn on pushes here' }).click()
  await tab.getByText('This browser hears pushes').waitFor()
  assert.equal(await tab.evaluate(() => window.pushKey), 65)
  push.heard.length = 0
  await goAway(tab) // its presence in a conversation would keep the server silent
  await says(customer, 'A push of this')
  const sent = await until(() => push.heard.find((one) => one.body), 'the push')
  assert.equal(sent.body.title, 'Nadia Bell')
  assert.ok(!JSON.stringify(sent.body).includes('A push of this'))
  await goAway(tab, false)

  const worker = tab.context().serviceWorkers()[0] ?? await tab.context().waitForEvent('serviceworker')
  const shown = await worker.evaluate(async (notice) => {
    const seen = []
    self.registration.showNotification = async (title, options) => { seen.push({ title, ...options }) }
    const event = new ExtendableEvent('push')
    event.data = { json: () => notice }
    const work = []
    event.waitUntil = (promise) => work.push(promise)
    self.dispatchEvent(event)
    await Promise.all(work)
    return seen
  }, sent.body)
  assert.equal(shown[0].title, 'Nadia Bell')
  assert.equal(shown[0].tag, sent.body.tag)
  await worker.evaluate(async (url) => {
    const event = new ExtendableEvent('notificationclick')
    event.notification = { close: () => {}, data: { url } }
    self.dispatchEvent(event)
  }, shown[0].data.url)
  await tab.getByRole('region', { name: 'Conversation with Nadia Bell' }).waitFor()
})

test('the test push goes out, and a browser can be removed', async () => {
  await tab.goto(`${stage.demo.url}/settings/notifications`)
  push.heard.length = 0
  await tab.getByRole('button', { name: 'Send a test push' }).click()
  await tab.getByText('The push is on its way.').waitFor()
  assert.equal(push.heard[0].body.tag, 'test')
  await tab.getByRole('button', { name: /^Remove Chrome/ }).click()
  await tab.getByRole('button', { name: 'Send a test push' }).waitFor({ state: 'detached' })
})

test('nothing in the page went wrong', () => assert.deepEqual(stage.problems, []))
