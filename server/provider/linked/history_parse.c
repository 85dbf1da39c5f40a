/* history_parse.c: raw events of the past (history_read.c writes them), as events of the inbox. */
#include "provider/linked/history.h"
#include "provider/linked/linked_internal.h"

/* What was said long ago opens no window, and its files wait until somebody looks. */
static void make_past(struct provider_events *events, size_t from)
{
	for (size_t i = from; i < events->count; i++) {
		events->items[i].is_history = true;
		events->items[i].opens_window = false;
		events->items[i].media.is_later = true;
	}
}

static enum err parse_messages(struct job *job, json list, linked_message_parser *parse,
	struct provider_events *out)
{
	for (size_t i = 0; i < json_count(list); i++) {
		size_t before = out->count;
		enum err e = parse(job, json_at(list, i), out);

		/* One that does not read is no reason to lose the others. */
		if (e == ERR_INPUT || e == ERR_CORRUPT)
			job_forgive(job);
		else
			TRY(e);
		make_past(out, before);
	}
	return OK;
}

/* The owner's word for somebody, or the subject of a group. */
static void parse_contacts(struct job *job, json list, struct provider_events *out)
{
	for (size_t i = 0; i < json_count(list); i++) {
		struct provider_event *ev = provider_events_add(job, out, EVENT_CONTACT);

		ev->field = S("history");
		linked_add_chat(&ev->who, json_text_at(json_at(list, i), "jid"));
		ev->who.name = json_text_at(json_at(list, i), "name");
	}
}

/* jid and name: two addresses of one person, or a person and the name they gave themselves. */
static void parse_pairs(struct job *job, json list, bool names, struct provider_events *out)
{
	for (size_t i = 0; i < json_count(list); i++) {
		struct provider_event *ev = provider_events_add(job, out, EVENT_IDENTITY);
		str name = json_text_at(json_at(list, i), "name");

		ev->field = S("history");
		linked_add_chat(&ev->who, json_text_at(json_at(list, i), "jid"));
		if (!names)
			linked_add_chat(&ev->who, name);
		ev->previous = ev->who;
		if (names)
			ev->who.name = name;
	}
}

enum err linked_history_parse(struct job *job, json v, linked_message_parser *parse,
	struct provider_events *out)
{
	parse_contacts(job, json_field(v, "contacts"), out);
	parse_pairs(job, json_field(v, "pairs"), false, out);
	parse_pairs(job, json_field(v, "names"), true, out);
	return parse_messages(job, json_field(v, "messages"), parse, out);
}
