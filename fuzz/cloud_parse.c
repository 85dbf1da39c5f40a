/*
 * cloud_parse.c: a webhook body is refused with a sentence, or becomes events that inbox/ can
 * apply: a message has an id, a person and content that is JSON; a status, reaction, edit or revoke
 * names its message; nothing is dropped.
 */
#include "base/json.h"
#include "fuzz/fuzz.h"
#include "provider/cloud/cloud_internal.h"

static void check_message(struct arena *arena, const struct provider_event *e)
{
	json content;

	MUST(e->remote_id.len > 0 && cloud_has_name(&e->who));
	MUST(e->message_kind < KINDS && e->content.len > 0);
	MUST(json_read(arena, e->content, &content, NULL) == OK);
	MUST(json_kind(content) == JSON_MAP || e->message_kind == KIND_CONTACTS ||
	     json_count(content) == 0);
	MUST(!e->referral.ptr || json_read(arena, e->referral, &content, NULL) == OK);
}

static void check_event(struct arena *arena, const struct provider_event *e)
{
	json detail;

	MUST(e->field.len > 0 && e->at_ms >= 0);
	MUST(!e->who.phone.ptr || str_is_digits(e->who.phone));
	if (e->kind == EVENT_MESSAGE)
		check_message(arena, e);
	if (e->kind == EVENT_STATUS)
		MUST(e->target_id.len && e->status >= STATUS_SENT && e->status <= STATUS_FAILED);
	if (e->kind == EVENT_STATUS && e->status == STATUS_FAILED)
		MUST(e->error_code.len && e->error_sentence.len && e->error_next_step.len);
	if (e->kind == EVENT_REACTION || e->kind == EVENT_EDIT || e->kind == EVENT_REVOKE)
		MUST(e->target_id.len && e->remote_id.len);
	if (e->kind == EVENT_NOTICE || e->kind == EVENT_UNDRAWN)
		MUST(e->sentence.len && json_read(arena, e->detail, &detail, NULL) == OK);
	if (e->kind == EVENT_PREFERENCE || e->kind == EVENT_CONTACT || e->kind == EVENT_IDENTITY)
		MUST(cloud_has_name(&e->who));
}

static size_t count_changes(json root)
{
	json entries = json_field(root, "entry");
	size_t count = 0;

	for (size_t i = 0; i < cloud_list(entries); i++)
		count += cloud_list(json_field(json_at(entries, i), "changes"));
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct job job = { .name = "fuzz", .arena = arena, .now_ms = 1700000000000 };
	struct provider_events events;
	str body = str_from((bytes){ data, size });
	json root;

	if (cloud_parse(&job, body, &events) != OK) {
		MUST(job.why.len > 0 && job.code.len > 0);
		return 0;
	}
	MUST(json_read(arena, body, &root, NULL) == OK);
	MUST(events.count >= count_changes(root));
	for (size_t i = 0; i < events.count; i++)
		check_event(arena, &events.items[i]);
	return 0;
}
