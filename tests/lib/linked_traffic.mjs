// linked_traffic.mjs: each linked number has a customer with a phone of the sandbox; both write to each other at a steady pace.
//
// What was said is written down on either side, so that check() can tell what was lost, came twice, or came to somebody else.
import assert from 'node:assert/strict'
import { load } from './world.mjs'

export const customerOf = (n) => `1669${String(n).padStart(7, '0')}`

export class Traffic {
  /** world: a LinkedWorld whose numbers are paired; before: traffic of the first of them, which goes on. */
  constructor(world, before) {
    this.world = world
    this.count = world.numbers.length
    this.told = before?.told ?? 0
    this.opened = before?.count ?? 0
    this.base = before?.base // what the server had counted before
    this.in = world.numbers.map((_, n) => before?.in[n] ?? []) // by number: what its customer wrote to it
    this.out = world.numbers.map((_, n) => before?.out[n] ?? []) // what it wrote to its customer: {id, body}
  }

  customerSays(n, body = `in ${n} ${++this.told}`) {
    this.in[n].push(body)
    return this.world.control('POST', `/control/linked/phones/${customerOf(n)}/messages`, { to: this.world.numbers[n].phone, type: 'text', text: { body } })
  }

  async numberSays(n, body = `out ${n} ${++this.told}`) {
    const { id } = await this.world.want(202, 'POST', '/messages', { channel_id: this.world.numbers[n].id, to: `+${customerOf(n)}`, type: 'text', text: { body } })
    this.out[n].push({ id, body })
  }

  /** Accounts, and a message each way: sessions are made. */
  async open() {
    this.base ??= { in: await this.world.figure('linked_received_total'), out: await this.world.figure('linked_sent_total') }
    for (let n = this.opened; n < this.count; n++) await this.world.control('POST', '/control/linked/phones', { phone: customerOf(n), name: `Customer ${n}` })
    for (let n = this.opened; n < this.count; n++) await this.customerSays(n)
    await this.settled()
    for (let n = this.opened; n < this.count; n++) await this.numberSays(n)
    await this.settled()
  }

  /** Takes turns over the numbers; ways: 'in', 'out' or 'both'. Gives how many were said. */
  async run(perSecond, seconds, ways = 'both') {
    const stop = load(perSecond, (i) => {
      const out = ways === 'both' ? i % 2 : ways === 'out'
      const n = (ways === 'both' ? i >> 1 : i) % this.count
      return out ? this.numberSays(n) : this.customerSays(n)
    })
    await new Promise((done) => setTimeout(done, seconds * 1000))
    const said = await stop()
    await this.settled()
    return said
  }

  /** Everything that was said has come, and is acknowledged. */
  async settled() {
    const all = (lists) => lists.reduce((sum, list) => sum + list.length, 0)
    const wants = { in: this.base.in + all(this.in), out: this.base.out + all(this.out) }
    await this.world.until(async () => await this.world.figure('linked_received_total', 200) >= wants.in && await this.world.figure('linked_sent_total') >= wants.out &&
      await this.world.figure('processor_lag_ms') === 0 && await this.world.figure('sends_in_flight') === 0, 'all has come and gone', 180_000)
  }

  /** Nothing lost, nothing twice, nothing with another number. */
  async check() {
    const { world } = this, wrong = []
    for (let n = 0; n < this.count; n++) {
      const seen = await this.textsOf(n), phone = await this.phoneOf(n)
      this.compare(wrong, `number ${n} received`, this.in[n], seen)
      this.compare(wrong, `customer ${n} received`, this.out[n].map((one) => one.body), phone)
    }
    assert.deepEqual(wrong, [])
    const some = this.out.flat().filter((_, i, list) => i % Math.ceil(list.length / 100) === 0)
    for (const { id } of some) await world.until(async () => ['delivered', 'read'].includes((await world.want(200, 'GET', `/messages/${id}`)).status), `message ${id} is delivered`)
  }

  compare(wrong, who, wanted, got) {
    const counts = new Map()
    for (const body of got) counts.set(body, (counts.get(body) ?? 0) + 1)
    for (const body of wanted) if (counts.get(body) !== 1) wrong.push(`${who} "${body}" ${counts.get(body) ?? 0} times`)
    if (got.length > wanted.length) wrong.push(`${who} ${got.length - wanted.length} more than was said to it`)
  }

  async textsOf(n) {
    const { world } = this, texts = []
    for (const conversation of await world.pages(`/conversations?channel_id=${world.numbers[n].id}&status=all`))
      for (let after = '1'; ;) {
        const page = await world.want(200, 'GET', `/conversations/${conversation.id}/messages?after=${after}&limit=100`)
        for (const m of page.data) {
          if (m.direction === 'in' && m.type === 'text' && /^in \d+ \d+$/.test(m.text.body)) texts.push(m.text.body)
          after = m.id
        }
        if (!page.has_after) break
      }
    return texts
  }

  async phoneOf(n) {
    const texts = []
    for (let after = 0; ;) {
      const { change, messages } = await this.world.control('GET', `/control/linked/phones/${customerOf(n)}/messages?after=${after}`)
      for (const m of messages) if (!m.from_me && m.type === 'text' && m.with === this.world.numbers[n].phone) texts.push([m.id, m.content?.text?.body ?? m.content?.body ?? m.text])
      if (!messages.length || change === after) break
      after = change
    }
    // A message that changed its status is told again under its id.
    return [...new Map(texts).values()]
  }
}
