/* pace_number.c: see pace_number.h. */
#include "account/pace_number.h"

#include "account/account_internal.h"
#include "account/audit.h"
#include "account/seal.h"
#include "base/json.h"
#include "crypto/crypto.h"
#include "store/queries.h"
#include "store/store.h"

#define DAY_MS (24 * 3600 * 1000LL)
#define ANSWERED_MAX 500        /* people whose answers are counted */
#define OWNER_LATE_MS 120000    /* older than this, what the owner wrote is no news */
#define STATE_BANNED 6          /* enum linked_state: stored, never renumbered */
enum { PRUNE_MAX = 1000, PRUNE_ROUNDS = 20 };

static const struct pace_tier *default_tier = &pace_tiers[0];
static bool is_whatsapp;
static int64_t quiet_min_ms = PACE_QUIET_MIN_MS, quiet_max_ms = PACE_QUIET_MAX_MS;

enum err pace_choose_default(str name, bool is_own_network, str *why)
{
	const struct pace_tier *tier = name.len        ? pace_tier_find(name) :
				       is_own_network ? &pace_tiers[0]
						      : &pace_tiers[PACE_TIERS - 1];

	*why = S("linked_pace must be careful, calm, steady, quick, fast or off");
	if (!tier)
		return ERR_INPUT;
	default_tier = tier;
	is_whatsapp = is_own_network;
	return OK;
}

void pace_choose_quiet(int64_t min_ms, int64_t max_ms)
{
	quiet_min_ms = min_ms;
	quiet_max_ms = max_ms;
}

/* ---- reading ---- */

static str text_or_none(str s)
{
	return s.ptr ? s : S("");
}

static void read_rules(const struct pace_row *row, int64_t now_ms, struct pace_number *out)
{
	const struct pace_tier *chosen = pace_tier_find(text_or_none(row->tier));
	int64_t since = row->paired_ms ? row->paired_ms : row->created_ms;

	out->is_default = !chosen;
	out->tier = chosen ? chosen : default_tier;
	out->override[PACE_MINUTE] = row->limit_minute;
	out->override[PACE_HOUR] = row->limit_hour;
	out->override[PACE_DAY] = row->limit_day;
	out->override[PACE_FRESH] = row->limit_fresh;
	out->has_typing = row->typing != 0;
	out->rejects_calls = row->reject_calls != 0;
	out->signs.age_ms = now_ms > since ? now_ms - since : 0;
	pace_rules_of(out->tier, out->override, out->signs.age_ms, &out->rules);
	if (is_whatsapp)
		pace_rules_cap(&out->rules);
}

static void read_signs(const struct pace_row *row, int64_t now_ms, struct pace_number *out)
{
	bool is_restricted = text_or_none(row->restriction).len &&
	                     (!row->restricted_until_ms || row->restricted_until_ms > now_ms);
	bool is_paused = row->pause_until_ms > now_ms;

	out->signs.quiet_until_ms = row->quiet_until_ms;
	out->signs.pause_until_ms = is_paused ? row->pause_until_ms : 0;
	out->pause_code = is_paused ? text_or_none(row->pause_code) : S("");
	out->pause_since_ms = is_paused ? row->pause_since_ms : 0;
	out->signs.restriction = is_restricted ? row->restriction : S("");
	out->restricted_until_ms = is_restricted ? row->restricted_until_ms : 0;
	if (str_is(out->signs.restriction, S("temporary_ban")))
		out->signs.ban_until_ms = row->restricted_until_ms;
	out->signs.is_banned = row->linked_state == STATE_BANNED;
}

static enum err count_answers(struct job *job, struct pace_number *out)
{
	struct pace_answered_row answered;

	TRY(sql_pace_answered(job,
		&(struct sql_pace_answered){ out->channel, job->now_ms - 7 * DAY_MS, ANSWERED_MAX },
		&answered));
	out->signs.first_count = answered.first;
	out->signs.first_answered = answered.answered;
	return OK;
}

static enum err load(struct job *job, id64 channel, struct pace_number *out)
{
	struct pace_row row;

	*out = (struct pace_number){ .channel = channel };
	TRY(sql_pace_find(job, &(struct sql_pace_find){ channel }, &row));
	out->workspace = row.workspace;
	read_rules(&row, job->now_ms, out);
	read_signs(&row, job->now_ms, out);
	/* A damaged state is a fresh one: the network's limits hold all the same. */
	if (pace_state_unpack(text_or_none(row.state), &out->state) != OK)
		out->state = (struct pace_state){ 0 };
	TRY(unseal(job, SEAL_SECRET, row.call_answer_sealed, &out->call_answer));
	out->call_answer = text_or_none(out->call_answer);
	TRY(count_answers(job, out));
	pace_risk_of(job->arena, &out->state, &out->rules, &out->signs, job->now_ms, &out->risk);
	return OK;
}

