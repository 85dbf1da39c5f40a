/*
 * tell.c: what changed in the inbox, to the live channels of its workspaces.
 *
 * Called after the commit by whoever changed something. The JSON of a change is made once and
 * shared by all who listen; what a batch changed is loaded together. A failure here loses nothing:
 * a console that missed an event asks again.
 */
#include "api/message_json.h"

#include "account/channel.h"
#include "account/template.h"
#include "api/audience.h"
#include "inbox/scheduled.h"
#include "api/handlers.h"
#include "api/realtime.h"
#include "base/log.h"

#include <pthread.h>

#define EVENT_JSON_MAX (256u << 10)

void (*api_publish)(str app_key, str channel, str event, str data);
void (*api_live_reset)(str app_key);
void (*api_live_close_member)(str app_key, str channel, str user_id);
void (*api_live_claim)(str app_key, str socket_id, id64 owner);
void (*api_listeners_hook)(void);

/* The changes of one workspace that are told together. */
struct telling {
	id64 messages[VIEW_ITEMS_MAX], conversations[VIEW_ITEMS_MAX];
	size_t message_count, conversation_count;
	const struct inbox_changes *changes;
	struct audience audience;
};

static struct scoped scoped_of(const struct conversation *conv)
{
	return (struct scoped){ conv->channel_id, conv->team_id, conv->assignee_id };
}

static bool is_created(const struct inbox_changes *changes, id64 message)
{
	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].kind == CHANGE_MESSAGE_CREATED &&
			changes->items[i].message == message)
			return true;
	return false;
}

/* A new message carries its conversation. */
static bool is_told_with_message(const struct inbox_changes *changes, id64 conversation)
{
	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].kind == CHANGE_MESSAGE_CREATED &&
			changes->items[i].conversation == conversation)
			return true;
	return false;
}

/* ---- one change ---- */

/* A reaction on its way out is shown on its message. */
static enum err tell_message(struct job *job, const struct telling *t, const struct view *view,
	const struct message *msg)
{
	const struct conversation *conv = view_conversation(view, msg->conversation_id);
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);
	bool created = is_created(t->changes, msg->id);
	struct scoped what;

	if (kind_is_change(msg->kind) || !conv)
		return OK;
	what = scoped_of(conv);
	json_open(&data, '{');
	TRY(message_write_json(job, &data, "message", view, msg));
	if (created)
		TRY(conversation_write_json(job, &data, "conversation", view, conv));
	json_close(&data, '}');
	audience_tell_about(&t->audience, &what,
		created ? S("message.created") : S("message.updated"), &data);
	return OK;
}

static enum err tell_conversation(struct job *job, const struct telling *t, const struct view *view,
				  const struct conversation *conv)
{
	const struct scoped what = scoped_of(conv);
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);

	json_open(&data, '{');
	TRY(conversation_write_json(job, &data, "conversation", view, conv));
	json_close(&data, '}');
	audience_tell_about(&t->audience, &what, S("conversation.updated"), &data);
	return OK;
}

/* Who looks at it, and does not see it any more, hears no longer who else does. */
static void show_out(struct job *job, const struct telling *t, const struct inbox_change *change,
	const struct scoped *is)
{
	str channel = arena_printf(job->arena, "presence-conversation-%lld",
		(long long)change->conversation);

	for (size_t i = 0; api_live_close_member && i < t->audience.count; i++)
		if (audience_lost(&t->audience.items[i], &change->was, is))
			api_live_close_member(t->audience.app_key, channel,
				arena_printf(job->arena, "%lld",
					(long long)t->audience.items[i].id));
}

/* It went to another team or person: whoever does not see it any more takes it off their list. */
static enum err tell_lost(struct job *job, const struct telling *t,
	const struct inbox_change *change)
{
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);
	struct conversation conv;
	struct scoped is;

	if (!change->moved)
		return OK;
	TRY(conversation_get(job, change->conversation, &conv));
	is = scoped_of(&conv);
	json_open(&data, '{');
	json_put_id(&data, "id", conv.id);
	json_close(&data, '}');
	audience_tell_lost(&t->audience, &change->was, &is, S("conversation.gone"), &data);
	show_out(job, t, change, &is);
	return OK;
}

/* It is a part of another one now: whoever had it in a list takes it off. */
static void tell_joined(struct job *job, const struct telling *t, const struct inbox_change *change)
{
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);

	json_open(&data, '{');
	json_put_id(&data, "id", change->conversation);
	json_put_id(&data, "into", change->into);
	json_close(&data, '}');
	audience_tell_about(&t->audience, &change->was, S("conversation.gone"), &data);
}

/* ---- a handful ---- */

static enum err flush(struct job *job, struct telling *t)
{
	struct view_ask ask = { .last_messages = true };
	struct view view;
	size_t messages, conversations;

