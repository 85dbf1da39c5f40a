/*
 * parse.c: a webhook body becomes events, in order.
 *
 * Every change gives at least one event: what nothing here knows is kept whole as EVENT_UNDRAWN, so
 * nothing Meta tells us is lost. Lists are found by their key and not by the field's name, for Meta
 * mixes them. Anything may be missing, null, or a number where text was promised.
 */
#include "provider/cloud/cloud_internal.h"

#define SECONDS_MAX 100000000000LL /* larger times are milliseconds */

str cloud_json_text(struct arena *arena, json v)
{
	struct buf b = buf_heap((size_t)JSON_SIZE_MAX * 6);
	str text;

	json_put_value(&b, NULL, v);
	text = arena_str(arena, buf_text(&b));
	buf_done(&b);
	return text;
}

size_t cloud_list(json v)
{
	return json_kind(v) == JSON_LIST ? json_count(v) : 0;
}

str cloud_id(const struct parsing *p, json map, const char *key)
{
	str id = json_text_or_int(p->job->arena, json_field(map, key));

	return id.len ? id : STR_NONE;
}

str cloud_phone(const struct parsing *p, json v)
{
	str text = json_text_or_int(p->job->arena, v);
	struct buf digits = buf_in(p->job->arena, 64);

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			buf_byte(&digits, (uint8_t)text.ptr[i]);
		else if (!strchr("+ -().", text.ptr[i]) || !text.ptr[i])
			return STR_NONE;
	}
	return digits.len && !digits.failed ? buf_text(&digits) : STR_NONE;
}

int64_t cloud_time_ms(json v, int64_t otherwise)
{
	int64_t at = json_int(v, 0);

	if (at <= 0)
		return otherwise;
	if (at < SECONDS_MAX)
		return at * 1000;
	return at / 1000 < SECONDS_MAX ? at : otherwise;
}

struct provider_event *cloud_event(const struct parsing *p, enum event_kind kind)
{
	struct provider_event *event = provider_events_add(p->job, p->out, kind);

	event->field = p->field;
	event->account_id = p->account_id;
	event->channel_remote_id = p->phone_number_id;
	event->at_ms = p->entry_ms;
	return event;
}

struct provider_event *cloud_undrawn(const struct parsing *p, json v)
{
	struct provider_event *event = cloud_event(p, EVENT_UNDRAWN);

	event->severity = S("info");
	event->sentence = arena_printf(p->job->arena,
		"WhatsApp told something that is not shown yet (" STR_F ").", STR_A(p->field));
	event->detail = cloud_json_text(p->job->arena, v);
	event->at_ms = cloud_time_ms(json_field(v, "timestamp"), p->entry_ms);
	return event;
}

struct provider_event *cloud_notice(const struct parsing *p, const char *severity, str sentence,
	json detail)
{
	struct provider_event *event = cloud_event(p, EVENT_NOTICE);

	event->severity = str_of(severity);
	event->sentence = sentence;
	event->detail = cloud_json_text(p->job->arena, detail);
	event->at_ms = cloud_time_ms(json_field(detail, "timestamp"), p->entry_ms);
	return event;
}

bool cloud_has_name(const struct person_ref *who)
{
	return who->phone.len || who->bsuid.len || who->lid.len || who->group.len;
}

/* One shared name makes it the same person; two different ones of a kind, another. */
static bool agrees(const struct person_ref *who, str phone, str bsuid, bool is_only)
{
	if (who->phone.len && phone.len)
		return str_is(who->phone, phone);
	if (who->bsuid.len && bsuid.len)
		return str_is(who->bsuid, bsuid);
	return is_only;
}

void cloud_know(const struct parsing *p, struct person_ref *who)
{
	for (size_t i = 0; i < cloud_list(p->contacts); i++) {
		json contact = json_at(p->contacts, i);
		str phone = cloud_phone(p, json_field(contact, "wa_id")),
		    bsuid = cloud_id(p, contact, "user_id");

		if (!agrees(who, phone, bsuid, cloud_list(p->contacts) == 1))
			continue;
		who->name = json_text_at(contact, "profile.name");
		who->username = json_text_at(contact, "profile.username");
		if (!who->phone.len)
			who->phone = phone;
		if (!who->bsuid.len)
			who->bsuid = bsuid;
		if (!who->parent_bsuid.len)
			who->parent_bsuid = cloud_id(p, contact, "parent_user_id");
		return;
	}
}

static void parse_messages(const struct parsing *p, const char *key, enum cloud_origin origin)
{
	json list = json_field(p->value, key);

	for (size_t i = 0; i < cloud_list(list); i++)
		cloud_parse_message(p, json_at(list, i), origin, NULL);
}

static void parse_statuses(const struct parsing *p)
{
	json list = json_field(p->value, "statuses");

	for (size_t i = 0; i < cloud_list(list); i++)
		cloud_parse_status(p, json_at(list, i));
}

