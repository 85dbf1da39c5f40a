// hub.mjs: what the suites of the live hub share: pusher-js against an app of a running Parley, signing as an application does.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import Pusher from 'pusher-js'
import PusherServer from 'pusher'

/** Of encrypted channels: the application's, which the hub never sees. */
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

export const happens = (target, event) => new Promise((done) => { target.bind(event, (data) => done(data)) })

/** An app of the hub (at: its URL; app: id, key, secret), and the clients that a test opened on it. */
export class Hub {
  constructor(at, app) {
    this.at = new URL(at)
    this.app = app
    this.clients = []
  }

  hex(text) { return createHmac('sha256', this.app.secret).update(text).digest('hex') }

  sign(socketId, channel, data) {
    return `${this.app.key}:${this.hex(data === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${data}`)}`
  }

  signIn(socketId, userData) { return `${this.app.key}:${this.hex(`${socketId}::user::${userData}`)}` }

  /** The test is the application. user: of presence channels; person: user_data of the sign-in. */
  options({ user, person, ...rest } = {}) {
    return {
      cluster: '', wsHost: this.at.hostname, wsPort: Number(this.at.port), forceTLS: false, enabledTransports: ['ws'],
      channelAuthorization: {
        customHandler: ({ socketId, channelName }, done) => {
          const data = channelName.startsWith('presence-') && user ? JSON.stringify(user) : undefined
          done(null, {
            auth: this.sign(socketId, channelName, data),
            ...(data ? { channel_data: data } : {}),
            ...(channelName.startsWith('private-encrypted-') ? { shared_secret: this.server().authorizeChannel(socketId, channelName).shared_secret } : {}),
          })
        },
      },
      userAuthentication: {
        customHandler: ({ socketId }, done) => {
          const data = JSON.stringify(person)
          done(null, { auth: this.signIn(socketId, data), user_data: data })
        },
      },
      ...rest,
    }
  }

  open(options, Kind = Pusher) {
    const client = new Kind(this.app.key, this.options(options))
    this.clients.push(client)
    return client
  }

  async connected(options, Kind) {
    const client = this.open(options, Kind)
    if (client.connection.state !== 'connected') await happens(client.connection, 'connected')
    return client
  }

  /** A channel that was joined. */
  async joined(client, name) {
    const channel = client.subscribe(name)
    await Promise.race([
      happens(channel, 'pusher:subscription_succeeded'),
      happens(channel, 'pusher:subscription_error').then((error) => { throw new Error(JSON.stringify(error)) }),
    ])
    return channel
  }

  async listener(name, options) { return this.joined(await this.connected(options), name) }

  /** The server SDK, as an application has it. */
  server(app = this.app, more = {}) {
    return new PusherServer({
      appId: app.app_id ?? app.id, key: app.key, secret: app.secret, host: this.at.hostname, port: this.at.port, useTLS: false,
      encryptionMasterKeyBase64: MASTER_KEY, ...more,
    })
  }

  close() { for (const client of this.clients) client.disconnect() }
}

/** The status of what an SDK's call was refused with. */
export async function refusal(call) {
  try {
    await call
  } catch (error) {
    return { status: error.status, body: error.body ?? error.message }
  }
  assert.fail('the call was not refused')
}

/** An app of its own for a test, and its hub. */
export async function makeApp(demo, draft = {}) {
  const app = await demo.api('POST', '/live-apps', { name: 'Test', ...draft })
  return new Hub(demo.url, app)
}
