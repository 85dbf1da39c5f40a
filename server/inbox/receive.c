/*
 * receive.c: what a provider tells us, made into rows.
 *
 * One event is applied whole, in the caller's transaction. Every path here may run twice for the
 * same event, or for two events in the wrong order, and ends in the same rows: messages are known
 * by their remote key, statuses and the like by effect.c, notices by the hash of what they say.
 */
#include "account/channel.h"
#include "inbox/cost.h"
#include "inbox/inbox_internal.h"

#include "account/pace_number.h"
#include "account/seal.h"
#include "account/template.h"
#include "base/codec.h"
#include "inbox/chat.h"
#include "inbox/contacts.h"

#define TEMPLATE_DETAIL_MAX 4096
#define ID_TRIES_MAX 16
#define ID_LOW_BITS ((1 << 21) - 1) /* node and sequence of an id */

/* ---- messages ---- */

/* What the customer clicked to come here stands in the content, as in the webhook. */
static str with_referral(struct arena *arena, str content, str referral)
{
	str body = str_trim(content.len ? content : S("{}"));

	if (!referral.len || !str_ends(body, S("}")))
		return body;
	body.len--;
	return arena_printf(arena, STR_F "%s\"referral\":" STR_F "}", STR_A(body),
			    str_trim(str_part(body, 1, body.len)).len ? "," : "", STR_A(referral));
}

/* A message of the past sorts where it was said: its id is made of its time, and of its name
 * instead of chance. */
static id64 message_id(struct job *job, const struct channel *ch, const struct provider_event *ev)
{
	uint8_t key[REMOTE_KEY_SIZE];
	int64_t low = 0;

	if (!ev->is_history || ev->at_ms <= ID64_EPOCH_MS || ev->at_ms >= job->now_ms)
		return job_id(job);
	message_remote_key(ch->id, ev->remote_id, key);
	for (size_t i = 0; i < 3; i++)
		low = low << 8 | key[i];
	return id64_floor(ev->at_ms) + (low & ID_LOW_BITS);
}

static void set_side(const struct provider_event *ev, id64 contact, struct message *m)
{
	if (!ev->is_echo) {
		m->author_kind = ev->message_kind == KIND_SYSTEM ? ACTOR_SYSTEM : ACTOR_CONTACT;
		m->author_id = ev->message_kind == KIND_SYSTEM ? 0 : contact;
		m->status = STATUS_RECEIVED;
		return;
	}
	m->author_kind = ACTOR_PHONE;
	m->flags |= FLAG_ECHO;
	m->status = ev->status == STATUS_RECEIVED ? STATUS_SENT : ev->status;
	m->sent_ms = ev->at_ms;
}

static enum err expect_media(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes, id64 *out)
{
	*out = 0;
	if (!kind_is_media(ev->message_kind) || (!ev->media_remote_id.len && !ev->media_url.len))
		return OK;
	changes->media |= !ev->media.is_later;
	return media_expect(job, ch->id, ev->media_remote_id, ev->media_url, &ev->media, out);
}

static enum err insert(struct job *job, struct message *m, struct conversation *conv,
	struct inbox_changes *changes)
{
	enum err e = ERR_CONFLICT;

	for (int i = 0; i < ID_TRIES_MAX && e == ERR_CONFLICT; i++) {
		job_forgive(job);
		e = message_insert(job, m, conv, changes);
		m->id++;
	}
	return e;
}

/* Many events are applied by one job, so a message does not take its trace: its own is made of its
 * name, the same however often it comes. */
static str message_trace(struct job *job, const struct channel *ch, str remote_id)
{
	uint8_t key[REMOTE_KEY_SIZE];

	message_remote_key(ch->id, remote_id, key);
	return hex_text(job->arena, (bytes){ key, sizeof key });
}

/* An answer of the customer counts for the template that it follows. */
static enum err count_answer(struct job *job, const struct channel *ch,
	const struct provider_event *ev, id64 conversation)
{
	bool is_click = ev->message_kind == KIND_BUTTON, found = false;
	struct message_place_row place;

	if (ev->is_echo || ev->is_history)
		return OK;
	if (is_click && ev->reply_to.len)
		TRY(found_or_none(job, message_by_remote(job, ch->id, ev->reply_to, &place),
			&found));
	return template_used_answer(job, conversation, is_click, found ? place.id : 0);
}

/* Of somebody who is blocked: kept, in a conversation that nobody is shown. */
static enum err put_away(struct job *job, const struct provider_event *ev,
	struct conversation *conv, struct inbox_changes *changes, struct message *m)
{
	const struct conversation_patch patch = { .has_status = true,
		.status = CONVERSATION_ARCHIVED };

