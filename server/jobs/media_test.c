/* media_test.c: attachments fetched from, and uploaded to, a Graph server of the test's own. */
#include "jobs/media.h"

#include "account/account.h"
#include "account/channel.h"
#include "account/seal.h"
#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "inbox/media.h"
#include "net/net_test.h"
#include "net/multipart.h"
#include "store/queries.h"
#include "store/test_store.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define CONTENT \
	S("GIF89a\1\0\1\0\x80\0\0\0\0\0\0\0\0!\xF9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;")
#define HOUR_MS (3600 * 1000LL)

/* What the Graph server does; set before it is asked. */
static struct {
	atomic_int failures, asked, uploads; /* answers 500 that often; counts */
	atomic_bool lies;                    /* announces another hash */
	str received;                        /* the last upload's file */
	char received_data[200];
} graph;

static struct test_server *server;
static struct channel *channel;

static enum err graph_url(struct job *job, const struct request *req, struct response *res)
{
	uint8_t hash[SHA256_SIZE] = { 0 };

	atomic_fetch_add(&graph.asked, 1);
	if (atomic_fetch_sub(&graph.failures, 1) > 0) {
		res->status = 500;
		return OK;
	}
	if (!atomic_load(&graph.lies))
		sha256(bytes_of(CONTENT), hash);
	buf_printf(&res->body,
		"{\"url\":\"http://127.0.0.1:%d/file/%.*s\",\"mime_type\":\"image/"
		"jpeg\",\"sha256\":\"%.*s\"}",
		server->port, STR_A(req->params[0]),
		STR_A(hex_text(job->arena, (bytes){ hash, sizeof hash })));
	return OK;
}

static enum err graph_file(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	buf_str(&res->body, CONTENT);
	res->type = S("image/jpeg");
	return OK;
}

static enum err graph_upload(struct job *job, const struct request *req, struct response *res)
{
	struct part *parts;
	size_t count;

	TRY(multipart_read(job, req, &parts, &count));
	for (size_t i = 0; i < count; i++) {
		if (!str_is(parts[i].name, S("file")))
			continue;
		graph.received = (str){ graph.received_data, parts[i].data.len };
		memcpy(graph.received_data, parts[i].data.ptr, parts[i].data.len);
	}
	buf_printf(&res->body, "{\"id\":\"up-%d\"}", atomic_fetch_add(&graph.uploads, 1) + 1);
	return OK;
}

static void start(struct job *job)
{
	static const struct route routes[] = {
		{ .method = HTTP_GET, .pattern = "/v24.0/{id}", .handler = graph_url },
		{ .method = HTTP_GET, .pattern = "/file/{id}", .handler = graph_file },
		{ .method = HTTP_POST, .pattern = "/v24.0/{phone}/media", .handler = graph_upload },
	};
	static char url[100];
	static int made;
	struct setup_result result;
	str why = STR_NONE;

	crypto_init();
	graph.failures = graph.asked = graph.uploads = 0;
	graph.lies = false;
	server = test_server_start(
		(struct http_config){ .routes = routes, .route_count = COUNT_OF(routes) });
	snprintf(url, sizeof url, "http://127.0.0.1:%d/v24.0", server->port);
	channel_set_base_url("cloud", url, true);
	EXPECT_OK(keyring_open(job->arena,
		arena_printf(job->arena, "%s/jobs-%d.key", test_folder(), made).ptr, &why));
	EXPECT_OK(media_open_folder(job->arena,
		arena_printf(job->arena, "%s/jobs-%d", test_folder(), made++).ptr, &why));
	EXPECT_OK(account_setup(job,
		&(struct setup_draft){ .workspace = S("W"),
			.email = S("a@example.com"),
			.name = S("A"),
			.password = S("correct horse") },
		&result));
	job->workspace = result.workspace;
	EXPECT_OK(channel_create(job,
		&(struct channel_draft){ .provider = S("cloud"),
			.name = S("C"),
			.remote_id = S("100"),
			.account_id = S("200"),
			.access_token = S("token"),
			.app_secret = S("secret"),
			.disabled = -1 },
		&channel));
}

static id64 expect_media(struct job *job)
{
	id64 id;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(media_expect(job, channel->id, S("555"), STR_NONE,
		&(struct media_info){ .mime_type = S("image/jpeg") }, &id));
	EXPECT_OK(db_commit(job));
	return id;
}

static struct media media_now(struct job *job, id64 id)
{
	struct media media;

	EXPECT_OK(media_get(job, id, &media));
	return media;
}

STORE_TEST(what_is_fetched_is_stored_as_what_it_is)
{
	struct media_reader *reader;
	struct media media;
	uint8_t got[100];
	id64 id;

	start(job);
	id = expect_media(job);
	EXPECT_OK(media_fetch_once(job, id));
	media = media_now(job, id);
	EXPECT_INT(media.state, MEDIA_STORED);
	EXPECT_STR(media.mime_type, "image/gif"); /* claimed: image/jpeg */
	EXPECT_INT(media.size_bytes, CONTENT.len);
	EXPECT_OK(media_read_start(job, &media, 0, media.size_bytes, &reader));
	EXPECT_INT(media_read(reader, got, sizeof got), CONTENT.len);
	media_read_end(reader);
	EXPECT(memcmp(got, CONTENT.ptr, CONTENT.len) == 0);
	test_server_stop(server);
}

