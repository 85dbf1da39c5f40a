// templates.test.mjs: a template from its first word to its figures, as an administrator and an agent see it.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
let stage, admin, folder, picture, customer

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'parley-e2e-'))
  picture = path.join(folder, 'garden.png')
  writeFileSync(picture, png)
  stage = await Stage.open()
  await stage.demo.control('POST', '/settings', { template_review_ms: -1 })
  customer = await stage.customer('Nova Kim')
  admin = await stage.agent()
})
after(async () => {
  await stage?.close()
  rmSync(folder, { recursive: true, force: true })
})

const decide = async (name, decision) => {
  const { data } = await stage.demo.control('GET', '/templates')
  return stage.demo.control('POST', `/templates/${data.find((one) => one.name === name).id}`, decision)
}

test('a template is written with a live preview, and what is missing is told at its field', async () => {
  await admin.goto(`${stage.demo.url}/settings/templates`)
  await admin.getByRole('link', { name: /order_ready/ }).waitFor()
  await admin.getByRole('button', { name: 'New template' }).click()
  await admin.getByLabel('Name', { exact: true }).fill('Garden Sale')
  assert.equal(await admin.getByLabel('Name', { exact: true }).inputValue(), 'garden_sale')
  await admin.getByLabel('Category').selectOption({ label: 'Marketing' })
  await admin.getByLabel('Heading', { exact: true }).selectOption({ label: 'Picture' })
  await admin.getByLabel('Text', { exact: true }).fill('Dear {{1}}, *{{2}}* off until Sunday.')
  await admin.getByRole('button', { name: 'Submit for review' }).click()
  await admin.getByText('Choose a file as the sample, for the review.').first().waitFor()
  await admin.getByText('Give an example of each variable, for the review.').first().waitFor()

  await admin.getByLabel(/^Sample:/).setInputFiles(picture)
  await admin.getByText('Uploaded. Choose another file').waitFor()
  await admin.getByLabel('Example for {{1}}').fill('Ana')
  await admin.getByLabel('Example for {{2}}').fill('20%')
  await admin.getByLabel('Footer').fill('Tap Stop to hear no more')
  for (const [kind, fields] of [['Web address', { Label: 'Look', Address: 'https://example.com/s/{{1}}', 'Example of the whole address': 'https://example.com/s/ana' }],
    ['Copy a code', { 'Example of the code': 'SAVE20' }]]) {
    await admin.getByRole('button', { name: 'Add a button' }).click()
    const group = admin.getByRole('group', { name: /^Button \d$/ }).last()
    await group.getByLabel('Kind').selectOption({ label: kind })
    for (const [label, value] of Object.entries(fields)) await group.getByLabel(label, { exact: true }).fill(value)
  }
  const preview = admin.locator('aside .template')
  await preview.getByText('Dear Ana,').waitFor()
  await preview.locator('strong', { hasText: '20%' }).waitFor()
  await preview.getByText('Tap Stop to hear no more').waitFor()
  await admin.getByRole('button', { name: 'Submit for review' }).click()
  await admin.getByRole('heading', { name: 'garden_sale', level: 1 }).waitFor()
  await admin.getByText('In review').first().waitFor()
})

test('a rejection is seen at once with its reason; edited and approved, it may be sent', async () => {
  await decide('garden_sale', { event: 'REJECTED', reason: 'INVALID_FORMAT', sentence: 'The footer shouts.' })
  await admin.getByRole('status').filter({ hasText: 'The footer shouts.' }).waitFor()
  await admin.getByRole('button', { name: 'Edit', exact: true }).click()
  await admin.getByLabel('Footer').fill('Say Stop to hear no more')
  await admin.getByLabel(/^Sample:/).setInputFiles(picture)
  await admin.getByText('Uploaded. Choose another file').waitFor()
  await admin.getByRole('button', { name: 'Submit for review' }).click()
  await admin.getByText('In review').first().waitFor()
  await decide('garden_sale', { event: 'APPROVED', quality: 'GREEN' })
  await admin.locator('.marks').getByText('Approved').waitFor()
  await admin.locator('.marks').getByText('Good quality').waitFor()
  await admin.getByText('In review → Approved').waitFor()
})

