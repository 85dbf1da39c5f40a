/*
 * A real HTTP server for tests, at the address that the page believes to be its own.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Asked {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

export interface TestServer {
  asked: Asked[]
  /** What the next requests are answered with: a status and a body, or 'hang up'. */
  answer: (request: Asked) => [number, unknown] | 'hang up' | Promise<[number, unknown] | 'hang up'>
  stop: () => Promise<void>
}

export async function startTestServer(): Promise<TestServer> {
  const handle: TestServer = { asked: [], answer: () => [200, {}], stop: () => stopServer(server) }
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (part: Buffer) => { body += part.toString() })
    req.on('end', async () => {
      const asked = { method: req.method ?? '', url: req.url ?? '', headers: req.headers, body }
      handle.asked.push(asked)
      const answer = await handle.answer(asked)
      if (answer === 'hang up') req.socket.destroy()
      else res.writeHead(answer[0], { 'Content-Type': 'application/json' }).end(JSON.stringify(answer[1]))
    })
  })
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done) })
  const page = window as unknown as { happyDOM: { setURL: (url: string) => void } }
  page.happyDOM.setURL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return handle
}

async function stopServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((done) => { server.close(done) })
}
