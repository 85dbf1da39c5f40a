/*
 * contact_find.c: the list of contacts, among millions, in a bounded amount of work.
 *
 * Each filter is asked for a few of its contacts first. Does one have at most CONTACT_SORTED_MAX,
 * these are loaded, checked against the rest and sorted here, by any order. Otherwise the order's
 * own index is walked with the filters looked up on the way, a stretch at a time; many hits of a
 * query come as the search gives them, newest first. The one rule: no answer looks at more rows
 * than its bounds say, so a page may be short and have more behind it.
 *
 * Names are sealed, and an index that could sort them would tell them (docs/decisions/0019): so the
 * order by name is made here, of few.
 */
#include "inbox/contacts.h"
#include "account/seal.h"
#include "inbox/search_internal.h"

#include <stdlib.h>
#include <unicode/ucol.h>
#include <unicode/ustring.h>

#define USERNAME_MIN 3
#define STRETCH 10000        /* rows of an index that one query walks */
#define STRETCHES_MAX 4
#define HIT_BATCH 500        /* of a query that finds many */
#define HIT_BATCHES_MAX 8
#define CHUNK VISIBLE_CONTACTS_MAX /* contacts that are loaded with their names at a time */
#define LABELS_MATCHED_MAX 20
#define IDS_MAX (4 * CONTACT_SORTED_MAX)
#define SORT_KEY_MAX 64      /* octets of a name's place in the order */

struct ids { id64 *items; size_t count; };

/* What a query asks for: words, or a part of a number, or a label. */
struct asked {
	struct words words;
	str username;
	str digits, dialled; /* dialled: the same as people at home mean it; or none */
	id64 labels[LABELS_MATCHED_MAX];
	size_t label_count;
};

struct finding {
	struct job *job;
	const struct contact_filter *filter;
	struct contact_place after;
	size_t max;
	struct asked asked;
	int64_t facet;
	struct contact_page *out;
};

/* The filters as the queries take them; see contact_find.sql. */
#define FITS(f)                                                                                \
	.workspace = (f)->job->workspace, .opted_out = (f)->filter->opted_out,                 \
	.blocked = (f)->filter->blocked,                                                       \
	.source = (f)->filter->source.len ? (f)->filter->source : S(""),                       \
	.label = (f)->filter->label, .number = (f)->filter->number, .facet = (f)->facet,       \
	.created_from = (f)->filter->created_from_ms,                                          \
	.created_to = until_or_end((f)->filter->created_until_ms),                             \
	.seen_from = (f)->filter->seen_from_ms, .seen_to = until_or_end((f)->filter->seen_until_ms)

static int64_t until_or_end(int64_t ms)
{
	return ms ? ms : INT64_MAX;
}

/* ---- the query ---- */

static bool word_fits(str word, str wanted)
{
	return str_count_points(wanted) < SEARCH_PREFIX_MIN ? str_is(word, wanted)
							    : str_starts(word, wanted);
}

static bool words_fit(const struct words *words, const struct words *wanted)
{
	for (size_t i = 0; i < wanted->count; i++) {
		size_t at = 0;

		while (at < words->count && !word_fits(words->items[at], wanted->items[i]))
			at++;
		if (at == words->count)
			return false;
	}
	return wanted->count > 0;
}

static enum err match_labels(struct finding *f)
{
	struct label_name_rows labels;

	TRY(sql_contact_label_names(f->job,
		&(struct sql_contact_label_names){ f->job->workspace }, &labels));
	for (size_t i = 0; i < labels.count && f->asked.label_count < LABELS_MATCHED_MAX; i++) {
		struct words words = { 0 };

		words_add(f->job->arena, &words, labels.items[i].name);
		if (words_fit(&words, &f->asked.words))
			f->asked.labels[f->asked.label_count++] = labels.items[i].id;
	}
	return OK;
}

static enum err read_query(struct finding *f)
{
	str query = str_first_points(f->filter->query, SEARCH_QUERY_MAX);

	words_add(f->job->arena, &f->asked.words, query);
	f->asked.digits = search_digits_of(f->job->arena, query);
	f->asked.username = username_plain(f->job->arena, str_trim(query));
	return f->asked.words.count ? match_labels(f) : OK;
}

static bool has_number(const struct contact *contact, str digits)
{
	for (size_t i = 0; digits.len && i < contact->alias_count; i++)
		if (str_is(contact->aliases[i].kind, S("phone")) &&
			str_has(contact->aliases[i].value, digits))
			return true;
	return false;
}

