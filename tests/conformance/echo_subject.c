/* echo_subject.c: the provider without a network: what it loops back is all there is to see. */
#include "conformance/subject.h"

#include "base/clock.h"
#include "provider/sandbox/sandbox_fixture.h"

#define BODIES_MAX 64
#define BODY_MAX (256u << 10)

static str bodies[BODIES_MAX]; /* as webhooks would bring them */
static size_t body_count;

static struct channel channel(void)
{
	return (struct channel){ .id = 1,
		.provider = &echo_provider,
		.phone = S("12025550100"),
		.remote_id = S("1"),
		.account_id = S("1"),
		.config = S("{}") };
}

static void keep(str body)
{
	EXPECT(body_count < BODIES_MAX);
	bodies[body_count++] = arena_str(test_arena(), body);
}

static enum err loop_back(struct job *job, const struct channel *ch, str body)
{
	(void)job;
	EXPECT(ch->provider == &echo_provider);
	keep(body);
	return OK;
}

static void begin(void)
{
	body_count = 0;
	provider_loopback = loop_back;
}

/* A job of the time that it is: the echo has no clock but this one. */
static struct job *new_job(void)
{
	struct job *job = ARENA_NEW(test_arena(), struct job);

	*job = (struct job){ .name = "test", .arena = test_arena(), .now_ms = clock_now_ms() };
	return job;
}

static void nothing(str phone)
{
	(void)phone;
}

static str customer_sends(str phone, str message)
{
	struct buf b = buf_in(test_arena(), BODY_MAX);
	str id = arena_printf(test_arena(), "echo.in.%zu", body_count);
	json v;

	EXPECT_OK(json_read(test_arena(), message, &v, NULL));
	buf_printf(&b,
		"{\"entry\":[{\"id\":\"1\",\"changes\":[{\"field\":\"messages\",\"value\":{"
		"\"metadata\":{\"phone_number_id\":\"1\"},\"contacts\":[{\"wa_id\":\"" STR_F
		"\",\"profile\":{\"name\":\"Ana\"}}],\"messages\":[",
		STR_A(phone));
	buf_printf(&b, "{\"from\":\"" STR_F "\",\"id\":\"" STR_F "\",\"timestamp\":\"%lld\"",
		STR_A(phone), STR_A(id), (long long)(clock_now_ms() / 1000));
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		struct buf member = buf_in(test_arena(), BODY_MAX);

		json_put_value(&member, NULL, json_member_value(at));
		buf_printf(&b, ",\"" STR_F "\":" STR_F, STR_A(json_member_name(at)),
			STR_A(buf_text(&member)));
	}
	buf_str(&b, S("}]}}]}]}"));
	keep(buf_text(&b));
	return id;
}

/* Nobody opens it. */
static str file_link(bytes data, const char *mime_type)
{
	(void)data;
	(void)mime_type;
	return S("https://example.com/a");
}

static json arrived(str phone)
{
	json root;

	(void)phone;
	EXPECT(body_count > 0);
	EXPECT_OK(json_read(test_arena(), bodies[body_count - 1], &root, NULL));
	return json_field(root, "sent");
}

static bool is_typing(str phone)
{
	(void)phone;
	return false;
}

static const struct provider_event *wait_for(enum event_kind kind, size_t index)
{
	struct channel ch = channel();
	size_t seen = 0;

	for (size_t i = 0; i < body_count; i++) {
		struct provider_events events;

		EXPECT_OK(echo_provider.parse(new_job(), &ch, bodies[i], &events));
		for (size_t j = 0; j < events.count; j++)
			if (events.items[j].kind == kind && seen++ == index)
				return &events.items[j];
	}
	test_fail(__FILE__, __LINE__, "no event %s number %zu came", event_kind_name(kind), index);
	return NULL;
}

const struct subject echo_subject = {
	.provider = &echo_provider,
	.start = begin,
	.channel = channel,
	.job = new_job,
	.open_window = nothing,
	.customer_sends = customer_sends,
	.file_link = file_link,
	.arrived = arrived,
	.is_typing = is_typing,
	.wait = wait_for,
};
