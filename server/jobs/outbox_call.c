/*
 * outbox_call.c: one message to its provider; on a call worker, which holds no transaction.
 *
 * What comes of it is told in words that the outbox thread writes down: sent, try again,
 * unconfirmed (it may have been accepted and the answer was lost), or failed for good.
 */
#include "account/channel.h"
#include "account/seal.h"
#include "base/log.h"
#include "jobs/jobs.h"
#include "jobs/media.h"
#include "jobs/outbox_internal.h"
#include "store/store.h"

enum { RETRY_LATER_MS = 600000, SENTENCE_MAX = 1024 };

#define SWAPS_MAX 16 /* files in one message: a header's, or ten cards' */

struct swaps { struct media_swap items[SWAPS_MAX + 1]; size_t count; };

struct prepared {
	struct channel *channel;
	struct message message;
	struct outgoing outgoing;
};

/* The result outlives the job: its texts move into a buffer of its own, whose memory is made once,
 * so they stay put. */
static void keep_texts(struct outbox_result *r)
{
	str *texts[] = { &r->remote_id, &r->code, &r->sentence, &r->next_step, &r->provider_trace };

	r->texts = buf_heap(COUNT_OF(texts) * SENTENCE_MAX);
	(void)buf_space(&r->texts, r->texts.max);
	buf_clear(&r->texts);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		str part = str_part(*texts[i], 0, SENTENCE_MAX);
		size_t at = r->texts.len;

		buf_str(&r->texts, part);
		if (part.ptr)
			*texts[i] = str_part(buf_text(&r->texts), at, part.len);
	}
}

static str alias_of(const struct contact *contact, const char *kind)
{
	for (size_t i = 0; i < contact->alias_count; i++)
		if (str_is(contact->aliases[i].kind, str_of(kind)))
			return contact->aliases[i].value;
	return STR_NONE;
}

/* Some networks want what is quoted, or changed, and who said it. */
static enum err find_quoted(struct job *job, struct prepared *p)
{
	struct outgoing_quote *out = &p->outgoing.quoted;
	struct contact author;
	struct message quoted;

	TRY(message_get(job, p->message.reply_to_id, &quoted));
	*out = (struct outgoing_quote){ .kind = quoted.kind, .content = quoted.content,
		.is_ours = quoted.author_kind != ACTOR_CONTACT };
	if (out->is_ours || !quoted.author_id)
		return OK;
	TRY(contact_get(job, quoted.author_id, &author));
	out->author_phone = author.phone;
	out->author_lid = alias_of(&author, "lid");
	return OK;
}

static enum err find_target(struct job *job, struct prepared *p)
{
	struct outbox_target_row target;
	struct contact contact;

	TRY(sql_outbox_target(job, &(struct sql_outbox_target){ p->message.id }, &target));
	TRY(contact_get(job, target.contact, &contact));
	p->outgoing.to_phone = contact.phone;
	p->outgoing.to_lid = contact.lid;
	p->outgoing.to_bsuid = contact.bsuid;
	p->outgoing.to_group = contact.group;
	p->outgoing.reply_remote_id = target.reply_remote_id;
	p->outgoing.timer_s = target.timer_s;
	p->outgoing.timer_set_ms = target.timer_set_ms;
	if (target.reply_remote_id.len)
		TRY(find_quoted(job, p));
	if (!contact.phone.len && !contact.bsuid.len && !contact.group.len &&
		!(contact.lid.len && provider_can(p->channel) & CAN_LID))
		return fail_code(job, ERR_INPUT, S("no_address"),
			S("Ask the customer to write first."),
			"The contact has neither a phone number nor a WhatsApp id that can be "
			"written to.");
	return OK;
}

static enum err find_options(struct job *job, struct prepared *p)
{
	struct message_option_row row;
	enum err e = sql_message_option_find(job,
		&(struct sql_message_option_find){
			.message = p->message.id, .workspace = job->workspace },
		&row);

	if (e == ERR_MISSING) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	return unseal(job, SEAL_MESSAGE_OPTION, row.options_sealed, &p->outgoing.options);
}

static enum err find_channel(struct job *job, id64 id, struct channel **out)
{
	enum err e = channel_get(job, id, out);

	if (e == ERR_MISSING)
		return fail_code(job, e, S("channel_deleted"),
			S("Write to the customer on another channel."),
			"The channel was deleted before the message could be sent.");
	return e;
}

/* The files of headers and cards go up first; their ids are swapped when the message is written. */
static enum err upload_within(struct job *job, struct prepared *p, json v, struct swaps *swaps)
{
	for (size_t i = 0; json_kind(v) == JSON_LIST && i < json_count(v); i++)
		TRY(upload_within(job, p, json_at(v, i), swaps));
	if (json_kind(v) != JSON_MAP)
		return OK;
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		json value = json_member_value(at);
		struct media_swap *swap = &swaps->items[swaps->count];
		id64 media;

		if (!kind_is_media(kind_parse(json_member_name(at))) ||
			!json_id(json_field(value, "id"), &media)) {
			TRY(upload_within(job, p, value, swaps));
		} else if (swaps->count < SWAPS_MAX) {
			swap->ours = json_text(json_field(value, "id"));
			TRY(media_ensure_uploaded(job, p->channel,
				&(struct media_wanted){ media,
					kind_parse(json_member_name(at)) },
				&swap->remote_id));
			swaps->count++;
		}
	}
	return OK;
}

static enum err swap_files(struct job *job, struct prepared *p)
{
	struct swaps *swaps = ARENA_NEW(job->arena, struct swaps);
	json content = NULL;

