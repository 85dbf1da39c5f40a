/*
 * send.c: a message on its way out: policy, then the row and its place in the outbox, in one
 * transaction.
 *
 * Everything that can be refused is refused here, before anything is queued: the 24-hour window,
 * what the provider cannot carry, limits of the content. So what is accepted (202) is on disk and
 * will be tried. Which channel of the number carries it is chosen by its route (account/route.h);
 * one that cannot take this content is left out, and only what none takes is refused.
 */
#include "account/linked_notice.h"
#include "account/route.h"
#include "account/seal.h"
#include "account/template.h"
#include "crypto/crypto.h"
#include "inbox/composer.h"
#include "inbox/contacts.h"
#include "inbox/inbox_internal.h"
#include "store/queries.h"
#include "store/store.h"

#define OPTIONS_MAX 16384
#define IDEMPOTENCY_MS (24 * 3600 * 1000LL)

void (*inbox_outbox_hook)(id64 channel);

/* A draft with all that it names looked up. */
struct plan {
	const struct message_draft *draft;
	id64 number, named, bound;  /* named, bound: channels; 0: none */
	struct number_route route;
	struct route_choice choice;
	struct channel *channel;    /* of the choice */
	struct conversation conversation; /* id 0: to be made */
	struct person_ref to;             /* then: whose */
	id64 media_id, reply_to_id, template_id;
	struct message_draft changed;     /* what a local template made of it */
	str content, options;
	uint8_t key_hash[SHA256_SIZE];
};

/* Whoever names neither channel nor number means the only number that there is. */
static enum err plan_number(struct job *job, struct plan *plan)
{
	const struct message_draft *draft = plan->draft;
	struct number_pick_row pick;
	str phone = STR_NONE;
	enum err e;

	plan->named = draft->channel_id;
	if (plan->named) {
		TRY(channel_get(job, plan->named, &plan->channel));
		plan->number = plan->channel->number_id;
		return OK;
	}
	if (draft->from.len)
		TRY(phone_normalise(job, draft->from, &phone));
	e = sql_number_pick(job,
		&(struct sql_number_pick){ job->workspace, phone.len ? phone : S("") }, &pick);
	if (e == ERR_MISSING) {
		field_error(job, S("from"), S("unknown"),
			S("No channel of this workspace has that number."));
		return job_check_fields(job);
	}
	TRY(e);
	if (!phone.len && pick.first != pick.last) {
		field_error(job, S("from"), S("required"),
			S("The workspace has several numbers: say which, by from or channel_id."));
		return job_check_fields(job);
	}
	plan->number = pick.first;
	return OK;
}

static enum err refuse_address(struct job *job, str sentence)
{
	field_error(job, S("to"), S("invalid"), sentence);
	return job_check_fields(job);
}

static bool is_email(str to)
{
	size_t at = str_find(to, '@');
	str domain = str_part(to, at + 1, to.len);

	for (size_t i = 0; i < to.len; i++)
		if ((uint8_t)to.ptr[i] <= ' ')
			return false;
	return at > 0 && at < to.len && str_find(domain, '@') == domain.len &&
	       str_find(domain, '.') > 0 && str_find(domain, '.') + 1 < domain.len;
}

/* Of the channel that is asked first: the others of a number write to the same sort of address. */
static uint64_t can_of_first(const struct plan *plan)
{
	for (size_t i = 0; plan->named && i < plan->route.count; i++)
		if (plan->route.candidates[i].channel == plan->named)
			return plan->route.candidates[i].can;
	return plan->route.count ? plan->route.candidates[0].can : 0;
}

/* What the channel writes to. An address that is no phone number has the place of a WhatsApp id:
 * both are names that a network gave. */
static enum err read_address(struct job *job, const struct plan *plan, struct person_ref *out)
{
	uint64_t can = can_of_first(plan);
	str to = plan->draft->to;
	bool looks_scoped = bsuid_is(to);

	if (plan->draft->to_group) {
		out->group = to;
		return OK;
	}
	if (can & CAN_EMAIL_ADDRESS && !is_email(to))
		return refuse_address(job, S("Must be an e-mail address: this channel writes to "
					     "nothing else."));
	if (looks_scoped && !(can & (CAN_BSUID | CAN_ANY_ADDRESS | CAN_EMAIL_ADDRESS)))
		return refuse_address(job, S("Must be a phone number: this channel writes to "
					     "nothing else."));
	if (looks_scoped || can & (CAN_EMAIL_ADDRESS | CAN_ANY_ADDRESS))
		out->bsuid = to;
	else
		return phone_normalise(job, to, &out->phone);
	return OK;
}

