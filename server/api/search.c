/* search.c: /search. */
#include "api/handlers.h"
#include "api/message_json.h"

static enum err read_search(struct job *job, const struct request *req, const struct page *page,
			    struct message_search *out)
{
	*out = (struct message_search){
		.query = str_trim(request_query(job->arena, req, "query")),
		.conversation = request_query_id(job, req, "conversation_id"),
		.before = page->after.id,
		.max = page->limit,
	};
	if (!out->query.len)
		field_error(job, S("query"), S("required"), S("Say what to look for."));
	else if (str_count_points(out->query) > SEARCH_QUERY_MAX)
		field_error(job, S("query"), S("too_long"), S("At most 200 characters."));
	return job_check_fields(job);
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

enum err search_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct message_search search;
	struct conversation conv;
	struct messages hits;
	struct page page;
	id64 next;

	TRY(page_read(job, req, "search", &page));
	TRY(read_search(job, req, &page, &search));
	if (search.conversation) {
		TRY(conversation_get(job, search.conversation, &conv));
		search.conversation = conv.id;
	}
	TRY(search_messages(job, &search, &hits, &next));
	json_open(out, '{');
	TRY(write_hits(job, out, &hits));
	TRY(page_write_next(job, out, &page, next ? &(struct cursor){ .id = next } : NULL));
	json_close(out, '}');
	return OK;
}
