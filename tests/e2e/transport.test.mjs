// transport.test.mjs: an administrator connects a service of their own, MSG91 and the echo, with the forms of each.
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, test as run } from 'node:test'
import { Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const shots = process.env.PARLEY_SHOTS
let stage, gateway, calls

before(async () => {
  calls = []
  gateway = http.createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    calls.push({ url: request.url, text, headers: request.headers })
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"g-1"}')
  })
  await new Promise((done) => gateway.listen(0, '127.0.0.1', done))
  stage = await Stage.open({ env: { PARLEY_ALLOW_PRIVATE_CALLS: 'true' } })
})
after(async () => {
  await stage?.close()
  gateway.closeAllConnections()
  gateway.close()
})

const shot = async (page, name) => { if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true }) }
const choose = (page, kind) => page.getByText(kind, { exact: true }).first().click()
const isNarrow = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)

test('a service of their own: what is wrong stands at its line, a trial shows the call, and a message goes', async () => {
  const page = await stage.agent()
  await page.goto(`${stage.demo.url}/settings/channels/new`)
  await choose(page, 'HTTP')
  await page.getByLabel('Name').fill('Our gateway')
  const editor = page.getByLabel('Configuration')
  await editor.fill('{"address":')
  await page.getByText('This is no JSON object').waitFor()
  const url = `http://127.0.0.1:${gateway.address().port}/send`
  const config = (address) => JSON.stringify({ address, content: 'TEXT', secrets: { token: 'k-1' },
    request: { method: 'POST', url, headers: { Authorization: 'Bearer {%secrets.token%}' }, body: { to: '{%to%}', text: '{%content%}' } }, response: { id: 'id' } }, null, 2)
  await editor.fill(config('FAX'))
  await page.getByRole('button', { name: 'Show the call' }).click()
  await page.getByText('Line 2: config.address').waitFor()
  await shot(page, 'http-wrong')
  await editor.fill(config('PHONE'))
  await page.getByRole('button', { name: 'Show the call' }).click()
  await page.getByText(`POST ${url}`).waitFor()
  await page.getByText('Authorization: Bearer ********').waitFor()
  assert.equal(calls.length, 0)
  await shot(page, 'http-try')
  await page.getByRole('button', { name: 'Save and continue' }).click()
  await page.getByText('All steps passed.').waitFor()
  await page.getByRole('button', { name: 'Finish' }).click()
  await page.getByRole('heading', { name: 'Our gateway' }).waitFor()
  await page.getByRole('button', { name: 'Edit the configuration' }).click()
  const dialog = page.getByRole('dialog')
  assert.match(await dialog.getByLabel('Configuration').inputValue(), /"token": "\*{8}"/)
  await shot(page, 'http-edit')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  const id = new URL(page.url()).pathname.split('/').at(-1)
  await stage.demo.api('POST', '/messages', { channel_id: id, to: '+12025550180', type: 'text', text: { body: 'Hello' } })
  for (const end = Date.now() + 30_000; !calls.length && Date.now() < end;) await new Promise((done) => setTimeout(done, 50))
  assert.equal(calls[0].headers.authorization, 'Bearer k-1')
  assert.deepEqual(JSON.parse(calls[0].text), { to: '12025550180', text: 'Hello' })
  await page.context().close()
})

test('MSG91 asks for number and key, shows its webhook and is tested', async () => {
  const page = await stage.agent({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' })
  await page.goto(`${stage.demo.url}/settings/channels/new`)
  await choose(page, 'MSG91')
  await page.getByLabel('Name').fill('India')
  await page.getByLabel('Phone number').fill('15550783881')
  await page.getByLabel('Authkey').fill(stage.demo.graph_token)
  assert.ok(await isNarrow(page))
  await shot(page, 'msg91-small')
  await page.getByRole('button', { name: 'Save and continue' }).click()
  await page.getByText('/webhooks/msg91/').first().waitFor()
  await shot(page, 'msg91-webhook')
  await page.getByRole('button', { name: 'I have set it there' }).click()
  await page.getByText('All steps passed.').waitFor()
  assert.ok(await isNarrow(page))
  await shot(page, 'msg91-test')
  await page.context().close()
})

test('an echo is made with two clicks and answers', async () => {
  const page = await stage.agent()
  await page.goto(`${stage.demo.url}/settings/channels/new`)
  await choose(page, 'Echo')
  await page.getByLabel('Name').fill('Trial')
  await shot(page, 'echo')
  await page.getByRole('button', { name: 'Save and continue' }).click()
  await page.getByText('All steps passed.').waitFor()
  assert.deepEqual(stage.problems, [])
  await page.context().close()
})
