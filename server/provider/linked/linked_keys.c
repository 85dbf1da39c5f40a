/*
 * linked_keys.c: the keys of a number out and in, sealed with a passphrase.
 *
 *	"PARLEYK1" ‖ salt (16) ‖ nonce ‖ AES-256-GCM of all records ‖ tag
 *
 * A record: kind (1), length of the key (2), key, length of the value (4), value; lengths
 * big-endian. The one rule: a number whose keys were taken out is stopped here, for two holders of
 * one key disturb each other.
 */
#include "provider/linked/linked_internal.h"

#include "crypto/crypto.h"

#define MAGIC S("PARLEYK1")
#define PAGE 200

static enum err check_passphrase(struct job *job, str passphrase)
{
	if (str_count_points(passphrase) < LINKED_PASSPHRASE_MIN || passphrase.len > 1024)
		field_error(job, S("passphrase"), S("too_short"),
			S("From 10 characters, at most 1024 octets."));
	return job_check_fields(job);
}

/* ---- out ---- */

static void put_number(struct buf *out, uint64_t value, int octets)
{
	for (int i = octets - 1; i >= 0; i--)
		buf_byte(out, (uint8_t)(value >> (8 * i)));
}

static enum err pack_rows(struct job *job, const struct linked_packed_rows *rows, struct buf *out)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct linked_packed_row *row = &rows->items[i];
		str plain;

		TRY(linked_manager.host.unseal(job, row->value_sealed, &plain));
		put_number(out, (uint64_t)row->kind, 1);
		put_number(out, row->key.len, 2);
		buf_put(out, row->key.ptr, row->key.len);
		put_number(out, plain.len, 4);
		buf_str(out, plain);
	}
	return out->failed ? fail(job, ERR_LIMIT, "the keys of the number are too many") : OK;
}

static enum err pack(struct job *job, id64 channel, struct buf *out)
{
	struct linked_packed_rows rows;
	int64_t kind = -1;
	bytes key = bytes_of(S(""));

	do {
		TRY(sql_linked_record_list(job,
			&(struct sql_linked_record_list){ channel, kind, key, PAGE }, &rows));
		TRY(pack_rows(job, &rows, out));
		if (rows.count) {
			kind = rows.items[rows.count - 1].kind;
			key = rows.items[rows.count - 1].key;
		}
	} while (rows.count == PAGE);
	return OK;
}

struct taking_out {
	str passphrase;
	struct buf *out;
};

static enum err run_export(struct turn *turn, void *arg)
{
	struct taking_out *t = arg;
	struct linked *n = turn->n;

	TRY(linked_load(turn));
	if (!wa_link_is_paired(n->link))
		return fail_code(turn->job, ERR_CONFLICT, S("not_paired"), S("Pair it first."),
			"The number is not paired with a phone.");
	TRY(pack(turn->job, n->channel, t->out));
	TRY(linked_manager.host.audit(turn->job, "linked.export", n->channel, STR_NONE));
	TRY(sql_linked_number_set_wanted(turn->job,
		&(struct sql_linked_number_set_wanted){ n->channel, 0, turn->clock.wall_ms },
		NULL));
	return wa_link_state(n->link) == WA_CLOSED ? OK : wa_link_stop(n->link, &turn->call);
}

enum err linked_export(struct job *job, id64 channel, str passphrase, bytes *out)
{
	struct buf plain = buf_heap(LINKED_EXPORT_MAX);
	struct buf sealed = buf_in(job->arena, LINKED_EXPORT_MAX + 1024);
	struct taking_out taking = { passphrase, &plain };
	uint8_t salt[PASSWORD_SALT_SIZE], key[AES_KEY_SIZE];
	struct linked *n;
	enum err e;

	TRY(check_passphrase(job, passphrase));
	TRY(linked_take(job, channel, &n));
	e = linked_run(job, n, run_export, &taking);
	linked_drop(n);
	if (e == OK) {
		crypto_random(salt, sizeof salt);
		password_key(passphrase, salt, key);
		buf_str(&sealed, MAGIC);
		buf_put(&sealed, salt, sizeof salt);
		gcm_seal(key, bytes_of(MAGIC), buf_bytes(&plain), &sealed);
		crypto_wipe(key, sizeof key);
	}
	if (plain.ptr)
		crypto_wipe(plain.ptr, plain.len);
	buf_done(&plain);
	*out = buf_bytes(&sealed);
	return e;
}

