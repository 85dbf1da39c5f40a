/*
 * transport_parse.c: a webhook body by a transport's mapping is refused with a sentence, or becomes
 * events that inbox/ can apply; a body that is understood by nothing is kept.
 */
#include "provider/http/http_internal.h"

#include "fuzz/fuzz.h"

static const char config_text[] =
	"{\"address\":\"PHONE\",\"webhook\":{\"auth\":{\"type\":\"header\",\"name\":\"X\"},"
	"\"status\":{\"list\":\"r\",\"when\":{\"path\":\"k\",\"values\":[\"s\"]},\"message_id\":"
	"\"id\",\"reference\":\"ref\",\"state\":\"st\","
	"\"states\":{\"D\":\"delivered\",\"B\":\"ignore\"},\"time\":\"at\",\"error_message\":\"e\"}"
	","
	"\"message\":{\"list\":\"m\",\"id\":\"id\",\"from\":\"f.n\",\"name\":\"f.m\",\"text\":"
	"\"t\",\"type\":\"k\",\"media_url\":\"u\",\"time\":\"at\"}}}";

static void check_event(struct arena *arena, const struct provider_event *e)
{
	json v;

	MUST(e->field.len > 0 && e->at_ms >= 0);
	if (e->kind == EVENT_MESSAGE) {
		MUST(e->remote_id.len && (e->who.phone.len || e->who.bsuid.len));
		MUST(json_read(arena, e->content, &v, NULL) == OK || e->content.len > (64u << 10));
	}
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
	json config;

	MUST(json_read(arena, str_of(config_text), &config, NULL) == OK);
	if (transport_parse_by(&job, config, str_from((bytes){ data, size }), &events) != OK) {
		MUST(job.why.len > 0);
		return 0;
	}
	for (size_t i = 0; i < events.count; i++)
		check_event(arena, &events.items[i]);
	return 0;
}
