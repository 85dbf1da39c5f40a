/*
 * act.c: what somebody does to a chat or a message and waits for: a vote, the timer of a chat.
 *
 * These are no messages: nothing is queued, and nothing is shown before the network has said so.
 * The one rule: the network is asked without a transaction, then what it took is written in one.
 */
#include "account/audit.h"
#include "account/channel.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "inbox/inbox_internal.h"
#include "provider/timer.h"
#include "store/store.h"

#define ACT_JSON_MAX (64u << 10)
#define OPTIONS_MAX 12 /* of a poll */
#define SECOND_MS 1000

/* ---- to whom ---- */

static enum err address(struct job *job, const struct conversation *conv, struct outgoing *out)
{
	struct contact contact;

	TRY(contact_get(job, conv->contact_id, &contact));
	out->id = job_id(job);
	out->to_phone = contact.phone;
	out->to_lid = contact.lid;
	out->to_group = contact.group;
	return OK;
}

static enum err cannot(struct job *job, const struct channel *ch, const char *what)
{
	return fail_code(job, ERR_UNSUPPORTED, S("unsupported"), S("Do it on the phone."),
		"%s cannot %s.", ch->provider->title, what);
}

/* ---- votes ---- */

static str option_name(json option)
{
	return json_kind(option) == JSON_TEXT ? json_text(option) : json_text_at(option, "name");
}

static bool has_option(json poll, str name)
{
	json options = json_field(poll, "options");

	for (size_t i = 0; i < json_count(options); i++)
		if (str_is(option_name(json_at(options, i)), name))
			return true;
	return false;
}

static enum err wrong_options(struct job *job, const char *code, str sentence)
{
	field_error(job, S("options"), str_of(code), sentence);
	return job_check_fields(job);
}

static enum err check_options(struct job *job, json poll, json options)
{
	int64_t most = json_int(json_field(poll, "selectable_count"), 0);
	size_t count = json_count(options);

	if (json_kind(options) != JSON_LIST)
		return wrong_options(job, "required", S("A list of names of the poll's options."));
	if (count > OPTIONS_MAX || (most > 0 && count > (size_t)most))
		return wrong_options(job, "too_many", S("The poll takes fewer answers."));
	for (size_t i = 0; i < count; i++) {
		str name = json_text(json_at(options, i));

		if (!name.len || !has_option(poll, name))
			return wrong_options(job, "unknown", S("The poll has no such option."));
		for (size_t j = 0; j < i; j++)
			if (str_is(name, json_text(json_at(options, j))))
				return wrong_options(job, "duplicate", S("Each option once."));
	}
	return OK;
}

static enum err check_poll(struct job *job, const struct message *m, const struct channel *ch)
{
	if (m->kind != KIND_POLL || m->deleted_ms || !m->remote_id.len)
		return fail_code(job, ERR_INPUT, S("not_a_poll"), S("Choose a poll."),
			"The message is no poll that one can vote in.");
	if (!(provider_can(ch) & CAN_KIND(KIND_POLL_VOTE)))
		return cannot(job, ch, "vote in polls");
	return OK;
}

/* Names for the network; hashes of them, as votes come in, for the poll here. */
static void write_vote(struct job *job, json options, struct outgoing *out, str *hashes)
{
	struct buf content = buf_in(job->arena, ACT_JSON_MAX), b = buf_in(job->arena, ACT_JSON_MAX);

	json_open(&content, '{');
	json_put_value(&content, "options", options);
	json_close(&content, '}');
	json_open(&b, '[');
	for (size_t i = 0; i < json_count(options); i++) {
		uint8_t hash[SHA256_SIZE];

		sha256(bytes_of(json_text(json_at(options, i))), hash);
		json_put(&b, NULL, hex_text(job->arena, (bytes){ hash, sizeof hash }));
	}
	json_close(&b, ']');
	out->content = buf_text(&content);
	*hashes = buf_text(&b);
}

static enum err quote_author(struct job *job, const struct message *m, struct outgoing *out)
{
	struct contact author;

	out->reply_remote_id = m->remote_id;
	out->quoted = (struct outgoing_quote){ .kind = m->kind,
		.is_ours = m->author_kind != ACTOR_CONTACT };
	if (out->quoted.is_ours || !m->author_id)
		return OK;
	TRY(contact_get(job, m->author_id, &author));
	out->quoted.author_phone = author.phone;
	out->quoted.author_lid = author.lid;
	return OK;
}

static enum err send_vote(struct job *job, const struct message *m, const struct channel *ch,
	struct outgoing *out)
{
	struct conversation conv;
	struct send_result sent;