/* A phone number as people write it, or a business-scoped id (two letters, a dot, letters and
 * digits). */
static enum err plan_recipient(struct job *job, struct plan *plan)
{
	struct conversation_pair_row pair;
	struct alias names[ALIASES_OF_PERSON];
	enum err e;

	TRY(read_address(job, plan, &plan->to));
	if (alias_list(job->arena, &plan->to, names) == 0)
		return OK;
	e = sql_conversation_by_alias(job,
		&(struct sql_conversation_by_alias){
			.workspace = job->workspace,
			.kind = str_of(names[0].kind),
			.match_key = names[0].key,
			.number = plan->number,
		},
		&pair);
	if (e == ERR_MISSING)
		return OK;
	TRY(e);
	return conversation_get(job, pair.id, &plan->conversation);
}

static enum err plan_conversation(struct job *job, struct plan *plan)
{
	if (plan->draft->conversation_id) {
		TRY(conversation_get(job, plan->draft->conversation_id, &plan->conversation));
		plan->number = plan->conversation.number_id;
		return number_route_get(job, plan->number, &plan->route);
	}
	TRY(plan_number(job, plan));
	TRY(number_route_get(job, plan->number, &plan->route));
	return plan_recipient(job, plan);
}

static bool is_window_open(const struct job *job, const struct plan *plan)
{
	return plan->conversation.id && plan->conversation.window_until_ms > job->now_ms;
}

static enum err check_window(struct job *job, const struct plan *plan)
{
	if (plan->draft->kind == KIND_TEMPLATE || is_window_open(job, plan) ||
		!(provider_can(plan->channel) & CAN_WINDOW))
		return OK;
	return fail_code(job, ERR_INPUT, S("window_closed"),
		S("Send an approved template; free text is possible again for 24 hours after the "
	          "customer writes."),
		"The customer's last message is more than 24 hours ago, so WhatsApp takes only "
	        "templates.");
}

static enum err check_enabled(struct job *job, const struct plan *plan)
{
	return plan->channel->disabled ? fail_code(job, ERR_INPUT, S("channel_disabled"),
						 S("Enable the channel first."),
						 "The channel is disabled.")
				       : OK;
}

static enum err check_kind(struct job *job, const struct plan *plan)
{
	const struct provider *provider = plan->channel->provider;

	TRY(check_enabled(job, plan));
	if (!(provider_can(plan->channel) & CAN_KIND(plan->draft->kind)))
		return fail_code(job, ERR_INPUT, S("unsupported_kind"),
			S("Choose another kind of message or another channel."),
			"%s cannot send messages of kind %s.", provider->title,
			kind_name(plan->draft->kind));
	return provider->check ? provider->check(job, plan->channel, plan->draft->kind,
					 plan->draft->content)
	                       : OK;
}

/* A group takes fewer kinds than a person, and on most networks pins are for groups alone. */
static enum err check_group(struct job *job, const struct plan *plan)
{
	const struct provider *provider = plan->channel->provider;
	bool is_group = plan->to.group.len > 0;
	struct contact contact;

	if (plan->conversation.id) {
		TRY(contact_get(job, plan->conversation.contact_id, &contact));
		is_group = contact.group.len > 0;
	}
	if (!is_group && (plan->draft->kind != KIND_PIN || provider->pins_anywhere))
		return OK;
	if (is_group && (provider->can_group & CAN_KIND(plan->draft->kind)))
		return OK;
	return fail_code(job, ERR_INPUT, S("unsupported_kind"),
		is_group ? S("Choose another kind of message.")
			 : S("Pin messages in groups."),
		is_group ? "Groups take no messages of kind %s."
			 : "Only groups take messages of kind %s.",
		kind_name(plan->draft->kind));
}

static enum err plan_media(struct job *job, struct plan *plan)
{
	const struct provider *provider = plan->channel->provider;
	json id = json_field(plan->draft->content, "id");
	struct media media;
	enum err e;

	if (!kind_is_media(plan->draft->kind) || !id)
		return OK;
	e = json_id(id, &plan->media_id) ? media_get(job, plan->media_id, &media) : ERR_MISSING;
	if (e == ERR_MISSING || (e == OK && media.state != MEDIA_STORED)) {
		str field = arena_printf(job->arena, "%s.id", kind_cloud_type(plan->draft->kind));

		field_error(job, field, S("unknown"),
			S("There is no stored media of that id: upload it by POST /media first."));
		return job_check_fields(job);
	}
	TRY(e);
	if (provider->check_media)
		TRY(provider->check_media(job, plan->draft->kind, media.mime_type,
			media.size_bytes));
	return job_check_fields(job);
}