static bool has_username(const struct contact *contact, str username)
{
	return username.len >= USERNAME_MIN && contact->username.len &&
	       str_starts(contact->username, username);
}

static bool has_bsuid(const struct contact *contact, str text)
{
	for (size_t i = 0; bsuid_is(text) && i < contact->alias_count; i++)
		if (str_is(contact->aliases[i].kind, S("bsuid")) &&
			str_is(contact->aliases[i].value, text))
			return true;
	return false;
}

static bool has_label(const struct asked *asked, const struct contact_label_rows *labels, id64 id)
{
	for (size_t i = 0; i < labels->count; i++)
		for (size_t k = 0; k < asked->label_count; k++)
			if (labels->items[i].contact_id == id &&
				labels->items[i].id == asked->labels[k])
				return true;
	return false;
}

static bool has_words(struct arena *arena, const struct contact *contact, const struct asked *asked)
{
	struct contact_texts texts = { .items = { contact->given_name, contact->profile_name },
		.count = 2 };
	struct words words = { 0 };

	contact_texts_add(arena, &texts, contact->attributes);
	for (size_t i = 0; i < texts.count; i++)
		words_add(arena, &words, texts.items[i]);
	return words_fit(&words, &asked->words);
}

/* A typed number may be written another way than WhatsApp tells it. */
static bool has_variant(struct arena *arena, const struct contact *contact, str digits)
{
	for (size_t i = 0; digits.len && i < contact->alias_count; i++)
		if (str_is(contact->aliases[i].kind, S("phone")) &&
			str_starts(phone_match_key(arena, contact->aliases[i].value),
				phone_match_key(arena, digits)))
			return true;
	return false;
}

static bool is_asked(struct finding *f, const struct contact *contact,
	const struct contact_label_rows *labels)
{
	return has_username(contact, f->asked.username) ||
	       has_bsuid(contact, str_trim(f->filter->query)) ||
	       has_number(contact, f->asked.digits) ||
	       has_variant(f->job->arena, contact, f->asked.digits) ||
	       has_variant(f->job->arena, contact, f->asked.dialled) ||
	       has_label(&f->asked, labels, contact->id) ||
	       has_words(f->job->arena, contact, &f->asked);
}

/* ---- loading ---- */

static enum err keep_asked(struct finding *f, struct contacts *some)
{
	struct contact_label_rows labels = { 0 };
	id64 ids[CHUNK];
	size_t kept = 0;

	for (size_t i = 0; i < some->count; i++)
		ids[i] = some->items[i].id;
	if (f->asked.label_count)
		TRY(sql_contact_labels(f->job,
			&(struct sql_contact_labels){ id_list(f->job->arena, ids, some->count),
				f->job->workspace },
			&labels));
	for (size_t i = 0; i < some->count; i++)
		if (is_asked(f, &some->items[i], &labels))
			some->items[kept++] = some->items[i];
	some->count = kept;
	return OK;
}

static enum err keep_visible(struct job *job, struct contacts *some)
{
	id64 ids[CHUNK];
	size_t count = some->count, kept = 0;

	for (size_t i = 0; i < count; i++)
		ids[i] = some->items[i].id;
	TRY(visible_contacts(job, ids, &count));
	for (size_t i = 0; i < some->count; i++)
		if (kept < count && some->items[i].id == ids[kept])
			some->items[kept++] = some->items[i];
	some->count = kept;
	return OK;
}

/* At most CHUNK rows as contacts that the asker may see and that the query asks for. */
static enum err load(struct finding *f, const struct contact_rows *rows, struct contacts *out)
{
	TRY(contacts_of_rows(f->job, rows, out));
	if (f->filter->query.len)
		TRY(keep_asked(f, out));
	return keep_visible(f->job, out);
}

enum err contact_check(struct job *job, id64 id)
{
	struct contact contact;
	struct contacts one = { &contact, 1 };

	TRY(contact_get(job, id, &contact));
	TRY(keep_visible(job, &one));
	return one.count && !contact.erased_ms ? OK
					       : fail(job, ERR_MISSING, "there is no such contact");
}

/* ---- few: by their ids, sorted here ---- */

static int compare_ids(const void *a, const void *b)
{
	id64 x = *(const id64 *)a, y = *(const id64 *)b;

	return x < y ? -1 : x > y;
}