static enum err check_paced(struct job *job, id64 channel, struct channel **ch)
{
	TRY(channel_get(job, channel, ch));
	if ((*ch)->provider->is_paced)
		return OK;
	return fail_code(job, ERR_UNSUPPORTED, S("not_paced"),
		S("See the number's limits instead."),
		"The network itself tells how fast this number may send.");
}

enum err pace_number_get(struct job *job, id64 channel, struct pace_number *out)
{
	struct channel *ch;

	TRY(check_paced(job, channel, &ch));
	job->workspace = ch->workspace;
	return load(job, channel, out);
}

/* ---- what its owner chooses ---- */

struct changing { id64 channel; const struct pace_patch *patch; struct pace_number number; };

static const struct pace_tier *tier_after(const struct changing *c)
{
	if (!c->patch->tier.ptr)
		return c->number.tier;
	return c->patch->tier.len ? pace_tier_find(c->patch->tier) : default_tier;
}

static void check_limits(struct job *job, const struct pace_patch *patch)
{
	static const int64_t ceilings[] = { PACE_CEILING_MINUTE, PACE_CEILING_HOUR,
		PACE_CEILING_DAY, PACE_CEILING_FRESH };

	for (int m = 0; patch->has_limits && m < PACE_MEASURES; m++)
		if (patch->override[m] < 0 || patch->override[m] > ceilings[m])
			field_error(job,
				arena_printf(job->arena, "limits.%s",
					pace_measure_name((enum pace_measure)m)),
				S("invalid"),
				arena_printf(job->arena,
					"From 1 to %lld, or null for the tier's own.",
					(long long)ceilings[m]));
}

/* Riskier than what the tier says by itself, or than the tier of before. */
static bool is_riskier(const struct changing *c)
{
	const struct pace_tier *after = tier_after(c);

	if (after && after > c->number.tier)
		return true;
	for (int m = 0; c->patch->has_limits && after && m < PACE_MEASURES; m++)
		if (c->patch->override[m] > after->limits[m])
			return true;
	return false;
}

static void check_patch(struct job *job, const struct changing *c)
{
	if (!tier_after(c))
		field_error(job, S("tier"), S("invalid"),
			S("One of careful, calm, steady, quick, fast, off."));
	check_limits(job, c->patch);
	if (c->patch->call_answer.len && str_count_points(c->patch->call_answer) > CALL_ANSWER_MAX)
		field_error(job, S("call_answer"), S("too_long"), S("At most 1024 characters."));
	if (is_riskier(c) && !str_trim(c->patch->reason).len)
		field_error(job, S("reason"), S("required"),
			S("Say why the number may take this risk."));
}

static str change_detail(struct job *job, const struct pace_number *before,
	const struct pace_number *after)
{
	struct buf out = buf_in(job->arena, 4096);

	json_open(&out, '{');
	json_put(&out, "tier_before", str_of(before->tier->name));
	json_put(&out, "tier", str_of(after->tier->name));
	for (int m = 0; m < PACE_MEASURES; m++)
		if (before->override[m] != after->override[m])
			json_put_int(&out, pace_measure_name((enum pace_measure)m),
				after->override[m]);
	json_put_bool(&out, "typing", after->has_typing);
	json_put_bool(&out, "reject_calls", after->rejects_calls);
	json_close(&out, '}');
	return buf_text(&out);
}

static void apply_patch(const struct changing *c, struct pace_number *out)
{
	const struct pace_patch *patch = c->patch;

	if (patch->tier.ptr) {
		out->tier = tier_after(c);
		out->is_default = !patch->tier.len;
	}
	if (patch->has_limits)
		memcpy(out->override, patch->override, sizeof out->override);
	if (patch->has_typing)
		out->has_typing = patch->typing;
	if (patch->has_calls)
		out->rejects_calls = patch->reject_calls;
	if (patch->call_answer.ptr)
		out->call_answer = patch->call_answer;
}

static enum err write_rules(struct job *job, const struct pace_number *n)
{
	bytes answer;

