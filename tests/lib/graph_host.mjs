// graph_host.mjs: puts Parley where graph.facebook.com is, for programs that know no other address.
//
// A server of TLS with a certificate for graph.facebook.com of its own, which hands everything on to Parley as it came: what
// DNS and a reverse proxy would do. https.request of Node is told to go there and to trust that certificate; the programs are
// not touched, and they check the certificate as always.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'

const NAME = 'graph.facebook.com'

function certificate() {
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-graph-'))
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name))
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${NAME}`,
    '-addext', `subjectAltName=DNS:${NAME}`, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const made = { key: readFileSync(key), cert: readFileSync(cert) }
  rmSync(folder, { recursive: true })
  return made
}

export class GraphHost {
  static async open(parleyUrl) {
    const host = Object.assign(new GraphHost(), { asked: [], target: new URL(parleyUrl), tls: certificate(), request: https.request })
    host.server = https.createServer(host.tls, (request, response) => host.pass(request, response))
    await new Promise((done) => host.server.listen(0, '127.0.0.1', done))
    https.request = (options, ...rest) => host.request.call(https, host.turn(options), ...rest)
    return host
  }

  turn(options) {
    if ((options.hostname ?? options.host) !== NAME) return options
    return { ...options, host: '127.0.0.1', hostname: '127.0.0.1', port: this.server.address().port, servername: NAME, ca: this.tls.cert,
      headers: { ...options.headers, host: NAME } }
  }

  pass(request, response) {
    this.asked.push(`${request.method} ${request.url}`)
    const onward = http.request({ host: this.target.hostname, port: this.target.port, method: request.method, path: request.url, headers: request.headers },
      (answer) => { response.writeHead(answer.statusCode, answer.headers); answer.pipe(response) })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  }

  close() {
    https.request = this.request
    this.server.closeAllConnections()
    return new Promise((done) => this.server.close(done))
  }
}
