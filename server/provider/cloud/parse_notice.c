/*
 * parse_notice.c: templates, account, number, security, flows and groups.
 *
 * A notice is a sentence for people with the value behind it; templates become EVENT_TEMPLATE, so
 * that the list of templates follows without asking.
 */
#include "provider/cloud/cloud_internal.h"

/* ---- templates ---- */

/* "Webhooks write some with a hyphen (`en-US`): normalise." */
static str language(const struct parsing *p, str written)
{
	char *text = (char *)(uintptr_t)arena_str(p->job->arena, written).ptr;

	for (size_t i = 0; i < written.len; i++)
		if (text[i] == '-')
			text[i] = '_';
	return written.ptr ? (str){ text, written.len } : STR_NONE;
}

static bool is_template_status(str word)
{
	static const char *const known[] = { "APPROVED", "REJECTED", "PENDING", "PAUSED",
		"DISABLED", "FLAGGED", "REINSTATED", "IN_APPEAL", "LOCKED", "ARCHIVED", "DELETED",
		"PENDING_DELETION", "LIMIT_EXCEEDED" };

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_is(word, str_of(known[i])))
			return true;
	return false;
}

static struct provider_event *start_template(const struct parsing *p)
{
	struct provider_event *event = cloud_event(p, EVENT_TEMPLATE);

	event->template_id = cloud_id(p, p->value, "message_template_id");
	event->template_name = json_text_at(p->value, "message_template_name");
	event->template_language = language(p, json_text_at(p->value, "message_template_language"));
	event->template_category = json_text_at(p->value, "message_template_category");
	event->detail = cloud_json_text(p->job->arena, p->value);
	return event;
}

static str template_reason(const struct parsing *p)
{
	static const char *const paths[] = { "rejection_info.reason", "other_info.description",
		"other_info.title", "reason" };

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		str reason = json_text_at(p->value, paths[i]);

		if (reason.len && !str_is(reason, S("NONE")))
			return reason;
	}
	return STR_NONE;
}

/* "The *field* reads message_template_status_update; detect by keys." */
static bool parse_template_status(const struct parsing *p)
{
	str event = json_text_at(p->value, "event");
	struct provider_event *out;

	if (json_field(p->value, "new_quality_score")) {
		start_template(p)->template_quality = json_text_at(p->value, "new_quality_score");
		return true;
	}
	if (!is_template_status(event) && event.len) {
		cloud_notice(p, "info",
			arena_printf(p->job->arena,
				"WhatsApp reports of the template " STR_F ": " STR_F ".",
				STR_A(str_first_points(
					json_text_at(p->value, "message_template_name"), 100)),
				STR_A(str_first_points(event, 100))),
			p->value);
		return true;
	}
	if (!event.len)
		return false;
	out = start_template(p);
	out->template_status = event;
	out->reason = template_reason(p);
	return true;
}

static bool parse_template_parts(const struct parsing *p)
{
	if (!cloud_id(p, p->value, "message_template_id").len)
		return false;
	start_template(p)->reason = S("The text of the template changed.");
	return true;
}

/* With correct_category it is tomorrow's news: new_category is what holds until then. */
static bool parse_template_category(const struct parsing *p)
{
	str category = json_text_at(p->value, "new_category"),
	    planned = json_text_at(p->value, "correct_category");
	struct provider_event *event;

	if (!category.len)
		return false;
	event = start_template(p);
	event->template_category = category;
	if (planned.len) {
		event->severity = S("warning");
		event->reason = arena_printf(p->job->arena,
			"WhatsApp will change the category to " STR_F ".", STR_A(planned));
	}
	return true;
}

/* ---- notices ---- */

static str say(const struct parsing *p, const char *format, const char *path)
{
	struct buf b = buf_in(p->job->arena, 4096);
	str word = json_text_or_int(p->job->arena, json_path(p->value, path)),
	    rest = str_of(format);

	buf_str(&b, str_split(&rest, '%'));
	buf_str(&b, word.len ? str_first_points(word, 300) : S("unknown"));
	buf_str(&b, rest);
	return buf_text(&b);
}

