// socketio_server.mjs: the usual broadcast with `socket.io`: "pub" from one goes to all others.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const http = createServer()
const io = new Server(http, { transports: ['websocket'], serveClient: false, perMessageDeflate: false })
io.on('connection', (socket) => {
  socket.on('pub', (data) => socket.broadcast.emit('e', data))
})
http.listen(0, '127.0.0.1', () => console.log(http.address().port))