static void make_unique(struct ids *ids)
{
	size_t kept = 0;

	qsort(ids->items, ids->count, sizeof *ids->items, compare_ids);
	for (size_t i = 0; i < ids->count; i++)
		if (!kept || ids->items[i] != ids->items[kept - 1])
			ids->items[kept++] = ids->items[i];
	ids->count = kept;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_seen(const void *a, const void *b)
{
	const struct contact_row *x = a, *y = b;
	int order = compare_numbers(y->seen_ms, x->seen_ms);

	return order ? order : compare_numbers(y->id, x->id);
}

static int compare_seen_up(const void *a, const void *b)
{
	return compare_seen(b, a);
}

static int compare_created(const void *a, const void *b)
{
	return compare_numbers(((const struct contact_row *)b)->id,
		((const struct contact_row *)a)->id);
}

static int compare_created_up(const void *a, const void *b)
{
	return compare_created(b, a);
}

static void sort_rows(struct contact_rows *rows, enum contact_sort sort)
{
	static int (*const orders[CONTACT_SORTS])(const void *, const void *) = {
		[CONTACT_SORT_SEEN] = compare_seen,
		[CONTACT_SORT_SEEN_UP] = compare_seen_up,
		[CONTACT_SORT_CREATED] = compare_created,
		[CONTACT_SORT_CREATED_UP] = compare_created_up,
		[CONTACT_SORT_NAME] = compare_created,
	};

	if (rows->count)
		qsort(rows->items, rows->count, sizeof *rows->items, orders[sort]);
}

struct named { uint8_t key[SORT_KEY_MAX]; size_t at; id64 id; };

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = memcmp(x->key, y->key, SORT_KEY_MAX);

	return order ? order : compare_numbers(x->id, y->id);
}

static enum err name_key(struct job *job, UCollator *order, const struct contact_row *row,
	uint8_t out[SORT_KEY_MAX])
{
	UChar text[SORT_KEY_MAX];
	UErrorCode e = U_ZERO_ERROR;
	int32_t len = 0;
	str name;

	TRY(unseal(job, SEAL_NAME,
		row->name_sealed.len ? row->name_sealed : row->profile_name_sealed, &name));
	name = str_first_points(name, SORT_KEY_MAX / 2);
	u_strFromUTF8WithSub(text, SORT_KEY_MAX, &len, name.len ? name.ptr : "", (int32_t)name.len,
		0xFFFD, NULL, &e);
	/* those without a name come last */
	memset(out, 0xFF, SORT_KEY_MAX);
	if (U_SUCCESS(e) && len) {
		memset(out, 0, SORT_KEY_MAX);
		ucol_getSortKey(order, text, len, out, SORT_KEY_MAX);
	}
	return OK;
}

static enum err name_keys(struct job *job, const struct contact_rows *rows, struct named *out)
{
	UErrorCode e = U_ZERO_ERROR;
	UCollator *order = ucol_open("", &e);
	enum err failed = U_FAILURE(e) ? fail(job, ERR_BUG, "there is no order of names") : OK;

	for (size_t i = 0; failed == OK && i < rows->count; i++) {
		out[i].at = i;
		out[i].id = rows->items[i].id;
		failed = name_key(job, order, &rows->items[i], out[i].key);
	}
	if (U_SUCCESS(e))
		ucol_close(order);
	return failed;
}

static enum err sort_by_name(struct job *job, struct contact_rows *rows)
{
	struct named *order = ARENA_ARRAY(job->arena, struct named, rows->count);
	struct contact_row *sorted = ARENA_ARRAY(job->arena, struct contact_row, rows->count);

	TRY(name_keys(job, rows, order));
	if (rows->count)
		qsort(order, rows->count, sizeof *order, compare_named);
	for (size_t i = 0; i < rows->count; i++)
		sorted[i] = rows->items[order[i].at];
	rows->items = sorted;
	return OK;
}

