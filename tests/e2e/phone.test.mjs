// phone.test.mjs: the customer's side: the phone page draws what a business sends, and its taps, files and places go out.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { picture, Stage } from './stage.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const test = (name, work) => run(name, { timeout: 120_000 }, work)
let stage, page, customer, phone

before(async () => {
  stage = await Stage.open()
  customer = await stage.customer('Rosa Marino')
  page = await stage.phone(customer, { viewport: { width: 360, height: 720 } })
  phone = page.locator(`[data-phone="${customer.phone}"]`)
  await phone.getByRole('textbox').fill('Hello *there*')
  await phone.getByRole('button', { name: 'Send', exact: true }).click()
  await phone.locator('.bubble.mine strong').getByText('there').waitFor()
})
after(() => stage?.close())

/** The business sends, straight through the Cloud API. */
async function send(message) {
  const answer = await fetch(`${stage.demo.sandbox_url}/v24.0/${stage.demo.phone_number_id}/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${stage.demo.graph_token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', to: `+${customer.phone}`, ...message }),
  })
  const body = await answer.json()
  assert.equal(answer.status, 200, JSON.stringify(body))
  return body.messages?.[0].id
}

async function upload(data, type) {
  const form = new FormData()
  form.append('messaging_product', 'whatsapp')
  form.append('type', type)
  form.append('file', new Blob([data], { type }), 'file')
  const answer = await fetch(`${stage.demo.sandbox_url}/v24.0/${stage.demo.phone_number_id}/media`, {
    method: 'POST', headers: { Authorization: `Bearer ${stage.demo.graph_token}` }, body: form,
  })
  return (await answer.json()).id
}

/** The last message of the customer, when it is what one waits for. */
function written(fits) {
  return until(async () => {
    const { messages } = await (await fetch(`${stage.demo.sandbox_url}/control/customers/${customer.phone}/thread`)).json()
    const last = messages.filter((one) => one.from === 'customer').at(-1)
    return last && fits(last.body) && last.body
  }, 'the message of the customer')
}

const bubble = (id) => phone.locator(`[data-id="${id}"]`)

test('orders, addresses and forms are asked for and sent', async () => {
  const products = await send({ type: 'interactive', interactive: { type: 'product_list', header: { type: 'text', text: 'Tea' }, body: { text: 'Which?' },
    action: { catalog_id: 'c1', sections: [{ title: 'Green', product_items: [{ product_retailer_id: 'sencha' }, { product_retailer_id: 'matcha' }] }] } } })
  await bubble(products).getByRole('button', { name: 'Order them' }).click()
  await page.locator('#order-price').fill('4.5')
  await page.locator('#order').getByRole('button', { name: 'Send' }).click()
  const order = await written((body) => body.type === 'order')
  assert.deepEqual(order.order.product_items.map((item) => [item.product_retailer_id, item.item_price]), [['sencha', 4.5], ['matcha', 4.5]])
  assert.equal(order.context.id, products)

  const address = await send({ type: 'interactive', interactive: { type: 'address_message', body: { text: 'Where to?' }, action: { name: 'address_message', parameters: { country: 'IN' } } } })
  await bubble(address).getByRole('button', { name: 'Provide address' }).click()
  await page.locator('#address').getByRole('button', { name: 'Send' }).click()
  const place = await written((body) => body.interactive?.nfm_reply?.name === 'address_message')
  assert.equal(JSON.parse(place.interactive.nfm_reply.response_json).values.in_pin_code, '400063')

  const form = await send({ type: 'interactive', interactive: { type: 'flow', body: { text: 'How was it?' }, action: { name: 'flow',
    parameters: { flow_message_version: '3', flow_token: 'ft-1', flow_id: '1', flow_cta: 'Tell us' } } } })
  await bubble(form).getByRole('button', { name: 'Tell us' }).click()
  await page.locator('#form-values').fill('rating: 4')
  await page.locator('#form').getByRole('button', { name: 'Send' }).click()
  const filled = await written((body) => body.interactive?.nfm_reply?.name === 'flow')
  assert.deepEqual(JSON.parse(filled.interactive.nfm_reply.response_json), { flow_token: 'ft-1', rating: '4' })
})

test('pictures, places, contacts, links and templates are drawn', async () => {
  const image = await send({ type: 'image', image: { id: await upload(picture(), 'image/png'), caption: 'The _blue_ one' } })
  await bubble(image).locator('em').getByText('blue').waitFor()
  await until(() => bubble(image).locator('img').evaluate((img) => img.naturalWidth === 320), 'the picture')
  await bubble(await send({ type: 'location', location: { latitude: 1, longitude: 2, name: 'The shop' } })).getByText('The shop').waitFor()
  await bubble(await send({ type: 'contacts', contacts: [{ name: { formatted_name: 'Dana Smith', first_name: 'Dana' } }] })).getByText('Dana Smith').waitFor()
  await bubble(await send({ type: 'text', text: { body: 'See https://example.com/pots' } })).getByRole('link', { name: 'https://example.com/pots' }).waitFor()
  await bubble(await send({ type: 'document', document: { id: await upload('%PDF-1.4', 'application/pdf'), filename: 'offer.pdf' } })).getByRole('link', { name: 'offer.pdf' }).waitFor()
  await bubble(await send({ type: 'template', template: { name: 'appointment_reminder', language: { code: 'en_US' },
    components: [{ type: 'body', parameters: [{ type: 'text', text: 'Rosa' }, { type: 'text', text: 'Friday' }] }] } })).getByText('Hi Rosa, we expect you on Friday').waitFor()
})

test('markup in a message is text and never a part of the page', async () => {
  const id = await send({ type: 'text', text: { body: '<img src=x onerror="document.title=1"><b>x</b>' } })

  await bubble(id).getByText('<b>x</b>').waitFor()
  assert.equal(await bubble(id).locator('img, b').count(), 0)
})

test('taps on buttons, lists and template replies are answers', async () => {
  const buttons = await send({ type: 'interactive', interactive: { type: 'button', body: { text: 'When?' }, action: { buttons: [
    { type: 'reply', reply: { id: 'am', title: 'Morning' } }, { type: 'reply', reply: { id: 'pm', title: 'Afternoon' } }] } } })
  await bubble(buttons).getByRole('button', { name: 'Afternoon' }).click()
  const tapped = await written((body) => body.interactive?.button_reply?.id === 'pm')
  assert.equal(tapped.context.id, buttons)

  const list = await send({ type: 'interactive', interactive: { type: 'list', body: { text: 'About what?' }, action: { button: 'Topics',
    sections: [{ title: 'Help', rows: [{ id: 'bill', title: 'Billing', description: 'Invoices' }] }] } } })
  await bubble(list).getByRole('button', { name: 'Topics' }).click()
  await page.getByRole('dialog', { name: 'Topics' }).getByRole('button', { name: /Billing/ }).click()
  await written((body) => body.interactive?.list_reply?.id === 'bill')

  await phone.getByRole('button', { name: 'Another day' }).click()
  assert.equal((await written((body) => body.type === 'button')).button.text, 'Another day')
})

test('a reaction, a reply, a file and a place go out', async () => {
  const id = await send({ type: 'text', text: { body: 'Anything else?' } })
  await bubble(id).getByLabel('Reply or react').click()
  await bubble(id).getByRole('button', { name: 'React 👍' }).click()
  await bubble(id).getByRole('img', { name: 'Reaction 👍' }).waitFor()

  await bubble(id).getByLabel('Reply or react').click()
  await bubble(id).getByRole('button', { name: /Reply/ }).click()
  await phone.getByRole('textbox').fill('No, thank you')
  await phone.getByRole('textbox').press('Enter')
  assert.equal((await written((body) => body.text?.body === 'No, thank you')).context.id, id)

  await phone.locator('input[type=file]').setInputFiles({ name: 'pot.png', mimeType: 'image/png', buffer: picture(64, 48) })
  const image = await written((body) => body.type === 'image')
  assert.equal(image.image.mime_type, 'image/png')

  await phone.getByLabel('Attach').click()
  await phone.getByRole('button', { name: /Location/ }).click()
  await page.getByRole('dialog', { name: 'Send a location' }).getByRole('button', { name: 'Send' }).click()
  assert.equal((await written((body) => body.type === 'location')).location.name, 'Central Library')
})

test('the business reads and types: ticks turn blue, and dots are shown', async () => {
  const { id } = await written(() => true)
  await send({ status: 'read', message_id: id, typing_indicator: { type: 'text' } })
  await bubble(id).getByLabel('Read by the business').waitFor()
  await phone.getByText('typing…').waitFor()
  await send({ type: 'text', text: { body: 'Here I am' } })
  await phone.getByText('typing…').waitFor({ state: 'detached' })
})

test('a second phone stands beside the first on a wide screen, and nothing is cut off on a narrow one', async () => {
  await page.getByRole('button', { name: 'Add a phone' }).click()
  const dialog = page.getByRole('dialog', { name: 'Whose phone?' })
  await dialog.getByLabel('Name').fill('Nils')
  await dialog.getByLabel('Phone number').fill('+1 202 555 0998')
  await dialog.getByRole('button', { name: 'Open the phone' }).click()
  await page.locator('[data-phone="12025550998"]').waitFor()
  await page.setViewportSize({ width: 1200, height: 800 })
  const [one, two] = await Promise.all([phone, page.locator('[data-phone="12025550998"]')].map((it) => it.boundingBox()))
  assert.ok(two.x >= one.x + one.width && two.y === one.y)
  await page.setViewportSize({ width: 360, height: 720 })
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
})

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing serious, ${colorScheme}`, async () => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const session = await page.context().newCDPSession(page)
    await session.send('Runtime.evaluate', { expression: axe }) // the page's own policy lets no script in
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
    assert.deepEqual(violations.filter((one) => ['serious', 'critical'].includes(one.impact))
      .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')}`)), [])
    assert.deepEqual(stage.problems, [])
  })
}
