// settings.test.mjs: an administrator's day: settings found by words, a webhook connected, sending held back, the trail checked.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { Receiver } from '../lib/receiver.mjs'
import { until } from '../lib/parley.mjs'
import { answer, bubble, openConversation, picture, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
let stage, receiver

before(async () => {
  stage = await Stage.open({ env: { PARLEY_ALLOW_PRIVATE_CALLS: 'true' } })
  receiver = await Receiver.open()
})
after(async () => {
  await stage?.close()
  await receiver?.close()
})

const toast = (page, text) => page.locator('.toasts, [role=status]').getByText(text).first().waitFor()
const search = (page) => page.getByRole('searchbox', { name: 'Search the settings' })

test('a setting is found by a word of its page and changed by keyboard alone', async () => {
  const page = await stage.agent()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('time zone')
  await until(async () => (await page.getByRole('navigation', { name: 'Settings' }).getByRole('link').count()) < 4, 'a short list')
  await search(page).fill('timezone')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Workspace', level: 1 }).waitFor()
  await page.getByLabel('Time zone').selectOption('Asia/Jakarta')
  await page.getByLabel('Country').selectOption('ID')
  await page.getByLabel('Name').press('Enter')
  await toast(page, 'The workspace is saved.')
  const workspace = await stage.demo.api('GET', '/workspace')
  assert.deepEqual([workspace.time_zone, workspace.country], ['Asia/Jakarta', 'ID'])
  await search(page).fill('no such thing anywhere')
  await page.getByText('Nothing found').waitFor()
  await page.context().close()
})

test('an old address of a settings page still leads to it', async () => {
  const page = await stage.agent()
  await page.goto(`${stage.demo.url}/keys`)
  await page.getByRole('heading', { name: 'API keys', level: 1 }).waitFor()
  assert.equal(new URL(page.url()).pathname, '/settings/keys')
  await page.context().close()
})

test('a webhook is connected, tested, and shows what it was told', async () => {
  const page = await stage.agent()
  await page.goto(`${stage.demo.url}/settings/webhooks`)
  await page.getByRole('button', { name: 'Add a webhook' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Address').fill(`${receiver.url}?for=crm`)
  await form.getByLabel('Description').fill('CRM of the shop')
  await form.getByRole('button', { name: 'Choose none' }).click()
  await form.getByLabel('message.received').check()
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Not proven yet').waitFor()

  await page.getByRole('button', { name: 'Send a test' }).click()
  await page.getByRole('button', { name: /webhook\.test/ }).getByText('Delivered').waitFor()
  await page.getByText('Delivers', { exact: true }).waitFor()
  assert.equal(receiver.of('webhook.test').length, 1)

  receiver.answer = () => ({ status: 500, body: 'the CRM is down' })
  const customer = await stage.customer('Hana Hook')
  await stage.demo.customerSays(customer.phone, 'Is this told?')
  await page.getByRole('button', { name: /message\.received/ }).getByText('Waiting').waitFor()
  await page.getByText('Failing', { exact: true }).waitFor()
  await page.getByRole('button', { name: /message\.received/ }).click()
  const delivery = page.getByRole('dialog')
  await delivery.getByText('the CRM is down').waitFor()
  await delivery.getByText('"Is this told?"').waitFor()
  receiver.answer = () => 200
  await delivery.getByRole('button', { name: 'Send again' }).click()
  await page.getByRole('button', { name: /message\.received/ }).getByText('Delivered').waitFor()

  await page.getByRole('button', { name: 'New secret' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make a new secret' }).click()
  await page.getByText(/^whsec_/).waitFor()
  await page.getByText(/The old secret signs too until/).waitFor()
  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByText('This webhook is disabled').waitFor()
  await page.context().close()
})

test('under maintenance everybody sees the banner, messages wait, and go when it ends', async () => {
  const customer = await stage.customer('Mara Maintenance')
  await stage.demo.customerSays(customer.phone, 'hello')
  const page = await stage.agent()
  const agent = await stage.agent(await stage.colleague('Agatha'))
  await page.goto(`${stage.demo.url}/settings/features`)
  await page.getByRole('button', { name: 'Begin maintenance' }).click()
  await page.getByRole('dialog').getByLabel('Note for everybody').fill('Until ten o’clock.')
  await page.getByRole('dialog').getByRole('button', { name: 'Begin now' }).click()
  await agent.getByText(/Maintenance: messages come in.*Until ten o’clock\./).waitFor()

  await openConversation(agent, 'Mara Maintenance')
  await answer(agent, 'I write, and it waits')
  await bubble(agent, 'I write, and it waits').waitFor()
  const { data: [mine] } = await stage.demo.api('GET', '/conversations?query=Mara')
  const held = await until(async () => (await stage.demo.api('GET', `/conversations/${mine.id}/messages`)).data.find((one) => one.text?.body === 'I write, and it waits'), 'the message')
  assert.equal((await stage.demo.api('GET', `/messages/${held.id}`)).status_detail.reason, 'maintenance')
  await page.getByRole('button', { name: 'End maintenance' }).click()
  await agent.getByText(/Maintenance: messages come in/).waitFor({ state: 'detached' })
  await until(async () => (await stage.demo.api('GET', `/messages/${held.id}`)).sent_ms, 'it is sent')
  await agent.context().close()
  await page.context().close()
})

test('a switch is flipped, and the audit trail tells of it, whole', async () => {
  const page = await stage.agent()
  await page.goto(`${stage.demo.url}/settings/features`)
  const routing = page.getByRole('switch', { name: 'Routing' })
  await routing.focus()
  await page.keyboard.press('Space')
  await toast(page, 'Routing is off.')
  assert.equal(await routing.isChecked(), false)
  await routing.click()
  await toast(page, 'Routing is on.')

  await page.goto(`${stage.demo.url}/settings/audit`)
  await page.getByRole('search', { name: 'Filter the audit trail' }).getByLabel('What', { exact: true }).selectOption('feature.')
  await until(async () => (await page.getByRole('row').count()) === 3, 'the two rows of the switch')
  await page.getByRole('button', { name: 'Details of feature.switch' }).first().click()
  await page.getByRole('dialog').getByText('"feature": "routing"').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Check the chain' }).click()
  await page.getByText(/The chain is whole\. Rows checked: \d+\./).waitFor()
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Export CSV' }).click()
  assert.equal((await download).suggestedFilename(), 'audit.csv')
  await page.context().close()
})

test('the business profile of the number is changed, and shown as customers see it', async () => {
  const page = await stage.agent()
  await page.goto(`${stage.demo.url}/settings/channels/${stage.demo.channel_id}`)
  await page.getByRole('button', { name: 'Business profile' }).click()
  await page.getByLabel('About').fill('Open till ten')
  await page.getByLabel('Line of business').selectOption('RETAIL')
  await page.getByLabel('Website', { exact: true }).fill('shop.example')
  await page.getByRole('region', { name: 'As customers see it' }).getByText('Open till ten').waitFor()
  await page.getByLabel('Website', { exact: true }).evaluate((field) => field.form.setAttribute('novalidate', ''))
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Must begin with https:// or http://.').first().waitFor()
  await page.getByLabel('Website', { exact: true }).fill('https://shop.example')
  await page.locator('input[type=file]').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: picture(200, 200) })
  await page.getByRole('button', { name: 'Save' }).click()
  await toast(page, 'The profile is saved at WhatsApp.')
  const profile = await stage.demo.api('GET', `/channels/${stage.demo.channel_id}/profile`)
  assert.deepEqual([profile.about, profile.vertical, profile.websites], ['Open till ten', 'RETAIL', ['https://shop.example']])
  assert.ok(profile.picture_url)
  await page.context().close()
})

test('an agent sees of the settings what is theirs', async () => {
  const agent = await stage.agent(await stage.colleague('Arno'))
  await agent.goto(`${stage.demo.url}/settings`)
  const list = agent.getByRole('navigation', { name: 'Settings' })
  await list.getByRole('link', { name: /^Profile/ }).waitFor()
  for (const hidden of [/^Webhooks/, /^API keys/, /^Audit/]) assert.equal(await list.getByRole('link', { name: hidden }).count(), 0)
  await agent.context().close()
})

test('nothing went wrong in any page meanwhile', () => {
  assert.deepEqual(stage.problems, [])
})
