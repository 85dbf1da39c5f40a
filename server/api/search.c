/* search.c: /search and /search/suggestions: messages, contacts and conversations by one line. */
#include "inbox/search.h"

#include "api/handlers.h"
#include "api/message_json.h"

#define GROUP_MAX 10 /* contacts, and conversations, above the messages */

struct asked {
	struct message_search search;
	struct search_filter filter;
	bool groups; /* contacts and conversations, too */
};

static enum err read_asked(struct job *job, const struct request *req, const struct page *page,
	struct asked *out)
{
	*out = (struct asked){ .search = {
		.query = str_trim(request_query(job->arena, req, "query")),
		.conversation = request_query_id(job, req, "conversation_id"),
		.before = page->after.id,
		.max = page->limit,
	} };
	out->groups = request_query_flag(job, req, "groups") && !out->search.before;
	if (!out->search.query.len)
		field_error(job, S("query"), S("required"), S("Say what to look for."));
	else if (str_count_points(out->search.query) > SEARCH_QUERY_MAX)
		field_error(job, S("query"), S("too_long"), S("At most 200 characters."));
	TRY(job_check_fields(job));
	TRY(search_read(job, out->search.query, request_query(job->arena, req, "time_zone"),
		&out->filter));
	out->search.filter = &out->filter;
	return OK;
}

static enum err write_hits(struct job *job, struct buf *out, const struct messages *hits)
{
	struct view_ask ask = { .messages = *hits, .last_messages = true,
		.hides_contacts = !may_read_contacts(job) };
	struct view view;

	TRY(view_load(job, &ask, &view));
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < hits->count; i++) {
		const struct conversation *conv =
			view_conversation(&view, hits->items[i].conversation_id);

		if (!conv)
			continue;
		json_open(out, '{');
		TRY(message_write_json(job, out, "message", &view, &hits->items[i]));
		TRY(conversation_write_json(job, out, "conversation", &view, conv));
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

/* ---- contacts and conversations ---- */

/* Contacts have no filters: words alone find them. */
static enum err write_contacts(struct job *job, struct buf *out, const struct search_filter *filter)
{
	struct contacts contacts = { 0 };
	id64 ids[GROUP_MAX];
	size_t count = 0;

	if (!filter->term_count && may_read_contacts(job))
		TRY(search_contacts(job, filter->text, GROUP_MAX, ids, &count));
	TRY(contact_by_ids(job, ids, count, &contacts));
	json_open_in(out, "contacts", '[');
	for (size_t i = 0; i < contacts.count; i++)
		contact_write_json(job, out, NULL, &contacts.items[i]);
	json_close(out, ']');
	return OK;
}

static enum err write_conversations(struct job *job, struct buf *out,
	const struct search_filter *filter)
{
	struct view_ask ask = { .last_messages = true, .hides_contacts = !may_read_contacts(job) };
	struct view view;

	TRY(search_conversations(job, filter, GROUP_MAX, &ask.conversations));
	TRY(view_load(job, &ask, &view));
	json_open_in(out, "conversations", '[');
	for (size_t i = 0; i < ask.conversations.count; i++)
		TRY(conversation_write_json(job, out, NULL, &view, &ask.conversations.items[i]));
	json_close(out, ']');
	return OK;
}

/* ---- how it was understood ---- */

static enum err write_understood(struct job *job, struct buf *out, const struct search_filter *f)
{
	size_t count;
	str *words;

	TRY(search_marks(job, f->text, &words, &count));
	json_open_in(out, "words", '[');
	for (size_t i = 0; i < count; i++)
		json_put(out, NULL, words[i]);
	json_close(out, ']');
	json_open_in(out, "filters", '[');
	for (size_t i = 0; i < f->term_count; i++) {
		json_open(out, '{');
		json_put(out, "key", f->terms[i].key);
		json_put(out, "value", f->terms[i].value);
		json_put(out, "name", f->terms[i].name);
		json_put_bool(out, "known", f->terms[i].known);
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

enum err search_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct conversation conv;
	struct messages hits;
	struct asked asked;
	struct page page;
	id64 next;

	TRY(page_read(job, req, "search", &page));
	TRY(read_asked(job, req, &page, &asked));
	if (asked.search.conversation) {
		TRY(conversation_get(job, asked.search.conversation, &conv));
		asked.search.conversation = conv.id;
	}
	TRY(search_messages(job, &asked.search, &hits, &next));
	json_open(out, '{');
	TRY(write_hits(job, out, &hits));
	if (asked.groups) {
		TRY(write_contacts(job, out, &asked.filter));
		TRY(write_conversations(job, out, &asked.filter));
	}
	TRY(write_understood(job, out, &asked.filter));
	TRY(page_write_next(job, out, &page, next ? &(struct cursor){ .id = next } : NULL));
	json_close(out, '}');
	return OK;
}

enum err search_suggestions(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct search_suggestions all;

	TRY(search_suggest(job, request_query(job->arena, req, "key"),
		request_query(job->arena, req, "value"), &all));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < all.count; i++) {
		json_open(out, '{');
		json_put(out, "value", all.items[i].value);
		json_put(out, "name", all.items[i].name);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}
