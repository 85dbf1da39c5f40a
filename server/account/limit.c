/*
 * limit.c: limits with their dates, and the people who are counted against them.
 *
 * People are kept in slots of ten minutes: whoever is written to again moves to the newest slot, so
 * that the sum of a day's slots is how many people there were, exact to ten minutes and without
 * looking at anybody.
 */
#include "account/limit.h"

#include "account/account_internal.h"
#include "base/json.h"
#include "store/queries.h"
#include "store/store.h"

#define SLOT_MS (10 * 60 * 1000LL)
#define SLOTS_A_DAY 144
#define HOUR_MS (3600 * 1000LL)
#define HOLD_MAX_MS (7 * 24 * HOUR_MS)
#define AS_OF "2026-03-31"
enum { PRUNE_MAX = 1000, PRUNE_ROUNDS = 20 };

static int64_t hold_hours = MARKETING_HOLD_HOURS_DEFAULT;

void limit_set_hold_hours(int64_t hours)
{
	hold_hours = hours;
}

/* ---- the table ---- */

/* Meta's published limits (docs/protocol/cloud-api.md §9), for what no channel or setting changes.
 */
static const struct limit published[] = {
	{ "registrations", "in 72 hours", "Registrations of a number.", 10, 10, AS_OF,
		LIMIT_DEFAULT },
	{ "management_calls", "an hour", "Management calls of an account that sends.", 5000, 5000,
		AS_OF, LIMIT_DEFAULT },
	{ "templates", "of an account", "Templates of a verified business; 250 before.", 6000, 6000,
		AS_OF, LIMIT_DEFAULT },
	{ "template_creations", "an hour", "Templates that may be made.", 100, 100, AS_OF,
		LIMIT_DEFAULT },
	{ "block_list", "people", "People on a number's block list.", 64000, 64000, AS_OF,
		LIMIT_DEFAULT },
	{ "phone_numbers", "of a business",
		"Numbers of a verified business, or one with a limit of 2,000; 2 before.", 20, 20,
		AS_OF, LIMIT_DEFAULT },
};

/* "80 messages/s …; automatic upgrade to 1000; coexistence 20". */
static int64_t allowed_pace(const struct channel_full *full)
{
	if (str_is(json_text_at(full->told, "throughput"), S("HIGH")))
		return 1000;
	return json_flag(json_field(full->told, "is_on_biz_app"), false) ? 20 : 80;
}

static enum limit_source source_of(int64_t value, int64_t otherwise)
{
	return value == otherwise ? LIMIT_DEFAULT : LIMIT_CHANNEL;
}

size_t limits_of(const struct channel_full *full, struct limit out[LIMITS_MAX])
{
	const struct channel *ch = &full->channel;
	bool told = json_text_at(full->told, "throughput").len > 0;
	const struct limit own[] = {
		{ "throughput_allowed", "messages a second",
			"What Meta lets the number send and receive.", allowed_pace(full), 80,
			AS_OF, told ? LIMIT_NETWORK : LIMIT_DEFAULT },
		{ "pace_per_second", "messages a second", "What Parley sends at most.",
			ch->pace_per_second, PACE_PER_SECOND_DEFAULT, AS_OF,
			source_of(ch->pace_per_second, PACE_PER_SECOND_DEFAULT) },
		{ "pair_interval_ms", "milliseconds", "Between two messages to one person.",
			ch->pair_interval_ms, PAIR_INTERVAL_MS_DEFAULT, AS_OF,
			source_of(ch->pair_interval_ms, PAIR_INTERVAL_MS_DEFAULT) },
		{ "pair_burst", "messages",
			"To one person before that counts; Meta lends up to 45.", ch->pair_burst,
			PAIR_BURST_DEFAULT, AS_OF, source_of(ch->pair_burst, PAIR_BURST_DEFAULT) },
		{ "marketing_hold_hours", "hours",
			"After Meta withheld a marketing message from a person (131049).",
			hold_hours, MARKETING_HOLD_HOURS_DEFAULT, AS_OF,
			hold_hours == MARKETING_HOLD_HOURS_DEFAULT ? LIMIT_DEFAULT
								   : LIMIT_SETTINGS },
	};
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(own); i++)
		out[count++] = own[i];
	for (size_t i = 0; i < COUNT_OF(published) && count < LIMITS_MAX; i++)
		out[count++] = published[i];
	return count;
}

/* ---- people a day ---- */

static const struct { const char *name; int64_t people; } tiers[] = {
	{ "TIER_250", 250 },
	{ "TIER_1K", 1000 },
	{ "TIER_2K", 2000 },
	{ "TIER_10K", 10000 },
	{ "TIER_100K", 100000 },
	{ "TIER_UNLIMITED", -1 },
};

static void fill_tier(struct tier *out, str name)
{
	out->name = name.ptr ? name : S("");
	out->next = S("");
	for (size_t i = 0; i < COUNT_OF(tiers); i++) {
		if (!str_is(name, str_of(tiers[i].name)))
			continue;
		out->people = tiers[i].people;
		/* TIER_1K is of older accounts: the step above TIER_250 is TIER_2K now. */
		if (i + 1 < COUNT_OF(tiers))
			out->next = str_of(tiers[i == 0 ? 2 : i + 1].name);
	}
}

