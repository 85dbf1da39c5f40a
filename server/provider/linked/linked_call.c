/*
 * linked_call.c: what people ask of a number: pairing, stopping, connecting again, logging out.
 *
 * Each wish runs on the number's lane, in a transaction of its own with its audit row; what the
 * network says of it comes as events. Only pairing by code and logging out wait for the network.
 */
#include "provider/linked/history.h"
#include "provider/linked/linked_internal.h"

#include "base/clock.h"

#define HOUR_MS 3600000
#define LOG_OUT_MS 10000
#define LOOK_MS 50

/* ---- as people see it ---- */

static void overlay(struct job *job, struct linked *n, struct linked_number *out)
{
	const struct linked_view *v = &n->view;

	linked_lock();
	linked_proof_of(n, job->now_ms, &out->proof);
	out->retry_ms = v->retry_ms;
	out->last_seen_ms = v->last_seen_ms ? v->last_seen_ms : out->last_seen_ms;
	out->waiting = v->waiting;
	if (v->qr && v->state == LINKED_QR) {
		out->qr = arena_str(job->arena, str_of(v->qr));
		out->qr_until_ms = v->qr_until_ms;
	}
	if (v->code[0]) {
		out->code = arena_str(job->arena, str_of(v->code));
		out->code_until_ms = v->code_until_ms;
	}
	linked_unlock();
}

enum err linked_fill(struct job *job, const struct linked_number_row *row,
	struct linked_number *out)
{
	*out = (struct linked_number){ .channel = row->channel,
		.workspace = row->workspace,
		.name = row->name,
		.state = (enum linked_state)row->state,
		.reason = row->reason,
		.sentence = row->sentence,
		.next_step = row->next_step,
		.since_ms = row->since_ms,
		.last_seen_ms = row->proof_ms,
		.connected_ms = row->connected_ms,
		.paired_ms = row->paired_ms,
		.phone = row->phone,
		.lid = row->lid,
		.platform = row->platform,
		.is_paired = row->paired != 0,
		.is_wanted = row->wanted != 0,
		.is_primary = row->is_primary != 0,
		.is_kept = row->kept != 0,
		.consent_ms = row->consent_ms,
		.complete_ms = row->complete_ms,
		.node = row->lease_node };
	if (row->push_name_sealed.len) {
		id64 own = job->workspace;
		enum err e;

		job->workspace = row->workspace;
		e = linked_manager.host.unseal(job, row->push_name_sealed, &out->push_name);
		job->workspace = own;
		TRY(e);
	}
	out->proof = (struct linked_proof){ .state = out->state,
		.silence_ms = row->proof_ms ? job->now_ms - row->proof_ms : -1 };
	if (linked_manager.pool && (row->lease_node == linked_manager.host.node)) {
		struct linked *n = linked_take_row(row->channel, row->workspace);

		overlay(job, n, out);
		linked_drop(n);
	}
	out->proof.state = out->state;
	out->score = linked_score(&out->proof);
	return OK;
}

/* Is it a linked number of the workspace? */
static enum err check(struct job *job, id64 channel)
{
	struct channel *ch;

	TRY(linked_manager.host.channel(job, channel, &ch));
	if (ch->provider == &linked_provider)
		return OK;
	return fail_code(job, ERR_UNSUPPORTED, S("unsupported"),
		S("Choose a number that is paired as a linked device."),
		"The channel is not a linked number.");
}

enum err linked_get(struct job *job, id64 channel, struct linked_number *out)
{
	struct linked_number_row row;
	struct linked_size_row size;

	TRY(check(job, channel));
	TRY(sql_linked_number_get(job, &(struct sql_linked_number_get){ channel }, &row));
	TRY(linked_fill(job, &row, out));
	TRY(sql_linked_record_size(job, &(struct sql_linked_record_size){ channel }, &size));
	out->record_bytes = size.octets;
	return OK;
}

enum err linked_list(struct job *job, struct linked_number **out, size_t *count)
{
	struct linked_number_rows rows;

	if (job->workspace)
		TRY(sql_linked_number_list(job,
			&(struct sql_linked_number_list){ job->workspace, LINKED_LIST_MAX },
			&rows));
	else
		TRY(sql_linked_number_all(job,
			&(struct sql_linked_number_all){ 0, LINKED_LIST_MAX }, &rows));
	*out = ARENA_ARRAY(job->arena, struct linked_number, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		TRY(linked_fill(job, &rows.items[i], &(*out)[i]));
	return OK;
}

void linked_tell(struct job *job, struct linked *n)
{
	struct linked_number_row row;
	struct linked_number number;

	if (!linked_manager.host.changed)
		return;
	if (sql_linked_number_get(job, &(struct sql_linked_number_get){ n->channel }, &row) == OK &&
		linked_fill(job, &row, &number) == OK)
		linked_manager.host.changed(job, &number);
	job_forgive(job);
}

enum err linked_history(struct job *job, id64 channel, id64 before, size_t max,
	struct linked_change **out, size_t *count)
{
	struct linked_change_rows rows;

