/* message_json.c: see message_json.h. Shapes: docs/api/README.md. */
#include "api/message_json.h"

#include "account/channel.h"
#include "account/feature.h"
#include "account/permission.h"
#include "account/seal.h"
#include "api/handlers.h"
#include "api/route_json.h"

#define PREVIEW_POINTS 100

/* ---- loading ---- */

struct ids { id64 items[4 * VIEW_ITEMS_MAX]; size_t count; };

static void add_id(struct ids *ids, id64 id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (ids->items[i] == id)
			return;
	if (id && ids->count < COUNT_OF(ids->items))
		ids->items[ids->count++] = id;
}

static str ids_text(struct job *job, const struct ids *ids)
{
	return ids->count ? json_ids(job->arena, ids->items, ids->count) : S("");
}

static void *join(struct arena *arena, const void *a, size_t a_size, const void *b, size_t b_size)
{
	uint8_t *out = arena_alloc(arena, a_size + b_size);

	if (a_size)
		memcpy(out, a, a_size);
	if (b_size)
		memcpy(out + a_size, b, b_size);
	return out;
}

static enum err load_conversations(struct job *job, const struct view_ask *ask, struct view *view)
{
	struct conversations more = { 0 };
	struct ids ids = { 0 };

	view->conversations = ask->conversations;
	for (size_t i = 0; i < ask->messages.count; i++)
		if (!view_conversation(view, ask->messages.items[i].conversation_id))
			add_id(&ids, ask->messages.items[i].conversation_id);
	if (!ids.count)
		return OK;
	TRY(conversation_by_ids(job, ids.items, ids.count, &more));
	view->conversations.items = join(job->arena, ask->conversations.items,
		ask->conversations.count * sizeof *more.items, more.items,
		more.count * sizeof *more.items);
	view->conversations.count += more.count;
	return OK;
}

static enum err load_messages(struct job *job, const struct view_ask *ask, struct view *view)
{
	struct messages last = { 0 };
	struct ids ids = { 0 };

	view->messages = ask->messages;
	for (size_t i = 0; ask->last_messages && i < view->conversations.count; i++)
		add_id(&ids, view->conversations.items[i].last_message_id);
	if (!ids.count)
		return OK;
	TRY(message_by_ids(job, ids.items, ids.count, &last));
	view->messages.items =
		join(job->arena, ask->messages.items, ask->messages.count * sizeof *last.items,
			last.items, last.count * sizeof *last.items);
	view->messages.count += last.count;
	return OK;
}

static enum err load_quoted(struct job *job, struct view *view)
{
	struct ids ids = { 0 };

	for (size_t i = 0; i < view->messages.count; i++)
		add_id(&ids, view->messages.items[i].reply_to_id);
	return ids.count ? message_by_ids(job, ids.items, ids.count, &view->quoted) : OK;
}

bool may_read_contacts(const struct job *job)
{
	return job->actor.permissions & PERMIT(CONTACT_READ);
}

bool may_read_messages(const struct job *job)
{
	return job->actor.permissions & PERMIT(MESSAGE_READ);
}

static void add_authors(struct ids *ids, const struct messages *messages, enum actor_kind kind)
{
	for (size_t i = 0; i < messages->count; i++)
		if (messages->items[i].author_kind == kind)
			add_id(ids, messages->items[i].author_id);
}

static enum err load_contacts(struct job *job, const struct view_ask *ask, struct view *view)
{
	struct ids ids = { 0 };

	for (size_t i = 0; i < view->conversations.count; i++)
		add_id(&ids, view->conversations.items[i].contact_id);
	add_authors(&ids, &view->messages, ACTOR_CONTACT);
	add_authors(&ids, &view->quoted, ACTOR_CONTACT);
	for (size_t i = 0; i < view->mention_count; i++)
		add_id(&ids, view->mentions[i].contact);
	if (ids.count)
		TRY(contact_by_ids(job, ids.items, ids.count, &view->contacts));
	for (size_t i = 0; ask->hides_contacts && i < view->contacts.count; i++) {
		view->contacts.items[i].name = S("");
		view->contacts.items[i].phone = STR_NONE;
	}
	return OK;
}

static enum err load_people(struct job *job, struct view *view)
{
	struct ids people = { 0 }, keys = { 0 };

