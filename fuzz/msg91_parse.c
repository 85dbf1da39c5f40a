/*
 * msg91_parse.c: a webhook body of MSG91 is refused with a sentence, or becomes events that inbox/
 * can apply; one whose JSON a quote broke is kept.
 */
#include "provider/msg91/msg91_internal.h"

#include "fuzz/fuzz.h"

static void check_event(const struct provider_event *e)
{
	MUST(e->field.len > 0 && e->at_ms >= 0);
	MUST(!e->who.phone.ptr || !e->who.phone.len || str_is_digits(e->who.phone));
	if (e->kind == EVENT_MESSAGE)
		MUST(e->remote_id.len && e->content.len);
	if (e->kind == EVENT_STATUS)
		MUST(e->target_id.len && e->status >= STATUS_SENT && e->status <= STATUS_FAILED);
	if (e->kind == EVENT_STATUS && e->status == STATUS_FAILED)
		MUST(e->error_code.len && e->error_sentence.len && e->error_next_step.len);
	if (e->kind == EVENT_UNDRAWN)
		MUST(e->sentence.len && e->detail.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct job job = { .name = "fuzz", .arena = arena, .now_ms = 1700000000000 };
	struct provider_events events;

	if (msg91_parse_by(&job, NULL, str_from((bytes){ data, size }), &events) != OK) {
		MUST(job.why.len > 0);
		return 0;
	}
	for (size_t i = 0; i < events.count; i++)
		check_event(&events.items[i]);
	return 0;
}