	TRY(check(job, channel));
	TRY(sql_linked_change_list(job,
		&(struct sql_linked_change_list){ channel, before ? before : INT64_MAX,
			(int64_t)max },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct linked_change, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		(*out)[i] = (struct linked_change){ rows.items[i].id,
			(enum linked_state)rows.items[i].state, rows.items[i].reason,
			rows.items[i].sentence };
	return OK;
}

/* ---- on the lane ---- */

static enum err with_number(struct job *job, id64 channel,
	enum err (*run)(struct turn *turn, void *arg), void *arg)
{
	struct linked *n;
	enum err e;

	TRY(linked_take(job, channel, &n));
	e = linked_run(job, n, run, arg);
	linked_drop(n);
	return e;
}

static enum err audit(struct turn *turn, const char *action)
{
	return linked_manager.host.audit(turn->job, action, turn->n->channel, STR_NONE);
}

static enum err row_of(struct turn *turn, struct linked_number_row *row)
{
	TRY(sql_linked_number_add(turn->job,
		&(struct sql_linked_number_add){ turn->n->channel, turn->n->workspace,
			turn->clock.wall_ms },
		NULL));
	return sql_linked_number_get(turn->job, &(struct sql_linked_number_get){ turn->n->channel },
		row);
}

/* ---- pairing ---- */

struct pairing {
	bool has_consent, is_renewal, is_for_code;
	str phone;
};

static enum err check_consent(struct turn *turn, const struct linked_number_row *row,
	bool has_consent)
{
	if (has_consent)
		return sql_linked_number_set_consent(turn->job,
			&(struct sql_linked_number_set_consent){ turn->n->channel,
				turn->clock.wall_ms },
			NULL);
	if (row->consent_ms)
		return OK;
	return fail_code(turn->job, ERR_INPUT, S("consent_needed"),
		S("Read what WhatsApp's terms say of linked devices, and agree."),
		"Nobody has agreed to the terms and risks of a linked number yet.");
}

static int64_t pairings_an_hour(void)
{
	int64_t most = linked_manager.host.pairings_max;

	return most ? most : LINKED_PAIR_PER_HOUR;
}

static int64_t gap_ms(void)
{
	int64_t even = HOUR_MS / pairings_an_hour();

	return even < LINKED_PAIR_EVERY_MS ? even : LINKED_PAIR_EVERY_MS;
}

static enum err refuse_pairing(struct turn *turn, int64_t wait_ms)
{
	turn->job->retry_after_ms = wait_ms;
	return fail_code(turn->job, ERR_LIMIT, S("qr_limit"),
		arena_printf(turn->job->arena, "Try again in %lld seconds.",
			(long long)(wait_ms / 1000 + 1)),
		"Too many pairings were started: one in %lld seconds and %lld an hour are allowed.",
		(long long)(gap_ms() / 1000), (long long)pairings_an_hour());
}

/* The limit outlives a restart, so it stands in the store. */
static enum err note_pairing(struct turn *turn)
{
	int64_t now = turn->clock.wall_ms;
	id64 since = id64_floor(now - HOUR_MS);
	struct linked_pairing_rows rows;

	TRY(sql_linked_pairing_since(turn->job,
		&(struct sql_linked_pairing_since){ turn->n->workspace, since, pairings_an_hour() },
		&rows));
	if (rows.count && now - id64_ms(rows.items[0].id) < gap_ms())
		return refuse_pairing(turn, id64_ms(rows.items[0].id) + gap_ms() - now);
	if ((int64_t)rows.count == pairings_an_hour())
		return refuse_pairing(turn, id64_ms(rows.items[rows.count - 1].id) + HOUR_MS - now);
	TRY(sql_linked_pairing_prune(turn->job,
		&(struct sql_linked_pairing_prune){ turn->n->workspace, since }, NULL));
	return sql_linked_pairing_add(turn->job,
		&(struct sql_linked_pairing_add){ job_id(turn->job), turn->n->workspace,
			turn->n->channel },
		NULL);
}

static enum err run_pair(struct turn *turn, void *arg)
{
	const struct pairing *p = arg;
	struct linked_number_row row;
	struct linked *n = turn->n;
	enum wa_state state;

	TRY(row_of(turn, &row));
	TRY(check_consent(turn, &row, p->has_consent));
	TRY(linked_load(turn));
	if (wa_link_is_paired(n->link))
		return fail_code(turn->job, ERR_CONFLICT, S("paired"),
			S("Connect it again, or pair it anew."), "The number is paired already.");
	state = wa_link_state(n->link);
	/* It shows codes: that is what was asked for. */
	if (state != WA_CLOSED && state != WA_BACKOFF && !p->is_renewal)
		return OK;
	TRY(note_pairing(turn));
	TRY(audit(turn, "linked.pair"));
	if (state != WA_CLOSED)
		TRY(wa_link_stop(n->link, &turn->call));
	return wa_link_start(n->link, &turn->call);
}

enum err linked_pair(struct job *job, id64 channel, bool has_consent)
{
	return with_number(job, channel, run_pair, &(struct pairing){ .has_consent = has_consent });
}

enum err linked_renew(struct job *job, id64 channel)
{
	return with_number(job, channel, run_pair, &(struct pairing){ .is_renewal = true });
}

static enum err run_code(struct turn *turn, void *arg)
{
	const str *phone = arg;

	if (!turn->n->link)
		return fail_code(turn->job, ERR_CONFLICT, S("not_pairing"),
			S("Start the pairing again."), "The pairing ended meanwhile.");
	return wa_link_code(turn->n->link, &turn->call, *phone);
}

/* Looks until it is so: what wa/ tells comes through the lane. */
static bool wait_until(struct linked *n, bool (*is_so)(const struct linked *n), int64_t ms)
{
	int64_t until = clock_monotonic_us() / 1000 + ms;
	struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	bool so;

	do {
		linked_lock();
		so = is_so(n) || linked_manager.is_stopping;
		linked_unlock();
		if (!so)
			nanosleep(&pause, NULL);
	} while (!so && clock_monotonic_us() / 1000 < until);
	return so;
}

static bool shows_qr(const struct linked *n)
{
	return n->view.state != LINKED_INITIALISING && n->view.state != LINKED_DISCONNECTED;
}

static bool shows_code(const struct linked *n)
{
	return n->view.code[0] || n->view.state != LINKED_QR;
}

static enum err pair_code(struct job *job, struct linked *n, bool has_consent, str phone)
{
	TRY(linked_run(job, n, run_pair, &(struct pairing){ .has_consent = has_consent }));
	(void)wait_until(n, shows_qr, LINKED_CALL_MS / 2);
	TRY(linked_run(job, n, run_code, &phone));
	(void)wait_until(n, shows_code, LINKED_CALL_MS / 2);
	if (n->view.code[0])
		return OK;
	return fail_code(job, ERR_UPSTREAM, S("no_code"), S("Scan the QR code, or try again."),
		"WhatsApp gave no pairing code for this number.");
}

enum err linked_pair_code(struct job *job, id64 channel, bool has_consent, str phone)
{
	struct linked *n;
	enum err e;

	if (phone.len < 5 || phone.len > 15 || !str_is_digits(phone))
		field_error(job, S("phone_number"), S("invalid"),
			S("Digits of the number with its country code."));
	TRY(job_check_fields(job));
	TRY(linked_take(job, channel, &n));
	e = pair_code(job, n, has_consent, phone);
	linked_drop(n);
	return e;
}

/* ---- stopping and connecting ---- */

static enum err set_wanted(struct turn *turn, bool wanted)
{
	return sql_linked_number_set_wanted(turn->job,
		&(struct sql_linked_number_set_wanted){ turn->n->channel, wanted,
			turn->clock.wall_ms },
		NULL);
}

static enum err run_stop(struct turn *turn, void *arg)
{
	static const struct linked_reason stopped = { "stopped",
		"The number was disconnected here.", "Connect it again." };
	struct linked_number_row row;

	(void)arg;
	TRY(row_of(turn, &row));
	TRY(set_wanted(turn, false));
	TRY(audit(turn, "linked.stop"));
	turn->n->attempts = 0;
	if (turn->n->link && wa_link_state(turn->n->link) != WA_CLOSED)
		return wa_link_stop(turn->n->link, &turn->call);
	return linked_move(turn, LINKED_DISCONNECTED, &stopped);
}

enum err linked_stop(struct job *job, id64 channel)
{
	return with_number(job, channel, run_stop, NULL);
}

static enum err run_reconnect(struct turn *turn, void *arg)
{
	struct linked *n = turn->n;
	enum wa_state state;

	(void)arg;
	TRY(linked_load(turn));
	if (!wa_link_is_paired(n->link))
		return fail_code(turn->job, ERR_CONFLICT, S("not_paired"), S("Pair it first."),
			"The number is not paired with a phone.");
	TRY(set_wanted(turn, true));
	TRY(audit(turn, "linked.reconnect"));
	n->attempts = 0;
	n->was_alerted = false;
	state = wa_link_state(n->link);
	if (state != WA_CLOSED && state != WA_BACKOFF)
		TRY(wa_link_stop(n->link, &turn->call));
	return wa_link_start(n->link, &turn->call);
}

enum err linked_reconnect(struct job *job, id64 channel)
{
	return with_number(job, channel, run_reconnect, NULL);
}

/* ---- logging out ---- */

static enum err run_log_out(struct turn *turn, void *arg)
{
	(void)arg;
	TRY(linked_load(turn));
	TRY(audit(turn, "linked.log_out"));
	if (!wa_link_is_paired(turn->n->link) && wa_link_state(turn->n->link) == WA_CLOSED)
		return set_wanted(turn, false);
	return wa_link_log_out(turn->n->link, &turn->call);
}

/* The network did not answer in time: the keys go all the same. */
static enum err run_erase(struct turn *turn, void *arg)
{
	static const struct linked_reason gone = { "user_logged_out",
		"The number was unlinked here.",
		"Look at WhatsApp on the phone, under Linked devices: remove Parley there if it is "
		"still "
		"shown." };
	struct linked *n = turn->n;

	(void)arg;
	if (n->link && wa_link_state(n->link) != WA_CLOSED)
		TRY(wa_link_stop(n->link, &turn->call));
	TRY(sql_linked_record_erase_all(turn->job,
		&(struct sql_linked_record_erase_all){ n->channel }, NULL));
	TRY(sql_linked_number_unpair(turn->job, &(struct sql_linked_number_unpair){ n->channel },
		NULL));
	TRY(set_wanted(turn, false));
	n->is_paired = false;
	return linked_move(turn, LINKED_DISCONNECTED, &gone);
}

static bool is_unpaired(const struct linked *n)
{
	return !n->is_paired;
}

static enum err log_out(struct job *job, struct linked *n)
{
	TRY(linked_run(job, n, run_log_out, NULL));
	if (wait_until(n, is_unpaired, LOG_OUT_MS))
		return OK;
	return linked_run(job, n, run_erase, NULL);
}

enum err linked_log_out(struct job *job, id64 channel)
{
	struct linked *n;
	enum err e;

	TRY(linked_take(job, channel, &n));
	e = log_out(job, n);
	linked_drop(n);
	return e;
}

enum err linked_repair(struct job *job, id64 channel, bool has_consent)
{
	TRY(linked_log_out(job, channel));
	return linked_pair(job, channel, has_consent);
}

/* ---- rows ---- */

static enum err write(struct job *job, id64 channel,
	enum err (*change)(struct job *job, id64 channel, bool flag), bool flag)
{
	TRY(check(job, channel));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_linked_number_add(job,
		&(struct sql_linked_number_add){ channel, job->workspace, job->now_ms }, NULL));
	TRY(change(job, channel, flag));
	return db_commit(job);
}

static enum err change_primary(struct job *job, id64 channel, bool flag)
{
	(void)flag;
	TRY(sql_linked_number_set_primary(job,
		&(struct sql_linked_number_set_primary){ job->workspace, channel }, NULL));
	return linked_manager.host.audit(job, "linked.primary", channel, STR_NONE);
}

enum err linked_set_primary(struct job *job, id64 channel)
{
	return write(job, channel, change_primary, true);
}

static enum err change_kept(struct job *job, id64 channel, bool flag)
{
	TRY(sql_linked_number_set_kept(job, &(struct sql_linked_number_set_kept){ channel, flag },
		NULL));
	return linked_manager.host.audit(job, flag ? "linked.keep" : "linked.let_go", channel,
		STR_NONE);
}

enum err linked_keep(struct job *job, id64 channel, bool keep)
{
	return write(job, channel, change_kept, keep);
}

/* Its timer held it for a day else. */
static void leave_loop(void *arg)
{
	linked_leave(arg);
	linked_drop(arg);
}

enum err linked_clean(struct job *job, id64 channel, id64 workspace)
{
	struct linked *n = linked_take_row(channel, workspace);

