/*
 * linked_record.c: the store of wa/ over the table linked_record: values sealed, in the transaction
 * of the turn.
 */
#include "provider/linked/linked_internal.h"

#define SCAN_PAGE 200

static struct job *job_of(void *arg)
{
	struct linked *n = arg;

	return n->turn->job;
}

/* A column that may not be NULL. */
static bytes key_of(str key)
{
	return bytes_of(key.len ? key : S(""));
}

static enum err record_get(void *arg, enum wa_record kind, str key, struct arena *arena, bytes *out)
{
	struct linked *n = arg;
	struct job *job = job_of(arg);
	struct linked_record_row row;
	str plain;

	TRY(sql_linked_record_get(job,
		&(struct sql_linked_record_get){ n->channel, (int64_t)kind, key_of(key) }, &row));
	TRY(linked_manager.host.unseal(job, row.value_sealed, &plain));
	*out = arena_bytes(arena, bytes_of(plain));
	return OK;
}

static enum err record_put(void *arg, enum wa_record kind, str key, bytes value)
{
	struct linked *n = arg;
	struct job *job = job_of(arg);
	bytes sealed;

	if (key.len > LINKED_KEY_MAX)
		return fail(job, ERR_LIMIT, "a record of a linked number has too long a name");
	TRY(linked_manager.host.seal(job, value.ptr ? str_from(value) : S(""), &sealed));
	return sql_linked_record_put(job,
		&(struct sql_linked_record_put){ n->channel, (int64_t)kind, key_of(key), sealed },
		NULL);
}

static enum err record_erase(void *arg, enum wa_record kind, str key)
{
	struct linked *n = arg;
	struct job *job = job_of(arg);

	/* The one device has the empty key: it is all of its kind. */
	if (!key.len)
		return sql_linked_record_erase_kind(job,
			&(struct sql_linked_record_erase_kind){ n->channel, (int64_t)kind }, NULL);
	return sql_linked_record_erase(job,
		&(struct sql_linked_record_erase){ n->channel, (int64_t)kind, key_of(key) }, NULL);
}

struct scan {
	struct job *job;
	str prefix;
	enum err (*each)(void *each_arg, str key, bytes value);
	void *each_arg;
	bool is_over;
};

static enum err take_rows(struct scan *s, const struct linked_record_rows *rows)
{
	for (size_t i = 0; i < rows->count && !s->is_over; i++) {
		str plain;

		s->is_over = !str_starts(str_from(rows->items[i].key), s->prefix);
		if (s->is_over)
			break;
		TRY(linked_manager.host.unseal(s->job, rows->items[i].value_sealed, &plain));
		TRY(s->each(s->each_arg, str_from(rows->items[i].key), bytes_of(plain)));
	}
	return OK;
}

/* In pages, so that `each` may put and erase meanwhile. */
static enum err record_scan(void *arg, enum wa_record kind, str prefix,
	enum err (*each)(void *each_arg, str key, bytes value), void *each_arg)
{
	struct linked *n = arg;
	struct scan s = { job_of(arg), prefix, each, each_arg, false };
	struct linked_record_rows rows;
	bytes from = key_of(prefix);
	int64_t with_first = 1;

	do {
		TRY(sql_linked_record_scan(s.job,
			&(struct sql_linked_record_scan){ n->channel, (int64_t)kind, from,
				with_first, SCAN_PAGE },
			&rows));
		TRY(take_rows(&s, &rows));
		if (rows.count)
			from = rows.items[rows.count - 1].key;
		with_first = 0;
	} while (rows.count == SCAN_PAGE && !s.is_over);
	return OK;
}

const struct wa_store linked_store = { record_get, record_put, record_erase, record_scan, NULL };