static void parse_error(const struct parsing *p, json error)
{
	struct cloud_fault fault = cloud_fault_of(p->job->arena, 0, error);
	struct provider_event *event = cloud_notice(p, "warning", fault.sentence, error);

	event->error_code = arena_printf(p->job->arena, "%lld", (long long)fault.code);
	event->error_sentence = fault.sentence;
	event->error_next_step = fault.next_step;
}

/* Those of a Flow have no code: they are figures of its notice. */
static void parse_errors(const struct parsing *p, json errors)
{
	for (size_t i = 0; i < cloud_list(errors); i++)
		if (json_field(json_at(errors, i), "code"))
			parse_error(p, json_at(errors, i));
}

static void parse_thread(const struct parsing *p, json thread)
{
	json messages = json_field(thread, "messages");
	struct person_ref who = { .phone = cloud_phone(p, json_field(thread, "id")) };

	if (!who.phone.len)
		who.phone = cloud_phone(p, json_path(thread, "context.wa_id"));
	who.bsuid = json_text_at(thread, "context.user_id");
	if (!cloud_has_name(&who))
		who.bsuid = cloud_id(p, thread, "id");
	for (size_t i = 0; i < cloud_list(messages); i++)
		cloud_parse_message(p, json_at(messages, i), FROM_HISTORY, &who);
}

/* A chunk without messages still tells how far the sync is. */
static void parse_history_chunk(const struct parsing *p, json chunk)
{
	json threads = json_field(chunk, "threads"), errors = json_field(chunk, "errors");

	parse_errors(p, errors);
	for (size_t i = 0; i < cloud_list(threads); i++)
		parse_thread(p, json_at(threads, i));
	if (!cloud_list(threads) && !cloud_list(errors))
		cloud_notice(p, "info",
			arena_printf(p->job->arena,
				"The history of the phone is being copied: %lld %% done.",
				(long long)json_int(json_path(chunk, "metadata.progress"), 0)),
			chunk);
}

static void parse_address_book(const struct parsing *p, json entry)
{
	json contact = json_field(entry, "contact");
	str phone = cloud_phone(p, json_field(contact, "phone_number"));
	struct provider_event *event;

	if (!phone.len && !cloud_id(p, contact, "user_id").len) {
		cloud_undrawn(p, entry);
		return;
	}
	event = cloud_event(p, EVENT_CONTACT);
	event->who =
		(struct person_ref){ .phone = phone, .bsuid = cloud_id(p, contact, "user_id") };
	if (!str_is(json_text_at(entry, "action"), S("remove")))
		event->who.name = json_text_at(contact, "full_name");
	if (!event->who.name.len && !str_is(json_text_at(entry, "action"), S("remove")))
		event->who.name = json_text_at(contact, "first_name");
	event->reason = json_text_at(entry, "action");
	event->at_ms = cloud_time_ms(json_path(entry, "metadata.timestamp"), p->entry_ms);
}

/* "signup" is a yes given outside the chat: marketing may go, as after "resume". */
static void parse_preference(const struct parsing *p, json entry)
{
	str value = json_text_at(entry, "value");
	struct person_ref who = { .phone = cloud_phone(p, json_field(entry, "wa_id")),
				  .bsuid = cloud_id(p, entry, "user_id"),
				  .parent_bsuid = cloud_id(p, entry, "parent_user_id") };
	bool stops = str_is(value, S("stop")),
	     resumes = str_is(value, S("resume")) || str_is(value, S("signup"));
	struct provider_event *event;

	cloud_know(p, &who);
	if ((!stops && !resumes) || !cloud_has_name(&who)) {
		cloud_undrawn(p, entry);
		return;
	}
	event = cloud_event(p, EVENT_PREFERENCE);
	event->who = who;
	event->preference = stops ? S("stop") : S("resume");
	event->reason = json_text_at(entry, "detail");
	event->at_ms = cloud_time_ms(json_field(entry, "timestamp"), p->entry_ms);
}

static void parse_new_user_id(const struct parsing *p, json entry)
{
	struct person_ref who = { .phone = cloud_phone(p, json_field(entry, "wa_id")),
				  .bsuid = json_text_at(entry, "user_id.current"),
				  .parent_bsuid = json_text_at(entry, "parent_user_id.current") };
	struct provider_event *event;

	if (!who.bsuid.len) {
		cloud_undrawn(p, entry);
		return;
	}
	event = cloud_event(p, EVENT_IDENTITY);
	event->who = who;
	event->previous = (struct person_ref){ .phone = who.phone,
		.bsuid = json_text_at(entry, "user_id.previous"),
		.parent_bsuid = json_text_at(entry, "parent_user_id.previous") };
	cloud_know(p, &event->who);
	event->reason = json_text_at(entry, "detail");
	event->at_ms = cloud_time_ms(json_field(entry, "timestamp"), p->entry_ms);
}