	linked_forget(n);
	loop_post(linked_manager.host.loop, leave_loop, n);
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_linked_record_erase_all(job, &(struct sql_linked_record_erase_all){ channel },
		NULL));
	TRY(sql_linked_change_remove(job, &(struct sql_linked_change_remove){ channel }, NULL));
	TRY(linked_history_forget(job, channel));
	TRY(sql_linked_number_remove(job, &(struct sql_linked_number_remove){ channel }, NULL));
	return db_commit(job);
}

/* ---- many at once ---- */

static const char *const actions[LINKED_ACTIONS] = { "reconnect", "stop", "log_out", "remove",
	"repair", "pace" };

const char *linked_action_name(enum linked_action action)
{
	return actions[action];
}

/* One of many: what came of each wish so far stands in out. */
struct wish {
	struct linked *n; /* with a reference; NULL: it has none of that name */
	struct linked_call call;
	bool is_asked;
	struct linked_outcome *out;
};

static void note_outcome(struct job *job, struct wish *wish, enum err e)
{
	wish->out->err = e;
	wish->out->why = job->why;
	wish->out->next_step = job->next_step;
	job_forgive(job);
}

/* All that nothing is wrong with so far, and that `wants` names (NULL: each): their lanes run it at
 * the same time. */
static void run_all(struct job *job, struct wish *wishes, size_t count,
	enum err (*run)(struct turn *turn, void *arg), bool (*wants)(const struct linked *n))
{
	for (size_t i = 0; i < count; i++) {
		struct wish *wish = &wishes[i];

		wish->is_asked = wish->n && wish->out->err == OK && (!wants || wants(wish->n));
		wish->call = (struct linked_call){ .run = run };
		if (wish->is_asked)
			linked_call_begin(wish->n, &wish->call);
	}
	for (size_t i = 0; i < count; i++)
		if (wishes[i].is_asked)
			note_outcome(job, &wishes[i], linked_call_end(job, &wishes[i].call));
}

static bool is_paired(const struct linked *n)
{
	return !is_unpaired(n);
}

/* The network has LOG_OUT_MS for all of them together. */
static void log_out_all(struct job *job, struct wish *wishes, size_t count)
{
	int64_t until = clock_monotonic_us() / 1000 + LOG_OUT_MS;

	run_all(job, wishes, count, run_log_out, NULL);
	for (size_t i = 0; i < count; i++)
		if (wishes[i].n && wishes[i].out->err == OK)
			(void)wait_until(wishes[i].n, is_unpaired,
				until - clock_monotonic_us() / 1000);
	run_all(job, wishes, count, run_erase, is_paired);
}

/* Each shows its code then; who agreed to the notice before need not do it again. */
static void repair_all(struct job *job, struct wish *wishes, size_t count)
{
	log_out_all(job, wishes, count);
	for (size_t i = 0; i < count; i++)
		if (wishes[i].n && wishes[i].out->err == OK)
			note_outcome(job, &wishes[i],
				linked_pair(job, wishes[i].out->channel, false));
}

static void act(struct job *job, enum linked_action action, struct wish *wishes, size_t count)
{
	switch (action) {
	case LINKED_DO_RECONNECT:
		run_all(job, wishes, count, run_reconnect, NULL);
		break;
	case LINKED_DO_STOP:
		run_all(job, wishes, count, run_stop, NULL);
		break;
	case LINKED_DO_LOG_OUT:
	case LINKED_DO_REMOVE:
		log_out_all(job, wishes, count);
		break;
	case LINKED_DO_REPAIR:
		repair_all(job, wishes, count);
		break;
	case LINKED_DO_PACE:
	case LINKED_ACTIONS:
		break;
	}
}

enum err linked_bulk(struct job *job, enum linked_action action, const id64 *channels, size_t count,
	struct linked_outcome *out)
{
	struct wish *wishes;

	if (count > LINKED_BULK_MAX)
		return fail(job, ERR_LIMIT, "At most %d numbers at a time.", LINKED_BULK_MAX);
	wishes = ARENA_ARRAY(job->arena, struct wish, count);
	for (size_t i = 0; i < count; i++) {
		out[i] = (struct linked_outcome){ channels[i], OK, STR_NONE, STR_NONE };
		wishes[i].out = &out[i];
		note_outcome(job, &wishes[i], linked_take(job, channels[i], &wishes[i].n));
	}
	act(job, action, wishes, count);
	for (size_t i = 0; i < count; i++)
		if (wishes[i].n)
			linked_drop(wishes[i].n);
	return OK;
}
