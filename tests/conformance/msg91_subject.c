/* msg91_subject.c: MSG91 against the sandbox, which plays it over the same customers. */
#include "conformance/subject.h"

#include "provider/sandbox/sandbox_fixture.h"

#include <stdio.h>

#define SECRET "msg91-secret"

static char base_url[64];

static struct channel channel(void)
{
	struct channel ch = cloud_subject.channel();

	ch.provider = &msg91_provider;
	ch.remote_id = ch.phone;
	ch.app_secret = S(SECRET);
	ch.config = S("{\"requests_per_minute\":10000}");
	ch.base_url = str_of(base_url);
	return ch;
}

static void begin(void)
{
	struct channel ch;

	cloud_subject.start();
	snprintf(base_url, sizeof base_url, "%s/msg91",
		arena_cstr(test_arena(), fixture_url()));
	ch = channel();
	fixture_as(&ch);
	fixture_control(S("/control/settings"),
		arena_printf(test_arena(),
			"{\"webhook_url\":\"\",\"msg91_webhook_url\":\"" STR_F "/1/" SECRET "\"}",
			STR_A(fixture_webhook())));
}

const struct subject msg91_subject = {
	.provider = &msg91_provider,
	.start = begin,
	.channel = channel,
	SUBJECT_ON_SANDBOX,
};
