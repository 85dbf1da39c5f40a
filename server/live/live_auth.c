/*
 * live_auth.c: names of channels and sockets, and who may join.
 *
 * A signature is the lower-case hex HMAC-SHA256, with the app's secret, over SOCKET_ID:CHANNEL, and
 * for presence channels over SOCKET_ID:CHANNEL:CHANNEL_DATA with the data byte for byte as sent;
 * `auth` is KEY:SIGNATURE, all of it compared in constant time.
 */
#include "base/codec.h"
#include "crypto/crypto.h"
#include "live/live_internal.h"

#include <inttypes.h>
#include <stdio.h>

/* Only at the start of the name: "my-private-x" is a public channel. */
enum live_kind live_channel_kind(str name)
{
	if (str_starts(name, S("private-")))
		return LIVE_PRIVATE;
	return str_starts(name, S("presence-")) ? LIVE_PRESENCE : LIVE_PUBLIC;
}

static bool fits(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("_-=@,.;", c));
}

bool live_channel_name_fits(str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!fits(name.ptr[i]))
			return false;
	return name.len > 0;
}

static bool read_u32(str text, uint32_t *out)
{
	int64_t value;

	if (!str_is_digits(text) || text.len > 10 || !str_to_i64(text, &value) ||
	    value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

bool live_socket_id_read(str text, uint64_t *out)
{
	uint32_t high, low;

	if (!read_u32(str_split(&text, '.'), &high) || !read_u32(text, &low))
		return false;
	*out = (uint64_t)high << 32 | low;
	return true;
}

void live_socket_id_write(uint64_t id, char out[LIVE_SOCKET_ID_MAX])
{
	snprintf(out, LIVE_SOCKET_ID_MAX, "%" PRIu32 ".%" PRIu32, (uint32_t)(id >> 32),
	         (uint32_t)id);
}

str live_signed_text(struct arena *arena, str socket_id, str channel, str channel_data)
{
	struct buf text = buf_in(arena, socket_id.len + channel.len + channel_data.len + 2);

	buf_str(&text, socket_id);
	buf_byte(&text, ':');
	buf_str(&text, channel);
	if (channel_data.ptr) {
		buf_byte(&text, ':');
		buf_str(&text, channel_data);
	}
	return buf_text(&text);
}

str live_user_signed_text(struct arena *arena, str socket_id, str user_data)
{
	struct buf text = buf_in(arena, socket_id.len + user_data.len + 8);

	buf_str(&text, socket_id);
	buf_str(&text, S("::user::"));
	buf_str(&text, user_data);
	return buf_text(&text);
}

static str auth_of(struct arena *arena, str key, str secret, str signed_text)
{
	struct buf auth = buf_in(arena, key.len + 1 + 2 * SHA256_SIZE);
	uint8_t mac[SHA256_SIZE];

	hmac_sha256(bytes_of(secret), bytes_of(signed_text), mac);
	buf_str(&auth, key);
	buf_byte(&auth, ':');
	hex_write(&auth, (bytes){ mac, sizeof mac });
	return buf_text(&auth);
}

bool live_auth_holds(struct arena *arena, str key, str secret, str signed_text, str auth)
{
	if (auth.len > LIVE_AUTH_MAX)
		return false;
	return crypto_equal(bytes_of(auth_of(arena, key, secret, signed_text)), bytes_of(auth));
}

static bool is_socket_id(str text)
{
	str first = str_split(&text, '.');

	return str_is_digits(first) && str_is_digits(text) && first.len + text.len < 64;
}

enum err live_authorise(struct job *job, const struct live_credentials *app,
                        const struct live_claim *claim, str *auth)
{
	enum live_kind kind = live_channel_kind(claim->channel);

	if (!is_socket_id(claim->socket_id))
		return fail(job, ERR_INPUT, "socket_id is not that of a connection");
	if (!live_channel_name_fits(claim->channel) || claim->channel.len > LIVE_CHANNEL_NAME_MAX ||
	    kind == LIVE_PUBLIC)
		return fail(job, ERR_INPUT,
		            "channel_name is not that of a private or presence channel");
	*auth = auth_of(job->arena, app->key, app->secret,
	                live_signed_text(job->arena, claim->socket_id, claim->channel,
	                                 kind == LIVE_PRESENCE ? claim->channel_data : STR_NONE));
	return OK;
}

enum err live_authorise_user(struct job *job, const struct live_credentials *app, str socket_id,
	str user_data, str *auth)
{
	if (!is_socket_id(socket_id))
		return fail(job, ERR_INPUT, "socket_id is not that of a connection");
	*auth = auth_of(job->arena, app->key, app->secret,
		live_user_signed_text(job->arena, socket_id, user_data));
	return OK;
}
