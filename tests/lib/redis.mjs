// redis.mjs: a Redis of a test's own, on a free port, that can go away and come back.
import { spawn } from 'node:child_process'
import net from 'node:net'
import { until } from './parley.mjs'

function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

const answers = (port) => new Promise((done) => {
  const socket = net.connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
  socket.once('data', (data) => { socket.destroy(); done(data.toString().startsWith('+PONG')) })
  socket.once('error', () => done(false))
})

export class Redis {
  async start() {
    this.port ??= await freePort()
    this.child = spawn('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'], { stdio: 'ignore' })
    this.gone = new Promise((done) => this.child.once('exit', done))
    process.once('exit', () => this.child.kill('SIGKILL'))
    await until(() => answers(this.port), 'Redis', 30_000)
    return this
  }

  get url() { return `redis://127.0.0.1:${this.port}/3` }

  async stop() {
    this.child.kill('SIGKILL')
    await this.gone
  }
}
