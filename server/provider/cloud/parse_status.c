/*
 * parse_status.c: one element of statuses[].
 *
 * "Check `type` before treating it as a delivery status": payments and calls share the list.
 */
#include "provider/cloud/cloud_internal.h"

static bool status_word(str word, enum message_status *out)
{
	static const enum message_status known[] = { STATUS_SENT, STATUS_DELIVERED, STATUS_READ,
		STATUS_PLAYED, STATUS_FAILED };

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_is(word, str_of(status_name(known[i])))) {
			*out = known[i];
			return true;
		}
	return false;
}

static str first_id(const struct parsing *p, json status, const char *key, const char *other)
{
	str id = cloud_id(p, status, key);

	return id.len ? id : cloud_id(p, status, other);
}

/* Group reports name the group as recipient, and the person as participant. */
static struct person_ref recipient(const struct parsing *p, json status, bool is_group)
{
	struct person_ref who;

	if (is_group)
		who = (struct person_ref){
			.phone = cloud_phone(p, json_field(status, "recipient_participant_id")),
			.bsuid = cloud_id(p, status, "recipient_participant_user_id"),
			.parent_bsuid = cloud_id(p, status, "recipient_participant_parent_user_id"),
		};
	else
		who = (struct person_ref){
			.phone = cloud_phone(p, json_field(status, "recipient_id")),
			.bsuid = cloud_id(p, status, "recipient_user_id"),
			.parent_bsuid =
				first_id(p, status, "parent_recipient_user_id", "parent_user_id"),
		};
	if (!who.phone.len && !who.bsuid.len)
		who.phone = cloud_phone(p, json_field(status, "from"));
	cloud_know(p, &who);
	return who;
}

static void fill_failure(const struct parsing *p, struct provider_event *event, json errors)
{
	struct cloud_fault fault = cloud_fault_of(p->job->arena, 0, json_at(errors, 0));

	event->error_code = fault.code ? arena_printf(p->job->arena, "%lld", (long long)fault.code)
	                               : S("unknown");
	event->error_sentence = fault.sentence;
	event->error_next_step = fault.next_step;
	event->detail = errors ? cloud_json_text(p->job->arena, errors) : STR_NONE;
}

/* Our id comes back as we sent it: decimal text. Anything else is another sender's and means
 * nothing to us. */
static id64 our_id(json status)
{
	id64 id = 0;

	return json_id(json_field(status, "biz_opaque_callback_data"), &id) ? id : 0;
}

static void fill(const struct parsing *p, struct provider_event *event, json status)
{
	bool is_group = str_is(json_text_at(status, "recipient_type"), S("group"));
	json pricing = json_field(status, "pricing");

	event->who = recipient(p, status, is_group);
	event->group_id = is_group ? cloud_id(p, status, "recipient_id") : STR_NONE;
	event->target_id = cloud_id(p, status, "id");
	event->target_message = our_id(status);
	event->at_ms = cloud_time_ms(json_field(status, "timestamp"), p->entry_ms);
	if (json_kind(pricing) == JSON_MAP)
		event->pricing = cloud_json_text(p->job->arena, pricing);
}

static void parse_payment(const struct parsing *p, json status)
{
	str word = json_text_at(status, "status"),
	    reference = json_text_at(status, "payment.reference_id");
	bool failed = str_is(word, S("failed"));
	struct provider_event *event;
	str sentence = arena_printf(p->job->arena, "Payment " STR_F " is " STR_F ".",
		STR_A(reference), STR_A(word));

	event = cloud_notice(p, failed ? "warning" : "info", sentence, status);
	fill(p, event, status);
	event->field = S("payment");
}

static void parse_warning(const struct parsing *p, json status)
{
	struct provider_event *event = cloud_notice(p, "warning",
		S("WhatsApp warns about a message that was sent."), status);

	fill(p, event, status);
}

/* "Tolerate others (`deleted` existed earlier)". */
static void parse_other(const struct parsing *p, json status, str word)
{
	str sentence = str_is(word, S("deleted"))
	                       ? S("The customer deleted a message that we had sent.")
	                       : arena_printf(p->job->arena,
					 "WhatsApp reports a state of a message that we had sent: "
					 STR_F ".",
					 STR_A(str_first_points(word, 100)));

	fill(p, cloud_notice(p, "info", sentence, status), status);
}

void cloud_parse_status(const struct parsing *p, json status)
{
	struct parsing as_status = *p;
	str type = json_text_at(status, "type"), word = json_text_at(status, "status");
	struct provider_event *event;
	enum message_status known;

	as_status.field = S("statuses");
	if (str_is(type, S("payment")) || json_field(status, "payment")) {
		parse_payment(&as_status, status);
	} else if (str_is(type, S("call")) || str_is(p->field, S("calls"))) {
		cloud_parse_call(p, status);
	} else if (status_word(word, &known) && cloud_id(p, status, "id").len) {
		event = cloud_event(&as_status, EVENT_STATUS);
		fill(&as_status, event, status);
		event->status = known;
		if (known == STATUS_FAILED)
			fill_failure(&as_status, event, json_field(status, "errors"));
	} else if (str_is(word, S("warning"))) {
		parse_warning(&as_status, status);
	} else if (word.len && cloud_id(p, status, "id").len) {
		parse_other(&as_status, status, word);
	} else {
		event = cloud_undrawn(&as_status, status);
		event->target_id = cloud_id(p, status, "id");
	}
}
