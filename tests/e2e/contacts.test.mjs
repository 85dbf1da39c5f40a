// contacts.test.mjs: contacts in the browser: attributes, a file with a wrong row and its undo, merging, blocking, media, a file out.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { openConversation, picture, rowOf, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
let stage, page, tomas

before(async () => {
  stage = await Stage.open()
  tomas = await stage.customer('Tomas Lind')
  await stage.demo.customerSays(tomas.phone, 'See https://example.com/offer please')
  page = await stage.agent()
})
after(() => stage?.close())

const button = (name) => page.getByRole('button', { name, exact: true })
const inDialog = (name) => page.getByRole('dialog').getByRole('button', { name, exact: true })
const open = async (name) => {
  await page.getByRole('link', { name: 'Contacts', exact: true }).first().click()
  await page.getByRole('heading', { name: 'Contacts', level: 1 }).waitFor()
  await page.getByRole('region', { name: 'Contacts' }).getByRole('link').filter({ hasText: name }).first().click()
  await page.getByRole('heading', { name, level: 1 }).waitFor()
}

test('an attribute is defined in the settings, and its type is kept', async () => {
  await page.goto(`${stage.demo.url}/settings/attributes`)
  await button('Add attribute').first().click()
  await page.getByLabel('Title').fill('Customer tier')
  await page.getByLabel('Type').selectOption('list')
  await page.getByLabel('Options, one on each line').fill('Gold\nSilver')
  await button('Save').click()
  await page.getByText('customer_tier').waitFor()
})

test('a contact is made by hand, with a wrong number named at its field', async () => {
  await page.goto(`${stage.demo.url}/contacts`)
  await button('Add contact').click()
  await page.getByLabel('Phone number').fill('12')
  await inDialog('Save').click()
  await page.getByText('Not a phone number').first().waitFor()
  await page.getByLabel('Phone number').fill('+4915123456789')
  await page.getByLabel('Name', { exact: true }).fill('Greta Gold')
  await page.getByLabel('Customer tier').selectOption('Gold')
  await inDialog('Save').click()
  await page.getByRole('heading', { name: 'Greta Gold', level: 1 }).waitFor()
  await page.getByRole('region', { name: 'Contact', exact: true }).getByText('Gold', { exact: true }).waitFor()
})

test('a file with a wrong row is tried, brought in, and undone', async () => {
  await page.goto(`${stage.demo.url}/contacts/imports`)
  const file = 'Phone;Full name;Customer tier;Tags\n+12025551001;Imported One;silver;fair\n+12025551002;Imported Two;;fair\nnothing;Broken;;\n'
  await page.locator('input[type=file]').setInputFiles({ name: 'fair.csv', mimeType: 'text/csv', buffer: Buffer.from(file) })
  await page.getByRole('heading', { name: 'fair.csv' }).waitFor()
  assert.equal(await page.getByLabel('Full name').inputValue(), 'name')
  assert.equal(await page.getByLabel('Customer tier').inputValue(), 'attribute:customer_tier')
  await button('Try it').click()
  await page.getByText('Row 4').waitFor()
  await page.getByText('Not a phone number').waitFor()
  assert.equal((await stage.demo.api('GET', '/contacts?query=imported')).data.length, 0)
  await button('Bring them in').click()
  await button('Undo the import').waitFor()
  assert.equal((await stage.demo.api('GET', '/contacts?query=imported')).data.length, 2)
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download the list' }).click()
  assert.match(readFileSync(await (await download).path(), 'utf8'), /"4","Phone","Not a phone number/)
  await page.goto(`${stage.demo.url}/contacts?query=fair`)
  await page.getByRole('link').filter({ hasText: 'Imported One' }).waitFor()
  await page.goBack()
  await button('Undo the import').click()
  await page.getByText('Undone', { exact: true }).first().waitFor()
  await until(async () => (await stage.demo.api('GET', '/contacts?query=imported')).data.length === 0, 'the imported gone')
})

test('two contacts are merged with a choice, and part again', async () => {
  await stage.demo.api('POST', '/contacts', { phone: '+4917012345678', name: 'Greta G.', attributes: { customer_tier: 'Silver' } })
  await open('Greta Gold')
  await button('Merge').click()
  await page.getByLabel('Look for the other contact').fill('greta g')
  await page.getByRole('button').filter({ hasText: '+4917012345678' }).click()
  await page.getByRole('radio', { name: 'Silver' }).check()
  await inDialog('Merge').click()
  await page.getByText('+4917012345678').first().waitFor()
  await page.getByRole('region', { name: 'Contact', exact: true }).getByText('Silver', { exact: true }).waitFor()
  await button('Undo').click()
  await page.getByRole('region', { name: 'Contact', exact: true }).getByText('Gold', { exact: true }).waitFor()
  assert.equal((await stage.demo.api('GET', '/contacts?query=greta')).data.length, 2)
})

test('the timeline and the media show what was, notes and wishes too', async () => {
  await stage.demo.control('POST', `/customers/${tomas.phone}/messages`, { type: 'image', image: { data: picture().toString('base64'), mime_type: 'image/png', caption: 'sunset' } }).catch(() => {})
  await page.goto(`${stage.demo.url}/inbox`)
  await openConversation(page, tomas.name)
  await open(tomas.name)
  await page.getByRole('link', { name: 'See https://example.com/offer please' }).waitFor()
  await page.getByText('Media', { exact: true }).click()
  await page.getByText('Links', { exact: true }).click()
  await page.getByRole('link', { name: 'https://example.com/offer' }).waitFor()
  await page.getByText('Notes', { exact: true }).click()
  await page.getByLabel('New note').fill('Prefers mornings')
  await button('Save').click()
  await page.getByText('Prefers mornings').waitFor()
  await button('No marketing').click()
  await page.getByLabel('How did they say it?').fill('told us on the phone')
  await inDialog('Save').click()
  await page.getByText('No marketing', { exact: true }).first().waitFor()
  await page.getByText('Timeline', { exact: true }).click()
  await page.getByText('Wants no marketing (told us on the phone)').waitFor()
})

test('what a blocked contact writes makes no notice, and is there', async () => {
  await open(tomas.name)
  await button('Block').click()
  await page.getByLabel('Reason').fill('spam')
  await inDialog('Block').click()
  await page.getByText(/Blocked since/).waitFor()
  await page.getByText('At WhatsApp').waitFor()
  await stage.demo.customerSays(tomas.phone, 'Hello? Hello?')
  await page.getByRole('link', { name: 'Hello? Hello?' }).waitFor()
  const found = await stage.conversationOf(tomas.phone)
  assert.ok(!found || found.unread_count <= 1)
  await page.goto(`${stage.demo.url}/inbox`)
  await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor()
  assert.equal(await rowOf(page, tomas.name).count(), 0)
  await page.goto(`${stage.demo.url}/contacts?state=blocked`)
  await page.getByRole('link').filter({ hasText: tomas.name }).click()
  await button('Unblock').click()
  await button('Block').waitFor()
})

test('the list goes out as a file', async () => {
  await page.goto(`${stage.demo.url}/contacts`)
  await button('Export').click()
  const link = page.getByRole('link', { name: 'Download contacts.csv' })
  await link.waitFor()
  const download = page.waitForEvent('download')
  await link.click()
  const text = readFileSync(await (await download).path(), 'utf8')
  assert.match(text, /^"Id","Name","Phone"/)
  assert.match(text, /"Greta Gold","'\+4915123456789"/)
})

test('nothing went wrong in the pages', () => assert.deepEqual(stage.problems, []))
