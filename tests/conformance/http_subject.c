/*
 * http_subject.c: a call of the Cloud API as an HTTP transport's configuration, against the
 * sandbox.
 *
 * The network and its customers are those of cloud_subject; only the provider differs.
 */
#include "conformance/subject.h"

#include "provider/http/http.h"
#include "provider/sandbox/sandbox_fixture.h"

#include <stdio.h>

/* The published example, but for the address: that is the sandbox's. */
static json example(void)
{
	struct buf text = buf_in(test_arena(), 1u << 16);
	FILE *file = fopen(TEST_EXAMPLE, "rb");
	json root;

	EXPECT(file != NULL);
	text.len = fread(buf_space(&text, 1u << 15), 1, 1u << 15, file);
	fclose(file);
	EXPECT_OK(json_read(test_arena(), buf_text(&text), &root, NULL));
	return json_field(root, "config");
}

static char config[1u << 15]; /* the receiver reads it on its own thread, after a test's arena */

static struct channel channel(void)
{
	struct channel ch = cloud_subject.channel();
	struct buf text = { .ptr = (uint8_t *)config, .cap = sizeof config, .max = sizeof config };

	json_put_value(&text, NULL, example());
	ch.provider = &http_provider;
	ch.config = buf_text(&text);
	ch.can = http_provider.config_can(example());
	return ch;
}

static void begin(void)
{
	struct channel ch;

	cloud_subject.start();
	ch = channel();
	fixture_as(&ch);
}

const struct subject http_subject = {
	.provider = &http_provider,
	.start = begin,
	.channel = channel,
	SUBJECT_ON_SANDBOX,
};