static enum err find_quoted(struct job *job, const struct plan *plan, id64 id, str field)
{
	struct message quoted;
	enum err e = id ? message_get(job, id, &quoted) : ERR_MISSING;

	if (e == OK && quoted.conversation_id == plan->conversation.id && quoted.remote_id.len)
		return OK;
	if (e != OK && e != ERR_MISSING)
		return e;
	job_forgive(job);
	field_error(job, field, S("unknown"),
		S("That message is not one of this conversation that WhatsApp knows."));
	return job_check_fields(job);
}

/* Its content names another message, which is what goes out as reply_to. */
static bool names_message(enum message_kind kind)
{
	return kind_is_change(kind) || kind == KIND_PIN;
}

static enum err check_change(struct job *job, const struct plan *plan)
{
	struct message target;

	if (plan->draft->kind != KIND_EDIT && plan->draft->kind != KIND_REVOKE)
		return OK;
	TRY(message_get(job, plan->reply_to_id, &target));
	return change_check(job, plan->draft->kind, &target);
}

static enum err plan_reply(struct job *job, struct plan *plan)
{
	plan->reply_to_id = plan->draft->reply_to_id;
	if (names_message(plan->draft->kind)) {
		if (!json_id(json_field(plan->draft->content, "message_id"), &plan->reply_to_id))
			plan->reply_to_id = 0;
		TRY(find_quoted(job, plan, plan->reply_to_id,
			arena_printf(job->arena, "%s.message_id", kind_name(plan->draft->kind))));
		return check_change(job, plan);
	}
	return plan->reply_to_id
	               ? find_quoted(job, plan, plan->reply_to_id, S("context.message_id"))
	               : OK;
}

static enum err plan_canned(struct job *job, const struct plan *plan)
{
	struct canned canned;
	bool found = true;

	if (plan->draft->canned_id)
		TRY(found_or_none(job, canned_get(job, plan->draft->canned_id, &canned), &found));
	if (!found)
		field_error(job, S("canned_id"), S("unknown"),
			S("There is no ready answer of that id for you."));
	return job_check_fields(job);
}

static enum err plan_options(struct job *job, struct plan *plan)
{
	struct buf options = buf_in(job->arena, OPTIONS_MAX);

	if (json_count(plan->draft->options) == 0)
		return OK;
	TRY(provider_check_options(job, plan->channel, plan->draft->kind, plan->draft->options));
	json_put_value(&options, NULL, plan->draft->options);
	if (options.failed)
		return fail_code(job, ERR_LIMIT, S("too_large"), S("Ask for less."),
			"What the message asks for is larger than %d octets.", OPTIONS_MAX);
	plan->options = buf_text(&options);
	return OK;
}

/* A broadcast by somebody's phone: only after its owner was told what WhatsApp thinks of that. */
static enum err check_notice(struct job *job, const struct plan *plan)
{
	if (plan->draft->priority != PRIORITY_CAMPAIGN || !plan->channel->provider->is_paced)
		return OK;
	return linked_consent_check(job, plan->channel->id);
}

/* Everything about this message on the channel that was chosen. */
static enum err plan_on_channel(struct job *job, struct plan *plan,
	const struct message_draft *asked)
{
	struct buf content = buf_in(job->arena, JSON_SIZE_MAX);

	plan->changed = *asked;
	plan->media_id = plan->reply_to_id = plan->template_id = 0;
	TRY(send_plan_template(job, plan->channel, &plan->changed, &plan->template_id));
	plan->draft = &plan->changed;
	TRY(check_kind(job, plan));
	TRY(check_group(job, plan));
	TRY(check_notice(job, plan));
	TRY(check_window(job, plan));
	if (plan->draft->kind == KIND_TEMPLATE)
		TRY(consent_check(job, plan->channel, plan->conversation.contact_id, &plan->to,
			plan->draft->content));
	TRY(plan_media(job, plan));
	TRY(send_check_files(job, plan->channel, plan->draft));
	TRY(plan_reply(job, plan));
	TRY(plan_canned(job, plan));
	json_put_value(&content, NULL, plan->draft->content);
	plan->content = buf_text(&content);
	return plan_options(job, plan);
}