	for (size_t i = 0; i < view->conversations.count; i++)
		add_id(&people, view->conversations.items[i].assignee_id);
	add_authors(&people, &view->messages, ACTOR_PERSON);
	add_authors(&people, &view->quoted, ACTOR_PERSON);
	add_authors(&keys, &view->messages, ACTOR_API_KEY);
	add_authors(&keys, &view->quoted, ACTOR_API_KEY);
	if (people.count)
		TRY(sql_conversation_people(job,
			&(struct sql_conversation_people){ .ids = ids_text(job, &people),
				.workspace = job->workspace },
			&view->people));
	return keys.count ? sql_conversation_keys(job, &(struct sql_conversation_keys){
		.ids = ids_text(job, &keys), .workspace = job->workspace }, &view->keys) : OK;
}

static enum err load_teams(struct job *job, struct view *view)
{
	struct ids ids = { 0 };

	for (size_t i = 0; i < view->conversations.count; i++)
		add_id(&ids, view->conversations.items[i].team_id);
	return ids.count ? sql_conversation_teams(job, &(struct sql_conversation_teams){
		.ids = ids_text(job, &ids), .workspace = job->workspace }, &view->teams) : OK;
}

static enum err load_labels(struct job *job, struct view *view)
{
	struct ids ids = { 0 };

	for (size_t i = 0; i < view->conversations.count; i++)
		add_id(&ids, view->conversations.items[i].id);
	return ids.count ? sql_label_of_conversations(job, &(struct sql_label_of_conversations){
		.conversations = ids_text(job, &ids), .workspace = job->workspace },
		&view->labels) : OK;
}

/* A provider that is set up by a configuration has the window only where that says so. */
static enum err has_window(struct job *job, const struct channel_brief_row *row, bool *out)
{
	const struct provider *provider = provider_find(row->provider);
	struct channel *ch;
	enum err e;

	*out = !provider || provider->can & CAN_WINDOW;
	if (!*out || !provider || !provider->config_can)
		return OK;
	e = channel_get(job, row->id, &ch);
	if (e == ERR_MISSING) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	*out = provider_can(ch) & CAN_WINDOW;
	return OK;
}

static enum err load_channels(struct job *job, struct view *view)
{
	struct ids ids = { 0 };

	for (size_t i = 0; i < view->conversations.count; i++)
		add_id(&ids, view->conversations.items[i].channel_id);
	if (!ids.count)
		return OK;
	TRY(sql_conversation_channels(job,
		&(struct sql_conversation_channels){ ids_text(job, &ids), job->workspace },
		&view->channels));
	view->windowed = ARENA_ARRAY(job->arena, bool, view->channels.count);
	for (size_t i = 0; i < view->channels.count; i++)
		TRY(has_window(job, &view->channels.items[i], &view->windowed[i]));
	return OK;
}

static bool may_wait(const struct message *msg)
{
	return msg->status >= STATUS_ACCEPTED && msg->status <= STATUS_UNCONFIRMED;
}

static enum err load_attachments(struct job *job, struct view *view)
{
	struct ids media = { 0 }, waiting = { 0 }, sent = { 0 };
	struct maintenance maintenance;

	for (size_t i = 0; i < view->messages.count; i++) {
		add_id(&media, view->messages.items[i].media_id);
		if (view->messages.items[i].status != STATUS_RECEIVED)
			add_id(&sent, view->messages.items[i].id);
		if (may_wait(&view->messages.items[i]))
			add_id(&waiting, view->messages.items[i].id);
	}
	if (media.count)
		TRY(sql_message_media(job, &(struct sql_message_media){
			.ids = ids_text(job, &media), .workspace = job->workspace }, &view->media));
	if (sent.count)
		TRY(sql_message_option_by_ids(job, &(struct sql_message_option_by_ids){
			.ids = ids_text(job, &sent), .workspace = job->workspace },
			&view->options));
	if (!waiting.count)
		return OK;
	TRY(sql_message_waiting_by_ids(job, &(struct sql_message_waiting_by_ids){
		.ids = ids_text(job, &waiting), .workspace = job->workspace }, &view->waiting));
	TRY(maintenance_get(job, &maintenance));
	view->is_held = maintenance.is_on;
	return OK;
}

enum err view_load(struct job *job, const struct view_ask *ask, struct view *out)
{
	*out = (struct view){ 0 };
	TRY(load_conversations(job, ask, out));
	TRY(load_messages(job, ask, out));
	TRY(load_quoted(job, out));
	TRY(view_load_mentions(job, out));
	TRY(load_contacts(job, ask, out));
	TRY(load_people(job, out));
	TRY(load_teams(job, out));
	TRY(load_labels(job, out));
	TRY(load_channels(job, out));
	TRY(view_load_marks(job, out));
	return load_attachments(job, out);
}

/* ---- looking up ---- */

