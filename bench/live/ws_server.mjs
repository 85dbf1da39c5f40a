// ws_server.mjs: the usual broadcast with `ws`: what comes in on /pub goes to all others.
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => console.log(server.address().port))
server.on('connection', (socket, request) => {
  if (request.url !== '/pub') return
  server.clients.delete(socket)
  socket.on('message', (data) => {
    const text = data.toString()
    for (const client of server.clients) if (client.readyState === 1) client.send(text)
  })
})