/* Behind the place where the page before ended: by name, behind that very contact. */
static size_t start_of(const struct finding *f, const struct contact_rows *rows)
{
	const struct contact_row place = { .seen_ms = f->after.ms, .id = f->after.id };
	size_t i = 0;

	if (!f->after.id)
		return 0;
	if (f->filter->sort == CONTACT_SORT_NAME) {
		while (i < rows->count && rows->items[i].id != f->after.id)
			i++;
		return i < rows->count ? i + 1 : 0;
	}
	for (; i < rows->count; i++) {
		const struct contact_row *row = &rows->items[i];
		bool by_seen = f->filter->sort <= CONTACT_SORT_SEEN_UP;
		bool up = f->filter->sort == CONTACT_SORT_SEEN_UP ||
			  f->filter->sort == CONTACT_SORT_CREATED_UP;
		int order = by_seen ? compare_seen(&place, row) : compare_created(&place, row);

		if (up ? order > 0 : order < 0)
			break;
	}
	return i;
}

/* Adds a contact to the page; false when the page was full, and so has more. */
static bool add_contact(struct finding *f, const struct contact *contact)
{
	struct contacts *page = &f->out->contacts;

	if (page->count == f->max) {
		f->out->has_more = true;
		return false;
	}
	page->items[page->count++] = *contact;
	f->out->next = (struct contact_place){ contact->seen_ms, contact->id };
	return true;
}

static bool add_all(struct finding *f, const struct contacts *some)
{
	for (size_t i = 0; i < some->count; i++)
		if (!add_contact(f, &some->items[i]))
			return false;
	return true;
}

/* The rows from `from` on, a chunk at a time, until the page is full. */
static enum err add_rows(struct finding *f, const struct contact_rows *rows, size_t from)
{
	for (size_t i = from; i < rows->count; i += CHUNK) {
		struct contact_rows chunk = { rows->items + i,
			rows->count - i < CHUNK ? rows->count - i : CHUNK };
		struct contacts some;

		TRY(load(f, &chunk, &some));
		if (!add_all(f, &some))
			return OK;
	}
	return OK;
}

static enum err rows_among(struct finding *f, const id64 *ids, size_t count,
	struct contact_rows *out)
{
	*out = (struct contact_rows){ .items = ARENA_ARRAY(f->job->arena, struct contact_row,
					      count) };
	for (size_t i = 0; i < count; i += CONTACT_SORTED_MAX) {
		size_t n = count - i < CONTACT_SORTED_MAX ? count - i : CONTACT_SORTED_MAX;
		struct contact_rows some;

		TRY(sql_contact_among(f->job,
			&(struct sql_contact_among){ FITS(f),
				.ids = id_list(f->job->arena, ids + i, n) },
			&some));
		if (some.count)
			memcpy(out->items + out->count, some.items,
				some.count * sizeof *some.items);
		out->count += some.count;
	}
	return OK;
}

static enum err find_few(struct finding *f, struct ids *ids)
{
	struct contact_rows rows;

	make_unique(ids);
	TRY(rows_among(f, ids->items, ids->count, &rows));
	if (f->filter->sort == CONTACT_SORT_NAME)
		TRY(sort_by_name(f->job, &rows));
	else
		sort_rows(&rows, f->filter->sort);
	return add_rows(f, &rows, start_of(f, &rows));
}

/* ---- which filter has few ---- */

static void take_ids(struct ids *ids, const struct contact_id_rows *rows)
{
	for (size_t i = 0; i < rows->count && ids->count < IDS_MAX; i++)
		ids->items[ids->count++] = rows->items[i].id;
}

enum { PROBE_MAX = CONTACT_SORTED_MAX + 1 };

static enum err probe_label(struct finding *f, id64 label, struct contact_id_rows *out)
{
	return sql_contact_ids_label(f->job,
		&(struct sql_contact_ids_label){ label, f->job->workspace, PROBE_MAX }, out);
}

static enum err probe_number(struct finding *f, struct contact_id_rows *out)
{
	return sql_contact_ids_number(f->job,
		&(struct sql_contact_ids_number){ f->filter->number, f->job->workspace, PROBE_MAX },
		out);
}

static enum err probe_facet(struct finding *f, struct contact_id_rows *out)
{
	return sql_contact_ids_facet(f->job,
		&(struct sql_contact_ids_facet){ .workspace = f->job->workspace,
			.kind = FACET_VALUE,
			.facet = f->facet,
			.before = INT64_MAX,
			.max = PROBE_MAX },
		out);
}

static enum err probe_seen(struct finding *f, struct contact_id_rows *out)
{
	return sql_contact_ids_seen(f->job,
		&(struct sql_contact_ids_seen){ f->job->workspace, f->filter->seen_from_ms,
			until_or_end(f->filter->seen_until_ms), PROBE_MAX },
		out);
}

