/*
 * report.h: how well customers are served: promises (SLA), the live board, and figures over time.
 *
 * Made of rows that were written with what they tell of (inbox/service.c), so each figure can be
 * worked out again. Everything runs on workers, in a job whose workspace is set; reads only, unless
 * said.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "inbox/inbox.h"
#include "report/hours.h"

/* ---- promises ---- */

#define SLA_POLICIES_MAX 50
#define SLA_MINUTES_MAX (366 * 24 * 60)

/* The first by place that fits a conversation counts; ids of 0 fit all. Minutes of 0: nothing
 * promised. in_hours: only business hours count. */
struct sla_policy {
	id64 id, team_id, channel_id;
	str name;
	enum conversation_priority least_priority;
	int64_t first_minutes, next_minutes, resolution_minutes;
	bool in_hours;
};
struct sla {
	const struct sla_policy *policies;
	size_t count;
	struct hours *hours;
};
enum err sla_load(struct job *job, struct sla *out);
/* All of them, in their order, instead of those before; its own transaction, with an audit row. */
enum err sla_store(struct job *job, const struct sla_policy *policies, size_t count);

enum sla_kind { SLA_FIRST, SLA_NEXT, SLA_RESOLUTION, SLA_KINDS };
const char *sla_kind_name(enum sla_kind kind);
struct sla_due { enum sla_kind kind; id64 policy; int64_t since_ms, due_ms; };
/* What is promised of a conversation as it is now, at most SLA_KINDS. Nothing of one that is
 * snoozed or done. */
size_t sla_dues(const struct sla *sla, const struct conversation *conv,
	struct sla_due out[SLA_KINDS]);

/* Notes promises of all workspaces that were broken in (after_ms, job->now_ms], each once: a row,
 * an event of its conversation, and a change that is told. Own transactions. For a timer. */
enum err sla_watch(struct job *job, int64_t after_ms);
/* Watches every SLA_EVERY_MS. */
#define SLA_EVERY_MS 10000
struct timers;
void sla_start(struct timers *timers);

/* ---- the board ---- */

#define BOARD_CARDS_MAX 500

struct board_load {
	id64 assignee_id, team_id; /* 0: nobody, none */
	int64_t open, waiting, queued, oldest_ms;
};
struct board_card {
	struct conversation conversation;
	struct sla_due due; /* the next to break; policy 0: none */
};
/* What each has open now, and the unfinished conversations: those whose customer waits first, the
 * longest first. Of what the job's asker may see. */
struct board {
	const struct board_load *loads;
	size_t load_count;
	struct board_card *cards;
	size_t card_count;
};
enum err board_load(struct job *job, struct board *out);

/* ---- figures over time ---- */

#define FIGURES_DAYS_MAX 100
#define FIGURES_ROWS_MAX 1000000 /* facts looked at for one report */

/* Of durations in milliseconds. */
struct durations { int64_t count, mean_ms, median_ms, p90_ms; };
struct figures {
	id64 person_id; /* 0: nobody of the console: the phone, a machine */
	str name;
	int64_t conversations; /* with an answer or a resolution of theirs */
	int64_t breaches;
	int64_t online_ms; /* status online, by the clock */
	struct durations first, response, resolution;
};
struct figures_ask {
	int64_t from_ms, until_ms;
	id64 team_id, channel_id; /* 0: any */
	bool in_hours;            /* business hours only; false: by the clock */
};
/* One for each person of the workspace, and for 0 when it has any; and of all together. ERR_INPUT
 * when the time is too long. */
struct figures_list { struct figures *items; size_t count; struct figures total; };
enum err figures_load(struct job *job, const struct figures_ask *ask, struct figures_list *out);

/* Messages by the hour, from the hour of from_ms to the present one. Writes down hours that are
 * over (its own transaction). */
struct traffic { int64_t hour_ms, received, sent, failed; };
enum err traffic_load(struct job *job, int64_t from_ms, struct traffic **out, size_t *count);

#endif
