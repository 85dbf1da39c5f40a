/* choice_test.c: what people write back to numbered choices is what they chose; and all else stays
 * a text. */
#include "inbox/test_inbox.h"

#include "provider/choice.h"

#include <stdio.h>

#define BUTTONS                                                                            \
	"{\"type\":\"button\",\"body\":{\"text\":\"Shall we?\"},\"action\":{\"buttons\":[" \
	"{\"type\":\"reply\",\"reply\":{\"id\":\"a\",\"title\":\"Yes\"}},"                 \
	"{\"type\":\"reply\",\"reply\":{\"id\":\"b\",\"title\":\"Übermorgen\"}}]}}"
#define LIST                                                                                       \
	"{\"type\":\"list\",\"body\":{\"text\":\"Which?\"},\"action\":{\"button\":\"Show\","       \
	"\"sections\":[{\"title\":\"A\",\"rows\":[{\"id\":\"r1\",\"title\":\"Red\"}]},"            \
	"{\"title\":\"B\",\"rows\":[{\"id\":\"r2\",\"title\":\"Blue\",\"description\":\"dark\"}]}" \
	"]}}"
#define PHONE "6281234567890"
#define HOUR_MS 3600000LL

struct scene {
	struct job *job;
	struct channel *ch;
	struct conversation conv;
	int said;
};

/* What comes next of the customer; reply: remote id, or NULL. */
static struct message say(struct scene *s, const char *body, const char *reply)
{
	char id[16];
	struct provider_event ev;

	s->job->now_ms += 1000;
	snprintf(id, sizeof id, "in.%d", s->said++);
	ev = test_says(PHONE, id, body, s->job->now_ms);
	ev.reply_to = reply ? T(reply) : STR_NONE;
	test_apply(s->job, s->ch, &ev, NULL);
	return test_message(s->job, s->ch, id);
}

static id64 offer(struct scene *s, const char *content, const char *remote_id)
{
	struct inbox_changes changes = { 0 };
	struct message m = { .conversation_id = s->conv.id,
		.channel_id = s->ch->id,
		.kind = KIND_INTERACTIVE,
		.status = STATUS_DELIVERED,
		.author_kind = s->job->actor.kind,
		.author_id = s->job->actor.id,
		.content = T(content),
		.remote_id = T(remote_id) };

	s->job->now_ms += 1000;
	m.id = job_id(s->job);
	m.sent_ms = s->job->now_ms;
	EXPECT_OK(db_begin(s->job, DB_WRITE));
	EXPECT_OK(message_insert(s->job, &m, &s->conv, &changes));
	EXPECT_OK(db_commit(s->job));
	return m.id;
}

static struct scene scene_of(struct job *job)
{
	struct scene s = { .job = job, .ch = test_channel(job) };

	s.ch->provider = &linked_provider;
	say(&s, "hi", NULL);
	s.conv = test_conversation(job, s.ch, "in.0");
	return s;
}

static void expect_choice(struct job *job, const struct message *m, const char *type,
	const char *id)
{
	json v;

	EXPECT_INT(m->kind, KIND_INTERACTIVE);
	EXPECT_OK(json_read(job->arena, m->content, &v, NULL));
	EXPECT_STR(json_text_at(v, "type"), type);
	EXPECT_STR(json_text_at(json_field(v, type), "id"), id);
}

STORE_TEST(a_number_right_after_buttons_is_the_button)
{
	struct scene s = scene_of(job);
	id64 offered = offer(&s, BUTTONS, "out.1");
	struct message m = say(&s, " 2. ", NULL);

	expect_choice(job, &m, "button_reply", "b");
	EXPECT(str_find(m.content, '.') < m.content.len); /* what was typed stays */
	EXPECT_INT(m.reply_to_id, offered);
}

STORE_TEST(a_title_right_after_a_list_is_its_row_whatever_the_case)
{
	struct scene s = scene_of(job);
	struct message m;

	offer(&s, LIST, "out.1");
	m = say(&s, "bLUE", NULL);
	expect_choice(job, &m, "list_reply", "r2");
	offer(&s, BUTTONS, "out.2");
	m = say(&s, "üBERMORGEN", NULL);
	expect_choice(job, &m, "button_reply", "b");
	offer(&s, LIST, "out.3");
	m = say(&s, "2\xEF\xB8\x8F\xE2\x83\xA3", NULL); /* keycap 2 */
	expect_choice(job, &m, "list_reply", "r2");
}

STORE_TEST(only_the_next_thing_said_or_a_reply_is_an_answer)
{
	struct scene s = scene_of(job);
	struct message m;

	offer(&s, BUTTONS, "out.1");
	EXPECT_INT(say(&s, "hm", NULL).kind, KIND_TEXT);
	EXPECT_INT(say(&s, "1", NULL).kind, KIND_TEXT);
	m = say(&s, "1", "out.1");
	expect_choice(job, &m, "button_reply", "a");
	EXPECT_INT(say(&s, "1", "in.0").kind, KIND_TEXT);
}

STORE_TEST(what_is_no_choice_stays_a_text)
{
	struct scene s = scene_of(job);

	offer(&s, BUTTONS, "out.1");
	EXPECT_INT(say(&s, "3", "out.1").kind, KIND_TEXT);
	EXPECT_INT(say(&s, "0", "out.1").kind, KIND_TEXT);
	EXPECT_INT(say(&s, "2 please", "out.1").kind, KIND_TEXT);
	EXPECT_INT(say(&s, "", "out.1").kind, KIND_TEXT);
}

STORE_TEST(after_a_day_an_answer_is_none)
{
	struct scene s = scene_of(job);

	offer(&s, BUTTONS, "out.1");
	job->now_ms += 25 * HOUR_MS;
	EXPECT_INT(say(&s, "1", "out.1").kind, KIND_TEXT);
}

STORE_TEST(networks_with_buttons_of_their_own_keep_what_is_written)
{
	struct scene s = scene_of(job);

	s.ch->provider = &cloud_provider;
	offer(&s, BUTTONS, "out.1");
	EXPECT_INT(say(&s, "1", NULL).kind, KIND_TEXT);
}

STORE_TEST(native_buttons_show_no_numbers_so_only_titles_are_answers)
{
	struct scene s = scene_of(job);
	struct message m;

	s.ch->config = S("{\"native_buttons\":true}");
	offer(&s, BUTTONS, "out.1");
	EXPECT_INT(say(&s, "1", "out.1").kind, KIND_TEXT);
	m = say(&s, "yes", "out.1");
	expect_choice(job, &m, "button_reply", "a");
}

STORE_TEST(an_answer_that_is_deciphered_later_is_one_all_the_same)
{
	struct scene s = scene_of(job);
	struct provider_event ev;
	struct message m;
	id64 offered = offer(&s, BUTTONS, "out.1");

	ev = test_says(PHONE, "late", "", job->now_ms);
	ev.message_kind = KIND_WAITING;
	test_apply(job, s.ch, &ev, NULL);
	ev = test_says(PHONE, "late", "2", job->now_ms);
	test_apply(job, s.ch, &ev, NULL);
	m = test_message(job, s.ch, "late");
	expect_choice(job, &m, "button_reply", "b");
	EXPECT_INT(m.reply_to_id, offered);
}