	TRY(message_by_ids(job, t->messages, t->message_count, &ask.messages));
	TRY(conversation_by_ids(job, t->conversations, t->conversation_count, &ask.conversations));
	t->message_count = t->conversation_count = 0;
	messages = ask.messages.count;
	conversations = ask.conversations.count;
	if (!messages && !conversations)
		return OK;
	TRY(view_load(job, &ask, &view));
	for (size_t i = 0; i < messages; i++)
		TRY(tell_message(job, t, &view, &view.messages.items[i]));
	for (size_t i = 0; i < conversations; i++)
		TRY(tell_conversation(job, t, &view, &view.conversations.items[i]));
	return OK;
}

static enum err add_message(struct job *job, struct telling *t, id64 id)
{
	for (size_t i = 0; i < t->message_count; i++)
		if (t->messages[i] == id)
			return OK;
	t->messages[t->message_count++] = id;
	return t->message_count == VIEW_ITEMS_MAX ? flush(job, t) : OK;
}

static enum err add_conversation(struct job *job, struct telling *t, id64 id)
{
	if (is_told_with_message(t->changes, id))
		return OK;
	for (size_t i = 0; i < t->conversation_count; i++)
		if (t->conversations[i] == id)
			return OK;
	t->conversations[t->conversation_count++] = id;
	return t->conversation_count == VIEW_ITEMS_MAX ? flush(job, t) : OK;
}

static void tell_contact(struct job *job, const struct telling *t, id64 id,
	const struct conversations *in)
{
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);
	struct scoped *whats = ARENA_ARRAY(job->arena, struct scoped, in->count);

	for (size_t i = 0; i < in->count; i++)
		whats[i] = scoped_of(&in->items[i]);
	json_open(&data, '{');
	json_put_id(&data, "id", id);
	json_close(&data, '}');
	audience_tell_any(&t->audience, whats, in->count, S("contact.updated"), &data);
}

/* A contact is shown as part of its conversations, too. */
static enum err add_contact(struct job *job, struct telling *t, id64 id)
{
	struct conversations conversations;

	TRY(conversation_of_contact(job, id, &conversations));
	tell_contact(job, t, id, &conversations);
	for (size_t i = 0; i < conversations.count; i++)
		TRY(add_conversation(job, t, conversations.items[i].id));
	return OK;
}

/* To its person alone. */
static enum err tell_notification(struct job *job, const struct telling *t, id64 id)
{
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);
	id64 person;

	TRY(notification_write_event(job, &data, id, &person));
	audience_tell_one(&t->audience,
		arena_printf(job->arena, "private-person-%lld", (long long)person),
		S("notification.created"), &data);
	return OK;
}

static enum err tell_scheduled(struct job *job, const struct telling *t, id64 id)
{
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);
	struct scheduled scheduled;
	struct conversation conv;
	struct scoped what;

	TRY(scheduled_get(job, id, &scheduled));
	TRY(conversation_get(job, scheduled.conversation_id, &conv));
	what = scoped_of(&conv);
	TRY(scheduled_write_event(job, &data, id));
	audience_tell_about(&t->audience, &what, S("scheduled.updated"), &data);
	return OK;
}

static enum err add_change(struct job *job, struct telling *t, const struct inbox_change *change)
{
	switch (change->kind) {
	case CHANGE_MESSAGE_CREATED:
	case CHANGE_MESSAGE:
		return add_message(job, t, change->message);
	case CHANGE_CONVERSATION:
		if (change->into) {
			tell_joined(job, t, change);
			return OK;
		}
		TRY(tell_lost(job, t, change));
		return add_conversation(job, t, change->conversation);
	case CHANGE_CONTACT:
		return add_contact(job, t, change->contact);
	case CHANGE_NOTIFICATION:
		return tell_notification(job, t, change->notification);
	case CHANGE_SCHEDULED:
		return tell_scheduled(job, t, change->scheduled);
	case CHANGE_TEMPLATE:
		api_tell_template(job, change->template);
		break;
	case CHANGE_LABEL:
		api_tell_list(job, S("label.updated"), change->item);
		break;
	case CHANGE_CANNED:
		api_tell_list(job, S("canned.updated"), change->item);
		break;
	case CHANGE_PACE:
		api_tell_pace(job, change->item);
		break;
	case CHANGE_NOTICE:
		break;
	}
	return OK;
}

static enum err tell_workspace(struct job *job, const struct inbox_changes *changes)
{
	struct telling *t = ARENA_NEW(job->arena, struct telling);

	TRY(audience_load(job, &t->audience));
	t->changes = changes;
	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].workspace == job->workspace)
			TRY(add_change(job, t, &changes->items[i]));
	return flush(job, t);
}

