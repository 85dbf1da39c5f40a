// people.test.mjs: somebody is invited, joins, takes a second factor, signs in with it, sees a part of the inbox only, and is signed out.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test as run } from 'node:test'
import { until } from '../lib/parley.mjs'
import { rowOf, Stage } from './stage.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const PASSWORD = 'several good words'
let stage, owner, agent, email, secret, codes, link
let step = 0

before(async () => {
  stage = await Stage.open()
  owner = await stage.agent()
  email = `nadia.${Date.now()}@example.com`
})
after(() => stage?.close())

/** RFC 6238, as an app does it. A step serves once: for the next one this takes the code of the step to come, which is accepted, too. */
function codeOf(base32) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...base32].map((one) => letters.indexOf(one).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((octet) => parseInt(octet, 2)))
  step = Math.max(step + 1, Math.floor(Date.now() / 30_000))
  const counter = Buffer.alloc(8)
  counter.writeBigInt64BE(BigInt(step))
  const mac = createHmac('sha1', key).update(counter).digest()
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

async function signIn(page, code) {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'One more step' }).waitFor()
  await page.getByLabel('Code').fill(code)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

async function signOut(page) {
  await page.getByRole('button', { name: 'Account and settings' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to Parley' }).waitFor()
}

/* Whatever page it was that one left. */
const inside = (page) => page.getByRole('button', { name: 'Account and settings' }).waitFor()

test('an owner invites, and gets a link to copy', async () => {
  await owner.goto(`${stage.demo.url}/settings/people`)
  await owner.getByRole('button', { name: 'Invite somebody' }).click()
  const dialog = owner.getByRole('dialog')
  await dialog.getByLabel('E-mail address').fill(email)
  await dialog.getByRole('button', { name: 'Make the link' }).click()
  link = await dialog.locator('code').textContent()
  assert.match(link, /\/join#[\w-]{43}$/)
  await dialog.locator('footer').getByRole('button', { name: 'Close' }).click()
  await owner.getByText('Open invitations').waitFor()
  await owner.getByText(email).waitFor()
})

test('the link makes an account, once', async () => {
  agent = await stage.page()
  await agent.goto(stage.demo.url + new URL(link).pathname + new URL(link).hash)
  await agent.getByRole('heading', { name: /^Join / }).waitFor()
  assert.equal(new URL(agent.url()).hash, '', 'the token leaves the address')
  await agent.getByLabel('Name').fill('Nadia')
  await agent.getByLabel('Choose a password').fill('password1')
  await agent.getByRole('button', { name: 'Join' }).click()
  await agent.getByText('one of the passwords that are tried first').first().waitFor()
  await agent.getByLabel('Choose a password').fill(PASSWORD)
  await agent.getByRole('button', { name: 'Join' }).click()
  await inside(agent)
  const late = await stage.page()
  await late.goto(stage.demo.url + new URL(link).pathname + new URL(link).hash)
  await late.getByText('This invitation was used or withdrawn').waitFor()
  await late.context().close()
})

test('a second factor is turned on with an app, and recovery codes are shown once', async () => {
  await agent.goto(`${stage.demo.url}/settings/profile`)
  await agent.getByRole('button', { name: 'Turn on' }).click()
  await agent.getByRole('img', { name: 'The secret as a QR code' }).waitFor()
  secret = await agent.locator('form code').textContent()
  await agent.getByLabel('Code').fill('000000')
  await agent.getByRole('button', { name: 'Turn on' }).click()
  await agent.getByText('This is not the code').first().waitFor()
  await agent.getByLabel('Code').fill(codeOf(secret))
  await agent.getByRole('button', { name: 'Turn on' }).click()
  const dialog = agent.getByRole('dialog', { name: 'Recovery codes' })
  await dialog.waitFor()
  codes = await dialog.locator('li').allTextContents()
  assert.equal(codes.length, 10)
  await dialog.getByRole('button', { name: 'I have kept them' }).click()
  await agent.getByText('On. Signing in asks for a code').waitFor()
  await agent.getByText('This browser').waitFor()
})

test('signing in asks for the code; a recovery code does, too, and only once', async () => {
  await signOut(agent)
  await signIn(agent, codeOf(secret))
  await inside(agent)
  await signOut(agent)
  await signIn(agent, codes[0])
  await inside(agent)
  await signOut(agent)
  await signIn(agent, codes[0].toUpperCase())
  await agent.getByText('The code is wrong, or was used before.').waitFor()
  await agent.getByLabel('Code').fill(codes[1].replaceAll('-', ' '))
  await agent.getByRole('button', { name: 'Sign in', exact: true }).click()
  await inside(agent)
})

test('whoever is limited to a team sees its conversations, and hears of no others', async () => {
  const { data: people } = await stage.demo.api('GET', '/people')
  const team = await stage.demo.api('POST', '/teams', { name: `North ${Date.now()}` })
  const [seen, hidden] = await Promise.all(['Aldo North', 'Bea South'].map((name) => stage.customer(name)))
  await Promise.all([seen, hidden].map(({ phone, name }) => stage.demo.customerSays(phone, `hello from ${name}`)))
  const [north, south] = await Promise.all([seen, hidden].map(({ phone }) => until(() => stage.conversationOf(phone), 'a conversation')))
  await stage.demo.api('PATCH', `/conversations/${north.id}`, { team_id: team.id })
  for (const one of [north, south]) await stage.demo.api('PATCH', `/conversations/${one.id}`, { assignee_id: null })
  await agent.goto(`${stage.demo.url}/inbox`)
  await rowOf(agent, hidden.name).waitFor()

  await owner.goto(`${stage.demo.url}/settings/people`)
  await owner.getByRole('button', { name: 'Edit Nadia' }).click()
  await owner.getByRole('group', { name: 'Only these teams' }).getByLabel(team.name).check()
  await owner.getByRole('button', { name: 'Save' }).click()
  await owner.getByText('Limited').waitFor()

  await rowOf(agent, hidden.name).waitFor({ state: 'detached' })
  await rowOf(agent, seen.name).waitFor()
  await stage.demo.customerSays(hidden.phone, 'nobody of the north reads this')
  await stage.demo.customerSays(seen.phone, 'the north reads this')
  await rowOf(agent, 'the north reads this').waitFor()
  assert.equal(await agent.getByText('nobody of the north reads this').count(), 0)
  assert.equal(await rowOf(agent, hidden.name).count(), 0)

  // What leaves the team leaves the list, while one looks at it.
  await stage.demo.api('PATCH', `/conversations/${north.id}`, { team_id: null })
  await rowOf(agent, seen.name).waitFor({ state: 'detached' })
  assert.ok(people.length > 1)
})

test('who is limited is not offered what takes the whole inbox', async () => {
  const { data: people } = await stage.demo.api('GET', '/people')
  const nadia = people.find((one) => one.name === 'Nadia')
  const offered = async () => {
    await agent.goto(`${stage.demo.url}/contacts`)
    await agent.getByLabel('Search contacts').waitFor()
    return Promise.all(['Import', 'Export', 'Add contact'].map((name) => agent.getByRole('button', { name, exact: true }).count()))
  }
  await stage.demo.api('PATCH', `/people/${nadia.id}`, { role: 'supervisor' })
  assert.deepEqual(await offered(), [0, 0, 0])
  await stage.demo.api('PATCH', `/people/${nadia.id}`, { teams: [] })
  assert.deepEqual(await offered(), [1, 1, 1])
  await stage.demo.api('PATCH', `/people/${nadia.id}`, { role: 'agent' })
})

test('an administrator sees where somebody is signed in, and signs them out', async () => {
  await owner.goto(`${stage.demo.url}/settings/people`)
  await owner.getByRole('button', { name: 'Where Nadia is signed in' }).click()
  const dialog = owner.getByRole('dialog')
  await dialog.getByText(/Chrome/).first().waitFor()
  await dialog.getByRole('button', { name: 'Sign out everywhere' }).click()
  await agent.getByRole('heading', { name: 'Sign in to Parley' }).waitFor()
})

test('a role of the workspace is made, given, and not deleted while somebody has it', async () => {
  await owner.goto(`${stage.demo.url}/settings/roles`)
  await owner.getByRole('button', { name: 'Add a role' }).click()
  const dialog = owner.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Front desk')
  await dialog.getByLabel('Sees').selectOption({ label: 'Own conversations only' })
  await dialog.getByRole('button', { name: 'Save' }).click()
  await owner.getByText('Front desk').waitFor()
  await owner.goto(`${stage.demo.url}/settings/people`)
  await owner.getByRole('button', { name: 'Edit Nadia' }).click()
  await owner.getByLabel('Role').selectOption({ label: 'Front desk' })
  await owner.getByRole('button', { name: 'Save' }).click()
  await owner.getByText('Front desk').waitFor()
  await owner.goto(`${stage.demo.url}/settings/roles`)
  await owner.getByRole('button', { name: 'Delete Front desk' }).click()
  await owner.getByText('This role is in use by Nadia').waitFor()
})

test('nothing went wrong in any page meanwhile', () => {
  assert.deepEqual(stage.problems, [])
})