static enum err probe_created(struct finding *f, struct contact_id_rows *out)
{
	return sql_contact_ids_created(f->job,
		&(struct sql_contact_ids_created){ f->job->workspace, f->filter->created_from_ms,
			until_or_end(f->filter->created_until_ms), PROBE_MAX },
		out);
}

static enum err probe_source(struct finding *f, struct contact_id_rows *out)
{
	return sql_contact_ids_source(f->job,
		&(struct sql_contact_ids_source){ f->job->workspace, f->filter->source, PROBE_MAX },
		out);
}

static enum err probe_blocked(struct finding *f, struct contact_id_rows *out)
{
	return sql_contact_ids_blocked(f->job,
		&(struct sql_contact_ids_blocked){ f->job->workspace, PROBE_MAX }, out);
}

static enum err probe_opted_out(struct finding *f, struct contact_id_rows *out)
{
	return sql_contact_ids_opted_out(f->job,
		&(struct sql_contact_ids_opted_out){ f->job->workspace, PROBE_MAX }, out);
}

static enum err probe_filter_label(struct finding *f, struct contact_id_rows *out)
{
	return probe_label(f, f->filter->label, out);
}

typedef enum err probe_fn(struct finding *f, struct contact_id_rows *out);

/* The probes of the filters that are set, the likely small ones first. By name, all are one more.
 */
static size_t probes_of(const struct finding *f, probe_fn *out[9])
{
	const struct contact_filter *filter = f->filter;
	size_t n = 0;

	if (f->facet)
		out[n++] = probe_facet;
	if (filter->label)
		out[n++] = probe_filter_label;
	if (filter->blocked == 1)
		out[n++] = probe_blocked;
	if (filter->opted_out == 1)
		out[n++] = probe_opted_out;
	if (filter->seen_from_ms || filter->seen_until_ms)
		out[n++] = probe_seen;
	if (filter->created_from_ms || filter->created_until_ms ||
		(filter->sort == CONTACT_SORT_NAME && !filter->query.len))
		out[n++] = probe_created;
	if (filter->source.len)
		out[n++] = probe_source;
	if (filter->number)
		out[n++] = probe_number;
	return n;
}

/* *found: one has few, and these are they. */
static enum err probe_filters(struct finding *f, struct ids *ids, bool *found)
{
	probe_fn *probes[9];
	size_t count = probes_of(f, probes);

	*found = false;
	for (size_t i = 0; i < count && !*found; i++) {
		struct contact_id_rows rows;

		TRY(probes[i](f, &rows));
		*found = rows.count < PROBE_MAX;
		if (*found)
			take_ids(ids, &rows);
	}
	return OK;
}

/* ---- hits of the query ---- */

static enum err take_phones(struct finding *f, str digits, struct ids *ids)
{
	struct contact_id_rows rows;

	TRY(sql_contact_ids_phone(f->job,
		&(struct sql_contact_ids_phone){ .workspace = f->job->workspace,
			.from_key = digits,
			.to_key = arena_printf(f->job->arena, STR_F ":", STR_A(digits)),
			.max = CONTACT_SORTED_MAX },
		&rows));
	take_ids(ids, &rows);
	return OK;
}

static enum err take_tails(struct finding *f, struct ids *ids)
{
	struct buf tail = buf_in(f->job->arena, PHONE_DIGITS_MAX);
	struct contact_id_rows rows;

	for (size_t i = f->asked.digits.len; i > 0; i--)
		buf_byte(&tail, (uint8_t)f->asked.digits.ptr[i - 1]);
	TRY(sql_contact_ids_tail(f->job,
		&(struct sql_contact_ids_tail){ .workspace = f->job->workspace,
			.from_tail = buf_text(&tail),
			.to_tail = arena_printf(f->job->arena, STR_F ":", STR_A(buf_text(&tail))),
			.max = CONTACT_SORTED_MAX },
		&rows));
	take_ids(ids, &rows);
	return OK;
}

/* Beginning and end of a number as it was typed, and the whole as it is dialled at home. */
static enum err take_numbers(struct finding *f, struct ids *ids)
{
	str dialled;
	enum err e;

