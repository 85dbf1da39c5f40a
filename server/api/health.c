/*
 * health.c: see health.h. "ok" is said only of what has just been proven: the store by a write that
 * committed, a channel by what came through it.
 */
#include "api/health.h"

#include "account/feature.h"
#include "account/permission.h"
#include "base/json.h"
#include "provider/linked/linked.h"
#include "store/queries.h"
#include "store/store.h"

#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	DISK_LOW_PERCENT = 10,
	LAG_DEGRADED_MS = 10000,
	OUTBOX_OLD_MS = 60000,
	DEPTH_MAX = 10000,
	CHANNELS_MAX = 200,
	NOTICES_MAX = 20, INTAKE_FAILURE_MS = 5000,
	FAILED_MAX = 1000,
	METRICS_MAX = 64 << 10
};

void (*api_figures_hook)(struct api_figures *out);
const char *api_data_folder = ".";

struct component {
	str name, title, state, detail, next_step;
	int64_t since_ms;
};

struct report {
	struct buf *out;
	int worst; /* 0 ok, 1 degraded, 2 down */
};

static const str states[] = { S("ok"), S("degraded"), S("down") };

static void collect(struct api_figures *figures)
{
	*figures = (struct api_figures){ 0 };
	if (api_figures_hook)
		api_figures_hook(figures);
}

/* The second number of the line: pages in memory. */
static int64_t resident_bytes(void)
{
	char line[128] = "";
	FILE *f = fopen("/proc/self/statm", "re");
	int64_t pages = 0;
	str rest;

	if (!f)
		return 0;
	rest = fgets(line, sizeof line, f) ? str_of(line) : S("");
	fclose(f);
	str_split(&rest, ' ');
	if (!str_to_i64(str_split(&rest, ' '), &pages))
		pages = 0;
	return pages * sysconf(_SC_PAGESIZE);
}

static void disk_space(int64_t *available, int64_t *total)
{
	struct statvfs fs;

	*available = *total = 0;
	if (statvfs(api_data_folder, &fs) != 0)
		return;
	*available = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	*total = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
}

/* ---- the page ---- */

static void write_component(struct report *report, int state, struct component c)
{
	if (state > report->worst)
		report->worst = state;
	json_open(report->out, '{');
	json_put(report->out, "name", c.name);
	json_put(report->out, "title", c.title);
	json_put(report->out, "state", states[state]);
	json_put(report->out, "detail", c.detail);
	json_put(report->out, "next_step", c.next_step);
	json_put_ms(report->out, "since_ms", c.since_ms);
	json_close(report->out, '}');
}

static void write_store(struct job *job, struct report *report)
{
	enum err e = store_probe(job);
	str kind = store_is_sqlite(job->store) ? S("SQLite") : S("PostgreSQL");

	if (e == OK) {
		write_component(report, 0,
			(struct component){ S("store"), S("Store"),
				.detail = arena_printf(job->arena,
					STR_F ": a write was committed just now.", STR_A(kind)) });
		return;
	}
	write_component(report, 2,
		(struct component){ S("store"), S("Store"), .detail = job->why,
			.next_step = S("Check the database and the disk. Webhooks are answered 503 "
	                               "meanwhile, and their senders try again.") });
	job_forgive(job);
}

static void write_disk(struct job *job, struct report *report)
{
	int64_t available, total, percent;

	disk_space(&available, &total);
	percent = total ? available * 100 / total : 100;
	write_component(report, percent < 2 ? 2 : percent < DISK_LOW_PERCENT,
		(struct component){ S("disk"), S("Disk"),
			.detail = arena_printf(job->arena, "%lld MB free, %lld %%.",
				(long long)(available >> 20), (long long)percent),
			.next_step = percent < DISK_LOW_PERCENT ? S("Free space on the disk of the "
	                                                            "data folder, or move it.")
	                                                        : STR_NONE });
}

static void write_flows(struct job *job, struct report *report, const struct api_figures *f,
	int64_t failed_events)
{
	bool late = f->processor_lag_ms > LAG_DEGRADED_MS;

	/* Anybody can send a bad signature, so refusals are told and make nothing degraded. */
	write_component(report, f->intake_waiting > 1000,
		(struct component){ S("intake"), S("Webhooks in"),
			.detail = arena_printf(job->arena,
				"%llu stored since the start, %zu wait for their commit, %llu "
				"refused for a bad signature.",
				(unsigned long long)f->intake_accepted, f->intake_waiting,
				(unsigned long long)f->intake_refused),
			.next_step = f->intake_refused
			                     ? S("If messages of customers are missing, check the "
			                         "app secret of their channel.")
			                     : STR_NONE });
	write_component(report, late || failed_events > 0,
		(struct component){ S("processor"), S("Processing"),
			.detail = late		  ? arena_printf(job->arena, "Behind by %lld s.",
							    (long long)f->processor_lag_ms / 1000)
				  : failed_events ? arena_printf(job->arena,
							    "%lld events could not be applied.",
							    (long long)failed_events)
						  : S("Every event that came in was applied."),
			.next_step = failed_events ? S("Look at the failed events below; replay "
						       "them when the cause is gone.")
						   : STR_NONE });
	write_component(report, 0, (struct component){ S("live"), S("Live connections"), .detail =
		arena_printf(job->arena, "%zu connected.", f->live_connections) });
}

