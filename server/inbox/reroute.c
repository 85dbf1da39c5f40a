/*
 * reroute.c: a message that waits on a channel which fails goes to the next one that may carry it.
 *
 * The same checks as for a new message: policy first (route_policy), then whether the other
 * provider takes this very content, its template and its file. What does not pass stays where it
 * is.
 */
#include "inbox/inbox_internal.h"

#include "account/route.h"
#include "account/seal.h"
#include "account/template.h"

/* What is sent by reference (a template, a file) must be there, too, and be taken. */
static enum err check_parts(struct job *job, const struct channel *ch, const struct message *msg,
	json content)
{
	struct template_item template;
	struct media media;

	if (msg->kind == KIND_TEMPLATE)
		TRY(template_check_message(job, ch, content, &template));
	if (!msg->media_id || !kind_is_media(msg->kind) || !ch->provider->check_media)
		return OK;
	TRY(media_get(job, msg->media_id, &media));
	TRY(ch->provider->check_media(job, msg->kind, media.mime_type, media.size_bytes));
	return job_check_fields(job);
}

static enum err check_options(struct job *job, const struct channel *ch, const struct message *msg)
{
	struct message_option_row row;
	json options = NULL;
	bool found;
	str text;

	TRY(found_or_none(job,
		sql_message_option_find(job,
			&(struct sql_message_option_find){ .message = msg->id,
				.workspace = job->workspace },
			&row),
		&found));
	if (!found)
		return OK;
	TRY(unseal(job, SEAL_MESSAGE_OPTION, row.options_sealed, &text));
	TRY(json_read(job->arena, text, &options, &job->why));
	return provider_check_options(job, ch, msg->kind, options);
}

static enum err check_content(struct job *job, const struct channel *ch, const struct message *msg)
{
	json content = NULL;

	TRY(json_read(job->arena, msg->content, &content, &job->why));
	TRY(provider_check(job, ch, msg->kind, content));
	TRY(check_options(job, ch, msg));
	TRY(job_check_fields(job));
	return check_parts(job, ch, msg, content);
}

static bool is_refusal(enum err e)
{
	return e == ERR_INPUT || e == ERR_UNSUPPORTED || e == ERR_MISSING;
}

/* Those that work, in turn, until one takes it. */
static enum err find_taker(struct job *job, struct number_route *route, const struct message *msg,
	struct route_ask *ask, struct route_choice *out)
{
	for (;;) {
		struct channel *ch;
		enum err e;

		number_route_choose(job, route, ask, out);
		ch = number_route_channel(route, out);
		if (!ch || out->reason == ROUTE_ALL_DOWN || out->candidate->state == ROUTE_DOWN) {
			out->candidate = NULL;
			return OK;
		}
		e = check_content(job, ch, msg);
		if (!is_refusal(e))
			return e;
		job_forgive(job);
		route->candidates[out->candidate - route->candidates].excluded = true;
	}
}

static str moved_because(struct job *job, const struct number_route *route, id64 from)
{
	for (size_t i = 0; i < route->count; i++) {
		const struct route_candidate *c = &route->candidates[i];
		str why = c->why.len ? c->why : S("it did not take it.");

		if (c->channel == from)
			return arena_printf(job->arena,
				"Moved from " STR_F ", which does not work: " STR_F, STR_A(c->name),
				STR_A(why));
	}
	return S("Moved from a channel that is gone.");
}

static enum err move_to(struct job *job, const struct number_route *route,
	struct route_choice *choice, struct route_move *move)
{
	choice->reason = choice->reason == ROUTE_FORCED ? ROUTE_FORCED : ROUTE_FALLBACK;
	if (choice->reason == ROUTE_FALLBACK)
		choice->sentence = moved_because(job, route, move->from);
	TRY(sql_message_set_channel(job,
		&(struct sql_message_set_channel){ move->message, job->workspace,
			choice->candidate->channel },
		NULL));
	move->to = choice->candidate->channel;
	return route_decide(job, move->message, move->from, choice);
}

/* A first decision that was not worth a row until now. */
static enum err note_first(struct job *job, const struct route_move *move)
{
	struct route_candidate from = { .channel = move->from };
	bool had;

	TRY(route_had(job, move->message, move->from, &had));
	return had ? OK
	           : route_decide(job, move->message, 0,
			     &(struct route_choice){ .candidate = &from, .reason = ROUTE_ONLY,
				     .sentence = S("It is the only channel of the number.") });
}

void route_leave_out_phones(struct number_route *route)
{
	for (size_t i = 0; i < route->count; i++)
		if (!(route->candidates[i].can &
			    (CAN_BSUID | CAN_ANY_ADDRESS | CAN_EMAIL_ADDRESS)))
			route->candidates[i].excluded = true;
}

enum err message_reroute(struct job *job, struct route_move *move)
{
	struct route_ask ask = { 0 };
	struct number_route route;
	struct route_choice choice;
	struct conversation conv;
	struct contact contact;
	struct message msg;

	move->to = 0;
	TRY(message_get(job, move->message, &msg));
	TRY(conversation_get(job, msg.conversation_id, &conv));
	TRY(contact_get(job, conv.contact_id, &contact));
	/* These are known by this channel alone. */
	if (kind_is_change(msg.kind) || msg.kind == KIND_PIN || contact.group.len)
		return OK;
	TRY(number_route_get(job, conv.number_id, &route));
	for (size_t i = 0; i < route.count; i++)
		route.candidates[i].excluded =
			move->leaves && route.candidates[i].channel == move->from;
	if (!contact.phone.len)
		route_leave_out_phones(&route);
	ask.kind = ask.plain_kind = msg.kind;
	ask.window_open = conversation_window_open(&conv, job->now_ms);
	ask.draw = (uint32_t)conv.id;
	TRY(find_taker(job, &route, &msg, &ask, &choice));
	if (!choice.candidate || choice.candidate->channel == move->from)
		return OK;
	TRY(note_first(job, move));
	return move_to(job, &route, &choice, move);
}
