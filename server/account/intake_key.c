/*
 * intake_key.c: what the loop needs to check a webhook, in memory.
 *
 * A table of entries, sorted by channel, is replaced as a whole under a write lock; an entry lives
 * until the last one who took it gives it back.
 */
#include "account/channel_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define LOAD_PAGE 200

struct entry {
	struct intake_key key; /* first: the public pointer is this one */
	atomic_int references;
	size_t text_size;
	char text[]; /* app_secret ‖ verify_token ‖ rule ‖ old_app_secret */
};

struct table {
	struct entry **items;
	size_t count, cap;
};

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct table current;

/* Behind what is there: entry_create() has made room. */
static str keep(struct entry *entry, str text)
{
	char *at = entry->text + entry->text_size;

	if (text.len)
		memcpy(at, text.ptr, text.len);
	entry->text_size += text.len;
	return (str){ at, text.len };
}

static struct entry *entry_create(const struct channel *ch, str rule)
{
	struct entry *entry = heap_alloc(
		sizeof *entry + ch->app_secret.len + ch->verify_token.len +
		rule.len + ch->old_app_secret.len + 1);

	entry->text_size = 0;
	entry->key = (struct intake_key){ .channel = ch->id,
		.workspace = ch->workspace,
		.provider = ch->provider,
		.keys = { .app_secret = keep(entry, ch->app_secret),
			.verify_token = keep(entry, ch->verify_token),
			.rule = keep(entry, rule),
			.old_app_secret = keep(entry, ch->old_app_secret),
			.old_secret_until_ms = ch->old_secret_until_ms } };
	atomic_init(&entry->references, 1);
	return entry;
}

static void entry_drop(struct entry *entry)
{
	if (atomic_fetch_sub(&entry->references, 1) > 1)
		return;
	crypto_wipe(entry->text, entry->text_size);
	heap_free(entry);
}

static void table_done(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		entry_drop(table->items[i]);
	heap_free(table->items);
	*table = (struct table){ 0 };
}

static void table_add(struct table *table, struct entry *entry)
{
	if (table->count == table->cap) {
		table->cap = table->cap ? 2 * table->cap : 16;
		table->items = heap_grow(table->items, table->cap * sizeof *table->items);
	}
	table->items[table->count++] = entry;
}

static int by_channel(const void *id, const void *item)
{
	id64 want = *(const id64 *)id, have = (*(struct entry *const *)item)->key.channel;

	return (want > have) - (want < have);
}

const struct intake_key *intake_key_take(id64 channel)
{
	struct entry **found;

	pthread_rwlock_rdlock(&lock);
	found = current.count ? bsearch(&channel, current.items, current.count,
					sizeof *current.items, by_channel)
	                      : NULL;
	if (found)
		atomic_fetch_add(&(*found)->references, 1);
	pthread_rwlock_unlock(&lock);
	return found ? &(*found)->key : NULL;
}

void intake_key_drop(const struct intake_key *key)
{
	if (key)
		entry_drop((struct entry *)(uintptr_t)key);
}

static str rule_of(struct job *job, const struct channel *ch)
{
	return ch->provider->webhook_rule ? ch->provider->webhook_rule(job, ch) : S("");
}

static enum err fill(struct job *job, struct table *table)
{
	struct channel_rows rows;
	id64 after = 0;

	do {
		TRY(sql_channel_all(job,
			&(struct sql_channel_all){ .after = after, .count = LOAD_PAGE }, &rows));
		for (size_t i = 0; i < rows.count; i++) {
			struct channel_full full;

			TRY(channel_from_row(job, &rows.items[i], &full));
			table_add(table, entry_create(&full.channel, rule_of(job, &full.channel)));
			after = rows.items[i].id;
		}
	} while (rows.count == LOAD_PAGE);
	return OK;
}

/* One load at a time, or an older one could replace a newer one. */
enum err intake_keys_load(struct job *job)
{
	static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
	struct table fresh = { 0 }, old = { 0 };
	enum err e;

	pthread_mutex_lock(&loading);
	e = fill(job, &fresh);
	if (e == OK) {
		pthread_rwlock_wrlock(&lock);
		old = current;
		current = fresh;
		pthread_rwlock_unlock(&lock);
	} else {
		old = fresh;
	}
	pthread_mutex_unlock(&loading);
	table_done(&old);
	return e;
}

void intake_keys_close(void)
{
	struct table old;

	pthread_rwlock_wrlock(&lock);
	old = current;
	current = (struct table){ 0 };
	pthread_rwlock_unlock(&lock);
	table_done(&old);
}