/* ---- the channel ---- */

/* A group is the network's by one channel, and who has no phone number is reached by some alone. */
static enum err plan_reach(struct job *job, struct plan *plan)
{
	struct contact contact = { .phone = plan->to.phone };

	if (plan->route.count < 2)
		return OK;
	if (plan->conversation.id)
		TRY(contact_get(job, plan->conversation.contact_id, &contact));
	if (contact.group.len)
		plan->bound = plan->conversation.channel_id;
	if (!contact.phone.len)
		route_leave_out_phones(&plan->route);
	return OK;
}

/* A reaction or a pin names a message by a name that only the channel knows which carried it. */
static enum err plan_bound(struct job *job, struct plan *plan)
{
	struct message target;
	bool found = false;
	id64 id;

	TRY(plan_reach(job, plan));
	if (!names_message(plan->draft->kind) ||
		!json_id(json_field(plan->draft->content, "message_id"), &id))
		return OK;
	TRY(found_or_none(job, message_get(job, id, &target), &found));
	if (found)
		plan->bound = target.channel_id;
	return OK;
}

/* One conversation keeps to one channel, as far as the weights share them out. */
static uint32_t draw_of(const struct plan *plan)
{
	id64 id = plan->conversation.id;
	str to = plan->to.phone.len ? plan->to.phone : plan->to.bsuid;

	for (size_t i = 0; !plan->conversation.id && i < to.len; i++)
		id = (id64)(31 * (uint64_t)id + to.ptr[i]);
	return (uint32_t)((uint64_t)id * 0x9E3779B97F4A7C15ull >> 32);
}

static bool may_try(const struct job *job, const struct number_route *route)
{
	for (size_t i = 0; i < route->count; i++)
		if (route->candidates[i].state == ROUTE_TRYING)
			return route_health_may_try(route->candidates[i].channel, job->now_ms);
	return false;
}

static bool choose(struct job *job, struct plan *plan, const struct message_draft *asked)
{
	struct route_ask ask = { .kind = asked->kind,
		.plain_kind = asked->kind == KIND_TEMPLATE ? KIND_TEXT : asked->kind,
		.window_open = is_window_open(job, plan),
		.may_try = may_try(job, &plan->route),
		.named = plan->named,
		.bound = plan->bound,
		.draw = draw_of(plan) };

	number_route_choose(job, &plan->route, &ask, &plan->choice);
	plan->channel = number_route_channel(&plan->route, &plan->choice);
	return plan->channel != NULL;
}

/* None takes it: what the one says that would be asked first. */
static enum err refuse(struct job *job, struct plan *plan, const struct message_draft *asked)
{
	id64 first = plan->named ? plan->named : plan->route.hold.channel;

	if (!plan->route.count)
		return fail_code(job, ERR_INPUT, S("no_channel"),
			S("Connect the number again, under Settings, Channels."),
			"The number of this conversation has no channel any more.");
	plan->channel = &plan->route.channels[0].channel;
	for (size_t i = 0; i < plan->route.count; i++)
		if (plan->route.channels[i].channel.id == first)
			plan->channel = &plan->route.channels[i].channel;
	TRY(plan_on_channel(job, plan, asked));
	return fail_code(job, ERR_INPUT, S("no_channel"),
		S("Look at the route of the number, under Settings, Channels."), STR_F,
		STR_A(plan->choice.sentence));
}

static enum err make_plan(struct job *job, struct plan *plan)
{
	const struct message_draft *asked = plan->draft;

	TRY(plan_conversation(job, plan));
	TRY(plan_bound(job, plan));
	while (choose(job, plan, asked)) {
		size_t at = (size_t)(plan->choice.candidate - plan->route.candidates);
		enum err e = plan_on_channel(job, plan, asked);

		if ((e != ERR_INPUT && e != ERR_UNSUPPORTED) || plan->route.count == 1)
			return e;
		job_forgive(job);
		plan->route.candidates[at].excluded = true;
	}
	return refuse(job, plan, asked);
}

/* With one channel there was nothing to decide. */
static enum err write_decision(struct job *job, const struct plan *plan, id64 message)
{
	return plan->route.count > 1 ? route_decide(job, message, 0, &plan->choice) : OK;
}

/* ---- the transaction ---- */

