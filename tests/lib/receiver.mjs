// receiver.mjs: somebody who is told by a webhook: a server on loopback that keeps what it is sent, and answers as a test wants.
import http from 'node:http'

export class Receiver {
  static async open() {
    const receiver = new Receiver()
    receiver.calls = []
    receiver.answer = () => 204
    receiver.server = http.createServer((request, response) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => void receiver.take(request, Buffer.concat(chunks).toString(), response))
    })
    await new Promise((done) => receiver.server.listen(0, '127.0.0.1', done))
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/hook`
    return receiver
  }

  /** answer(call) says a status, or {status, headers, body}; it may take its time. */
  async take(request, text, response) {
    const call = { path: request.url, headers: request.headers, text, at: Date.now(), ...JSON.parse(text) }
    const answer = await this.answer(call)
    const { status, headers = {}, body = '' } = typeof answer === 'number' ? { status: answer } : answer
    this.calls.push({ ...call, answered: status })
    response.writeHead(status, headers)
    response.end(body)
  }

  of(type) {
    return this.calls.filter((call) => call.type === type)
  }

  close() {
    this.server.closeAllConnections()
    return new Promise((done) => this.server.close(done))
  }
}