	TRY(seal(job, SEAL_SECRET, n->call_answer.len ? n->call_answer : STR_NONE, &answer));
	TRY(sql_pace_add(job, &(struct sql_pace_add){ n->channel, n->workspace }, NULL));
	return sql_pace_set_rules(job,
		&(struct sql_pace_set_rules){ .channel = n->channel,
			.tier = n->is_default ? S("") : str_of(n->tier->name),
			.limit_minute = n->override[PACE_MINUTE],
			.limit_hour = n->override[PACE_HOUR],
			.limit_day = n->override[PACE_DAY],
			.limit_fresh = n->override[PACE_FRESH],
			.typing = n->has_typing,
			.reject_calls = n->rejects_calls,
			.call_answer_sealed = answer },
		NULL);
}

static enum err change(struct job *job, void *arg)
{
	struct changing *c = arg;
	struct pace_number after;

	TRY(load(job, c->channel, &c->number));
	check_patch(job, c);
	TRY(job_check_fields(job));
	after = c->number;
	apply_patch(c, &after);
	TRY(write_rules(job, &after));
	TRY(sql_pace_release(job, &(struct sql_pace_release){ c->channel, job->now_ms }, NULL));
	return audit_add(job, &(struct audit_entry){ .action = "channel.pace",
				      .target_kind = "channel",
				      .target_id = c->channel,
				      .reason = c->patch->reason,
				      .detail = change_detail(job, &c->number, &after) });
}

enum err pace_number_change(struct job *job, id64 channel, const struct pace_patch *patch)
{
	struct changing changing = { .channel = channel, .patch = patch };
	struct channel *ch;

	TRY(check_paced(job, channel, &ch));
	return in_transaction(job, change, &changing);
}

/* ---- pauses ---- */

static enum err set_pause(struct job *job, const struct pace_number *n, str code, int64_t until_ms)
{
	TRY(sql_pace_add(job, &(struct sql_pace_add){ n->channel, n->workspace }, NULL));
	return sql_pace_set_pause(job,
		&(struct sql_pace_set_pause){ n->channel, code, job->now_ms, until_ms }, NULL);
}

struct pausing { id64 channel; bool pause; };

static enum err pause(struct job *job, void *arg)
{
	const struct pausing *p = arg;
	struct pace_number n;

	TRY(load(job, p->channel, &n));
	TRY(set_pause(job, &n, p->pause ? S("person") : S(""), p->pause ? INT64_MAX : 0));
	if (!p->pause)
		TRY(sql_pace_release(job, &(struct sql_pace_release){ p->channel, job->now_ms },
			NULL));
	return audit_add(job, &(struct audit_entry){ .action = p->pause ? "channel.pace_pause"
							     : "channel.pace_resume",
				      .target_kind = "channel",
				      .target_id = p->channel });
}

enum err pace_number_pause(struct job *job, id64 channel, bool is_pause)
{
	struct pausing pausing = { channel, is_pause };
	struct channel *ch;

	TRY(check_paced(job, channel, &ch));
	return in_transaction(job, pause, &pausing);
}

/* ---- what happens ---- */

static enum err save_state(struct job *job, const struct pace_number *n)
{
	TRY(sql_pace_add(job, &(struct sql_pace_add){ n->channel, n->workspace }, NULL));
	return sql_pace_set_state(job,
		&(struct sql_pace_set_state){ n->channel,
			pace_state_pack(job->arena, &n->state) },
		NULL);
}

enum err pace_number_sent(struct job *job, struct pace_number *n,
	const struct pace_message *message, id64 conversation)
{
	uint32_t random;

	crypto_random(&random, sizeof random);
	pace_note_sent(&n->state, &n->rules, message, random, job->now_ms);
	if (message->is_first)
		TRY(sql_pace_first_add(job,
			&(struct sql_pace_first_add){ conversation, n->channel, job->now_ms },
			NULL));
	return save_state(job, n);
}

/* Each refusal of a day doubles the pause. */
static int64_t refused_pause_ms(const struct pace_number *n, int64_t now_ms)
{
	int64_t ms = PACE_REFUSED_MS;

	for (int64_t i = pace_refused(&n->state, now_ms); i > 1 && ms < PACE_REFUSED_MAX_MS; i--)
		ms *= 2;
	return ms < PACE_REFUSED_MAX_MS ? ms : PACE_REFUSED_MAX_MS;
}

static enum err pause_for(struct job *job, struct pace_number *n, str code, int64_t ms)
{
	if (n->signs.pause_until_ms >= job->now_ms + ms)
		return OK;
	return set_pause(job, n, code, job->now_ms + ms);
}