	m->flags |= FLAG_BLOCKED;
	return conv->last_message_id || ev->group_id.len ? OK
				     : conversation_update(job, conv->id, &patch, changes, conv);
}

/* What is said in a group stands in the group's thread, whoever said it. */
static enum err thread_of(struct job *job, const struct channel *ch,
	const struct provider_event *ev, id64 person, struct inbox_changes *changes,
	struct conversation *out)
{
	const struct person_ref group = { .group = ev->group_id };
	struct contact contact = { .id = person };

	if (ev->group_id.len)
		TRY(contact_resolve(job, &group, S("webhook"), changes, &contact));
	return conversation_of(job, contact.id, ch, changes, out);
}

/* Whatever the owner does in a chat on the phone, automation does not talk into it. */
static enum err quiet_automation(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	if (!ev->is_echo || ev->is_history || !ch->provider->is_paced)
		return OK;
	TRY(pace_owner_wrote(job, ch, ev->at_ms));
	inbox_note(job, changes, (struct inbox_change){ .kind = CHANGE_PACE, .item = ch->id });
	return OK;
}

/* Callers whose call was refused by the number's rule are told what the rule says. */
static enum err answer_call(struct job *job, const struct channel *ch,
	const struct provider_event *ev, id64 conversation, struct inbox_changes *changes)
{
	struct message_draft draft = { .conversation_id = conversation, .kind = KIND_TEXT,
		.priority = PRIORITY_AUTOMATION };
	const struct actor actor = job->actor;
	struct buf text = buf_in(job->arena, 8192);
	struct pace_number number;
	struct message answer;
	json said = NULL;
	enum err e;

	if (!ev->opens_window || ev->is_history || !ch->provider->is_paced ||
		json_read(job->arena, ev->content, &said, NULL) != OK ||
		!json_flag(json_field(said, "refused"), false))
		return OK;
	TRY(pace_number_get(job, ch->id, &number));
	if (!number.call_answer.len)
		return OK;
	json_open(&text, '{');
	json_put(&text, "body", number.call_answer);
	json_close(&text, '}');
	TRY(json_read(job->arena, buf_text(&text), &draft.content, NULL));
	job->actor = (struct actor){ .kind = ACTOR_AUTOMATION };
	e = inbox_send_within(job, &draft, changes, &answer);
	job->actor = actor;
	/* Refused by policy (the channel is off, …), it has written nothing. */
	if (e == OK || e == ERR_STORE)
		return e;
	job_forgive(job);
	return OK;
}

static enum err new_message(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	struct contact contact = { 0 };
	struct conversation conv;
	struct message m = {
		.id = message_id(job, ch, ev),
		.workspace = job->workspace,
		.channel_id = ch->id,
		.kind = ev->message_kind,
		.flags = ev->flags | (ev->is_history ? FLAG_HISTORY : 0),
		.remote_id = ev->remote_id,
		.content = with_referral(job->arena, ev->content, ev->referral),
		.reply_to_remote = ev->reply_to,
		.provider_ms = ev->at_ms,
		.event_id = changes->event,
		.trace = message_trace(job, ch, ev->remote_id),
	};

	/* What the owner writes in a group is for nobody by name. */
	if (!ev->is_echo || !ev->group_id.len)
		TRY(contact_resolve(job, &ev->who, S("webhook"), changes, &contact));
	TRY(thread_of(job, ch, ev, contact.id, changes, &conv));
	m.conversation_id = conv.id;
	if (contact.blocked_ms)
		TRY(put_away(job, ev, &conv, changes, &m));
	set_side(ev, contact.id, &m);
	TRY(expect_media(job, ch, ev, changes, &m.media_id));
	TRY(choice_take(job, ch, ev, &m));
	TRY(count_answer(job, ch, ev, conv.id));
	TRY(insert(job, &m, &conv, changes));
	TRY(quiet_automation(job, ch, ev, changes));
	TRY(answer_call(job, ch, ev, conv.id, changes));
	if (ev->tells_timer)
		TRY(conversation_time(job, conv.id, ev->timer_s,
			ev->timer_set_ms ? ev->timer_set_ms : ev->at_ms, changes));
	return ev->opens_window ? conversation_widen(job, conv.id,
				      ev->at_ms ? ev->at_ms : job->now_ms, changes)
	                        : OK;
}

/* History names a picture first and brings it later, or never; what did not decipher comes again.
 */