	TRY(conversation_get(job, m->conversation_id, &conv));
	TRY(address(job, &conv, out));
	TRY(quote_author(job, m, out));
	return provider_send(job, ch, out, &sent);
}

enum err inbox_vote(struct job *job, id64 message, json options, struct message *out)
{
	struct outgoing vote = { .kind = KIND_POLL_VOTE };
	struct effect effect = { .kind = EFFECT_VOTE, .at_ms = job->now_ms, .by_business = true,
		.voter = S("business") };
	struct inbox_changes changes = { 0 };
	struct channel *ch;
	json poll = NULL;

	TRY(message_get(job, message, out));
	TRY(channel_get(job, out->channel_id, &ch));
	TRY(check_poll(job, out, ch));
	TRY(json_read(job->arena, out->content, &poll, &job->why));
	TRY(check_options(job, poll, options));
	write_vote(job, options, &vote, &effect.votes);
	TRY(send_vote(job, out, ch, &vote));
	TRY(db_begin(job, DB_WRITE));
	TRY(effect_apply(job, message, &effect, &changes));
	TRY(audit_add(job, &(struct audit_entry){ .action = "message.vote",
				   .target_kind = "message",
				   .target_id = message }));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return message_get(job, message, out);
}

/* ---- the timer ---- */

/* In whole seconds, as the network tells it: of two changes within one the later one that comes
 * counts. */
enum err conversation_time(struct job *job, id64 conversation, int64_t seconds, int64_t at_ms,
	struct inbox_changes *changes)
{
	int64_t changed, set_ms = not_after(at_ms ? at_ms : job->now_ms, job->now_ms);

	TRY(sql_conversation_set_timer(job,
		&(struct sql_conversation_set_timer){ .id = conversation,
			.workspace = job->workspace,
			.seconds = seconds,
			.set_ms = set_ms - set_ms % SECOND_MS,
			.now_ms = job->now_ms },
		&changed));
	if (changed)
		inbox_note(job, changes,
			(struct inbox_change){ .kind = CHANGE_CONVERSATION,
				.conversation = conversation });
	return OK;
}

/* Of a group the network tells everybody, us too: that is its line. */
static enum err put_line(struct job *job, const struct outgoing *sent, str remote_id,
	struct conversation *conv, struct inbox_changes *changes)
{
	struct message line = { .id = job_id(job), .workspace = job->workspace,
		.conversation_id = conv->id, .channel_id = conv->channel_id, .kind = KIND_SYSTEM,
		.status = STATUS_RECEIVED, .author_kind = ACTOR_SYSTEM, .content = sent->content,
		.remote_id = remote_id };

	return sent->to_group.len ? OK : message_insert(job, &line, conv, changes);
}

static enum err audit_timer(struct job *job, const struct conversation *conv, int64_t seconds)
{
	return audit_add(job,
		&(struct audit_entry){ .action = "conversation.timer",
			.target_kind = "conversation",
			.target_id = conv->id,
			.detail = arena_printf(job->arena, "{\"from\":%lld,\"to\":%lld}",
				(long long)conv->timer_s, (long long)seconds) });
}

/* Directly: the kind is no message's, so provider_send() would refuse it. */
static enum err send_timer(struct job *job, const struct conversation *conv, int64_t seconds,
	struct outgoing *out, struct send_result *sent)
{
	struct channel *ch;

	*sent = (struct send_result){ 0 };
	TRY(channel_get(job, conv->channel_id, &ch));
	if (!(provider_can(ch) & CAN_TIMER))
		return cannot(job, ch, "let messages disappear");
	out->content = timer_content(job->arena, seconds);
	TRY(address(job, conv, out));
	return ch->provider->send(job, ch, out, sent);
}

enum err inbox_set_timer(struct job *job, id64 conversation, int64_t seconds,
	struct conversation *out)
{
	struct outgoing timer = { .kind = KIND_SYSTEM };
	struct inbox_changes changes = { 0 };
	struct send_result sent;

	if (!timer_is_known(seconds))
		field_error(job, S("seconds"), S("unknown"),
			S("One of 0, 86400, 604800, 7776000."));
	TRY(job_check_fields(job));
	TRY(conversation_get(job, conversation, out));
	TRY(send_timer(job, out, seconds, &timer, &sent));
	TRY(db_begin(job, DB_WRITE));
	TRY(conversation_time(job, out->id, seconds, job->now_ms, &changes));
	TRY(put_line(job, &timer, sent.remote_id, out, &changes));
	TRY(audit_timer(job, out, seconds));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return conversation_get(job, out->id, out);
}