STORE_TEST(a_failed_fetch_waits_longer_each_time_and_ends_with_a_sentence)
{
	struct media_waiting_rows due;
	struct media media;
	int64_t now_ms = clock_now_ms(), waits[MEDIA_ATTEMPTS_MAX] = { 0 };
	id64 id;

	start(job);
	id = expect_media(job);
	graph.failures = 1000;
	for (int i = 0; i < MEDIA_ATTEMPTS_MAX; i++) {
		clock_fake(now_ms);
		job->now_ms = now_ms;
		EXPECT_OK(media_fetch_once(job, id));
		for (waits[i] = 0; waits[i] <= 7 * HOUR_MS; waits[i] += 30000) {
			EXPECT_OK(sql_media_due(job,
				&(struct sql_media_due){ now_ms + waits[i], 10 }, &due));
			if (due.count)
				break;
		}
		now_ms += waits[i];
	}
	clock_fake(0);
	EXPECT_INT(waits[0], 60000);
	EXPECT_INT(waits[1], 120000);
	EXPECT_INT(waits[8], 256 * 60000);
	media = media_now(job, id);
	EXPECT_INT(media.state, MEDIA_FAILED);
	EXPECT_INT(media.attempts, MEDIA_ATTEMPTS_MAX);
	EXPECT(media.error.len > 10);
	test_server_stop(server);
}

STORE_TEST(another_file_than_the_announced_is_not_taken)
{
	struct media media;
	id64 id;

	start(job);
	graph.lies = true;
	id = expect_media(job);
	EXPECT_OK(media_fetch_once(job, id));
	media = media_now(job, id);
	EXPECT_INT(media.state, MEDIA_PENDING);
	EXPECT_STR(media.error, "What came is not the file that was announced.");
	test_server_stop(server);
}

STORE_TEST(a_deleted_channel_ends_it_at_once)
{
	struct media media;
	id64 id;

	start(job);
	id = expect_media(job);
	EXPECT_OK(channel_delete(job, channel->id, S("gone")));
	EXPECT_OK(media_fetch_once(job, id));
	media = media_now(job, id);
	EXPECT_INT(media.state, MEDIA_FAILED);
	EXPECT_STR(media.error, "The channel that it came by was deleted.");
	test_server_stop(server);
}

static bool all_stored(struct job *job, const id64 *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (media_now(job, ids[i]).state != MEDIA_STORED)
			return false;
	return true;
}

/* Twenty wait when the server starts; one of them was under way when the last one ended. */
STORE_TEST(the_fetcher_takes_up_what_waits_at_start)
{
	struct pool *callers, *background;
	struct media_fetcher *fetcher;
	struct timers *timers;
	id64 ids[20];
	int64_t changed;

	start(job);
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		ids[i] = expect_media(job);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(sql_media_lease(job,
		&(struct sql_media_lease){ job->workspace, ids[3], job->now_ms + HOUR_MS,
			job->now_ms },
		&changed));
	EXPECT_OK(db_commit(job));
	callers = pool_create("call", 3, 64, job->store);
	background = pool_create("timer", 1, 16, job->store);
	timers = timers_create(background);
	fetcher = media_fetcher_create(job->store, callers, timers);
	for (int i = 0; i < 500 && !all_stored(job, ids, COUNT_OF(ids)); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	timers_destroy(timers);
	media_fetcher_destroy(fetcher);
	pool_destroy(callers);
	pool_destroy(background);
	EXPECT(all_stored(job, ids, COUNT_OF(ids)));
	EXPECT_INT(graph.asked, COUNT_OF(ids));
	test_server_stop(server);
}

STORE_TEST(an_upload_is_done_once_for_29_days)
{
	struct media_writer *w;
	struct media media;
	str remote_id;

	start(job);
	EXPECT_OK(media_write_start(job, &w));
	EXPECT_OK(media_write(w, bytes_of(CONTENT)));
	EXPECT_OK(media_write_finish(w));
	EXPECT_OK(media_create(job, w,
		&(struct media_info){ .mime_type = S("image/gif"), .file_name = S("a.gif") },
		&media));
	EXPECT_OK(media_ensure_uploaded(job, channel,
		&(struct media_wanted){ media.id, KIND_IMAGE }, &remote_id));
	EXPECT_STR(remote_id, "up-1");
	EXPECT(str_is(graph.received, CONTENT));
	EXPECT_OK(media_ensure_uploaded(job, channel,
		&(struct media_wanted){ media.id, KIND_IMAGE }, &remote_id));
	EXPECT_STR(remote_id, "up-1");
	job->now_ms += 30 * 24 * HOUR_MS;
	EXPECT_OK(media_ensure_uploaded(job, channel,
		&(struct media_wanted){ media.id, KIND_IMAGE }, &remote_id));
	EXPECT_STR(remote_id, "up-2");
	test_server_stop(server);
}

STORE_TEST(what_is_not_there_cannot_be_uploaded)
{
	str remote_id;
	id64 id;

	start(job);
	id = expect_media(job);
	EXPECT_ERR(media_ensure_uploaded(job, channel,
		&(struct media_wanted){ id, KIND_IMAGE }, &remote_id), ERR_CONFLICT);
	EXPECT_INT(graph.uploads, 0);
	test_server_stop(server);
}