static enum err fill_placeholder(struct job *job, const struct channel *ch,
	const struct provider_event *ev, id64 message, struct inbox_changes *changes)
{
	struct message m = { .id = message, .kind = ev->message_kind, .content = ev->content };
	struct message_row row;
	id64 media;
	bytes body;

	TRY(sql_message_lock(job,
		&(struct sql_message_lock){ .id = message, .workspace = job->workspace }, &row));
	m.conversation_id = row.conversation_id;
	TRY(choice_take(job, ch, ev, &m));
	TRY(message_search_replace(job, &row, m.kind, m.content));
	TRY(expect_media(job, ch, ev, changes, &media));
	TRY(seal(job, SEAL_MESSAGE, m.content, &body));
	TRY(sql_message_fill(job,
		&(struct sql_message_fill){ .id = message,
			.workspace = job->workspace,
			.kind = m.kind,
			.body = body,
			.media_id = media },
		NULL));
	if (m.reply_to_id)
		TRY(sql_message_quote(job,
			&(struct sql_message_quote){ message, job->workspace, m.reply_to_id },
			NULL));
	inbox_note(job, changes, (struct inbox_change){
		.kind = CHANGE_MESSAGE, .message = message, .conversation = row.conversation_id });
	return OK;
}

/* A message without a name cannot be told from its repetition: it is kept. */
static enum err apply_message(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	struct message_place_row known;
	bool found;

	if (!ev->remote_id.len) {
		changes->kept = true;
		return OK;
	}
	TRY(found_or_none(job, message_by_remote(job, ch->id, ev->remote_id, &known), &found));
	if (!found)
		return new_message(job, ch, ev, changes);
	if ((known.kind == KIND_MEDIA_PLACEHOLDER && kind_is_media(ev->message_kind)) ||
		(known.kind == KIND_WAITING && ev->message_kind != KIND_WAITING))
		return fill_placeholder(job, ch, ev, known.id, changes);
	return OK;
}

/* ---- what happens to messages ---- */

static str error_json(struct arena *arena, const struct provider_event *ev)
{
	struct buf out = buf_in(arena, 64u << 10);

	json_open(&out, '{');
	json_put(&out, "code", ev->error_code);
	json_put(&out, "message", ev->error_sentence);
	json_put(&out, "next_step", ev->error_next_step);
	json_put_bool(&out, "retryable", false);
	json_close(&out, '}');
	return buf_text(&out);
}

/* A first report names the recipient as the network knows it: the contact learns that name. */
static enum err learn_recipient(struct job *job, id64 message, const struct provider_event *ev,
				struct inbox_changes *changes)
{
	struct message_row row;
	struct conversation conv;

	if (!message || (ev->status != STATUS_SENT && ev->status != STATUS_DELIVERED))
		return OK;
	TRY(sql_message_find(job,
		&(struct sql_message_find){ .id = message, .workspace = job->workspace }, &row));
	if (row.status != (int64_t)ev->status)
		return OK;
	TRY(conversation_get(job, row.conversation_id, &conv));
	return contact_learn(job, conv.contact_id, &ev->who, changes);
}

static enum err apply_status(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	const struct effect effect = {
		.kind = EFFECT_STATUS,
		.at_ms = ev->at_ms,
		.remote_id = ev->target_id,
		.status = ev->status,
		.error = ev->status == STATUS_FAILED ? error_json(job->arena, ev) : STR_NONE,
	};
	id64 message;

	TRY(effect_take(job, ch, &effect, ev->target_message, changes, &message));
	if (message)
		TRY(cost_apply(job, message, ev));
	return ev->group_id.len ? OK : learn_recipient(job, message, ev, changes);
}

/* A reaction to a message that we do not have counts for the window all the same. */
static enum err apply_reaction(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	const struct effect effect = {
		.kind = EFFECT_REACTION,
		.at_ms = ev->at_ms,
		.remote_id = ev->target_id,
		.emoji = ev->emoji,
		.by_business = ev->is_echo,
		.is_history = ev->is_history,
	};
	struct contact contact;
	struct conversation_row conv;
	bool found;
	id64 message;

	TRY(effect_take(job, ch, &effect, ev->target_message, changes, &message));
	if (message || ev->is_echo || ev->is_history || !ev->emoji.len || ev->group_id.len)
		return OK;
	TRY(contact_resolve(job, &ev->who, S("webhook"), changes, &contact));
	TRY(found_or_none(job,
		sql_conversation_by_pair(job,
			&(struct sql_conversation_by_pair){ .contact = contact.id,
				.number = ch->number_id,
				.workspace = job->workspace },
			&conv),
		&found));
	return found ? conversation_widen(job, conv.id, ev->at_ms ? ev->at_ms : job->now_ms,
			       changes)
	             : OK;
}

