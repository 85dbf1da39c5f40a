/*
 * graph_name.c: the names that programs of the Cloud API use, and what of ours they stand for.
 *
 * A message's name is made of our id alone, so it is there before any network has named it, and
 * stays whichever provider carries it. The network's own names are taken, too: a program that moved
 * to us still has those of before.
 */
#include "api/graph.h"

#include "account/scope.h"
#include "base/codec.h"
#include "store/queries.h"

#define WAMID "wamid."
#define MARK "parley\x01" /* 7 octets and the id: 15, so base64 needs no padding */

enum { MARK_SIZE = 7, NAME_SIZE = MARK_SIZE + 8, WAMID_MAX = 32, REMOTE_KEY_SIZE = 16 };

str graph_wamid(struct arena *arena, id64 message)
{
	struct buf out = buf_in(arena, WAMID_MAX);
	uint8_t name[NAME_SIZE];

	memcpy(name, MARK, MARK_SIZE);
	for (int i = 0; i < 8; i++)
		name[MARK_SIZE + i] = (uint8_t)((uint64_t)message >> (56 - 8 * i));
	buf_str(&out, S(WAMID));
	base64_write(&out, (bytes){ name, sizeof name });
	return buf_text(&out);
}

static bool read_ours(struct arena *arena, str wamid, id64 *out)
{
	struct buf name = buf_in(arena, NAME_SIZE + 2);
	uint64_t id = 0;

	if (!str_starts(wamid, S(WAMID)) || wamid.len > WAMID_MAX ||
		!base64_read(str_part(wamid, sizeof WAMID - 1, wamid.len), &name) ||
		name.len != NAME_SIZE || memcmp(name.ptr, MARK, MARK_SIZE) != 0)
		return false;
	for (int i = 0; i < 8; i++)
		id = id << 8 | name.ptr[MARK_SIZE + i];
	*out = (id64)id;
	return *out > 0;
}

enum err graph_message_id(struct job *job, id64 channel, str wamid, id64 *out)
{
	uint8_t key[REMOTE_KEY_SIZE];
	struct message_place_row place;

	if (read_ours(job->arena, wamid, out))
		return OK;
	if (!wamid.len)
		return ERR_MISSING;
	message_remote_key(channel, wamid, key);
	TRY(sql_message_by_key(job,
		&(struct sql_message_by_key){ .remote_key = { key, sizeof key },
			.workspace = job->workspace },
		&place));
	*out = place.id;
	return OK;
}

/* ---- numbers ---- */

static bool is_in_scope(const struct job *job, id64 channel)
{
	if (!job->scope || !job->scope->channel_count)
		return true;
	for (size_t i = 0; i < job->scope->channel_count; i++)
		if (job->scope->channels[i] == channel)
			return true;
	return false;
}

str graph_number_id(struct arena *arena, const struct channel *ch)
{
	return ch->remote_id.len ? ch->remote_id
	                         : arena_printf(arena, "%lld", (long long)ch->id);
}

str graph_account_id(struct arena *arena, const struct channel *ch)
{
	return ch->account_id.len ? ch->account_id
	                          : arena_printf(arena, "%lld", (long long)ch->workspace);
}

enum err graph_channel_find(struct job *job, str id, struct channel_full **out)
{
	struct graph_id_row row;
	id64 channel = 0;
	enum err e = ERR_MISSING;

	if (str_is_digits(id) || id.len)
		e = sql_graph_channel(job, &(struct sql_graph_channel){ job->workspace, id }, &row);
	if (e == ERR_MISSING && id64_parse(id, &channel))
		row.id = channel;
	else
		TRY(e);
	if (!is_in_scope(job, row.id))
		return ERR_MISSING;
	return channel_get_full(job, row.id, out);
}

enum err graph_channel(struct job *job, const struct request *req, struct channel_full **out)
{
	str id = graph_part(req, 0);
	enum err e = graph_channel_find(job, id, out);

	return e == ERR_MISSING ? graph_unknown(job, req, id) : e;
}

/* ---- accounts ---- */

enum err graph_account_find(struct job *job, str id, struct graph_account *out)
{
	struct channel_full *all;
	size_t count;

	*out = (struct graph_account){ .id = id };
	TRY(channel_list(job, 0, GRAPH_CHANNELS_MAX, &all, &count));
	out->channels = ARENA_ARRAY(job->arena, struct channel_full, count);
	for (size_t i = 0; i < count; i++)
		if (is_in_scope(job, all[i].channel.id) &&
			str_is(graph_account_id(job->arena, &all[i].channel), id))
			out->channels[out->count++] = all[i];
	return out->count ? OK : ERR_MISSING;
}

enum err graph_account_asked(struct job *job, const struct request *req, struct graph_account *out)
{
	str id = graph_part(req, 0);
	enum err e = graph_account_find(job, id, out);

	return e == ERR_MISSING ? graph_unknown(job, req, id) : e;
}
