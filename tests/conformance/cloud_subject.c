/*
 * cloud_subject.c: the Cloud API against the sandbox on loopback; and the sandbox's customers, for
 * the other providers that it plays.
 */
#include "conformance/subject.h"

#include "provider/sandbox/sandbox_fixture.h"

#include <stdio.h>

static struct fixture *current;

static struct channel channel(void)
{
	return current->channel;
}

static void begin(void)
{
	current = fixture();
}

void sandbox_open_window(str phone)
{
	fixture_open_window(phone);
}

static str path_of(str phone, const char *what)
{
	return arena_printf(test_arena(), "/control/customers/" STR_F "/%s", STR_A(phone), what);
}

str sandbox_customer_sends(str phone, str message)
{
	fixture_control(S("/control/customers"),
		arena_printf(test_arena(), "{\"phone\":\"" STR_F "\",\"name\":\"Ana\"}",
			STR_A(phone)));
	return json_text_at(fixture_control(path_of(phone, "messages"), message), "id");
}

/* Through the provider's own door: the sandbox keeps all files in one place. */
str sandbox_customer_file(bytes data, const char *mime_type)
{
	struct job *job = fixture_job();
	const struct media_info info = { .mime_type = str_of(mime_type),
		.file_name = S("file"),
		.size = (int64_t)data.len };
	char path[256];
	FILE *file;
	str id;

	snprintf(path, sizeof path, "%s/customer", test_folder());
	file = fopen(path, "wb");
	EXPECT(file && fwrite(data.ptr, 1, data.len, file) == data.len);
	fclose(file);
	EXPECT_OK(provider_upload_media(job, &current->channel, &info, path, &id));
	return id;
}

str sandbox_file_link(bytes data, const char *mime_type)
{
	return arena_printf(test_arena(), STR_F "/control/media/" STR_F, STR_A(fixture_url()),
		STR_A(sandbox_customer_file(data, mime_type)));
}

void sandbox_customer_reads(str phone)
{
	fixture_control(path_of(phone, "read"), S(""));
}

void sandbox_customer_blocks(str phone)
{
	fixture_control(S("/control/customers"),
		arena_printf(test_arena(), "{\"phone\":\"" STR_F "\",\"blocks\":true}",
			STR_A(phone)));
}

static json thread_of(str phone)
{
	json thread;

	EXPECT_INT(fixture_call(HTTP_GET, path_of(phone, "thread"), STR_NONE, &thread), 200);
	return thread;
}

json sandbox_arrived(str phone)
{
	json messages = json_field(thread_of(phone), "messages"), found = NULL;

	for (size_t i = 0; i < json_count(messages); i++)
		if (str_is(json_text_at(json_at(messages, i), "from"), S("business")))
			found = json_field(json_at(messages, i), "body");
	return found;
}

bool sandbox_is_typing(str phone)
{
	return json_flag(json_field(thread_of(phone), "typing"), false);
}

void sandbox_break_by(const char *fault)
{
	static const struct { const char *fault, *body; } known[] = {
		{ "lost_answer", "{\"kind\":\"lost_answer\"}" },
		{ "rate_limit", "{\"kind\":\"graph_error\",\"code\":130429}" },
		{ "forged_webhook", "{\"kind\":\"webhook_bad_signature\"}" },
		{ "gateway_page", "{\"kind\":\"http_error\",\"status\":502}" },
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(known[i].fault, fault) == 0) {
			fixture_control(S("/control/faults"), str_of(known[i].body));
			return;
		}
	test_fail(__FILE__, __LINE__, "no such fault: %s", fault);
}

void sandbox_lock_out(struct channel *ch)
{
	ch->access_token = S("expired");
}

void sandbox_unplug(struct channel *ch)
{
	ch->base_url = S("http://127.0.0.1:1/v24.0");
}

const struct subject cloud_subject = {
	.provider = &cloud_provider,
	.start = begin,
	.channel = channel,
	SUBJECT_ON_SANDBOX,
};