static enum err apply_edit_or_revoke(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	struct effect effect = {
		.kind = ev->kind == EVENT_EDIT ? EFFECT_EDIT : EFFECT_REVOKE, .at_ms = ev->at_ms,
		.remote_id = ev->target_id, .content = ev->content.len ? ev->content : S("{}"),
		.by_business = ev->is_echo,
	};
	struct contact author;
	id64 message;

	if (ev->group_id.len && !ev->is_echo && ev->kind == EVENT_EDIT) {
		TRY(contact_resolve(job, &ev->who, S("webhook"), changes, &author));
		effect.by = author.id;
	}
	return effect_take(job, ch, &effect, ev->target_message, changes, &message);
}

static enum err apply_vote(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	struct effect effect = { .kind = EFFECT_VOTE,
		.at_ms = ev->at_ms,
		.remote_id = ev->target_id,
		.by_business = ev->is_echo,
		.is_history = ev->is_history,
		.votes = ev->votes,
		.voter = S("business") };
	struct contact contact;
	id64 message;

	if (!ev->is_echo) {
		TRY(contact_resolve(job, &ev->who, S("webhook"), changes, &contact));
		effect.voter = arena_printf(job->arena, "%lld", (long long)contact.id);
		effect.voter_name = contact.name;
	}
	return effect_take(job, ch, &effect, 0, changes, &message);
}

/* ---- people ---- */

static enum err apply_preference(struct job *job, const struct provider_event *ev,
	struct inbox_changes *changes)
{
	int64_t at_ms = ev->at_ms ? ev->at_ms : job->now_ms, changed;
	bool stops = str_is(ev->preference, S("stop"));
	struct contact contact;

	TRY(contact_resolve(job, &ev->who, S("webhook"), changes, &contact));
	TRY(sql_contact_set_preference(job,
		&(struct sql_contact_set_preference){ .id = contact.id,
			.workspace = job->workspace,
			.at_ms = at_ms,
			.now_ms = job->now_ms,
			.opt_out_ms = stops ? at_ms : 0 },
		&changed));
	if (!changed)
		return OK;
	TRY(contact_consent_note(job, contact.id, stops, S("webhook"), at_ms));
	return contact_note(job, contact.id,
		stops ? WEBHOOK_CONTACT_OPTED_OUT : WEBHOOK_CONTACT_UPDATED, changes);
}

static enum err apply_contact(struct job *job, const struct provider_event *ev,
	struct inbox_changes *changes)
{
	struct person_ref who = ev->who;
	struct contact contact;

	if (!ev->who.name.len)
		return OK;
	who.name = STR_NONE; /* the owner's word for them, not theirs */
	TRY(contact_resolve(job, &who, S("address_book"), changes, &contact));
	return contact_rename(job, contact.id, ev->who.name, NAME_ADDRESS_BOOK, changes);
}

static enum err apply_identity(struct job *job, const struct provider_event *ev,
	struct inbox_changes *changes)
{
	struct contact contact;

	return contact_link(job, &ev->who, &ev->previous, ev->at_ms, changes, &contact);
}

/* ---- account, numbers, templates ---- */

static enum err notice_hash(struct job *job, const struct channel *ch,
	const struct provider_event *ev, str sentence, uint8_t out[SHA256_SIZE])
{
	str all = arena_printf(job->arena, "%lld|%lld|" STR_F "|", (long long)ch->id,
		(long long)ev->at_ms, STR_A(ev->field));
	struct buf text = buf_in(job->arena, all.len + sentence.len + ev->detail.len + 1);

	buf_str(&text, all);
	buf_str(&text, sentence);
	buf_byte(&text, '|');
	buf_str(&text, ev->detail);
	return keyed_hash(job, S("notice"), buf_text(&text), out);
}

