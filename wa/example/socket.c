/*
 * socket.c: one WebSocket connection (RFC 6455), blocking, over OpenSSL's BIO: as much of it as a
 * client that reads binary messages needs.
 */
#include "helper.h"

#include "base/codec.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>

#define MESSAGE_MAX (17u << 20)
#define HOST_MAX 256
#define HEAD_MAX 4096

enum opcode { CONTINUED = 0, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

static struct { SSL_CTX *tls; BIO *bio; } line;

void socket_close(void)
{
	BIO_free_all(line.bio);
	line.bio = NULL;
}

/* ---- opening ---- */

static BIO *connect_to(const char *host, bool is_secure)
{
	SSL *ssl = NULL;
	BIO *bio;

	if (!is_secure)
		return BIO_new_connect(host);
	if (!line.tls) {
		line.tls = SSL_CTX_new(TLS_client_method());
		SSL_CTX_set_default_verify_paths(line.tls);
		SSL_CTX_set_verify(line.tls, SSL_VERIFY_PEER, NULL);
	}
	bio = BIO_new_ssl_connect(line.tls);
	BIO_set_conn_hostname(bio, host);
	BIO_get_ssl(bio, &ssl);
	SSL_set_tlsext_host_name(ssl, BIO_get_conn_hostname(bio));
	SSL_set1_host(ssl, BIO_get_conn_hostname(bio));
	return bio;
}

static bool read_octets(void *to, size_t len)
{
	uint8_t *at = to;

	while (len > 0) {
		int n = BIO_read(line.bio, at, (int)len);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* The answer must say 101. What hash the server made of our key proves nothing to us: the
 * handshake that follows proves who it is. */
static bool upgrade(const char *host, const char *path)
{
	char head[HEAD_MAX], nonce[32] = "";
	uint8_t octets[16];
	struct buf text = buf_heap(sizeof nonce);
	size_t len = 0;

	crypto_random(octets, sizeof octets);
	base64_write(&text, (bytes){ octets, sizeof octets });
	memcpy(nonce, text.ptr, text.len);
	buf_done(&text);
	BIO_printf(line.bio,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
		"Origin: https://web.whatsapp.com\r\n\r\n",
		path, host, nonce);
	while (len < sizeof head - 1 && read_octets(head + len, 1)) {
		head[++len] = '\0';
		if (len >= 4 && strcmp(head + len - 4, "\r\n\r\n") == 0)
			return strncmp(head, "HTTP/1.1 101", 12) == 0;
	}
	return false;
}

bool socket_open(const char *url)
{
	bool is_secure = strncmp(url, "wss://", 6) == 0;
	const char *from = url + (is_secure ? 6 : 5), *slash = strchr(from, '/');
	char host[HOST_MAX];
	size_t len = slash ? (size_t)(slash - from) : strlen(from);

	socket_close();
	snprintf(host, sizeof host, "%.*s%s", (int)len, from,
		memchr(from, ':', len)	? ""
			: is_secure	? ":443"
					: ":80");
	line.bio = connect_to(host, is_secure);
	if (BIO_do_connect(line.bio) > 0 && upgrade(host, slash ? slash : "/"))
		return true;
	fprintf(stderr, "%s cannot be reached\n", host);
	socket_close();
	return false;
}

/* ---- messages ---- */

/* In as few octets as hold it; a client's frames are masked. */
static void write_length(struct buf *out, size_t len)
{
	int size = len < 126 ? 0 : len < 65536 ? 2 : 8;

	buf_byte(out, 0x80 | (size == 0 ? (uint8_t)len : size == 2 ? 126 : 127));
	for (int shift = 8 * size - 8; shift >= 0; shift -= 8)
		buf_byte(out, (uint8_t)((uint64_t)len >> shift));
}

static void send_frame(enum opcode opcode, bytes message)
{
	struct buf out = buf_heap(MESSAGE_MAX);
	uint8_t mask[4];

	crypto_random(mask, sizeof mask);
	buf_byte(&out, (uint8_t)(0x80 | opcode));
	write_length(&out, message.len);
	buf_put(&out, mask, sizeof mask);
	for (size_t i = 0; i < message.len; i++)
		buf_byte(&out, message.ptr[i] ^ mask[i % 4]);
	if (line.bio && !out.failed)
		BIO_write(line.bio, out.ptr, (int)out.len);
	buf_done(&out);
}

void socket_send(bytes message)
{
	send_frame(BINARY, message);
}

/* The length of a frame's payload; MESSAGE_MAX + 1 when it ends. */
static size_t read_length(uint8_t first)
{
	uint8_t more[8];
	size_t size = first == 127 ? 8 : first == 126 ? 2 : 0, len = 0;

	if (!size)
		return first;
	if (!read_octets(more, size))
		return MESSAGE_MAX + 1;
	for (size_t i = 0; i < size; i++)
		len = len << 8 | more[i];
	return len;
}

/* Adds a frame to the message; false: the connection has ended. A server masks nothing. */
static bool read_frame(struct buf *message, bool *is_done)
{
	uint8_t head[2], control[125];
	size_t len;

	if (!read_octets(head, 2) || (len = read_length(head[1] & 0x7F)) > MESSAGE_MAX)
		return false;
	if ((head[0] & 0x0F) >= CLOSE) {
		if (len > sizeof control || !read_octets(control, len) || (head[0] & 0x0F) == CLOSE)
			return false;
		if ((head[0] & 0x0F) == PING)
			send_frame(PONG, (bytes){ control, len });
		return true;
	}
	*is_done = head[0] & 0x80;
	return len == 0 || (buf_space(message, len) &&
		read_octets(message->ptr + message->len - len, len));
}

static bool has_input(int64_t wait_ms)
{
	struct pollfd on = { .fd = -1, .events = POLLIN };

	wait_ms = wait_ms < 0 ? 0 : wait_ms > 60000 ? 60000 : wait_ms;
	if (line.bio)
		BIO_get_fd(line.bio, &on.fd);
	if (line.bio && BIO_pending(line.bio) > 0)
		return true;
	return poll(&on, 1, (int)wait_ms) > 0;
}

enum socket_said socket_wait(int64_t wait_ms, struct arena *arena, bytes *octets)
{
	struct buf message = buf_in(arena, MESSAGE_MAX);
	bool is_done = false;

	fflush(stdout);
	if (!has_input(wait_ms))
		return SOCKET_NOTHING;
	while (!is_done)
		if (!read_frame(&message, &is_done)) {
			socket_close();
			return SOCKET_CLOSED;
		}
	*octets = buf_bytes(&message);
	return SOCKET_MESSAGE;
}