const struct conversation *view_conversation(const struct view *view, id64 id)
{
	for (size_t i = 0; i < view->conversations.count; i++)
		if (view->conversations.items[i].id == id)
			return &view->conversations.items[i];
	return NULL;
}

static const struct message *find_message(const struct messages *messages, id64 id)
{
	for (size_t i = 0; i < messages->count; i++)
		if (messages->items[i].id == id)
			return &messages->items[i];
	return NULL;
}

const struct contact *view_contact(const struct view *view, id64 id)
{
	for (size_t i = 0; i < view->contacts.count; i++)
		if (view->contacts.items[i].id == id)
			return &view->contacts.items[i];
	return NULL;
}

static str find_name(const struct person_name_rows *rows, id64 id)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].id == id)
			return rows->items[i].name;
	return STR_NONE;
}

/* ---- writing ---- */

static void open_map(struct buf *out, const char *key)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
}

str with_plus(struct job *job, str digits)
{
	return str_is_digits(digits) ? arena_printf(job->arena, "+" STR_F, STR_A(digits))
				     : STR_NONE;
}

void contact_write_json(struct job *job, struct buf *out, const char *key,
	const struct contact *contact)
{
	open_map(out, key);
	json_put_id(out, "id", contact->id);
	json_put(out, "name", contact->name);
	json_put(out, "phone", with_plus(job, contact->phone));
	json_put_bool(out, "is_group", contact->group.len > 0);
	json_close(out, '}');
}

static bool is_incoming(const struct message *msg)
{
	return msg->author_kind == ACTOR_CONTACT ||
	       (msg->author_kind == ACTOR_SYSTEM && msg->status == STATUS_RECEIVED);
}

static void write_author(struct buf *out, const struct view *view, const struct message *msg,
			 const struct contact *contact)
{
	static const char *const kinds[] = {
		[ACTOR_SYSTEM] = "system",
		[ACTOR_PERSON] = "person",
		[ACTOR_API_KEY] = "api_key",
		[ACTOR_CONTACT] = "contact",
		[ACTOR_AUTOMATION] = "automation",
		[ACTOR_PHONE] = "phone",
	};
	const struct contact *speaker = view_contact(view, msg->author_id);
	str name = STR_NONE;

	/* In a group somebody else than the group itself, whose conversation it is. */
	if (msg->author_kind == ACTOR_CONTACT && speaker && contact && contact->group.len)
		contact = speaker;
	if (msg->author_kind == ACTOR_CONTACT && contact)
		name = contact->name;
	else if (msg->author_kind == ACTOR_PERSON)
		name = find_name(&view->people, msg->author_id);
	else if (msg->author_kind == ACTOR_API_KEY)
		name = find_name(&view->keys, msg->author_id);
	json_open_in(out, "author", '{');
	json_put(out, "kind", str_of(kinds[msg->author_kind]));
	json_put_id(out, "id",
		msg->author_kind == ACTOR_CONTACT && contact ? contact->id : msg->author_id);
	json_put(out, "name", name);
	json_close(out, '}');
}

/* The first text that a person would read in it. */
static str preview(struct job *job, const struct message *msg)
{
	static const char *const paths[] = {
		"body",
		"caption",
		"text",
		"filename",
		"button_reply.title",
		"list_reply.title",
		"body.text",
		"header.text",
		"name",
		"address",
		"0.name.formatted_name",
	};
	json content;

	if (msg->deleted_ms || !msg->content.len ||
		json_read(job->arena, msg->content, &content, NULL) != OK)
		return S("");
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		str text = json_text(json_path(content, paths[i]));

		if (text.len)
			return str_first_points(text, PREVIEW_POINTS);
	}
	return S("");
}

static void write_quoted(struct job *job, struct buf *out, const struct view *view,
	const struct message *msg)
{
	const struct message *quoted = find_message(&view->quoted, msg->reply_to_id);
	const struct conversation *conv = view_conversation(view, msg->conversation_id);

	if (!quoted && !msg->reply_to_remote.len) {
		json_put_null(out, "reply_to");
		return;
	}
	json_open_in(out, "reply_to", '{');
	json_put_id(out, "id", quoted ? quoted->id : 0);
	json_put(out, "remote_id", quoted ? quoted->remote_id : msg->reply_to_remote);
	json_put(out, "type", quoted ? str_of(kind_name(quoted->kind)) : STR_NONE);
	json_put(out, "preview", quoted ? preview(job, quoted) : STR_NONE);
	json_put(out, "direction", quoted ? is_incoming(quoted) ? S("in") : S("out") : STR_NONE);
	if (quoted)
		write_author(out, view, quoted, conv ? view_contact(view, conv->contact_id) : NULL);
	else
		json_put_null(out, "author");
	json_close(out, '}');
}