test('with the window closed it is filled in, checked, sent, and stands on the phone', async () => {
  await stage.demo.api('POST', '/messages', { to: customer.phone, channel_id: stage.demo.channel_id, type: 'template',
    template: { name: 'hello_world', language: { code: 'en_US' } } })
  const conversation = await until(() => stage.conversationOf(customer.phone), 'the conversation')
  await admin.goto(`${stage.demo.url}/inbox/${conversation.id}`)
  await admin.getByRole('button', { name: 'Choose a template' }).click()
  const dialog = admin.getByRole('dialog', { name: 'Send a template' })
  assert.equal(await dialog.getByText('spring_sale').count(), 0, 'a paused one is not offered')
  await dialog.getByRole('button', { name: /garden_sale/ }).click()
  await dialog.getByRole('button', { name: 'Send template', exact: true }).click()
  await dialog.getByText('Fill this in.').first().waitFor()
  await dialog.locator('input[type=file]').setInputFiles(picture)
  await dialog.getByText('Uploaded. Choose another file').waitFor()
  await dialog.getByLabel('Text: 1').fill('Nova')
  await dialog.getByLabel('Text: 2').fill('20%')
  await dialog.getByLabel('Button: Look').fill('nova-1')
  await dialog.getByLabel('Code to copy').fill('SAVE 20')
  await dialog.getByRole('button', { name: 'Send template', exact: true }).click()
  await dialog.getByText('The code: 1 to 20 letters and digits.').waitFor()
  await dialog.getByLabel('Code to copy').fill('SAVE20')
  await dialog.getByRole('button', { name: 'Send template', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  const sent = admin.locator('.row').filter({ hasText: 'Dear Nova,' })
  await sent.getByText('https://example.com/s/nova-1').waitFor()
  await sent.getByRole('img', { name: 'Photo' }).waitFor()

  const phone = await stage.phone(customer)
  const bubble = phone.locator('.bubble.theirs').filter({ hasText: 'Dear Nova,' })
  await bubble.getByRole('link', { name: 'Look' }).waitFor()
  assert.equal(await bubble.getByRole('link', { name: 'Look' }).getAttribute('href'), 'https://example.com/s/nova-1')
  await bubble.getByText('SAVE20').waitFor()
  await bubble.getByRole('img').first().waitFor()
  await phone.context().close()
})

test('its figures follow, and a new version leaves it as it is', async () => {
  await stage.demo.customerSays(customer.phone, 'How nice!')
  await admin.goto(`${stage.demo.url}/settings/templates`)
  await admin.getByLabel('Search name or text').fill('off until sunday')
  await admin.getByRole('link', { name: /garden_sale/ }).click()
  const figure = (name) => admin.locator('dl > div').filter({ hasText: name }).locator('dd')
  await figure('Sent').filter({ hasText: '1' }).waitFor()
  await figure('Replied in a day').filter({ hasText: '1' }).waitFor()
  await admin.getByRole('img', { name: /^Sent 1 and read \d in 30 days$/ }).waitFor()
  await admin.getByRole('button', { name: 'New version' }).click()
  await admin.getByRole('heading', { name: 'Edit the template' }).waitFor()
  await admin.getByLabel('Text', { exact: true }).fill('Dear {{1}}, *{{2}}* off until Monday.')
  await admin.getByLabel(/^Sample:/).setInputFiles(picture)
  await admin.getByText('Uploaded. Choose another file').waitFor()
  await admin.getByRole('button', { name: 'Save as draft' }).click()
  await admin.getByRole('heading', { name: 'garden_sale_v2', level: 1 }).waitFor()
  const { data } = await stage.demo.api('GET', '/templates?query=garden_sale')
  assert.deepEqual(data.map((one) => [one.name, one.status]).toSorted(), [['garden_sale', 'APPROVED'], ['garden_sale_v2', 'DRAFT']])
})

test('products of a catalogue are chosen by sections, and sent with the template', async () => {
  await stage.demo.api('POST', '/templates', { channel_id: stage.demo.channel_id, name: 'picks', language: 'en_US', category: 'MARKETING', submit: true,
    components: [{ type: 'BODY', text: 'Picked for you.' }, { type: 'BUTTONS', buttons: [{ type: 'MPM', text: 'View items' }] }] })
  await decide('picks', { event: 'APPROVED' })
  const conversation = await until(() => stage.conversationOf(customer.phone), 'the conversation')
  await until(async () => (await stage.demo.api('GET', '/templates?query=picks')).data[0]?.status === 'APPROVED', 'the approval')
  await admin.goto(`${stage.demo.url}/inbox/${conversation.id}`)
  await admin.getByRole('button', { name: /Choose a template|Send a template/ }).first().click()
  const dialog = admin.getByRole('dialog', { name: 'Send a template' })
  await dialog.getByRole('button', { name: /picks/ }).click()
  await dialog.getByRole('button', { name: 'Send template', exact: true }).click()
  await dialog.getByText('Fill this in.').waitFor()
  await dialog.getByRole('group', { name: 'Section 1' }).getByLabel('Product ids').fill('sku-1\nsku-2')
  await dialog.getByRole('button', { name: 'Add a section' }).click()
  await dialog.getByRole('group', { name: 'Section 2' }).getByLabel('Product ids').fill('sku-9')
  await dialog.getByText('Products: 3 of at most 30').waitFor()
  await dialog.getByLabel('Title of section 1').fill('New')
  await dialog.getByLabel('Title of section 2').fill('Loved')
  await dialog.getByRole('button', { name: 'Send template', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  await admin.locator('.row').filter({ hasText: 'Picked for you.' }).waitFor()
  const sent = await until(async () => (await stage.demo.api('GET', `/conversations/${conversation.id}/messages`)).data
    .find((one) => one.template?.name === 'picks' && ['sent', 'delivered', 'read'].includes(one.status)), 'the message that was sent')
  assert.deepEqual(sent.template.components[0], { type: 'button', sub_type: 'mpm', index: '0', parameters: [{ type: 'action', action: {
    thumbnail_product_retailer_id: 'sku-1', sections: [{ title: 'New', product_items: [{ product_retailer_id: 'sku-1' }, { product_retailer_id: 'sku-2' }] },
      { title: 'Loved', product_items: [{ product_retailer_id: 'sku-9' }] }] } }] })
})

test('who may not manage templates sees them and changes nothing', async () => {
  const agent = await stage.agent(await stage.colleague('Sam'))
  await agent.goto(`${stage.demo.url}/settings/templates`)
  await agent.getByRole('link', { name: /garden_sale\b/ }).first().click()
  await agent.getByRole('heading', { level: 1, name: /garden_sale/ }).waitFor()
  assert.equal(await agent.getByRole('button', { name: 'Delete' }).count(), 0)
  await agent.context().close()
})

test('axe finds nothing serious on the pages of templates, light and dark', async () => {
  const { data } = await stage.demo.api('GET', '/templates?query=garden_sale')
  for (const colorScheme of ['light', 'dark']) {
    await admin.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const where of ['', `/${data[0].id}`, `/${data[0].id}/edit`]) {
      await admin.goto(`${stage.demo.url}/settings/templates${where}`)
      await admin.getByRole('heading', { level: 1 }).waitFor()
      await admin.getByText(/garden_sale/).first().waitFor()
      const session = await admin.context().newCDPSession(admin)
      await session.send('Runtime.evaluate', { expression: axe })
      const { violations } = await admin.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
      assert.deepEqual(violations.filter((one) => ['serious', 'critical'].includes(one.impact))
        .flatMap((one) => one.nodes.map((node) => `${where} ${one.id}: ${node.target.join(' ')}`)), [])
    }
  }
})

test('nothing went wrong in any page meanwhile', () => {
  assert.deepEqual(stage.problems, [])
})