static const char *account_severity(str event)
{
	static const char *const critical[] = { "ACCOUNT_DELETED", "ACCOUNT_RESTRICTION",
		"DISABLED_UPDATE", "ACCOUNT_OFFBOARDED", "PARTNER_REMOVED",
		"PARTNER_APP_UNINSTALLED" };

	for (size_t i = 0; i < COUNT_OF(critical); i++)
		if (str_is(event, str_of(critical[i])))
			return "critical";
	return str_is(event, S("ACCOUNT_VIOLATION")) ? "warning" : "info";
}

static bool parse_account(const struct parsing *p)
{
	static const struct { const char *event, *sentence, *path;
	} known[] = {
		{ "ACCOUNT_DELETED", "The WhatsApp Business account was deleted.", "" },
		{ "ACCOUNT_RESTRICTION", "WhatsApp restricted the account: %.",
			"restriction_info.0.restriction_type" },
		{ "ACCOUNT_VIOLATION", "WhatsApp found a violation of its policy: %.",
			"violation_info.violation_type" },
		{ "ACCOUNT_OFFBOARDED",
			"The number left the Business app: it can no longer be used with the API.",
			"" },
		{ "ACCOUNT_RECONNECTED", "The number is connected to the API again.", "" },
		{ "PARTNER_REMOVED", "The account was disconnected from this app: %.",
			"disconnection_info.reason" },
		{ "PARTNER_APP_UNINSTALLED", "The app was removed from the account.", "" },
		{ "PARTNER_APP_INSTALLED", "The app was added to the account.", "" },
		{ "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
			"The country of the business is now %.", "country" },
		{ "VOLUME_BASED_PRICING_TIER_UPDATE", "A new price tier holds for %.",
			"volume_tier_info.pricing_category" },
	};
	str event = json_text_at(p->value, "event");

	if (!event.len)
		return false;
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_is(event, str_of(known[i].event))) {
			cloud_notice(p, account_severity(event),
				say(p, known[i].sentence, known[i].path), p->value);
			return true;
		}
	cloud_notice(p, account_severity(event),
		say(p, "The WhatsApp account reports: %.", "event"), p->value);
	return true;
}

static bool parse_alert(const struct parsing *p)
{
	str word = json_text_at(p->value, "alert_info.alert_severity");
	const char *severity = str_is(word, S("CRITICAL"))  ? "critical"
	                       : str_is(word, S("WARNING")) ? "warning"
	                                                    : "info";
	bool has_text = json_text_at(p->value, "alert_info.alert_description").len > 0;

	if (json_kind(json_field(p->value, "alert_info")) != JSON_MAP)
		return false;
	cloud_notice(p, severity,
		     has_text ? say(p, "%", "alert_info.alert_description")
			      : say(p, "WhatsApp raised an alert: %.", "alert_info.alert_type"),
		     p->value);
	return true;
}

/* The newest key that is there. */
static bool parse_capability(const struct parsing *p)
{
	static const char *const keys[] = { "max_daily_conversations_per_business",
		"max_daily_conversation_per_phone", "max_phone_numbers_per_business",
		"max_phone_numbers_per_waba" };

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (json_field(p->value, keys[i])) {
			cloud_notice(p, "info",
				i < 2 ? say(p,
						"The account may start conversations with this "
			                        "many people a day: %.",
						keys[i])
				      : say(p, "The account may have this many numbers: %.",
						keys[i]),
				p->value);
			return true;
		}
	return false;
}

static bool parse_flow(const struct parsing *p)
{
	str message = json_text_at(p->value, "message");

	if (!json_text_at(p->value, "event").len)
		return false;
	cloud_notice(p,
		str_is(json_text_at(p->value, "event"), S("FLOW_STATUS_CHANGE")) ? "info"
										 : "warning",
		message.len                       ? say(p, "%", "message")
		: json_field(p->value, "warning") ? say(p, "%", "warning")
						  : say(p, "A WhatsApp Flow reports: %.", "event"),
		p->value);
	return true;
}

