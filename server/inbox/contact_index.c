/*
 * contact_index.c: what a contact is found by, although its names and values are sealed.
 *
 * Words of names and of values become keyed tokens of the search (search_words.c); whole values,
 * whole names and e-mail addresses become keyed hashes in contact_facet, for filters and for
 * finding doubles. The one rule: tokens are taken away by the very texts they were made of, so
 * whoever changes a row calls contact_reindex() with the row from before.
 */
#include "inbox/search_internal.h"

#include "account/seal.h"

#define SEEN_STEP_MS 60000 /* a lively chat writes its contact once a minute */
#define FACETS_MAX 300

/* ---- texts ---- */

void contact_texts_add(struct arena *arena, struct contact_texts *out, str attributes)
{
	json map;

	if (!attributes.len || json_read(arena, attributes, &map, NULL) != OK)
		return;
	for (void *at = json_first(map); at; at = json_next(map, at)) {
		str value = json_text(json_member_value(at));

		/* yes and no are no words to look for */
		if (value.len && !str_is(value, S("true")) && !str_is(value, S("false")) &&
			out->count < CONTACT_TEXTS_MAX)
			out->items[out->count++] = value;
	}
}

static enum err texts_of_row(struct job *job, const struct contact_row *row,
	struct contact_texts *out, str *attributes)
{
	*out = (struct contact_texts){ .count = 2 };
	TRY(unseal(job, SEAL_NAME, row->name_sealed, &out->items[0]));
	TRY(unseal(job, SEAL_NAME, row->profile_name_sealed, &out->items[1]));
	TRY(unseal(job, SEAL_ATTRIBUTES, row->attributes_sealed, attributes));
	contact_texts_add(job->arena, out, *attributes);
	return OK;
}

static enum err index_texts(struct job *job, id64 id, const struct contact_texts *before,
	const struct contact_texts *after)
{
	str gone, come;

	TRY(search_tokens_of_names(job, before->items, before->count, &gone));
	TRY(search_tokens_of_names(job, after->items, after->count, &come));
	if (str_is(gone, come))
		return OK;
	if (gone.len)
		TRY(search_remove(job, job->workspace, id, gone));
	return come.len ? search_add(job, job->workspace, id, come) : OK;
}

/* ---- facets ---- */

/* Folded words with a blank between them; what has no words is folded by letter. */
static str folded(struct arena *arena, str text, size_t *word_count)
{
	struct words words = { 0 };
	struct buf out = buf_in(arena, 64u << 10);

	words_add(arena, &words, text);
	*word_count = words.count;
	for (size_t i = 0; i < words.count; i++) {
		buf_str(&out, i ? S(" ") : S(""));
		buf_str(&out, words.items[i]);
	}
	for (size_t i = 0; i < text.len && !words.count; i++)
		buf_byte(&out, (uint8_t)text.ptr[i]);
	return buf_text(&out);
}

static enum err facet_of(struct job *job, str what, int64_t *out)
{
	uint8_t hash[SHA256_SIZE];
	uint64_t bits = 0;

	TRY(keyed_hash(job, S("contact facet"), what, hash));
	for (size_t i = 0; i < 8; i++)
		bits = bits << 8 | hash[i];
	*out = (int64_t)(bits & INT64_MAX);
	*out += *out == 0;
	return OK;
}

enum err contact_value_facet(struct job *job, id64 attribute, str text, int64_t *out)
{
	size_t count;

	return facet_of(job,
		arena_printf(job->arena, "v:%lld:" STR_F, (long long)attribute,
			STR_A(folded(job->arena, text, &count))),
		out);
}

enum err contact_name_facet(struct job *job, str name, int64_t *out)
{
	size_t count;
	str text = folded(job->arena, name, &count);

	*out = 0;
	return count < 2 ? OK
			 : facet_of(job, arena_printf(job->arena, "n:" STR_F, STR_A(text)), out);
}

enum err contact_email_facet(struct job *job, str email, int64_t *out)
{
	struct buf text = buf_in(job->arena, email.len + 2);

	buf_str(&text, S("e:"));
	for (size_t i = 0; i < email.len; i++)
		buf_byte(&text, (uint8_t)(email.ptr[i] >= 'A' && email.ptr[i] <= 'Z'
						  ? email.ptr[i] + 32
						  : email.ptr[i]));
	return facet_of(job, buf_text(&text), out);
}

static enum err put_facet(struct job *job, id64 contact, enum facet_kind kind, int64_t facet)
{
	return facet ? sql_contact_facet_add(job,
			       &(struct sql_contact_facet_add){ .workspace = job->workspace,
				       .kind = kind,
				       .facet = facet,
				       .contact = contact },
			       NULL)
		     : OK;
}

static enum err put_value(struct job *job, id64 contact, str key, str value)
{
	id64 attribute;
	int64_t facet;

	if (!value.len || !id64_parse(key, &attribute))
		return OK;
	TRY(contact_value_facet(job, attribute, value, &facet));
	TRY(put_facet(job, contact, FACET_VALUE, facet));
	if (!str_has(value, S("@")))
		return OK;
	TRY(contact_email_facet(job, value, &facet));
	return put_facet(job, contact, FACET_EMAIL, facet);
}

static enum err put_facets(struct job *job, id64 contact, const struct contact_texts *texts,
	str attributes)
{
	int64_t facet;
	json map = NULL;

	TRY(sql_contact_facet_clear(job, &(struct sql_contact_facet_clear){ contact }, NULL));
	TRY(contact_name_facet(job, texts->items[0].len ? texts->items[0] : texts->items[1],
		&facet));
	TRY(put_facet(job, contact, FACET_NAME, facet));
	if (attributes.len)
		TRY(json_read(job->arena, attributes, &map, &job->why));
	for (void *at = json_first(map); at; at = json_next(map, at))
		TRY(put_value(job, contact, json_member_name(at),
			json_text(json_member_value(at))));
	return OK;
}

enum err contact_reindex(struct job *job, const struct contact_row *before)
{
	struct contact_texts was, is;
	struct contact_row after;
	str attributes;

	TRY(sql_contact_find(job,
		&(struct sql_contact_find){ .id = before->id, .workspace = job->workspace },
		&after));
	TRY(texts_of_row(job, before, &was, &attributes));
	TRY(texts_of_row(job, &after, &is, &attributes));
	TRY(index_texts(job, before->id, &was, &is));
	return put_facets(job, before->id, &is, attributes);
}

enum err contact_was_seen(struct job *job, id64 id, int64_t at_ms)
{
	return sql_contact_seen(job,
		&(struct sql_contact_seen){ .id = id,
			.workspace = job->workspace,
			.at_ms = at_ms,
			.step_ms = SEEN_STEP_MS },
		NULL);
}
