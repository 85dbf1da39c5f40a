/*
 * client_known.c: who has our key of a group.
 *
 * The memory holds a hash of each device's address: eight octets, however long the list. Whoever
 * leaves takes our key along, so the next message is made with a new one. Source:
 * docs/protocol/linked-device-2-messaging.md §3.8.
 */
#include "wa/client/client_internal.h"

#define KNOWN_RECORD_MAX (1u << 20)
#define HASH_SIZE 8

/* Its id, then a hash for each. */

static void hash_of(str address, uint8_t out[HASH_SIZE])
{
	uint8_t hash[SHA256_SIZE];

	sha256(bytes_of(address), hash);
	memcpy(out, hash, HASH_SIZE);
}

static enum err read_known(struct wa_client *c, const struct wa_call *call, str group,
	struct client_known *out)
{
	bytes record;
	enum err e = client_get(c, call, WA_RECORD_SENDER_KEY_KNOWN, group, &record);

	*out = (struct client_known){ .hashes = buf_in(call->out->arena, KNOWN_RECORD_MAX) };
	if (e != OK || record.len < 4)
		return e == ERR_MISSING ? OK : e;
	out->key_id = id_of((bytes){ record.ptr, 4 });
	buf_put(&out->hashes, record.ptr + 4, record.len - 4);
	return OK;
}

enum err client_known_get(struct wa_client *c, const struct wa_call *call, str group,
	uint32_t key_id, struct client_known *out)
{
	TRY(read_known(c, call, group, out));
	if (out->key_id != key_id)
		buf_clear(&out->hashes);
	out->key_id = key_id;
	return OK;
}

bool client_known_has(const struct client_known *known, str address)
{
	uint8_t hash[HASH_SIZE];

	hash_of(address, hash);
	for (size_t i = 0; i + HASH_SIZE <= known->hashes.len; i += HASH_SIZE)
		if (memcmp(known->hashes.ptr + i, hash, HASH_SIZE) == 0)
			return true;
	return false;
}

void client_known_add(struct client_known *known, str address)
{
	uint8_t hash[HASH_SIZE];

	hash_of(address, hash);
	buf_put(&known->hashes, hash, sizeof hash);
	known->has_changed = true;
}

enum err client_known_keep(struct wa_client *c, const struct wa_call *call, str group,
	const struct client_known *known)
{
	struct buf record = buf_in(call->out->arena, KNOWN_RECORD_MAX + 4);
	bytes id = id_octets(call->out->arena, known->key_id, 4);

	if (!known->has_changed)
		return OK;
	buf_put(&record, id.ptr, id.len);
	buf_put(&record, known->hashes.ptr, known->hashes.len);
	return client_keep(c, WA_RECORD_SENDER_KEY_KNOWN, group, buf_bytes(&record));
}

enum err client_group_rotate(struct wa_client *c, const struct wa_call *call, str group)
{
	struct signal signal = client_signal(c, call);
	struct jid own = client_own(c, true);

	TRY(signal_group_forget(&signal, group, signal_address(call->out->arena, &own)));
	return client_drop(c, WA_RECORD_SENDER_KEY_KNOWN, group);
}

enum err client_known_lost(struct wa_client *c, const struct wa_call *call, str address)
{
	struct client_names groups = { .arena = call->out->arena };

	TRY(client_names_of(c, WA_RECORD_SENDER_KEY_KNOWN, STR_NONE, &groups));
	for (size_t i = 0; i < groups.count; i++) {
		struct client_known known;

		TRY(read_known(c, call, groups.texts[i], &known));
		if (client_known_has(&known, address))
			TRY(client_group_rotate(c, call, groups.texts[i]));
	}
	return OK;
}