static bool is_first_of_workspace(const struct inbox_changes *changes, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (changes->items[i].workspace == changes->items[at].workspace)
			return false;
	return true;
}

/* A telling loads what it tells after the commit. One after the other: else one that loaded before
 * another's commit could be published behind it, and leave the old state on every screen. */
static pthread_mutex_t telling_turn = PTHREAD_MUTEX_INITIALIZER;

/* Whoever was away must not be told that they have it all. */
static void not_told(struct job *job, enum err e)
{
	log_warn("live events were not told: %s: " STR_F, err_name(e), STR_A(job->why));
	if (api_live.stream)
		live_stream_forget(api_live.stream, STR_NONE);
}

void api_tell(struct job *job, const struct inbox_changes *changes)
{
	id64 workspace = job->workspace;

	for (size_t i = 0; api_publish && i < changes->count; i++) {
		enum err e;

		if (!is_first_of_workspace(changes, i))
			continue;
		job->workspace = changes->items[i].workspace;
		pthread_mutex_lock(&telling_turn);
		e = tell_workspace(job, changes);
		pthread_mutex_unlock(&telling_turn);
		if (e != OK)
			not_told(job, e);
		job_forgive(job);
	}
	job->workspace = workspace;
}

/* Everybody of the workspace hears it, so it carries no verify token. */
static enum err tell_channel(struct job *job, id64 channel)
{
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);
	struct audience audience;
	struct channel_full *full;

	TRY(channel_get_full(job, channel, &full));
	job->workspace = full->channel.workspace;
	TRY(audience_load(job, &audience));
	json_open(&data, '{');
	channel_write_json(&data, "channel", full, false);
	json_close(&data, '}');
	audience_tell(&audience, S("channel.updated"), &data);
	return OK;
}

void api_tell_channel(struct job *job, id64 channel)
{
	id64 workspace = job->workspace;
	enum err e = api_publish ? tell_channel(job, channel) : OK;

	/* One that was deleted is not there to be told. */
	if (e != OK && e != ERR_MISSING)
		log_warn("a channel's change was not told: %s: " STR_F, err_name(e),
			STR_A(job->why));
	if (e != OK)
		job_forgive(job);
	job->workspace = workspace;
}

static enum err tell_template(struct job *job, id64 template)
{
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);
	struct audience audience;
	struct template_item item;
	id64 channel;

	TRY(template_find(job, template, &item));
	TRY(template_channel(job, &item, &channel));
	TRY(audience_load(job, &audience));
	json_open(&data, '{');
	template_write_json(&data, "template", &item, channel);
	json_close(&data, '}');
	audience_tell(&audience, S("template.updated"), &data);
	return OK;
}

void api_tell_template(struct job *job, id64 template)
{
	enum err e = api_publish ? tell_template(job, template) : OK;

	if (e == OK)
		return;
	log_warn("a template's change was not told: %s: " STR_F, err_name(e), STR_A(job->why));
	job_forgive(job);
}

void api_tell_access(struct job *job)
{
	struct live_app app;
	enum err e = api_live_reset ? live_app_get(job, &app) : ERR_MISSING;

	if (e == OK)
		api_live_reset(app.key);
	else if (api_live_reset)
		log_error("who listens was not asked again: %s: " STR_F, err_name(e),
			STR_A(job->why));
	if (e != OK)
		job_forgive(job);
}

static enum err tell_list(struct job *job, str event, id64 id)
{
	struct buf data = buf_in(job->arena, EVENT_JSON_MAX);
	struct audience audience;

	TRY(audience_load(job, &audience));
	json_open(&data, '{');
	json_put_id(&data, "id", id);
	json_close(&data, '}');
	audience_tell(&audience, event, &data);
	return OK;
}

void api_tell_list(struct job *job, str event, id64 id)
{
	enum err e = api_publish ? tell_list(job, event, id) : OK;

	if (e == OK)
		return;
	log_warn("a change was not told: %s: " STR_F, err_name(e), STR_A(job->why));
	job_forgive(job);
}

void api_check_listeners(void)
{
	if (api_listeners_hook)
		api_listeners_hook();
}

/* Also to those who see only a part of the inbox: what it tells is no part of it. */
static enum err tell_event(struct job *job, str event, const struct buf *data)
{
	struct audience audience;

	TRY(audience_load(job, &audience));
	audience_tell(&audience, event, data);
	return OK;
}

void api_tell_event(struct job *job, str event, const struct buf *data)
{
	enum err e = api_publish ? tell_event(job, event, data) : OK;

	if (e == OK)
		return;
	log_warn("a change was not told: %s: " STR_F, err_name(e), STR_A(job->why));
	job_forgive(job);
}
