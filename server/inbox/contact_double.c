/*
 * contact_double.c: contacts that may be one person: the same e-mail address, the same whole name,
 * a number that ends alike. People decide; nothing is merged by itself.
 */
#include "inbox/contacts.h"
#include "inbox/inbox_internal.h"

#define FOUND_EACH_MAX 20
#define TAIL_DIGITS 8       /* of numbers that may be one, written with and without a code */
#define FACET_ROWS 20000    /* of the index that one page of groups looks at */
#define GROUP_MAX 20        /* contacts of a group */

struct doubles { struct contact_double *items; size_t count, max; id64 self; };

static void add(struct doubles *all, id64 contact, const char *reason)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].contact == contact)
			return;
	if (contact != all->self && all->count < all->max)
		all->items[all->count++] = (struct contact_double){ contact, reason };
}

static enum err add_facet(struct job *job, const struct contact_facet_row *facet,
	struct doubles *all)
{
	struct contact_id_rows rows;

	if (facet->kind == FACET_VALUE)
		return OK;
	TRY(sql_contact_ids_facet(job,
		&(struct sql_contact_ids_facet){ .workspace = job->workspace,
			.kind = facet->kind,
			.facet = facet->facet,
			.before = INT64_MAX,
			.max = FOUND_EACH_MAX },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		add(all, rows.items[i].id, facet->kind == FACET_EMAIL ? "email" : "name");
	return OK;
}

static enum err add_phones(struct job *job, str digits, struct doubles *all)
{
	char tail[TAIL_DIGITS];
	struct contact_id_rows rows;

	if (digits.len < TAIL_DIGITS)
		return OK;
	for (size_t i = 0; i < TAIL_DIGITS; i++)
		tail[i] = digits.ptr[digits.len - 1 - i];
	TRY(sql_contact_ids_tail(job,
		&(struct sql_contact_ids_tail){ .workspace = job->workspace,
			.from_tail = (str){ tail, TAIL_DIGITS },
			.to_tail = arena_printf(job->arena, "%.*s:", TAIL_DIGITS, tail),
			.max = FOUND_EACH_MAX },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		add(all, rows.items[i].id, "phone");
	return OK;
}

/* Only those who are there, and whom the asker may see. */
static enum err keep_there(struct job *job, struct doubles *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct contact contact;
		bool found;

		TRY(found_or_none(job, contact_check(job, all->items[i].contact), &found));
		if (!found)
			continue;
		TRY(contact_get(job, all->items[i].contact, &contact));
		if (contact.id == all->items[i].contact)
			all->items[kept++] = all->items[i];
	}
	all->count = kept;
	return OK;
}

enum err contact_doubles(struct job *job, id64 id, struct contact_double *out, size_t max,
	size_t *count)
{
	struct doubles all = { .items = out, .max = max };
	struct contact_facet_rows facets;
	struct contact contact;

	TRY(contact_get(job, id, &contact));
	all.self = contact.id;
	TRY(sql_contact_facet_of(job, &(struct sql_contact_facet_of){ contact.id }, &facets));
	for (size_t i = facets.count; i > 0; i--)
		TRY(add_facet(job, &facets.items[i - 1], &all));
	for (size_t i = 0; i < contact.alias_count; i++)
		if (str_is(contact.aliases[i].kind, S("phone")))
			TRY(add_phones(job, contact.aliases[i].value, &all));
	TRY(keep_there(job, &all));
	*count = all.count;
	return OK;
}

static enum err load_group(struct job *job, const struct contact_facet_row *facet,
	struct contact_group *out)
{
	struct contact_id_rows rows;
	struct doubles all = { .items = ARENA_ARRAY(job->arena, struct contact_double, GROUP_MAX),
		.max = GROUP_MAX };
	id64 ids[GROUP_MAX];

	out->reason = facet->kind == FACET_EMAIL ? "email" : "name";
	TRY(sql_contact_ids_facet(job,
		&(struct sql_contact_ids_facet){ .workspace = job->workspace,
			.kind = facet->kind,
			.facet = facet->facet,
			.before = INT64_MAX,
			.max = GROUP_MAX },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		add(&all, rows.items[i].id, out->reason);
	TRY(keep_there(job, &all));
	for (size_t i = 0; i < all.count; i++)
		ids[i] = all.items[i].contact;
	return contact_by_ids(job, ids, all.count, &out->contacts);
}

enum err contact_groups(struct job *job, int64_t kind, int64_t after, struct contact_group *out,
	size_t max, size_t *count, int64_t *next)
{
	const enum facet_kind facet = kind ? FACET_NAME : FACET_EMAIL;
	struct contact_facet_rows twice;
	struct contact_facet_row edge;
	bool more;

	*count = 0;
	TRY(sql_contact_facet_twice(job,
		&(struct sql_contact_facet_twice){ .workspace = job->workspace,
			.kind = facet,
			.after = after,
			.rows = FACET_ROWS,
			.max = (int64_t)max },
		&twice));
	for (size_t i = 0; i < twice.count; i++) {
		TRY(load_group(job, &twice.items[i], &out[*count]));
		*count += out[*count].contacts.count > 1;
	}
	*next = twice.count == max ? twice.items[max - 1].facet : 0;
	if (*next)
		return OK;
	TRY(found_or_none(job,
		sql_contact_facet_edge(job,
			&(struct sql_contact_facet_edge){ .workspace = job->workspace,
				.kind = facet,
				.after = after,
				.skip = FACET_ROWS - 1 },
			&edge),
		&more));
	/* a facet may go on behind the edge: it is looked at again from its beginning */
	*next = more && edge.facet - 1 > after ? edge.facet - 1 : 0;
	return OK;
}
