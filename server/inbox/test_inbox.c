/* test_inbox.c: see test_inbox.h. */
#include "inbox/test_inbox.h"

#include "account/account.h"
#include "account/channel.h"
#include "account/seal.h"

#include <stdio.h>

struct channel *test_another_channel(struct job *job, int n)
{
	struct channel_draft draft = {
		.provider = S("cloud"), .name = S("Shop"), .account_id = S("102290129340398"),
		.remote_id = arena_printf(job->arena, "10654035224292%d", n),
		.phone = arena_printf(job->arena, "1555078388%d", n), .access_token = S("EAAtoken"),
		.app_secret = S("0123456789abcdef0123456789abcdef"), .disabled = -1,
	};
	struct channel *ch;

	EXPECT_OK(channel_create(job, &draft, &ch));
	return ch;
}

void test_another_workspace(struct job *job)
{
	struct setup_draft draft = { .workspace = S("Shop"),
		.name = S("Olga"),
		.password = S("correct horse battery"),
		.email =
			arena_printf(job->arena, "owner%lld@example.com", (long long)job_id(job)) };
	struct setup_result setup;

	EXPECT_OK(account_setup(job, &draft, &setup));
}

struct channel *test_channel(struct job *job)
{
	char path[256];
	str why;

	crypto_init();
	keyring_close();
	snprintf(path, sizeof path, "%s/master.key", test_folder());
	EXPECT_OK(keyring_open(job->arena, path, &why));
	job->now_ms = TEST_NOW_MS;
	test_another_workspace(job);
	return test_another_channel(job, 1);
}

void test_apply(struct job *job, const struct channel *ch, const struct provider_event *event,
		struct inbox_changes *changes)
{
	struct inbox_changes own = { 0 };

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(inbox_apply(job, ch, event, changes ? changes : &own));
	EXPECT_OK(db_commit(job));
}

struct provider_event test_says(const char *phone, const char *remote_id, const char *body,
	int64_t at_ms)
{
	struct buf content = buf_in(test_arena(), 4096);

	json_open(&content, '{');
	json_put(&content, "body", T(body));
	json_close(&content, '}');
	return (struct provider_event){ .kind = EVENT_MESSAGE,
		.field = S("messages"),
		.who = { .phone = T(phone) },
		.at_ms = at_ms,
		.remote_id = T(remote_id),
		.message_kind = KIND_TEXT,
		.content = buf_text(&content) };
}

struct provider_event test_tick(const char *target, enum message_status status, int64_t at_ms)
{
	return (struct provider_event){ .kind = EVENT_STATUS,
		.field = S("statuses"),
		.at_ms = at_ms,
		.target_id = T(target),
		.status = status };
}

struct message test_message(struct job *job, const struct channel *ch, const char *remote_id)
{
	struct message_place_row place;
	struct message msg;

	EXPECT_OK(message_by_remote(job, ch->id, T(remote_id), &place));
	EXPECT_OK(message_get(job, place.id, &msg));
	return msg;
}

struct conversation test_conversation(struct job *job, const struct channel *ch,
	const char *remote_id)
{
	struct message msg = test_message(job, ch, remote_id);
	struct conversation conv;

	EXPECT_OK(conversation_get(job, msg.conversation_id, &conv));
	return conv;
}

id64 test_outgoing(struct job *job, const struct conversation *conv, const char *body)
{
	struct inbox_changes changes = { 0 };
	struct provider_event text = test_says("", "", body, 0);
	struct conversation copy = *conv;
	struct message msg = {
		.id = job_id(job),
		.conversation_id = conv->id,
		.channel_id = conv->channel_id,
		.kind = KIND_TEXT,
		.status = STATUS_ACCEPTED,
		.author_kind = job->actor.kind,
		.author_id = job->actor.id,
		.content = text.content,
	};

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(message_insert(job, &msg, &copy, &changes));
	EXPECT_OK(sql_outbox_add(job,
		&(struct sql_outbox_add){ .message = msg.id,
			.workspace = job->workspace,
			.channel = conv->channel_id,
			.conversation = conv->id,
			.now_ms = job->now_ms },
		NULL));
	EXPECT_OK(db_commit(job));
	return msg.id;
}