static enum err write_maintenance(struct job *job, struct report *report)
{
	struct maintenance now;

	TRY(maintenance_get(job, &now));
	if (now.is_on)
		write_component(report, 1,
			(struct component){ S("maintenance"), S("Maintenance"),
				.detail = now.is_server
			                          ? S("The server receives, and sends nothing.")
			                          : S("The workspace receives, and sends nothing."),
				.next_step = S("End it in the settings under Features."),
				.since_ms = now.since_ms });
	return OK;
}

static void write_outbox(struct job *job, struct report *report,
	const struct outbox_figures_row *row)
{
	bool old = row->oldest_ms && job->now_ms - row->oldest_ms > OUTBOX_OLD_MS;

	write_component(report, old,
		(struct component){ S("outbox"), S("Messages out"),
			.detail = arena_printf(job->arena, "%lld wait to be sent%s.",
				(long long)row->depth, old ? ", the oldest for over a minute" : ""),
			.next_step = old ? S("Look at the health of the channel they wait for.")
	                                 : STR_NONE });
}

static enum err write_media(struct job *job, struct report *report)
{
	struct media_count_row count;

	TRY(sql_media_counts(job, &(struct sql_media_counts){ job->workspace }, &count));
	write_component(report, count.late > 0,
		(struct component){ S("media"), S("Attachments"),
			.detail = count.late ? arena_printf(job->arena,
				"%lld wait to be fetched, %lld of them after a failed attempt.",
				(long long)count.waiting, (long long)count.late)
			: count.waiting ? arena_printf(job->arena, "%lld wait to be fetched.",
				(long long)count.waiting)
			: S("Every file that came was fetched or has said why not."),
			.next_step = count.late ? S("They are tried again by themselves. If they "
			                            "stay, look at the channel's access token.")
			                        : STR_NONE });
	return OK;
}

static enum err write_channels(struct job *job, struct report *report)
{
	struct channel_health_rows rows;

	TRY(sql_channel_health(job, &(struct sql_channel_health){ job->workspace, CHANNELS_MAX },
		&rows));
	for (size_t i = 0; i < rows.count; i++) {
		const struct channel_health_row *c = &rows.items[i];
		bool good = str_is(c->health, S("healthy")) || str_is(c->health, S("unverified"));

		write_component(report, !good && !c->disabled_ms,
			(struct component){ S("channel"), c->name,
				.detail = c->disabled_ms  ? S("Disabled.")
		                          : c->reason.len ? c->reason
		                          : good && c->proof_ms
		                                  ? S("Proven by what came through it.")
		                                  : S("Nothing has come through yet."),
				.next_step = c->next_step.len ? c->next_step : STR_NONE,
				.since_ms = c->since_ms });
	}
	return OK;
}

static void write_figures(struct job *job, struct buf *out, const struct api_figures *f,
			  const struct outbox_figures_row *outbox, int64_t failed_events)
{
	int64_t minutes = (job->now_ms - f->started_ms) / 60000 + 1, available, total;

	disk_space(&available, &total);
	json_open_in(out, "figures", '{');
	json_put_int(out, "intake_depth", (int64_t)f->intake_waiting);
	json_put_int(out, "intake_per_minute", (int64_t)f->intake_accepted / minutes);
	json_put_int(out, "processor_lag_ms", f->processor_lag_ms);
	json_put_int(out, "outbox_depth", outbox->depth);
	json_put_ms(out, "outbox_oldest_ms", outbox->oldest_ms);
	json_put_int(out, "failed_events", failed_events);
	json_put_int(out, "live_connections", (int64_t)f->live_connections);
	json_put_int(out, "rss_bytes", resident_bytes());
	json_put_int(out, "disk_free_bytes", available);
	json_put_int(out, "store_bytes", store_bytes(job));
	json_close(out, '}');
}

static enum err write_notices(struct job *job, struct buf *out)
{
	struct notice_rows rows;