	if (!f->asked.digits.len)
		return OK;
	TRY(take_phones(f, phone_match_key(f->job->arena, f->asked.digits), ids));
	TRY(take_tails(f, ids));
	e = phone_normalise(f->job, f->filter->query, &dialled);
	job_forgive(f->job);
	if (e != OK || str_is(dialled, f->asked.digits))
		return OK;
	TRY(take_phones(f, phone_match_key(f->job->arena, dialled), ids));
	f->asked.dialled = dialled;
	return OK;
}

/* By username, with or without its @, and by the whole of a business-scoped id. */
static enum err take_names(struct finding *f, struct ids *ids)
{
	str name = f->asked.username;
	struct contact_id_rows rows;

	if (name.len < USERNAME_MIN)
		return OK;
	TRY(sql_contact_ids_alias(f->job,
		&(struct sql_contact_ids_alias){ .workspace = f->job->workspace,
			.from_key = name,
			.to_key = arena_printf(f->job->arena, STR_F "\x7f", STR_A(name)),
			.bsuid = str_trim(f->filter->query),
			.max = CONTACT_SORTED_MAX },
		&rows));
	take_ids(ids, &rows);
	return OK;
}

static enum err find_words(struct finding *f, id64 before, id64 *out, size_t max, size_t *count)
{
	str tokens;

	*count = 0;
	TRY(search_tokens_of_query(f->job,
		&(struct query_tokens){ .space = SPACE_NAME, .words = &f->asked.words }, &tokens));
	return tokens.len ? search_find(f->job, f->job->workspace, tokens, before, out, max, count)
			  : OK;
}

/* *many: the words alone have more than can be sorted. */
static enum err take_hits(struct finding *f, struct ids *ids, bool *many)
{
	struct contact_id_rows rows;
	size_t count;

	TRY(find_words(f, 0, ids->items, PROBE_MAX, &count));
	*many = count == PROBE_MAX;
	if (*many)
		return OK;
	ids->count = count;
	for (size_t i = 0; i < f->asked.label_count; i++) {
		TRY(probe_label(f, f->asked.labels[i], &rows));
		take_ids(ids, &rows);
	}
	TRY(take_names(f, ids));
	return take_numbers(f, ids);
}

/* A batch of hits as rows in the order of the search. */
static enum err find_batch(struct finding *f, id64 before, struct contact_rows *rows, id64 *last,
	size_t *count)
{
	id64 ids[HIT_BATCH];

	TRY(find_words(f, before, ids, HIT_BATCH, count));
	*last = *count ? ids[*count - 1] : before;
	TRY(rows_among(f, ids, *count, rows));
	sort_rows(rows, CONTACT_SORT_CREATED);
	return OK;
}

static enum err find_many_hits(struct finding *f)
{
	struct contact_rows rows;
	id64 before = f->after.id;
	size_t count = HIT_BATCH;

	f->out->sorted = CONTACT_SORT_CREATED;
	for (int i = 0; i < HIT_BATCHES_MAX && count == HIT_BATCH; i++) {
		TRY(find_batch(f, before, &rows, &before, &count));
		TRY(add_rows(f, &rows, 0));
		if (f->out->has_more)
			return OK;
	}
	f->out->has_more = count == HIT_BATCH;
	f->out->next = (struct contact_place){ 0, before };
	return OK;
}

/* ---- many: along the order's index ---- */

static bool is_up(const struct finding *f)
{
	return f->filter->sort == CONTACT_SORT_SEEN_UP ||
	       f->filter->sort == CONTACT_SORT_CREATED_UP;
}

static enum err ask_edge(struct finding *f, struct contact_place from,
	struct contact_place_row *out)
{
	struct job *job = f->job;

	switch (f->filter->sort) {
	case CONTACT_SORT_SEEN:
		return sql_contact_edge_seen_down(job, &(struct sql_contact_edge_seen_down){
			job->workspace, from.ms, from.id, STRETCH - 1 }, out);
	case CONTACT_SORT_SEEN_UP:
		return sql_contact_edge_seen_up(job, &(struct sql_contact_edge_seen_up){
			job->workspace, from.ms, from.id, STRETCH - 1 }, out);
	case CONTACT_SORT_CREATED_UP:
		return sql_contact_edge_id_up(job, &(struct sql_contact_edge_id_up){
			job->workspace, from.id, STRETCH - 1 }, out);
	default:
		return sql_contact_edge_id_down(job, &(struct sql_contact_edge_id_down){
			job->workspace, from.id, STRETCH - 1 }, out);
	}
}