static enum err find_repeated(struct job *job, const struct plan *plan, struct message *out,
	bool *repeated)
{
	struct idempotency_row row;
	enum err e;

	if (!plan->draft->idempotency_key.len)
		return OK;
	e = sql_idempotency_find(job, &(struct sql_idempotency_find){
		job->workspace, { plan->key_hash, sizeof plan->key_hash } }, &row);
	if (e == ERR_MISSING || (e == OK && job->now_ms - row.created_ms > IDEMPOTENCY_MS))
		return OK;
	TRY(e);
	if (!str_is(str_from(row.request_hash), plan->draft->request_hash))
		return fail_code(job, ERR_CONFLICT, S("idempotency_conflict"),
			S("Use a new Idempotency-Key for a new request."),
			"This Idempotency-Key was used for another request.");
	*repeated = true;
	return message_get(job, row.message, out);
}

static enum err write_idempotency(struct job *job, const struct plan *plan, id64 message)
{
	int64_t added;

	if (!plan->draft->idempotency_key.len)
		return OK;
	TRY(sql_idempotency_add(job,
		&(struct sql_idempotency_add){
			.id = job_id(job),
			.workspace = job->workspace,
			.key_hash = { plan->key_hash, sizeof plan->key_hash },
			.request_hash = bytes_of(plan->draft->request_hash),
			.message = message,
			.now_ms = job->now_ms,
			.before_ms = job->now_ms - IDEMPOTENCY_MS,
		},
		&added));
	return added ? OK : fail(job, ERR_CONFLICT, "the key was used by another request just now");
}

static enum err ensure_conversation(struct job *job, struct plan *plan,
	struct inbox_changes *changes)
{
	struct contact contact;

	if (plan->conversation.id)
		return conversation_get(job, plan->conversation.id, &plan->conversation);
	TRY(contact_resolve(job, &plan->to, S("send"), changes, &contact));
	TRY(conversation_of(job, contact.id, plan->channel, changes, &plan->conversation));
	if (conversation_visible(job, &plan->conversation))
		return OK;
	return fail_code(job, ERR_DENIED, S("out_of_scope"),
		S("Send from a channel that you see, or ask for the conversation."),
		"You do not see the conversation with this number on this channel.");
}

static enum err write_options(struct job *job, const struct plan *plan, id64 message)
{
	bytes sealed;

	if (!plan->options.len)
		return OK;
	TRY(seal(job, SEAL_MESSAGE_OPTION, plan->options, &sealed));
	return sql_message_option_add(job,
		&(struct sql_message_option_add){
			.message = message, .workspace = job->workspace, .options = sealed },
		NULL);
}

/* Who answers somebody who waits in line has them: nobody else is given the conversation then. */
static enum err take_from_line(struct job *job, const struct conversation *conv,
	struct inbox_changes *changes)
{
	const struct conversation_patch patch = { .has_assignee = true,
		.assignee_id = job->actor.id,
		.reason = S("answered while in line") };
	struct conversation taken;

	if (job->actor.kind != ACTOR_PERSON || conv->assignee_id || !conv->queued_ms)
		return OK;
	return conversation_update(job, conv->id, &patch, changes, &taken);
}

/* The conversation stays where the customer was seen, unless that channel is gone. */
static void keep_channel(struct plan *plan)
{
	for (size_t i = 0; i < plan->route.count; i++)
		if (plan->route.candidates[i].channel == plan->conversation.channel_id)
			return;
	plan->conversation.channel_id = plan->channel->id;
}

static enum err write_message(struct job *job, struct plan *plan, struct inbox_changes *changes,
	struct message *out)
{
	*out = (struct message){
		.id = job_id(job),
		.workspace = job->workspace,
		.channel_id = plan->channel->id,
		.kind = plan->draft->kind,
		.status = STATUS_ACCEPTED,
		.flags = plan->draft->flags | (plan->template_id ? FLAG_TEMPLATE : 0),
		.author_kind = job->actor.kind,
		.author_id = job->actor.id,
		.content = plan->content,
		.reply_to_id = plan->reply_to_id,
		.media_id = plan->media_id,
		.trace = (str){ job->trace, TRACE_SIZE },
	};
	TRY(ensure_conversation(job, plan, changes));
	out->conversation_id = plan->conversation.id;
	keep_channel(plan);
	TRY(write_idempotency(job, plan, out->id));
	TRY(message_insert(job, out, &plan->conversation, changes));
	TRY(write_options(job, plan, out->id));
	if (!kind_is_change(plan->draft->kind))
		TRY(take_from_line(job, &plan->conversation, changes));
	if (plan->draft->canned_id)
		TRY(sql_canned_use_add(job,
			&(struct sql_canned_use_add){ .message = out->id,
				.workspace = job->workspace,
				.canned = plan->draft->canned_id },
			NULL));
	changes->outbox = plan->channel->id;
	TRY(write_decision(job, plan, out->id));
	if (plan->template_id)
		TRY(template_used(job, out->id, out->conversation_id, plan->template_id));
	return sql_outbox_add(job,
		&(struct sql_outbox_add){
			.message = out->id,
			.workspace = job->workspace,
			.channel = plan->channel->id,
			.conversation = out->conversation_id,
			.priority = plan->draft->priority,
			.now_ms = job->now_ms,
			.pinned = plan->named || plan->bound,
		},
		NULL);
}

