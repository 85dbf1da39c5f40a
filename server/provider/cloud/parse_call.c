/*
 * parse_call.c: calls[] and the statuses of calls: a line in the thread of who called or was called
 * (docs/protocol/cloud-api.md §7, §15).
 *
 * One call tells several things, each with the call's id, so the line's own id is made of both. "A
 * user message or call opens the window."
 */
#include "provider/cloud/cloud_internal.h"

static bool is_of_business(const struct parsing *p, json call)
{
	str direction = json_text_at(call, "direction"),
	    from = cloud_phone(p, json_field(call, "from"));

	if (direction.len)
		return str_is(direction, S("BUSINESS_INITIATED"));
	return from.len && str_is(from, p->business_phone);
}

static str ended(const struct parsing *p, json call)
{
	int64_t seconds = json_int(json_field(call, "duration"), 0);
	str status = json_text_at(call, "status");

	if (!str_is_nocase(status, S("COMPLETED")) && status.len)
		return S("The call did not come about.");
	if (seconds <= 0)
		return S("The call ended.");
	return arena_printf(p->job->arena, "The call ended after %lld:%02lld minutes.",
		(long long)(seconds / 60), (long long)(seconds % 60));
}

static str sentence_of(const struct parsing *p, json call, str word)
{
	static const struct { const char *word, *sentence; } known[] = {
		{ "call_recording_available", "The recording of a call can be fetched." },
		{ "call_transcription_available", "The transcript of a call can be fetched." },
		{ "RINGING", "The customer's phone rings." },
		{ "ACCEPTED", "The customer took the call." },
		{ "REJECTED", "The customer rejected the call." },
	};

	if (str_is_nocase(word, S("connect")) || str_is_nocase(word, S("CALL_CONNECT")))
		return is_of_business(p, call) ? S("We call the customer.")
					       : S("The customer calls.");
	if (str_is_nocase(word, S("terminate")))
		return ended(p, call);
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_is_nocase(word, str_of(known[i].word)))
			return str_of(known[i].sentence);
	return arena_printf(p->job->arena, "WhatsApp tells of a call: " STR_F ".",
		STR_A(word.len ? str_first_points(word, 100) : S("unknown")));
}

/* Without the session: what a browser needs to talk is of no use afterwards. */
static str content_of(const struct parsing *p, json call, str sentence)
{
	static const char *const kept[] = { "event", "status", "direction", "duration",
		"start_time", "end_time", "timestamp" };
	struct buf b = buf_in(p->job->arena, 64u << 10);

	json_open(&b, '{');
	json_put(&b, "type", S("call"));
	json_put(&b, "body", sentence);
	json_open_in(&b, "call", '{');
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		if (json_field(call, kept[i]))
			json_put_value(&b, kept[i], json_field(call, kept[i]));
	json_close(&b, '}');
	json_close(&b, '}');
	return b.failed ? arena_printf(p->job->arena, "{\"type\":\"call\"}") : buf_text(&b);
}

static struct person_ref customer_of(const struct parsing *p, json call)
{
	bool ours = is_of_business(p, call);
	struct person_ref who = { .phone = cloud_phone(p, json_field(call, ours ? "to" : "from")),
		.bsuid = cloud_id(p, call, ours ? "to_user_id" : "from_user_id") };

	if (!cloud_has_name(&who))
		who = (struct person_ref){
			.phone = cloud_phone(p, json_field(call, "recipient_id")),
			.bsuid = cloud_id(p, call, "recipient_user_id") };
	cloud_know(p, &who);
	return who;
}

void cloud_parse_call(const struct parsing *p, json call)
{
	str id = cloud_id(p, call, "id"), event = json_text_at(call, "event"),
	    status = json_text_at(call, "status"),
	    word = event.len && !str_is(event, S("CALL_STATUS")) ? event : status,
	    sentence = sentence_of(p, call, word);
	struct person_ref who = customer_of(p, call);
	struct provider_event *out;

	if (!id.len)
		id = cloud_id(p, call, "wacid");
	if (!id.len || !cloud_has_name(&who)) {
		cloud_notice(p, "info", sentence, call);
		return;
	}
	out = cloud_event(p, EVENT_MESSAGE);
	out->who = who;
	out->remote_id = arena_printf(p->job->arena, STR_F "#" STR_F, STR_A(id),
		STR_A(str_first_points(word, 60)));
	out->message_kind = KIND_SYSTEM;
	out->content = content_of(p, call, sentence);
	out->opens_window = event.len && !is_of_business(p, call);
	out->at_ms = cloud_time_ms(json_field(call, "timestamp"),
		cloud_time_ms(json_field(call, "start_time"), p->entry_ms));
}