/* Those that were taken back stay in the row, empty, and are not shown. */
static void write_reactions(struct job *job, struct buf *out, const struct message *msg)
{
	json list = NULL;

	json_open_in(out, "reactions", '[');
	if (msg->reactions.len && json_read(job->arena, msg->reactions, &list, NULL) == OK)
		for (size_t i = 0; i < json_count(list); i++)
			if (json_text(json_field(json_at(list, i), "emoji")).len)
				json_put_value(out, NULL, json_at(list, i));
	json_close(out, ']');
}

enum err media_row_write_json(struct job *job, struct buf *out, const char *key,
	const struct message_media_row *row)
{
	struct media media = { .id = row->id,
		.state = (enum media_state)row->state,
		.mime_type = row->mime_type,
		.size_bytes = row->size_bytes,
		.error = row->error };

	TRY(unseal(job, SEAL_FILE_NAME, row->file_name_sealed, &media.file_name));
	media_write_json(out, key, &media);
	return OK;
}

static enum err write_media(struct job *job, struct buf *out, const struct view *view,
	const struct message *msg)
{
	for (size_t i = 0; i < view->media.count && !msg->deleted_ms; i++)
		if (view->media.items[i].id == msg->media_id)
			return media_row_write_json(job, out, "media", &view->media.items[i]);
	json_put_null(out, "media");
	return OK;
}

static void write_waiting(struct job *job, struct buf *out, const struct view *view,
	const struct message *msg)
{
	for (size_t i = 0; i < view->waiting.count; i++) {
		const struct message_in_outbox_row *row = &view->waiting.items[i];

		if (row->message_id != msg->id)
			continue;
		json_open_in(out, "status_detail", '{');
		json_put_int(out, "waiting_ms",
			row->next_ms > job->now_ms ? row->next_ms - job->now_ms : 0);
		json_put_int(out, "attempts", row->attempts);
		if (view->is_held)
			json_put(out, "reason", S("maintenance"));
		json_close(out, '}');
		return;
	}
	json_put_null(out, "status_detail");
}

static void write_times(struct buf *out, const struct message *msg)
{
	json_put_ms(out, "edited_ms", msg->edited_ms);
	json_put_ms(out, "deleted_ms", msg->deleted_ms);
	json_put_int(out, "created_ms", message_time(msg));
	json_put_ms(out, "sent_ms", msg->sent_ms);
	json_put_ms(out, "delivered_ms", msg->delivered_ms);
	json_put_ms(out, "read_ms", msg->read_ms);
	json_put_ms(out, "played_ms", msg->played_ms);
	json_put_ms(out, "failed_ms", msg->failed_ms);
}

static void write_identity(struct buf *out, const struct message *msg,
	const struct contact *contact)
{
	json_put_id(out, "id", msg->id);
	json_put_id(out, "conversation_id", msg->conversation_id);
	json_put_id(out, "channel_id", msg->channel_id);
	json_put_id(out, "contact_id", contact ? contact->id : 0);
	json_put(out, "direction", is_incoming(msg) ? S("in") : S("out"));
	json_put(out, "type", str_of(kind_name(msg->kind)));
	json_put_raw(out, kind_name(msg->kind), msg->deleted_ms ? S("{}") : msg->content);
}

/* What it asked for beside its content; null for nothing. */
static enum err write_options(struct job *job, struct buf *out, const struct view *view,
	const struct message *msg)
{
	str options = STR_NONE;

	for (size_t i = 0; i < view->options.count; i++)
		if (view->options.items[i].message == msg->id)
			TRY(unseal(job, SEAL_MESSAGE_OPTION, view->options.items[i].options_sealed,
				&options));
	json_put_raw(out, "options", options);
	return OK;
}

static str forwarded_word(const struct message *msg)
{
	if (msg->flags & FLAG_FREQUENTLY_FORWARDED)
		return S("frequently");
	return msg->flags & FLAG_FORWARDED ? S("forwarded") : STR_NONE;
}

enum err message_write_json(struct job *job, struct buf *out, const char *key,
	const struct view *view, const struct message *msg)
{
	const struct conversation *conv = view_conversation(view, msg->conversation_id);
	const struct contact *contact = conv ? view_contact(view, conv->contact_id) : NULL;

	open_map(out, key);
	write_identity(out, msg, contact);
	json_put(out, "status", str_of(status_name(msg->status)));
	write_waiting(job, out, view, msg);
	json_put_raw(out, "error", msg->error);
	write_author(out, view, msg, contact);
	write_quoted(job, out, view, msg);
	view_write_mentions(job, out, view, msg);
	json_put(out, "forwarded", forwarded_word(msg));
	write_reactions(job, out, msg);
	json_put_bool(out, "starred", view_is_starred(view, msg->id));
	TRY(write_media(job, out, view, msg));
	TRY(write_options(job, out, view, msg));
	json_put(out, "remote_id", msg->remote_id);
	json_put(out, "trace_id", msg->trace);
	if (view->route)
		route_decision_write_json(job, out, "route", view->route);
	write_times(out, msg);
	json_close(out, '}');
	return OK;
}