	TRY(sql_notice_list(job,
		&(struct sql_notice_list){ job->workspace, INT64_MAX, NOTICES_MAX }, &rows));
	json_open_in(out, "notices", '[');
	for (size_t i = 0; i < rows.count; i++) {
		json_open(out, '{');
		json_put_id(out, "id", rows.items[i].id);
		json_put_id(out, "channel_id", rows.items[i].channel_id);
		json_put(out, "kind", rows.items[i].kind);
		json_put(out, "severity", rows.items[i].severity);
		json_put(out, "sentence", rows.items[i].sentence);
		json_put_ms(out, "at_ms", rows.items[i].at_ms);
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

enum err health_get(struct job *job, const struct request *req, struct response *res)
{
	struct report report = { .out = &res->body };
	struct outbox_figures_row outbox = { 0 };
	struct count_row failed = { 0 };
	struct api_figures f;

	(void)req;
	collect(&f);
	json_open(&res->body, '{');
	json_open_in(&res->body, "components", '[');
	write_store(job, &report);
	TRY(sql_intake_event_failed_count(job,
		&(struct sql_intake_event_failed_count){ job->workspace, FAILED_MAX }, &failed));
	TRY(sql_outbox_depth(job, &(struct sql_outbox_depth){ job->workspace, DEPTH_MAX },
		&outbox));
	write_disk(job, &report);
	write_flows(job, &report, &f, failed.count);
	TRY(write_maintenance(job, &report));
	write_outbox(job, &report, &outbox);
	TRY(write_media(job, &report));
	TRY(write_channels(job, &report));
	json_close(&res->body, ']');
	json_put(&res->body, "state", states[report.worst]);
	json_put(&res->body, "version", S(PARLEY_VERSION));
	json_put_ms(&res->body, "started_ms", f.started_ms);
	write_figures(job, &res->body, &f, &outbox, failed.count);
	TRY(write_notices(job, &res->body));
	json_close(&res->body, '}');
	return OK;
}

/* ---- for machines ---- */

enum err health_live(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	buf_str(&res->body, S("{\"alive\":true}"));
	return OK;
}

enum err health_ready(struct job *job, const struct request *req, struct response *res)
{
	struct api_figures f;

	(void)req;
	collect(&f);
	if (f.stopping)
		return fail_code(job, ERR_STORE, S("stopping"),
			S("Send the request to another node."), "The server is stopping.");
	TRY(store_probe(job));
	/* A full disk may take the probe's few octets and no webhook. */
	if (job->now_ms - f.intake_failed_ms < INTAKE_FAILURE_MS)
		return fail(job, ERR_STORE, "Webhooks could not be stored just now.");
	buf_str(&res->body, S("{\"ready\":true}"));
	return OK;
}

struct metric {
	const char *name, *kind, *help;
	double value;
};

static void write_metrics(struct buf *out, const struct metric *metrics, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "# HELP parley_%s %s\n# TYPE parley_%s %s\nparley_%s %.17g\n",
			metrics[i].name, metrics[i].help, metrics[i].name, metrics[i].kind,
			metrics[i].name, metrics[i].value);
}

/* Nothing was moved: nothing failed. */
static double success_ratio(const struct api_figures *f)
{
	uint64_t settled = f->send_moved_sent + f->send_moved_failed;

	return settled ? (double)f->send_moved_sent / (double)settled : 1;
}

enum err health_metrics(struct job *job, const struct request *req, struct response *res)
{
	struct api_figures f;
	struct store_figures store;
	struct linked_figures linked;
	int64_t available, total;

