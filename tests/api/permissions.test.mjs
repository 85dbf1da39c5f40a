// permissions.test.mjs: every operation of the description with every role, with a key of no use, and as nobody.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { all, Caller, operations, roles, start } from './server.mjs'

const [server, shop] = await start('shop')
const list = await operations(server)
const guarded = list.filter(({ permission }) => permission !== 'public')

/* The Graph-shaped API refuses in Meta's words. */
const isGraph = ({ path }) => path.startsWith('/graph/')

/** An operation on things that are not there: the permission is checked before anything else. */
function ask(caller, { method, path }) {
  const where = path.replaceAll(/\{\w+\}/g, '1')
  return caller.call(method, where, { raw: isGraph({ path }), ...(method === 'GET' || method === 'DELETE' ? {} : { body: {} }) })
}

test('the description has every permission in use', () => {
  const used = new Set(list.map((operation) => operation.permission))
  const inHandlers = ['canned.manage', 'filter.share'] // whose canned response or filter it is decides
  assert.deepEqual(all.filter((permission) => !used.has(permission) && !inHandlers.includes(permission)), [])
  assert.ok(list.length > 35)
})

test('nobody gets past 401', async () => {
  for (const operation of guarded) {
    const { status } = await ask(server.nobody, operation)
    assert.equal(status, 401, `${operation.method} ${operation.path}`)
  }
})

/* One of the workspace's own: a bit of everything, which no built-in role has. */
const own = ['conversation.read', 'channel.manage', 'person.read', 'audit.read', 'webhook.manage', 'label.manage'].filter((one) => all.includes(one))
shop.owner = await server.signIn(shop.email, shop.password)
const { id: ownRole } = await shop.owner.want(201, 'POST', '/roles', { name: 'A bit of everything', permissions: own })

for (const [role, permissions] of Object.entries({ ...roles, [ownRole]: own })) {
  test(`${role === ownRole ? 'a role of the workspace' : role}: each operation as declared`, async () => {
    shop.owner = undefined // the owner before signed out all others
    const caller = role === 'owner' ? await server.signIn(shop.email, shop.password) : await server.person(shop, role)
    assert.deepEqual(caller.session.permissions.toSorted(), permissions.toSorted())
    for (const operation of guarded) {
      if (operation.path === '/session' && operation.method !== 'GET') continue
      const { status, body } = await ask(caller, operation)
      const name = `${role}: ${operation.method} ${operation.path}`
      if (permissions.includes(operation.permission) || operation.permission === 'signed-in') {
        assert.ok(status !== 401 && status !== 403 && status < 500, `${name}: ${status}`)
      } else {
        assert.equal(status, 403, name)
        if (isGraph(operation)) assert.equal(body.error.code, 10, name)
        else assert.equal(body.code, 'not_allowed', name)
        assert.match(isGraph(operation) ? body.error.error_data.details : body.detail, new RegExp(operation.permission), name)
      }
    }
  })
}

test('a key has its scopes and nothing else', async () => {
  for (const permission of all) {
    const { key } = await shop.caller.want(201, 'POST', '/api-keys', { name: permission, scopes: [permission] })
    const caller = new Caller(server, { key })
    for (const operation of guarded.filter(({ permission: needed }) => needed !== 'signed-in')) {
      const { status, body } = await ask(caller, operation)
      const name = `${permission}: ${operation.method} ${operation.path}: ${status}`
      if (body?.code === 'people_only') continue // what belongs to a person: no key has it, whatever its scopes
      assert.equal(status === 403, ![permission, 'signed-in'].includes(operation.permission), name)
    }
  }
})