enum err tier_of(struct job *job, const struct channel_full *full, struct tier *out)
{
	struct tier_use_row use;

	*out = (struct tier){ 0 };
	fill_tier(out, json_text_at(full->told, "messaging_limit"));
	TRY(sql_tier_use(job,
		&(struct sql_tier_use){ .workspace = job->workspace,
			.account_id = full->channel.account_id,
			.from_slot = job->now_ms / SLOT_MS - SLOTS_A_DAY + 1 },
		&use));
	out->used = use.people;
	return OK;
}

static enum err add_to_slot(struct job *job, str account, int64_t slot, int64_t people)
{
	return sql_tier_slot_add(job,
		&(struct sql_tier_slot_add){ .id = job_id(job),
			.workspace = job->workspace,
			.account_id = account,
			.slot = slot,
			.people = people },
		NULL);
}

enum err tier_note(struct job *job, str account, id64 contact)
{
	int64_t slot = job->now_ms / SLOT_MS;
	struct tier_person_row before;
	enum err e = sql_tier_person_find(job,
		&(struct sql_tier_person_find){ .workspace = job->workspace,
			.account_id = account,
			.contact = contact },
		&before);

	if (e == OK && before.slot >= slot)
		return OK;
	if (e == OK && before.slot > slot - SLOTS_A_DAY)
		TRY(add_to_slot(job, account, before.slot, -1));
	if (e != OK && e != ERR_MISSING)
		return e;
	job_forgive(job);
	TRY(sql_tier_person_set(job,
		&(struct sql_tier_person_set){ .id = job_id(job),
			.workspace = job->workspace,
			.account_id = account,
			.contact = contact,
			.slot = slot },
		NULL));
	return add_to_slot(job, account, slot, 1);
}

/* ---- marketing that the network holds back ---- */

static enum err find_hold(struct job *job, str account, id64 contact,
	struct marketing_hold_row *out)
{
	enum err e = sql_marketing_hold_find(job,
		&(struct sql_marketing_hold_find){ .workspace = job->workspace,
			.account_id = account,
			.contact = contact },
		out);

	if (e == ERR_MISSING) {
		*out = (struct marketing_hold_row){ 0 };
		job_forgive(job);
		return OK;
	}
	return e;
}

enum err marketing_hold(struct job *job, str account, id64 contact)
{
	struct marketing_hold_row row;
	int64_t wait_ms = hold_hours * HOUR_MS;

	TRY(find_hold(job, account, contact, &row));
	/* Those that were under way when the first came back say the same thing once more. */
	if (row.until_ms > job->now_ms)
		return OK;
	for (int64_t i = 0; i < row.hits && wait_ms < HOLD_MAX_MS; i++)
		wait_ms *= 2;
	return sql_marketing_hold_set(job,
		&(struct sql_marketing_hold_set){ .id = job_id(job),
			.workspace = job->workspace,
			.account_id = account,
			.contact = contact,
			.hits = row.hits + 1,
			.until_ms = job->now_ms + (wait_ms < HOLD_MAX_MS ? wait_ms : HOLD_MAX_MS) },
		NULL);
}

enum err marketing_hold_check(struct job *job, str account, id64 contact)
{
	struct marketing_hold_row row;

	TRY(find_hold(job, account, contact, &row));
	if (row.until_ms <= job->now_ms)
		return OK;
	job->retry_after_ms = row.until_ms - job->now_ms;
	return fail_code(job, ERR_LIMIT, S("marketing_held"),
		S("Wait, or send a utility template: marketing may go again after that."),
		"WhatsApp withheld a marketing message from this person; Parley sends none for "
		"another %lld hours.",
		(long long)((job->retry_after_ms + HOUR_MS - 1) / HOUR_MS));
}

/* ---- the end of it ---- */

typedef enum err prune_fn(struct job *job, int64_t *changed);

static enum err prune_slots(struct job *job, int64_t *changed)
{
	return sql_tier_slot_prune(job,
		&(struct sql_tier_slot_prune){ job->now_ms / SLOT_MS - 2 * SLOTS_A_DAY, PRUNE_MAX },
		changed);
}

static enum err prune_people(struct job *job, int64_t *changed)
{
	return sql_tier_person_prune(job,
		&(struct sql_tier_person_prune){ job->now_ms / SLOT_MS - 2 * SLOTS_A_DAY,
			PRUNE_MAX },
		changed);
}

/* A month later the next one counts as the first again. */
static enum err prune_holds(struct job *job, int64_t *changed)
{
	return sql_marketing_hold_prune(job,
		&(struct sql_marketing_hold_prune){ job->now_ms - 30 * 24 * HOUR_MS, PRUNE_MAX },
		changed);
}

enum err limits_prune(struct job *job)
{
	static prune_fn *const all[] = { prune_slots, prune_people, prune_holds };

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		int64_t changed = PRUNE_MAX;

		for (int round = 0; round < PRUNE_ROUNDS && changed == PRUNE_MAX; round++) {
			TRY(db_begin(job, DB_WRITE));
			TRY(all[i](job, &changed));
			TRY(db_commit(job));
		}
	}
	return OK;
}