static const struct channel_brief_row *find_channel(const struct view *view, id64 id)
{
	for (size_t i = 0; i < view->channels.count; i++)
		if (view->channels.items[i].id == id)
			return &view->channels.items[i];
	return NULL;
}

static void write_channel(struct job *job, struct buf *out, const struct view *view, id64 id)
{
	const struct channel_brief_row *row = find_channel(view, id);

	json_open_in(out, "channel", '{');
	json_put_id(out, "id", id);
	if (row) {
		json_put(out, "name", row->name);
		json_put(out, "provider", row->provider);
		json_put(out, "phone_number", with_plus(job, row->phone));
	}
	json_close(out, '}');
}

/* Networks without a window take free text at any time. */
static void write_window(struct job *job, struct buf *out, const struct view *view,
	const struct conversation *conv)
{
	const struct channel_brief_row *row = find_channel(view, conv->channel_id);
	bool is_windowed = !row || view->windowed[row - view->channels.items];

	json_open_in(out, "window", '{');
	json_put_bool(out, "open", !is_windowed || conversation_window_open(conv, job->now_ms));
	json_put_ms(out, "until_ms", is_windowed ? conv->window_until_ms : 0);
	json_close(out, '}');
}

static void write_team(struct buf *out, const struct view *view, id64 team)
{
	if (!team) {
		json_put_null(out, "team");
		return;
	}
	json_open_in(out, "team", '{');
	json_put_id(out, "id", team);
	for (size_t i = 0; i < view->teams.count; i++)
		if (view->teams.items[i].id == team)
			json_put(out, "name", view->teams.items[i].name);
	json_close(out, '}');
}

static void write_labels(struct buf *out, const struct view *view, id64 conversation)
{
	json_open_in(out, "labels", '[');
	for (size_t i = 0; i < view->labels.count; i++) {
		const struct conversation_label_row *row = &view->labels.items[i];

		if (row->conversation_id != conversation)
			continue;
		json_open(out, '{');
		json_put_id(out, "id", row->id);
		json_put(out, "name", row->name);
		json_put(out, "colour", row->colour);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void write_state(struct job *job, struct buf *out, const struct view *view,
	const struct conversation *conv)
{
	json_put(out, "status", str_of(conversation_status_name(conv->status)));
	if (conv->assignee_id) {
		json_open_in(out, "assignee", '{');
		json_put_id(out, "id", conv->assignee_id);
		json_put(out, "name", find_name(&view->people, conv->assignee_id));
		json_close(out, '}');
	} else {
		json_put_null(out, "assignee");
	}
	write_team(out, view, conv->team_id);
	write_labels(out, view, conv->id);
	view_write_marks(job, out, view, conv);
	json_put(out, "priority", str_of(conversation_priority_name(conv->priority)));
	json_put_ms(out, "snoozed_until_ms", conv->snoozed_until_ms);
	json_put_ms(out, "waiting_since_ms", conv->waiting_since_ms);
	json_put_ms(out, "queued_ms", conv->queued_ms);
	json_put_int(out, "unread_count", conv->unread_count);
	write_window(job, out, view, conv);
	json_put_int(out, "timer_s", conv->timer_s);
}

enum err conversation_write_json(struct job *job, struct buf *out, const char *key,
	const struct view *view, const struct conversation *conv)
{
	const struct message *last = find_message(&view->messages, conv->last_message_id);
	const struct contact *contact = view_contact(view, conv->contact_id);

	open_map(out, key);
	json_put_id(out, "id", conv->id);
	if (contact)
		contact_write_json(job, out, "contact", contact);
	write_channel(job, out, view, conv->channel_id);
	write_state(job, out, view, conv);
	if (last)
		TRY(message_write_json(job, out, "last_message", view, last));
	else
		json_put_null(out, "last_message");
	json_put_ms(out, "last_message_ms", conv->last_message_ms);
	json_put_int(out, "created_ms", conv->created_ms);
	json_put_int(out, "updated_ms", conv->updated_ms);
	json_close(out, '}');
	return OK;
}