	if (p->message.kind != KIND_TEMPLATE && p->message.kind != KIND_INTERACTIVE)
		return OK;
	TRY(json_read(job->arena, p->message.content, &content, &job->why));
	TRY(upload_within(job, p, content, swaps));
	p->outgoing.swaps = swaps->items;
	p->outgoing.swap_count = swaps->count;
	return OK;
}

static enum err prepare(struct job *job, const struct outbox_item_row *item, struct prepared *p)
{
	job->workspace = item->workspace;
	TRY(find_channel(job, item->channel, &p->channel));
	TRY(message_get(job, item->message, &p->message));
	p->outgoing = (struct outgoing){ .id = item->message,
		.kind = p->message.kind,
		.content = p->message.content,
		.forwards = message_forwards(&p->message) };
	TRY(find_target(job, p));
	TRY(find_options(job, p));
	if (p->channel->disabled)
		return fail_code(job, ERR_DENIED, S("channel_disabled"),
			S("Enable the channel and try again."), "The channel is disabled.");
	if (p->message.media_id && kind_is_media(p->message.kind))
		TRY(media_ensure_uploaded(job, p->channel,
			&(struct media_wanted){ p->message.media_id, p->message.kind },
			&p->outgoing.media_remote_id));
	TRY(outbox_slow_typing(job, p->channel, &p->message, &p->outgoing.typing_ms));
	return swap_files(job, p);
}

static void tell_failure(struct job *job, enum err e, struct outbox_result *r)
{
	r->code = job->code.len ? job->code : str_of(err_name(e));
	r->sentence = job->why.len ? job->why : S("The message could not be handed over.");
	r->next_step = job->next_step.len ? job->next_step : S("Try again.");
}

/* What failed before the message itself left us: it surely was not sent. */
static void judge_preparation(struct job *job, enum err e, struct outbox_result *r)
{
	bool passing = e == ERR_STORE || e == ERR_TIMEOUT || e == ERR_UPSTREAM || e == ERR_LIMIT;

	tell_failure(job, e, r);
	r->outcome = passing ? OUTCOME_RETRY : OUTCOME_FAILED;
	r->was_called = e == ERR_TIMEOUT || e == ERR_UPSTREAM;
	r->health = ROUTE_BROKE;
	r->may_move = str_is(job->code, S("channel_deleted")) ||
	              str_is(job->code, S("channel_disabled"));
}

static void judge_call(struct job *job, const struct send_result *sent, struct outbox_result *r)
{
	r->health = ROUTE_TOOK;
	switch (sent->advice) {
	case RETRY_BACKOFF:
		r->outcome = OUTCOME_RETRY;
		r->health = ROUTE_BROKE;
		break;
	case RETRY_AFTER:
		r->outcome = OUTCOME_RETRY;
		r->wait_ms = job->retry_after_ms;
		break;
	case RETRY_LATER:
		r->outcome = OUTCOME_RETRY;
		r->wait_ms = RETRY_LATER_MS;
		break;
	case RETRY_STOP:
		r->health = ROUTE_STOPPED;
		r->may_move = !sent->may_have_happened;
		r->outcome = OUTCOME_FAILED;
		break;
	case RETRY_NEVER:
	case RETRY_TEMPLATE:
		r->outcome = OUTCOME_FAILED;
		break;
	}
	if (!sent->may_have_happened)
		return;
	r->outcome = OUTCOME_UNCONFIRMED;
	r->health = ROUTE_BROKE;
}

static void give_up_when_old(struct job *job, struct outbox_result *r)
{
	if (r->outcome != OUTCOME_RETRY || job->now_ms - r->item.created_ms < OUTBOX_GIVE_UP_MS)
		return;
	r->outcome = OUTCOME_FAILED;
	r->next_step = S("Look at the channel's health, then press Retry.");
}

static void send_prepared(struct job *job, const struct prepared *p, struct outbox_result *r)
{
	struct send_result sent = { 0 };
	enum err e = provider_send(job, p->channel, &p->outgoing, &sent);

	r->is_template = p->message.kind == KIND_TEMPLATE;
	r->is_paced = p->channel->provider->is_paced;
	r->provider_trace = sent.provider_trace;
	r->was_called = true;
	if (e == OK) {
		r->health = ROUTE_TOOK;
		r->outcome = OUTCOME_SENT;
		r->passed_on = p->channel->provider->can & CAN_PASS_ON;
		r->remote_id = sent.remote_id;
		return;
	}
	tell_failure(job, e, r);
	judge_call(job, &sent, r);
	if (sent.advice == RETRY_STOP)
		(void)!channel_note_health(job, p->channel->id, S("failing"), r->sentence,
			r->next_step);
}

/* It was claimed while its channel worked, and waited behind others that hang. */
static bool is_too_late(struct job *job, struct outbox_result *r)
{
	struct route_sight sight;

	route_health_get(r->item.channel, job->now_ms, &sight);
	if (r->is_trial || sight.refused || sight.state != ROUTE_DOWN)
		return false;
	r->outcome = OUTCOME_RETRY;
	r->wait_ms = 1;
	r->code = S("channel_down");
	r->sentence = S("Its channel stopped working before its turn came.");
	r->next_step = S("Nothing to do: it goes by another channel, or waits for this one.");
	return true;
}

void outbox_call(struct job *job, struct outbox_result *r)
{
	struct prepared p = { 0 };
	enum err e;

	if (is_too_late(job, r)) {
		give_up_when_old(job, r);
		keep_texts(r);
		return;
	}
	e = prepare(job, &r->item, &p);

	if (e == OK)
		send_prepared(job, &p, r);
	else
		judge_preparation(job, e, r);
	give_up_when_old(job, r);
	keep_texts(r);
}