	(void)req;
	collect(&f);
	store_figures(job->store, &store);
	linked_figures(&linked);
	disk_space(&available, &total);
	res->type = S("text/plain; version=0.0.4");
	{
		const struct metric metrics[] = {
			{ "start_time_seconds", "gauge", "When the process started.",
				(double)f.started_ms / 1000 },
			{ "resident_bytes", "gauge", "Resident memory.", (double)resident_bytes() },
			{ "heap_bytes", "gauge", "Memory in use: without what is free in the heap.",
				(double)heap_in_use() },
			{ "disk_free_bytes", "gauge", "Free space of the data folder.",
				(double)available },
			{ "intake_accepted_total", "counter", "Webhooks stored.",
				(double)f.intake_accepted },
			{ "intake_repeated_total", "counter", "Webhooks that were stored before.",
				(double)f.intake_repeated },
			{ "intake_refused_total", "counter", "Webhooks with a bad signature.",
				(double)f.intake_refused },
			{ "intake_failed_total", "counter", "Webhooks answered 503.",
				(double)f.intake_failed },
			{ "intake_waiting", "gauge", "Webhooks that wait for their commit.",
				(double)f.intake_waiting },
			{ "events_applied_total", "counter", "Events applied.",
				(double)f.events_applied },
			{ "events_failed_total", "counter", "Attempts at applying that failed.",
				(double)f.events_failed },
			{ "events_kept_total", "counter", "Events kept undrawn.",
				(double)f.events_kept },
			{ "processor_lag_ms", "gauge", "Age of the oldest event that waits.",
				(double)f.processor_lag_ms },
			{ "messages_sent_total", "counter", "Messages that a provider took.",
				(double)f.sent },
			{ "messages_failed_total", "counter", "Messages that failed for good.",
				(double)f.send_failed },
			{ "messages_retried_total", "counter", "Attempts that are tried again.",
				(double)f.send_retried },
			{ "messages_unconfirmed_total", "counter", "Sends whose answer was lost.",
				(double)f.send_unconfirmed },
			{ "failover_moved_total", "counter",
				"Messages moved to another channel of their number.",
				(double)f.send_moved },
			{ "failover_sent_total", "counter",
				"Messages sent by the channel they were moved to.",
				(double)f.send_moved_sent },
			{ "failover_failed_total", "counter",
				"Messages that failed all the same after they were moved.",
				(double)f.send_moved_failed },
			{ "failover_success_ratio", "gauge",
				"Of the messages that were moved and are settled, those sent.",
				success_ratio(&f) },
			{ "sends_in_flight", "gauge", "Calls to providers under way.",
				(double)f.sends_in_flight },
			{ "live_connections", "gauge", "Live connections.",
				(double)f.live_connections },
			{ "live_channels", "gauge", "Live channels with subscribers.",
				(double)f.live_channels },
			{ "live_published_total", "counter", "Live events published.",
				(double)f.live_published },
			{ "live_delivered_total", "counter", "Live events delivered.",
				(double)f.live_delivered },
			{ "live_dropped_total", "counter", "Live events dropped.",
				(double)f.live_dropped },
			{ "webhooks_delivered_total", "counter", "Events told to webhooks.",
				(double)f.webhooks_delivered },
			{ "webhooks_failed_total", "counter",
				"Attempts to tell webhooks that failed.",
				(double)f.webhooks_failed },
			{ "webhooks_dead_total", "counter",
				"Events given up after the last attempt.",
				(double)f.webhooks_dead },
			{ "linked_numbers", "gauge", "Linked numbers in memory.",
				(double)linked.numbers },
			{ "linked_connected", "gauge", "Linked numbers that are connected.",
				(double)linked.connected },
			{ "linked_waiting", "gauge",
				"Linked numbers that wait for their next attempt.",
				(double)linked.waiting },
			{ "linked_connects_total", "counter", "Logins of linked numbers.",
				(double)linked.connects },
			{ "linked_drops_total", "counter",
				"Connections of linked numbers that were lost.",
				(double)linked.drops },
			{ "linked_deaf_total", "counter",
				"Connections that were open and answered nothing any more.",
				(double)linked.deaf },
			{ "linked_frames_in_total", "counter", "Frames of linked numbers, in.",
				(double)linked.frames_in },
			{ "linked_frames_out_total", "counter", "Frames of linked numbers, out.",
				(double)linked.frames_out },
			{ "linked_sent_total", "counter",
				"Messages of linked numbers that the server took.",
				(double)linked.sent },
			{ "linked_send_failed_total", "counter",
				"Messages of linked numbers that it refused.",
				(double)linked.send_failed },
			{ "linked_received_total", "counter", "Messages to linked numbers.",
				(double)linked.received },
			{ "linked_undeciphered_total", "counter",
				"Of those, deciphered later or never.",
				(double)linked.undeciphered },
			{ "linked_transactions_total", "counter", "Turns of linked numbers.",
				(double)linked.transactions },
			{ "linked_rolled_back_total", "counter", "Turns that failed.",
				(double)linked.rolled_back },
			{ "http_connections", "gauge", "Open HTTP connections.",
				(double)f.http_connections },
			{ "request_queue", "gauge", "Requests that wait for a worker.",
				(double)f.request_queue },
			{ "call_queue", "gauge", "Outgoing calls that wait for a worker.",
				(double)f.call_queue },
			{ "store_writes_total", "counter", "Write transactions.",
				(double)store.writes },
			{ "store_reads_total", "counter", "Reading statements.",
				(double)store.reads },
			{ "store_write_wait_us_total", "counter",
				"Time spent waiting for the writer.", (double)store.write_wait_us },
			{ "store_errors_total", "counter", "Failed statements.",
				(double)store.errors },
		};

		write_metrics(&res->body, metrics, COUNT_OF(metrics));
	}
	return OK;
}