enum err pace_number_failed(struct job *job, id64 channel, str code, str *sentence)
{
	/* the words of provider/linked for 463 and 429 */
	bool is_refused = str_is(code, S("restricted")), is_busy = str_is(code, S("rate_limited"));
	struct pace_number n;

	*sentence = STR_NONE;
	TRY(load(job, channel, &n));
	pace_note_failed(&n.state, is_refused, job->now_ms);
	TRY(save_state(job, &n));
	if (is_refused) {
		*sentence = S("WhatsApp refused a first message of this number. Messages that "
			      "nobody asked for are paused.");
		return pause_for(job, &n, S("refused"), refused_pause_ms(&n, job->now_ms));
	}
	if (!is_busy)
		return OK;
	*sentence = S("WhatsApp finds that this number asks too much. Messages that nobody asked "
		      "for are paused.");
	return pause_for(job, &n, S("busy"), PACE_BUSY_MS);
}

enum err pace_owner_wrote(struct job *job, const struct channel *ch, int64_t at_ms)
{
	uint32_t random;

	if (!ch->provider->is_paced || at_ms < job->now_ms - OWNER_LATE_MS)
		return OK;
	crypto_random(&random, sizeof random);
	TRY(sql_pace_add(job, &(struct sql_pace_add){ ch->id, ch->workspace }, NULL));
	return sql_pace_set_quiet(job,
		&(struct sql_pace_set_quiet){ ch->id,
			job->now_ms +
				pace_between(quiet_min_ms, quiet_max_ms, random) },
		NULL);
}

/* What the network lets the number do no more, and for how long. */
static enum err pause_restricted(struct job *job, id64 channel, str word, int64_t until_ms)
{
	bool is_end = str_is(word, S("banned")) || str_is(word, S("primary_locked"));
	bool is_ban = is_end || str_is(word, S("temporary_ban"));

	if (!is_ban && !str_is(word, S("reachout_timelock")) && !str_is(word, S("CAPPED")))
		return OK;
	return sql_pace_set_pause(job,
		&(struct sql_pace_set_pause){ channel, is_ban ? S("banned") : S("restricted"),
			job->now_ms,
			is_end	   ? INT64_MAX
			: until_ms ? until_ms
				   : job->now_ms + DAY_MS },
		NULL);
}

/* What a ban paused goes on when it is over; what a person paused does not. */
static enum err end_ban(struct job *job, id64 channel)
{
	struct pace_row row;

	TRY(sql_pace_find(job, &(struct sql_pace_find){ channel }, &row));
	if (!str_is(text_or_none(row.pause_code), S("banned")))
		return OK;
	TRY(sql_pace_set_pause(job, &(struct sql_pace_set_pause){ channel, S(""), 0, 0 }, NULL));
	return sql_pace_release(job, &(struct sql_pace_release){ channel, job->now_ms }, NULL);
}

enum err pace_restricted(struct job *job, const struct channel *ch, str detail)
{
	int64_t until_ms;
	bool is_active;
	str word;
	json v;

	if (!ch->provider->is_paced || json_read(job->arena, detail, &v, NULL) != OK)
		return OK;
	is_active = json_flag(json_field(v, "is_active"), true);
	until_ms = json_int(json_field(v, "until_ms"), 0);
	word = json_text(json_field(v, "kind"));
	if (str_is(word, S("message_capping")))
		word = json_text(json_field(v, "detail"));
	TRY(sql_pace_add(job, &(struct sql_pace_add){ ch->id, ch->workspace }, NULL));
	TRY(sql_pace_set_restriction(job,
		&(struct sql_pace_set_restriction){ ch->id, is_active ? text_or_none(word) : S(""),
			is_active ? until_ms : 0 },
		NULL));
	if (!is_active)
		return end_ban(job, ch->id);
	return pause_restricted(job, ch->id, word, until_ms);
}

enum err pace_prune(struct job *job)
{
	int64_t pruned = PRUNE_MAX;

	for (int i = 0; i < PRUNE_ROUNDS && pruned == PRUNE_MAX; i++) {
		TRY(db_begin(job, DB_WRITE));
		TRY(sql_pace_first_prune(job,
			&(struct sql_pace_first_prune){ job->now_ms - 30 * DAY_MS, PRUNE_MAX },
			&pruned));
		TRY(db_commit(job));
	}
	return OK;
}
