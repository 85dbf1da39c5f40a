// stage.mjs: a demo and a browser: people at the console, customers at their phones.
import { createRequire } from 'node:module'
import { existsSync, readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { chromium } from 'playwright-core'
import { startDemo } from '../lib/parley.mjs'

const BROWSERS = [process.env.PARLEY_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

function browserPath() {
  const found = BROWSERS.find((one) => one && existsSync(one))
  if (!found) throw new Error('no Chromium here: install it, or name it in PARLEY_CHROMIUM')
  return found
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Waits until nothing moves: half-shown text has half its contrast. What begins does so with the next picture. */
const still = (page) => page.evaluate(async () => {
  const frame = () => new Promise(requestAnimationFrame)
  for (let moving = [null]; moving.length;) {
    await frame()
    await frame()
    moving = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity && one.playState === 'running')
    await Promise.allSettled(moving.map((one) => one.finished))
  }
})

/** Serious and critical findings of axe, as lines that say what, where and why. */
export async function findings(page) {
  await still(page)
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  return violations.filter((one) => ['serious', 'critical'].includes(one.impact))
    .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary?.split('\n')[1]?.trim()}`))
}

export class Stage {
  static async open(options) {
    const stage = new Stage()
    stage.problems = []
    stage.demo = await startDemo(options)
    stage.browser = await chromium.launch({
      executablePath: browserPath(), args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...(options?.args ?? [])],
    })
    return stage
  }

  async close() {
    await this.browser?.close()
    await this.demo?.remove()
  }

  /** A page in a profile of its own. What goes wrong in it is kept in `problems`. */
  async page(options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => this.problems.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/net::ERR|WebSocket|Failed to load resource/.test(message.text())) this.problems.push(message.text())
    })
    return page
  }

  /** Makes the live sockets of a page cuttable: cut() ends them and lets none through until mend(). */
  async cuttable(page) {
    const lines = new Set()
    let isCut = false
    await page.context().routeWebSocket('**/app/**', (line) => {
      if (isCut) {
        line.close()
        return
      }
      lines.add(line)
      line.connectToServer()
    })
    return {
      cut: async () => {
        isCut = true
        for (const line of lines) await line.close()
        lines.clear()
      },
      mend: () => { isCut = false },
    }
  }

  /** Somebody who is signed in and looks at the inbox. */
  async agent({ email = this.demo.email, password = this.demo.password, ...options } = {}) {
    const page = await this.page(options)
    await page.goto(this.demo.url)
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor()
    return page
  }

  /** A colleague with an account of her own. */
  async colleague(name, role = 'agent') {
    const email = `${name.toLowerCase()}.${Date.now()}@example.com`
    const password = 'correct horse battery'
    await this.demo.api('POST', '/people', { email, name, role, password })
    return { email, password, name }
  }

  /** A customer of the sandbox whom nobody knows yet. */
  async customer(name) {
    const phone = `1202555${String(1000 + Math.floor(Math.random() * 9000))}`
    await this.demo.control('POST', '/customers', { phone, name })
    return { phone, name }
  }

  /** The phone of a customer. */
  async phone({ phone }, options) {
    const page = await this.page({ viewport: { width: 420, height: 760 }, ...options })
    await page.goto(`${this.demo.sandbox_url}/phone?phone=${phone}`)
    await page.locator(`[data-phone="${phone}"]`).waitFor()
    return page
  }

  async conversationOf(phone) {
    const { data } = await this.demo.api('GET', `/conversations?status=all&query=${phone}`)
    return data.find((one) => one.contact.phone?.endsWith(phone))
  }
}

// ---- what people do ----

export async function writeOnPhone(page, text) {
  const field = page.getByRole('textbox', { name: /^Message from/ })
  await field.fill(text)
  await field.press('Enter')
}

export const rowOf = (page, name) => page.getByRole('region', { name: 'Conversations' }).getByRole('link').filter({ hasText: name })

export async function openConversation(page, name) {
  await rowOf(page, name).click()
  await page.getByRole('region', { name: `Conversation with ${name}` }).waitFor()
}

export const composerOf = (page) => page.getByRole('textbox', { name: /^Message to/ })

export async function answer(page, text) {
  await composerOf(page).fill(text)
  await composerOf(page).press('Enter')
}

/** The bubble with this text in the open thread. */
export const bubble = (page, text) => page.locator('.bubble').filter({ hasText: text })

// ---- files ----

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
  return n >>> 0
})

function crc(data) {
  let c = 0xffffffff
  for (const octet of data) c = crcTable[(c ^ octet) & 255] ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

function chunk(type, data) {
  const out = Buffer.alloc(12 + data.length)
  out.writeUInt32BE(data.length)
  out.write(type, 4, 'latin1')
  data.copy(out, 8)
  out.writeUInt32BE(crc(out.subarray(4, 8 + data.length)), 8 + data.length)
  return out
}

/** A PNG picture: a sunset, so that a person sees that it is right. */
export function picture(width = 320, height = 240) {
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0])
  const rows = Buffer.alloc(height * (1 + 3 * width))
  head.writeUInt32BE(width)
  head.writeUInt32BE(height, 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (1 + 3 * width) + 1 + 3 * x
      const sun = Math.hypot(x - width / 2, y - height * 0.62) < height / 6
      const sea = y > height * 0.7
      const sky = y / height
      rows.set(sun && !sea ? [255, 236, 170] : sea ? [30, 60 + 40 * sky, 110] : [90 + 165 * sky, 80 + 90 * sky, 150 - 60 * sky], at)
    }
  }
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0)),
  ])
}