/* "Purchase" and "LeadSubmitted", as Meta reads them out of a conversation. */
static void parse_automatic(const struct parsing *p, json v)
{
	struct arena *arena = p->job->arena;
	str name = json_text_at(v, "event_name"),
	    currency = json_text_at(v, "custom_data.currency"),
	    value = json_text_or_int(arena, json_path(v, "custom_data.value"));
	struct provider_event *event = cloud_notice(p, "info",
		arena_printf(arena, "WhatsApp recognised in a conversation: " STR_F "%s" STR_F
			     "%s" STR_F ".",
			STR_A(name.len ? str_first_points(name, 100) : S("unknown")),
			value.len ? ", " : "", STR_A(value), currency.len ? " " : "",
			STR_A(currency)),
		v);

	event->target_id = cloud_id(p, v, "id");
}

static void parse_tracking(const struct parsing *p, json v)
{
	str name = json_text_at(v, "event_name");

	cloud_notice(p, "info",
		arena_printf(p->job->arena, "Somebody followed a marketing message: " STR_F ".",
			STR_A(name.len ? str_first_points(name, 100) : S("click"))),
		v)
		->target_id = cloud_id(p, v, "id");
}

static const struct {
	const char *key;
	void (*parse)(const struct parsing *p, json element);
} lists[] = {
	{ "history", parse_history_chunk },	 { "state_sync", parse_address_book },
	{ "user_preferences", parse_preference }, { "user_id_update", parse_new_user_id },
	{ "groups", cloud_parse_group },	 { "calls", cloud_parse_call },
	{ "automatic_events", parse_automatic },  { "tracking_events", parse_tracking },
};

static void parse_lists(const struct parsing *p)
{
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		json list = json_field(p->value, lists[i].key);

		for (size_t j = 0; j < cloud_list(list); j++)
			lists[i].parse(p, json_at(list, j));
	}
}

static void parse_value(const struct parsing *p)
{
	size_t before = p->out->count;

	parse_messages(p, "messages",
		str_is(p->field, S("history")) ? FROM_HISTORY : FROM_CUSTOMER);
	parse_messages(p, "message_echoes", FROM_OWNER);
	parse_statuses(p);
	parse_lists(p);
	parse_errors(p, json_field(p->value, "errors"));
	if (p->out->count == before && !cloud_parse_notice(p))
		cloud_parse_other(p, p->value);
}

static void parse_change(struct job *job, json entry, json change, struct provider_events *out)
{
	json value = json_field(change, "value");
	struct parsing p = {
		.job = job,
		.out = out,
		.field = json_text_at(change, "field"),
		.value = value,
		.contacts = json_field(value, "contacts"),
		.entry_ms = cloud_time_ms(json_field(entry, "time"), 0),
	};

	if (!p.field.len)
		p.field = S("unknown");
	p.account_id = cloud_id(&p, entry, "id");
	p.phone_number_id = cloud_id(&p, json_field(value, "metadata"), "phone_number_id");
	p.business_phone = cloud_phone(&p, json_path(value, "metadata.display_phone_number"));
	parse_value(&p);
}

/* An entry without changes is no known envelope, but still something Meta told. */
static void parse_entry(struct job *job, json entry, struct provider_events *out)
{
	json changes = json_field(entry, "changes");
	struct parsing p = { .job = job, .out = out, .field = S("unknown") };

	for (size_t i = 0; i < cloud_list(changes); i++)
		parse_change(job, entry, json_at(changes, i), out);
	if (json_kind(changes) != JSON_LIST)
		cloud_undrawn(&p, entry);
}

enum err cloud_parse(struct job *job, str body, struct provider_events *out)
{
	json root, entries;
	str why;

	*out = (struct provider_events){ 0 };
	if (json_read(job->arena, body, &root, &why) != OK)
		return fail_code(job, ERR_INPUT, S("not_json"),
			S("Look at the raw event; replay it when it is understood."),
			"The webhook body is refused: " STR_F ".", STR_A(why));
	entries = json_field(root, "entry");
	if (json_kind(entries) != JSON_LIST)
		return fail_code(job, ERR_INPUT, S("unknown_envelope"),
			S("Look at the raw event; replay it when it is understood."),
			"The webhook body is no WhatsApp notification: it has no list called "
		        "entry.");
	for (size_t i = 0; i < cloud_list(entries); i++)
		parse_entry(job, json_at(entries, i), out);
	if (out->count == PROVIDER_EVENTS_MAX)
		return fail_code(job, ERR_INPUT, S("too_many_events"), STR_NONE,
			"The webhook body holds more than %d events.", PROVIDER_EVENTS_MAX);
	return OK;
}
