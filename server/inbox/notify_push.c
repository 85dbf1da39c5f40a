/*
 * notify_push.c: the workspace's key pair for push services, and the browsers that subscribed.
 *
 * An endpoint and its keys let whoever has them write to that browser, so they are sealed; they are
 * found by a keyed hash.
 */
#include "inbox/notify.h"

#include "account/seal.h"
#include "base/codec.h"
#include "inbox/inbox_internal.h"
#include "store/store.h"

#define TARGET_MAX 2048

/* ---- the pair ---- */

static enum err open_pair(struct job *job, const struct push_key_row *row, struct p256_pair *out)
{
	str private;

	TRY(unseal(job, SEAL_SECRET, row->private_sealed, &private));
	if (private.len != sizeof out->private || row->public_key.len != sizeof out->public)
		return fail(job, ERR_CORRUPT, "the push key is not whole");
	memcpy(out->private, private.ptr, private.len);
	memcpy(out->public, row->public_key.ptr, row->public_key.len);
	return OK;
}

static enum err find_pair(struct job *job, struct p256_pair *out, bool *found)
{
	struct push_key_row row;

	TRY(found_or_none(job,
		sql_push_key_get(job, &(struct sql_push_key_get){ job->workspace }, &row), found));
	return *found ? open_pair(job, &row, out) : OK;
}

static enum err add_pair(struct job *job)
{
	struct p256_pair made;
	bytes sealed;
	enum err e;

	p256_generate(&made);
	e = seal(job, SEAL_SECRET, str_from((bytes){ made.private, sizeof made.private }), &sealed);
	if (e == OK)
		e = sql_push_key_add(job,
			&(struct sql_push_key_add){ .workspace = job->workspace,
				.public_key = { made.public, sizeof made.public },
				.private_sealed = sealed,
				.now_ms = job->now_ms },
			NULL);
	crypto_wipe(&made, sizeof made);
	return e;
}

enum err push_pair_get(struct job *job, struct p256_pair *out)
{
	bool found;

	TRY(find_pair(job, out, &found));
	if (found)
		return OK;
	TRY(db_begin(job, DB_WRITE));
	TRY(add_pair(job)); /* of two who make one at once, the first stays */
	TRY(db_commit(job));
	TRY(find_pair(job, out, &found));
	return found ? OK : fail(job, ERR_BUG, "the push key is not there");
}

/* ---- subscriptions ---- */

static bool read_octets(struct arena *arena, str text, uint8_t *out, size_t size)
{
	struct buf octets = buf_in(arena, 2 * P256_PUBLIC_SIZE);

	if (!base64_read(text, &octets) || octets.len != size)
		return false;
	memcpy(out, octets.ptr, size);
	return true;
}

static enum err check(struct job *job, const struct push_draft *draft,
	struct push_subscription *out)
{
	if ((!str_starts(draft->endpoint, S("https://")) &&
		    !str_starts(draft->endpoint, S("http://"))) ||
		draft->endpoint.len > PUSH_ENDPOINT_MAX)
		field_error(job, S("endpoint"), S("wrong"), S("An https address is wanted."));
	if (!read_octets(job->arena, draft->key, out->key, sizeof out->key) ||
		!p256_is_point(out->key))
		field_error(job, S("keys.p256dh"), S("wrong"), S("This is no key of a browser."));
	if (!read_octets(job->arena, draft->auth, out->auth, sizeof out->auth))
		field_error(job, S("keys.auth"), S("wrong"),
			S("16 octets in base64url are wanted."));
	return job_check_fields(job);
}

static enum err seal_target(struct job *job, const struct push_draft *draft, bytes *out)
{
	struct buf text = buf_in(job->arena, TARGET_MAX);

	json_open(&text, '{');
	json_put(&text, "endpoint", draft->endpoint);
	json_put(&text, "p256dh", draft->key);
	json_put(&text, "auth", draft->auth);
	json_close(&text, '}');
	return seal(job, SEAL_SECRET, buf_text(&text), out);
}

static enum err write_subscription(struct job *job, id64 person, const struct push_draft *draft,
	id64 id)
{
	uint8_t hash[SHA256_SIZE];
	bytes target;

	TRY(keyed_hash(job, S("push endpoint"), draft->endpoint, hash));
	TRY(seal_target(job, draft, &target));
	TRY(sql_push_subscription_put(job,
		&(struct sql_push_subscription_put){ .id = id,
			.workspace = job->workspace,
			.person = person,
			.endpoint_hash = { hash, sizeof hash },
			.target = target,
			.device = str_first_points(draft->device.ptr ? draft->device : S(""),
				PUSH_DEVICE_MAX),
			.now_ms = job->now_ms },
		NULL));
	return sql_push_subscription_trim(job, &(struct sql_push_subscription_trim){
		.person = person, .workspace = job->workspace }, NULL);
}

static enum err read_target(struct job *job, const struct push_subscription_row *row,
	struct push_subscription *out)
{
	json target;
	str text;

	*out = (struct push_subscription){ .id = row->id, .device = row->device,
		.created_ms = row->created_ms, .used_ms = row->used_ms };
	TRY(unseal(job, SEAL_SECRET, row->target_sealed, &text));
	TRY(json_read(job->arena, text, &target, NULL));
	out->endpoint = json_text_at(target, "endpoint");
	if (!read_octets(job->arena, json_text_at(target, "p256dh"), out->key, sizeof out->key) ||
		!read_octets(job->arena, json_text_at(target, "auth"), out->auth, sizeof out->auth))
		return fail(job, ERR_CORRUPT, "a push subscription is not whole");
	return OK;
}

enum err push_subscription_list(struct job *job, id64 person, struct push_subscriptions *out)
{
	struct push_subscription_rows rows;

	TRY(sql_push_subscription_list(job, &(struct sql_push_subscription_list){
		.person = person, .workspace = job->workspace }, &rows));
	out->items = ARENA_ARRAY(job->arena, struct push_subscription, rows.count);
	out->count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		TRY(read_target(job, &rows.items[i], &out->items[i]));
	return OK;
}

enum err push_subscribe(struct job *job, id64 person, const struct push_draft *draft,
	struct push_subscription *out)
{
	struct push_subscriptions all;

	*out = (struct push_subscription){ 0 };
	TRY(check(job, draft, out));
	TRY(db_begin(job, DB_WRITE));
	TRY(write_subscription(job, person, draft, job_id(job)));
	TRY(db_commit(job));
	TRY(push_subscription_list(job, person, &all));
	for (size_t i = 0; i < all.count; i++)
		if (str_is(all.items[i].endpoint, draft->endpoint))
			*out = all.items[i];
	return out->id ? OK : fail(job, ERR_CONFLICT, "the subscription was taken at this moment");
}

enum err push_unsubscribe(struct job *job, id64 person, id64 subscription)
{
	int64_t removed;

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_push_subscription_remove(job,
		&(struct sql_push_subscription_remove){ .id = subscription, .person = person,
			.workspace = job->workspace }, &removed));
	TRY(db_commit(job));
	return removed ? OK : fail(job, ERR_MISSING, "There is no such subscription.");
}
