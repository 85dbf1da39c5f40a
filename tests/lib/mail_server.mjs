// mail_server.mjs: an SMTP server that takes what it is given, and shows it as a reader sees it.
import net from 'node:net'

function words(text) {
  return text.replace(/\r\n /g, '').replace(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, data) => Buffer.from(data, 'base64').toString())
}

/** Headers, and the bodies by their type. */
export function readMail(raw) {
  const [head, ...rest] = raw.split('\r\n\r\n')
  const headers = Object.fromEntries(head.replace(/\r\n[ \t]+/g, '').split('\r\n').map((line) => {
    const at = line.indexOf(':')
    return [line.slice(0, at).toLowerCase(), words(line.slice(at + 1).trim())]
  }))
  const boundary = /boundary="([^"]+)"/.exec(headers['content-type'])?.[1]
  const parts = {}
  for (const part of rest.join('\r\n\r\n').split(`--${boundary}`).slice(0)) {
    const [partHead, data] = part.split('\r\n\r\n')
    const type = /Content-Type: ([^;]+)/.exec(partHead)?.[1]
    if (type) parts[type] = Buffer.from(data, 'base64').toString()
  }
  return { headers, text: parts['text/plain'], html: parts['text/html'] }
}

export class MailServer {
  static async open(port = 0) {
    const server = new MailServer()
    server.mails = []
    server.refuses = false
    server.net = net.createServer((socket) => server.talk(socket)).listen(port, '127.0.0.1')
    await new Promise((done) => server.net.once('listening', done))
    server.port = server.net.address().port
    return server
  }

  close() {
    this.net.close()
  }

  talk(socket) {
    const say = (line) => socket.write(`${line}\r\n`)
    let buffer = ''
    let data = false
    let mail = {}
    socket.on('error', () => {})
    say('220 test ESMTP')
    socket.on('data', (piece) => {
      buffer += piece
      for (;;) {
        if (data) {
          const end = buffer.indexOf('\r\n.\r\n')
          if (end < 0) return
          this.mails.push({ ...mail, ...readMail(buffer.slice(0, end)) })
          buffer = buffer.slice(end + 5)
          data = false
          say('250 taken')
          continue
        }
        const at = buffer.indexOf('\r\n')
        if (at < 0) return
        const line = buffer.slice(0, at)
        buffer = buffer.slice(at + 2)
        if (/^(EHLO|HELO)/.test(line)) say('250 test')
        else if (/^MAIL FROM/.test(line)) { mail = { from: /<([^>]*)>/.exec(line)[1] }; say(this.refuses ? '451 later' : '250 ok') }
        else if (/^RCPT TO/.test(line)) { mail.to = /<([^>]*)>/.exec(line)[1]; say('250 ok') }
        else if (/^DATA/.test(line)) { data = true; say('354 go on') }
        else if (/^QUIT/.test(line)) { say('221 bye'); socket.end() }
        else say('250 ok')
      }
    })
  }
}