/* ---- in ---- */

struct reader {
	bytes in;
	bool failed;
};

static uint64_t take_number(struct reader *r, int octets)
{
	uint64_t value = 0;

	if (r->in.len < (size_t)octets)
		r->failed = true;
	for (int i = 0; i < octets && !r->failed; i++)
		value = value << 8 | r->in.ptr[i];
	if (!r->failed)
		r->in = (bytes){ r->in.ptr + octets, r->in.len - (size_t)octets };
	return value;
}

static bytes take_octets(struct reader *r, uint64_t len)
{
	bytes out = r->in;

	if (r->failed || len > r->in.len) {
		r->failed = true;
		return BYTES_NONE;
	}
	out.len = (size_t)len;
	r->in = (bytes){ r->in.ptr + len, r->in.len - (size_t)len };
	return out;
}

static enum err wrong_file(struct job *job)
{
	return fail_code(job, ERR_INPUT, S("wrong_passphrase"),
		S("Give the passphrase and the file of the export."),
		"The file is damaged, or sealed with another passphrase.");
}

static enum err unpack(struct turn *turn, bytes plain)
{
	struct reader r = { plain, false };
	struct wa_store store = linked_store;

	store.arg = turn->n;
	while (r.in.len && !r.failed) {
		uint64_t kind = take_number(&r, 1);
		bytes key = take_octets(&r, take_number(&r, 2));
		bytes value = take_octets(&r, take_number(&r, 4));

		if (r.failed || kind >= WA_RECORD_KINDS)
			return wrong_file(turn->job);
		TRY(store.put(turn->n, (enum wa_record)kind, str_from(key), value));
	}
	return r.failed ? wrong_file(turn->job) : OK;
}

static enum err run_import(struct turn *turn, void *arg)
{
	const bytes *plain = arg;
	struct linked *n = turn->n;

	TRY(linked_load(turn));
	if (wa_link_is_paired(n->link) || wa_link_state(n->link) != WA_CLOSED)
		return fail_code(turn->job, ERR_CONFLICT, S("paired"), S("Log it out first."),
			"The number is paired already, or is being paired.");
	linked_unload(n);
	TRY(sql_linked_record_erase_all(turn->job,
		&(struct sql_linked_record_erase_all){ n->channel }, NULL));
	TRY(unpack(turn, *plain));
	TRY(linked_load(turn));
	if (!wa_link_is_paired(n->link)) {
		linked_unload(n);
		return wrong_file(turn->job);
	}
	TRY(linked_note_device(turn));
	return linked_manager.host.audit(turn->job, "linked.import", n->channel, STR_NONE);
}

static enum err import_plain(struct job *job, id64 channel, bytes plain)
{
	struct linked *n;
	enum err e;

	TRY(linked_take(job, channel, &n));
	e = linked_run(job, n, run_import, &plain);
	linked_drop(n);
	return e;
}

enum err linked_import(struct job *job, id64 channel, str passphrase, bytes sealed)
{
	struct buf plain = buf_heap(LINKED_EXPORT_MAX);
	uint8_t key[AES_KEY_SIZE];
	size_t head = MAGIC.len + PASSWORD_SALT_SIZE;
	enum err e;

	TRY(check_passphrase(job, passphrase));
	if (sealed.len < head || !str_starts(str_from(sealed), MAGIC))
		return wrong_file(job);
	password_key(passphrase, sealed.ptr + MAGIC.len, key);
	if (gcm_open(key, bytes_of(MAGIC), (bytes){ sealed.ptr + head, sealed.len - head }, &plain))
		e = import_plain(job, channel, buf_bytes(&plain));
	else
		e = wrong_file(job);
	crypto_wipe(key, sizeof key);
	if (plain.ptr)
		crypto_wipe(plain.ptr, plain.len);
	buf_done(&plain);
	return e;
}