/* Fields that need one sentence about one key. */
static const struct {
	const char *field, *severity, *sentence, *path;
} notices[] = {
	{ "account_review_update", "info", "The review of the account ended: %.", "decision" },
	{ "account_settings_update", "info", "Settings of the number changed: %.", "type" },
	{ "business_username_update", "info", "The username of the business is %.", "status" },
	{ "business_username_updates", "info", "The username of the business is %.", "status" },
	{ "partner_solutions", "info", "A partner solution reports: %.", "event" },
	{ "payment_configuration_update", "info", "The payment configuration is now: %.",
		"status" },
	{ "phone_number_name_update", "info", "The review of the display name ended: %.",
		"decision" },
	{ "phone_number_quality_update", "warning",
		"The quality or limit of the number changed: %.", "event" },
	{ "security", "warning", "The PIN of the number was touched: %.", "event" },
};

static const struct {
	const char *field;
	bool (*parse)(const struct parsing *p);
} fields[] = {
	{ "message_template_status_update", parse_template_status },
	{ "message_template_quality_update", parse_template_status },
	{ "message_template_components_update", parse_template_parts },
	{ "template_category_update", parse_template_category },
	{ "account_update", parse_account },
	{ "account_alerts", parse_alert },
	{ "business_capability_update", parse_capability },
	{ "flows", parse_flow },
};

bool cloud_parse_notice(const struct parsing *p)
{
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (str_is(p->field, str_of(fields[i].field)))
			return fields[i].parse(p);
	for (size_t i = 0; i < COUNT_OF(notices); i++)
		if (str_is(p->field, str_of(notices[i].field)) &&
			json_path(p->value, notices[i].path)) {
			cloud_notice(p, notices[i].severity,
				say(p, notices[i].sentence, notices[i].path), p->value);
			return true;
		}
	return false;
}

/* A field of tomorrow: its name, and the words in it that look like one. Its detail is kept with
 * the notice. */
void cloud_parse_other(const struct parsing *p, json v)
{
	static const char *const keys[] = { "event", "status", "type", "decision" };
	str word = STR_NONE;

	for (size_t i = 0; i < COUNT_OF(keys) && !word.len; i++)
		word = json_text_at(v, keys[i]);
	cloud_notice(p, "info",
		arena_printf(p->job->arena,
			"WhatsApp told something that has no words here yet: " STR_F "%s" STR_F ".",
			STR_A(str_first_points(p->field, 100)), word.len ? ", " : "",
			STR_A(str_first_points(word, 100))),
		v);
}

/* ---- groups ---- */

/* A group is called by its subject, when the webhook tells it. */
static void name_group(const struct parsing *p, json group)
{
	str subject = json_text_at(group, "subject");
	struct provider_event *event;

	if (!subject.len && json_flag(json_path(group, "group_subject.update_successful"), false))
		subject = json_text_at(group, "group_subject.text");
	if (!subject.len || !cloud_id(p, group, "group_id").len)
		return;
	event = cloud_event(p, EVENT_CONTACT);
	event->who = (struct person_ref){ .group = cloud_id(p, group, "group_id"),
		.name = subject };
	event->at_ms = cloud_time_ms(json_field(group, "timestamp"), p->entry_ms);
}

static bool group_failed(json group)
{
	return cloud_list(json_field(group, "errors")) > 0;
}

void cloud_parse_group(const struct parsing *p, json group)
{
	static const struct { const char *type, *sentence; } known[] = {
		{ "group_create", "A group was created." },
		{ "group_delete", "A group was deleted." },
		{ "group_participants_add", "Somebody joined a group." },
		{ "group_participants_remove", "Somebody left a group." },
		{ "group_join_request_created", "Somebody asks to join a group." },
		{ "group_join_request_revoked", "A request to join a group was taken back." },
		{ "group_settings_update", "The settings of a group changed." },
		{ "group_suspend", "WhatsApp suspended a group." },
		{ "group_suspend_cleared", "A suspended group may be used again." },
	};
	str type = json_text_at(group, "type"), sentence = S("Something changed in a group.");
	bool failed = group_failed(group);

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_is(type, str_of(known[i].type)))
			sentence = failed ? S("A change of a group failed.")
			                  : str_of(known[i].sentence);
	cloud_notice(p, failed || str_is(type, S("group_suspend")) ? "warning" : "info", sentence,
		group)
		->group_id = cloud_id(p, group, "group_id");
	if (!failed)
		name_group(p, group);
}
