/*
 * faults.c: what goes wrong, when somebody asked for it.
 *
 * A fault has a kind, a count (how often it still happens), a probability, and what it is about.
 * The first that fits happens; docs/guide/sandbox.md has the list.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "crypto/crypto.h"

#include <stdio.h>

#define MS_MAX 600000

static const char *const kind_words[FAULTS] = {
	[FAULT_LATENCY] = "latency",
	[FAULT_HTTP] = "http_error",
	[FAULT_GRAPH] = "graph_error",
	[FAULT_LOST_ANSWER] = "lost_answer",
	[FAULT_RESET] = "reset",
	[FAULT_WEBHOOK_DUPLICATE] = "webhook_duplicate",
	[FAULT_WEBHOOK_DELAY] = "webhook_delay",
	[FAULT_WEBHOOK_REORDER] = "webhook_reorder",
	[FAULT_WEBHOOK_BAD_SIGNATURE] = "webhook_bad_signature",
	[FAULT_WEBHOOK_DROP] = "webhook_drop",
	[FAULT_UPLOAD_CUT] = "upload_cut",
	[FAULT_MANAGE] = "management_error",
};

static bool happens(double probability)
{
	uint32_t draw;

	if (probability >= 1)
		return true;
	crypto_random(&draw, sizeof draw);
	return draw / 4294967296.0 < probability;
}

static bool fits(const struct fault *f, str phone, str type)
{
	return f->count != 0 && (!f->to[0] || str_is(phone, str_of(f->to))) &&
	       (!f->type[0] || str_is(type, str_of(f->type)));
}

const struct fault *fault_take(struct sandbox *sb, enum fault_kind from, enum fault_kind to,
	str phone, str type)
{
	for (size_t i = 0; i < sb->fault_count; i++) {
		struct fault *f = &sb->faults[i];

		if (f->kind < from || f->kind > to || !fits(f, phone, type) ||
			!happens(f->probability))
			continue;
		f->count -= f->count > 0;
		f->hits++;
		return f;
	}
	return NULL;
}

static bool read_kind(str word, enum fault_kind *out)
{
	for (int i = 0; i < FAULTS; i++)
		if (str_is(word, str_of(kind_words[i]))) {
			*out = (enum fault_kind)i;
			return true;
		}
	return false;
}

/* Faults that are used up make room. */
static void drop_spent(struct sandbox *sb)
{
	size_t kept = 0;

	for (size_t i = 0; i < sb->fault_count; i++)
		if (sb->faults[i].count != 0)
			sb->faults[kept++] = sb->faults[i];
	sb->fault_count = kept;
}

bool fault_add(struct sandbox *sb, json v, const char **why, int64_t *id)
{
	/* What happens by chance goes on until it is taken back; anything else happens once. */
	struct fault f = {
		.count = json_int(json_field(v, "count"), json_field(v, "probability") ? -1 : 1),
		.probability = json_number(json_field(v, "probability"), 1),
		.ms = json_int(json_field(v, "ms"), 1000),
		.code = json_int(json_field(v, "code"), json_int(json_field(v, "status"), 0)),
	};

	if (!read_kind(json_text_at(v, "kind"), &f.kind)) {
		*why = "kind is none of the faults in docs/guide/sandbox.md.";
		return false;
	}
	if (f.ms < 0 || f.ms > MS_MAX || f.count < -1 ||
		!(f.probability >= 0 && f.probability <= 1)) {
		*why = "ms must be 0 to 600000, count -1 or more, probability 0 to 1.";
		return false;
	}
	if (!f.code)
		f.code = f.kind == FAULT_HTTP ? 503 : 130429;
	snprintf(f.to, sizeof f.to, STR_F, STR_A(json_text_at(v, "to")));
	snprintf(f.type, sizeof f.type, STR_F, STR_A(json_text_at(v, "type")));
	drop_spent(sb);
	if (sb->fault_count == FAULTS_MAX) {
		*why = "There are too many faults; DELETE /control/faults first.";
		return false;
	}
	f.id = *id = ++sb->next_fault;
	sb->faults[sb->fault_count++] = f;
	return true;
}

void faults_write(struct sandbox *sb, struct buf *b)
{
	json_open_in(b, "data", '[');
	for (size_t i = 0; i < sb->fault_count; i++) {
		const struct fault *f = &sb->faults[i];

		json_open(b, '{');
		json_put_int(b, "id", f->id);
		json_put(b, "kind", str_of(kind_words[f->kind]));
		json_put_int(b, "count", f->count);
		json_put_number(b, "probability", f->probability);
		json_put_int(b, "ms", f->ms);
		json_put_int(b, "code", f->code);
		json_put(b, "to", str_of(f->to));
		json_put(b, "type", str_of(f->type));
		json_put_int(b, "hits", f->hits);
		json_close(b, '}');
	}
	json_close(b, ']');
}

/* "Non-JSON 5xx pages happen." */
void fault_page(struct exchange *ex, int64_t status)
{
	exchange_answer(ex, status >= 400 && status <= 599 ? (int)status : 503,
		S("text/html; charset=utf-8"),
		S("<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something "
		  "went wrong.</body></html>"));
}