/* Where the stretch from here ends; *is_last: there is none behind it. */
static enum err find_edge(struct finding *f, struct contact_place from, struct contact_place *to,
	bool *is_last)
{
	struct contact_place_row row;
	bool found;

	TRY(found_or_none(f->job, ask_edge(f, from, &row), &found));
	*is_last = !found;
	if (found)
		*to = (struct contact_place){ row.seen_ms, row.id };
	else
		*to = is_up(f) ? (struct contact_place){ INT64_MAX, INT64_MAX }
			       : (struct contact_place){ 0 };
	return OK;
}

static enum err walk(struct finding *f, struct contact_place from, struct contact_place to,
	struct contact_rows *out)
{
	int64_t max = CHUNK;

	switch (f->filter->sort) {
	case CONTACT_SORT_SEEN:
		return sql_contact_walk_seen_down(f->job,
			&(struct sql_contact_walk_seen_down){ FITS(f), .from_ms = from.ms,
				.from_id = from.id, .to_ms = to.ms, .to_id = to.id, .max = max },
			out);
	case CONTACT_SORT_SEEN_UP:
		return sql_contact_walk_seen_up(f->job,
			&(struct sql_contact_walk_seen_up){ FITS(f), .from_ms = from.ms,
				.from_id = from.id, .to_ms = to.ms, .to_id = to.id, .max = max },
			out);
	case CONTACT_SORT_CREATED_UP:
		return sql_contact_walk_id_up(f->job,
			&(struct sql_contact_walk_id_up){ FITS(f), .from_id = from.id,
				.to_id = to.id, .max = max },
			out);
	default:
		return sql_contact_walk_id_down(f->job,
			&(struct sql_contact_walk_id_down){ FITS(f), .from_id = from.id,
				.to_id = to.id, .max = max },
			out);
	}
}

/* All that fit between two places, until the page is full. */
static enum err walk_stretch(struct finding *f, struct contact_place from, struct contact_place to)
{
	struct contact_rows rows;

	do {
		TRY(walk(f, from, to, &rows));
		TRY(add_rows(f, &rows, 0));
		if (rows.count)
			from = (struct contact_place){ rows.items[rows.count - 1].seen_ms,
				rows.items[rows.count - 1].id };
	} while (rows.count == CHUNK && !f->out->has_more);
	return OK;
}

static enum err find_along(struct finding *f)
{
	struct contact_place from = f->after, to;
	bool is_last = false;

	if (!from.id && !is_up(f))
		from = (struct contact_place){ INT64_MAX, INT64_MAX };
	else if (!from.id)
		from.ms = -1;
	for (int i = 0; i < STRETCHES_MAX && !is_last; i++) {
		TRY(find_edge(f, from, &to, &is_last));
		TRY(walk_stretch(f, from, to));
		if (f->out->has_more)
			return OK;
		from = to;
	}
	f->out->has_more = !is_last;
	if (!is_last)
		f->out->next = from;
	return OK;
}

/* ---- the way in ---- */

static enum err too_many(struct job *job)
{
	return fail_code(job, ERR_INPUT, S("too_many_to_sort"),
		S("Narrow the list by a filter or a query, or sort it by last message."),
		"Names are sealed, so at most %d contacts can be sorted by name.",
		CONTACT_SORTED_MAX);
}

static enum err find(struct finding *f)
{
	struct ids ids = { .items = ARENA_ARRAY(f->job->arena, id64, IDS_MAX + 1) };
	bool found, many;

	TRY(probe_filters(f, &ids, &found));
	if (found)
		return find_few(f, &ids);
	if (f->filter->query.len) {
		TRY(take_hits(f, &ids, &many));
		return many ? find_many_hits(f) : find_few(f, &ids);
	}
	return f->filter->sort == CONTACT_SORT_NAME ? too_many(f->job) : find_along(f);
}

enum err contact_find(struct job *job, const struct contact_filter *filter,
	const struct contact_place *after, size_t max, struct contact_page *out)
{
	struct finding f = { .job = job,
		.filter = filter,
		.after = *after,
		.max = max,
		.out = out };

	*out = (struct contact_page){ .sorted = filter->sort };
	out->contacts.items = ARENA_ARRAY(job->arena, struct contact, max);
	if (filter->query.len)
		TRY(read_query(&f));
	if (filter->attribute)
		TRY(contact_value_facet(job, filter->attribute, filter->value, &f.facet));
	return find(&f);
}