static enum err add_notice(struct job *job, const struct channel *ch,
	const struct provider_event *ev, str sentence, struct inbox_changes *changes)
{
	uint8_t hash[SHA256_SIZE];
	id64 id = job_id(job);
	int64_t added;
	bytes detail;

	TRY(notice_hash(job, ch, ev, sentence, hash));
	TRY(seal(job, SEAL_NOTICE, ev->detail.len ? ev->detail : S("{}"), &detail));
	TRY(sql_notice_add(job,
		&(struct sql_notice_add){ .id = id,
			.workspace = job->workspace,
			.channel = ch->id,
			.kind = ev->field.ptr ? ev->field : S("notice"),
			.severity = ev->severity.len ? ev->severity : S("info"),
			.sentence = sentence,
			.detail = detail,
			.dedup = { hash, sizeof hash },
			.at_ms = ev->at_ms ? ev->at_ms : job->now_ms },
		&added));
	if (added)
		inbox_note(job, changes,
			(struct inbox_change){ .kind = CHANGE_NOTICE, .notice = id });
	return OK;
}

static str template_sentence(struct arena *arena, const struct provider_event *ev)
{
	str what = ev->template_status.len ? ev->template_status :
		   ev->template_quality.len ? ev->template_quality : ev->template_category;

	if (ev->sentence.len)
		return ev->sentence;
	return arena_printf(arena,
		"The template " STR_F " (" STR_F ") is now " STR_F "%s" STR_F ".",
		STR_A(ev->template_name), STR_A(ev->template_language), STR_A(what),
		ev->reason.len ? ": " : "", STR_A(ev->reason));
}

static enum err emit_template(struct job *job, const struct channel *ch,
	const struct provider_event *ev, bool passed_on)
{
	struct buf detail = buf_in(job->arena, TEMPLATE_DETAIL_MAX);

	json_open(&detail, '{');
	json_put(&detail, "name", ev->template_name);
	json_put(&detail, "language", ev->template_language);
	json_put(&detail, "status", ev->template_status);
	json_put(&detail, "reason", ev->reason);
	json_close(&detail, '}');
	return webhook_emit(job, &(struct webhook_event){ .kind = WEBHOOK_TEMPLATE_STATUS_CHANGED,
					 .channel = ch->id,
					 .at_ms = ev->at_ms,
					 .passed_on = passed_on,
					 .detail = detail.failed ? STR_NONE : buf_text(&detail) });
}

static enum err apply_template(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	id64 changed;

	TRY(template_apply(job, ch, ev, &changed));
	if (changed)
		inbox_note(job, changes,
			(struct inbox_change){ .kind = CHANGE_TEMPLATE, .template = changed });
	if (ev->template_status.len)
		TRY(emit_template(job, ch, ev, changes->passed_on));
	return add_notice(job, ch, ev, template_sentence(job->arena, ev), changes);
}

static enum err apply(struct job *job, const struct channel *ch,
	const struct provider_event *event, struct inbox_changes *changes)
{
	switch (event->kind) {
	case EVENT_MESSAGE:
		return apply_message(job, ch, event, changes);
	case EVENT_STATUS:
		return apply_status(job, ch, event, changes);
	case EVENT_REACTION:
		TRY(quiet_automation(job, ch, event, changes));
		return apply_reaction(job, ch, event, changes);
	case EVENT_EDIT:
	case EVENT_REVOKE:
		TRY(quiet_automation(job, ch, event, changes));
		return apply_edit_or_revoke(job, ch, event, changes);
	case EVENT_VOTE:
		return apply_vote(job, ch, event, changes);
	case EVENT_IDENTITY:
		return apply_identity(job, event, changes);
	case EVENT_TEMPLATE:
		return apply_template(job, ch, event, changes);
	case EVENT_PREFERENCE:
		return apply_preference(job, event, changes);
	case EVENT_CONTACT:
		return apply_contact(job, event, changes);
	case EVENT_NOTICE:
		TRY(channel_apply_notice(job, ch, event));
		if (str_is(event->field, S("restriction"))) {
			TRY(pace_restricted(job, ch, event->detail));
			inbox_note(job, changes,
				(struct inbox_change){ .kind = CHANGE_PACE, .item = ch->id });
		}
		return add_notice(job, ch, event, event->sentence, changes);
	case EVENT_CHAT:
		return chat_apply(job, ch, event, changes);
	case EVENT_LABEL:
		return chat_apply_label(job, ch, event, changes);
	case EVENT_QUICK_REPLY:
		return chat_apply_quick_reply(job, ch, event, changes);
	case EVENT_UNDRAWN:
		changes->kept = true;
		return OK;
	}
	return fail(job, ERR_BUG, "an event of a kind that is not known");
}

enum err inbox_apply(struct job *job, const struct channel *ch, const struct provider_event *event,
		     struct inbox_changes *changes)
{
	const bool from_outside = changes->from_outside;
	enum err e;

	changes->from_outside = true;
	e = apply(job, ch, event, changes);
	changes->from_outside = from_outside;
	return e;
}