static enum err write_plan(struct job *job, struct plan *plan, struct message *out, bool *repeated)
{
	struct inbox_changes changes = { 0 };

	TRY(db_begin(job, DB_WRITE));
	TRY(find_repeated(job, plan, out, repeated));
	if (*repeated) {
		db_rollback(job);
		return OK;
	}
	TRY(write_message(job, plan, &changes, out));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return OK;
}

enum err inbox_send(struct job *job, const struct message_draft *draft, struct message *out,
	bool *repeated)
{
	struct plan plan = { .draft = draft }, first;
	enum err e;

	*repeated = false;
	sha256(bytes_of(draft->idempotency_key), plan.key_hash);
	TRY(find_repeated(job, &plan, out, repeated));
	if (*repeated)
		return OK;
	TRY(make_plan(job, &plan));
	first = plan;
	e = write_plan(job, &first, out, repeated);
	if (e != ERR_CONFLICT || str_is(job->code, S("idempotency_conflict")))
		return e;
	/* Somebody made the same contact, conversation or key meanwhile (PostgreSQL): now it is
	 * there, and what the first try made is not. */
	db_rollback(job);
	job_forgive(job);
	return write_plan(job, &plan, out, repeated);
}

enum err inbox_send_check(struct job *job, const struct message_draft *draft)
{
	struct plan plan = { .draft = draft };

	return make_plan(job, &plan);
}

enum err inbox_send_within(struct job *job, const struct message_draft *draft,
	struct inbox_changes *changes, struct message *out)
{
	struct plan plan = { .draft = draft };

	TRY(make_plan(job, &plan));
	return write_message(job, &plan, changes, out);
}

/* The window may have closed since it was accepted, and the channel be down: it goes by the one
 * that would be chosen now. */
static enum err choose_again(struct job *job, struct message *msg)
{
	const struct message_draft draft = { .kind = msg->kind };
	struct plan plan = { .draft = &draft };
	struct route_move move = { .message = msg->id, .from = msg->channel_id };
	json content;

	TRY(conversation_get(job, msg->conversation_id, &plan.conversation));
	TRY(message_reroute(job, &move));
	if (move.to)
		msg->channel_id = move.to;
	TRY(channel_get(job, msg->channel_id, &plan.channel));
	TRY(check_enabled(job, &plan));
	if (msg->kind == KIND_TEMPLATE && json_read(job->arena, msg->content, &content, NULL) == OK)
		TRY(consent_check(job, plan.channel, plan.conversation.contact_id, &plan.to,
			content));
	return check_window(job, &plan);
}

enum err inbox_retry(struct job *job, id64 message, struct message *out)
{
	struct inbox_changes changes = { 0 };
	int64_t changed;

	TRY(db_begin(job, DB_WRITE));
	TRY(message_get(job, message, out));
	TRY(sql_message_requeue(job,
		&(struct sql_message_requeue){ job->workspace, message, STATUS_ACCEPTED,
			STATUS_FAILED },
		&changed));
	if (!changed)
		return fail_code(job, ERR_CONFLICT, S("not_failed"),
			S("Only a failed message can be sent again."),
			"The message has not failed.");
	TRY(choose_again(job, out));
	TRY(sql_outbox_add(job,
		&(struct sql_outbox_add){
			.message = message,
			.workspace = job->workspace,
			.channel = out->channel_id,
			.conversation = out->conversation_id,
			.priority = PRIORITY_LIVE,
			.now_ms = job->now_ms,
		},
		NULL));
	inbox_note(job, &changes,
		(struct inbox_change){ CHANGE_MESSAGE, job->workspace, out->conversation_id,
			message, 0 });
	TRY(message_get(job, message, out));
	TRY(db_commit(job));
	changes.outbox = out->channel_id;
	inbox_tell(job, &changes);
	return OK;
}
